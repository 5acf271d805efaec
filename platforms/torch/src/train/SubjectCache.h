// SPDX-License-Identifier: MIT
// The subjects of a data set that are in memory: those used last, up to a number of bytes.
#ifndef OPENMM_ORBIT_TORCH_SUBJECTCACHE_H_
#define OPENMM_ORBIT_TORCH_SUBJECTCACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace OrbitPlugin {
namespace torchimpl {

struct TrainingSubject;

/** Keeps subjects by shard and place in the shard. Several threads may find() and add(). */
class SubjectCache {
public:
    typedef std::pair<std::int32_t, std::int64_t> Key;

    /** Keep at most maxBytes of subjects. */
    explicit SubjectCache(std::size_t maxBytes) : maxBytes(maxBytes) {
    }
    /** Get a subject that is kept, or a null pointer. */
    std::shared_ptr<const TrainingSubject> find(const Key& key);
    /** Keep a subject, and let go of those that were not used for the longest time. */
    void add(const Key& key, const std::shared_ptr<const TrainingSubject>& subject);
    /** Let go of all subjects. */
    void clear();
    /** Get how many bytes the kept subjects take. */
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
        std::shared_ptr<const TrainingSubject> subject;
        std::size_t numBytes;
    };
    std::size_t maxBytes, numBytes = 0, peakBytes = 0;
    long long numMisses = 0;
    std::mutex lock;
    std::list<Item> items;      ///< the one used last stands first
    std::map<Key, std::list<Item>::iterator> places;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_SUBJECTCACHE_H_
