// SPDX-License-Identifier: MIT
// The list of subjects by last use.
#include "SubjectCache.h"
#include "TrainingSubject.h"
#include <algorithm>

namespace OrbitPlugin {
namespace torchimpl {

std::shared_ptr<const TrainingSubject> SubjectCache::find(const Key& key) {
    std::lock_guard<std::mutex> guard(lock);
    const auto place = places.find(key);
    if (place == places.end()) {
        numMisses++;
        return nullptr;
    }
    items.splice(items.begin(), items, place->second);
    return place->second->subject;
}

void SubjectCache::add(const Key& key, const std::shared_ptr<const TrainingSubject>& subject) {
    const std::size_t size = torchimpl::getNumBytes(*subject);
    std::lock_guard<std::mutex> guard(lock);
    if (size > maxBytes || places.count(key) != 0)
        return;
    while (numBytes > maxBytes - size) {
        numBytes -= items.back().numBytes;
        places.erase(items.back().key);
        items.pop_back();
    }
    items.push_front({key, subject, size});
    places[key] = items.begin();
    numBytes += size;
    peakBytes = std::max(peakBytes, numBytes);
}

void SubjectCache::clear() {
    std::lock_guard<std::mutex> guard(lock);
    items.clear();
    places.clear();
    numBytes = 0;
}

} // namespace torchimpl
} // namespace OrbitPlugin
