// SPDX-License-Identifier: MIT
// Permutation groups as lists: order, enumeration, and the closure of generators.
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <numeric>
#include <set>

using namespace OrbitPlugin;
using std::vector;

double SymmetryGroup::getOrder() const {
    double order = (double) representatives.size();
    for (const vector<int>& leaves : leafClasses)
        for (size_t k = 2; k <= leaves.size(); k++)
            order *= (double) k;
    return order;
}

vector<int> SymmetryGroup::enumerate(int maxOrder) const {
    if (!complete)
        throw ArgumentError(
                "SymmetryGroup::enumerate: expected a completely known group, got one whose search stopped at "
                "its limit; use leafClasses and representatives");
    if (getOrder() > maxOrder)
        throw ArgumentError("SymmetryGroup::enumerate: expected at most " + std::to_string(maxOrder) +
            " permutations, got " + std::to_string((long long) std::min(getOrder(), 9e18)) +
            "; use leafClasses and representatives, or raise maxOrder");
    vector<vector<int>> elements = representatives;
    for (const vector<int>& leaves : leafClasses) {
        vector<vector<int>> extended;
        vector<int> arrangement(leaves.size());
        std::iota(arrangement.begin(), arrangement.end(), 0);
        do {
            for (const vector<int>& element : elements) {
                extended.push_back(element);
                for (size_t k = 0; k < leaves.size(); k++)
                    extended.back()[leaves[k]] = element[leaves[arrangement[k]]];
            }
        } while (std::next_permutation(arrangement.begin(), arrangement.end()));
        elements = std::move(extended);
    }
    vector<int> flat;
    flat.reserve(elements.size() * numAtoms);
    for (const vector<int>& element : elements)
        flat.insert(flat.end(), element.begin(), element.end());
    return flat;
}

SymmetryGroup OrbitPlugin::restrictSymmetryGroup(const SymmetryGroup& group, int maxOrder) {
    if (group.complete && group.getOrder() <= maxOrder)
        return group;
    SymmetryGroup subgroup;
    subgroup.numAtoms = group.numAtoms;
    vector<int> identity(group.numAtoms);
    for (int i = 0; i < group.numAtoms; i++)
        identity[i] = i;
    subgroup.representatives.push_back(identity);
    vector<vector<int>> classes = group.leafClasses;
    std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) {
        return a.size() < b.size();
    });
    for (const vector<int>& leaves : classes) {
        subgroup.leafClasses.push_back(leaves);
        if (subgroup.getOrder() > maxOrder) {
            subgroup.leafClasses.pop_back();
            break;
        }
    }
    return subgroup;
}

static void checkGenerator(const vector<int>& generator, int index, int numAtoms) {
    const std::string which = "generator " + std::to_string(index);
    if ((int) generator.size() != numAtoms)
        throw ArgumentError("closeGroup: expected " + which + " to have " + std::to_string(numAtoms) +
            " entries, got " + std::to_string(generator.size()));
    vector<bool> seen(numAtoms, false);
    for (int image : generator) {
        if (image < 0 || image >= numAtoms || seen[image])
            throw ArgumentError("closeGroup: expected " + which + " to be a permutation of 0 to " +
                std::to_string(numAtoms - 1) + ", got " + std::to_string(image) + " outside the range or twice");
        seen[image] = true;
    }
}

vector<int> OrbitPlugin::closeGroup(const vector<vector<int>>& generators, int numAtoms, int maxOrder) {
    if (numAtoms < 1)
        throw ArgumentError("closeGroup: expected at least 1 atom, got " + std::to_string(numAtoms));
    for (size_t k = 0; k < generators.size(); k++)
        checkGenerator(generators[k], (int) k, numAtoms);
    vector<int> identity(numAtoms), product(numAtoms);
    std::iota(identity.begin(), identity.end(), 0);
    vector<vector<int>> elements = {identity};
    std::set<vector<int>> known = {identity};
    for (size_t k = 0; k < elements.size(); k++)
        for (const vector<int>& generator : generators) {
            for (int a = 0; a < numAtoms; a++)
                product[a] = elements[k][generator[a]];
            if (!known.insert(product).second)
                continue;
            if ((int) known.size() > maxOrder)
                throw ArgumentError("closeGroup: expected a group of at most " + std::to_string(maxOrder) +
                    " permutations, got a larger one; list the elements of a subgroup instead");
            elements.push_back(product);
        }
    vector<int> flat;
    flat.reserve(elements.size() * numAtoms);
    for (const vector<int>& element : elements)
        flat.insert(flat.end(), element.begin(), element.end());
    return flat;
}
