// SPDX-License-Identifier: MIT
// The list of molecules by last use, and what each of them takes.
#include "MoleculeCache.h"
#include "Dataset.h"
#include <algorithm>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

template <class T>
std::size_t count(const std::vector<T>& values) {
    return values.capacity() * sizeof(T);
}

std::size_t count(const std::vector<std::vector<int>>& lists) {
    std::size_t sum = lists.capacity() * sizeof(std::vector<int>);
    for (const std::vector<int>& list : lists)
        sum += count(list);
    return sum;
}

std::size_t count(const std::vector<ExchangeClass>& classes) {
    std::size_t sum = classes.capacity() * sizeof(ExchangeClass);
    for (const ExchangeClass& entry : classes)
        sum += count(entry.members) + count(entry.single) + count(entry.inner);
    return sum;
}

} // namespace

std::size_t getNumBytes(const TrainingMolecule& molecule) {
    std::size_t sum = sizeof(TrainingMolecule) + molecule.label.capacity() + count(molecule.positions) +
            count(molecule.weights);
    for (const FeatureRows& rows : molecule.views) {
        sum += count(rows.atoms) + count(rows.pairs) + count(rows.group.leafClasses) +
                count(rows.group.representatives);
        if (rows.lattice)
            sum += sizeof(LatticeGroup) + count(rows.lattice->single) + count(rows.lattice->classes) +
                    count(rows.lattice->strata);
    }
    return sum;
}

std::shared_ptr<const TrainingMolecule> MoleculeCache::find(const Key& key) {
    std::lock_guard<std::mutex> guard(lock);
    const auto place = places.find(key);
    if (place == places.end()) {
        numMisses++;
        return nullptr;
    }
    items.splice(items.begin(), items, place->second);
    return place->second->molecule;
}

void MoleculeCache::add(const Key& key, const std::shared_ptr<const TrainingMolecule>& molecule) {
    const std::size_t size = torchimpl::getNumBytes(*molecule);
    std::lock_guard<std::mutex> guard(lock);
    if (size > maxBytes || places.count(key) != 0)
        return;
    while (numBytes > maxBytes - size) {
        numBytes -= items.back().numBytes;
        places.erase(items.back().key);
        items.pop_back();
    }
    items.push_front({key, molecule, size});
    places[key] = items.begin();
    numBytes += size;
    peakBytes = std::max(peakBytes, numBytes);
}

} // namespace torchimpl
} // namespace OrbitPlugin
