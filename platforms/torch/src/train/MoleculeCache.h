// SPDX-License-Identifier: MIT
// The molecules of a data set that are in memory: those used last, up to a number of bytes.
#ifndef OPENMM_ORBIT_TORCH_MOLECULECACHE_H_
#define OPENMM_ORBIT_TORCH_MOLECULECACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace OrbitPlugin {
namespace torchimpl {

struct TrainingMolecule;

/** Keeps molecules by shard and place in the shard. Several threads may find() and add(). */
class MoleculeCache {
public:
    typedef std::pair<std::int32_t, std::int64_t> Key;

    /** Keep at most maxBytes of molecules. */
    explicit MoleculeCache(std::size_t maxBytes) : maxBytes(maxBytes) {
    }
    /** Get a molecule that is kept, or a null pointer. */
    std::shared_ptr<const TrainingMolecule> find(const Key& key);
    /** Keep a molecule, and let go of those that were not used for the longest time. */
    void add(const Key& key, const std::shared_ptr<const TrainingMolecule>& molecule);
    /** Get how many bytes the kept molecules take. */
    std::size_t getNumBytes() const {
        return numBytes;
    }
    /** Get the largest number of bytes so far. */
    std::size_t getPeakBytes() const {
        return peakBytes;
    }
    /** Get how often find() found nothing. */
    long long getNumMisses() const {
        return numMisses;
    }
private:
    struct Item {
        Key key;
        std::shared_ptr<const TrainingMolecule> molecule;
        std::size_t numBytes;
    };
    std::size_t maxBytes, numBytes = 0, peakBytes = 0;
    long long numMisses = 0;
    std::mutex lock;
    std::list<Item> items;      ///< the one used last stands first
    std::map<Key, std::list<Item>::iterator> places;
};

/** Get the memory that a molecule takes, in bytes. */
std::size_t getNumBytes(const TrainingMolecule& molecule);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_MOLECULECACHE_H_
