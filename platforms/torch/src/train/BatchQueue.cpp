// SPDX-License-Identifier: MIT
// The threads behind BatchQueue.
#include "BatchQueue.h"
#include "TrainingDevice.h"

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Batches that a thread prepares ahead. */
const int BATCHES_AHEAD = 4;

} // namespace

BatchQueue::BatchQueue(const TrainingSettings& settings, const TrainingData& data, BatchShare share,
        const BatchPosition& first) : settings(settings), data(data), share(share),
        numThreads(getNumBatchThreads(settings)) {
    for (int thread = 0; thread < numThreads; thread++)
        threads.emplace_back([this, thread, first] { work(thread, first); });
}

BatchQueue::~BatchQueue() {
    {
        std::lock_guard<std::mutex> guard(lock);
        stopping = true;
    }
    changed.notify_all();
    for (std::thread& thread : threads)
        thread.join();
}

void BatchQueue::work(int thread, BatchPosition position) {
    try {
        BatchSampler sampler(settings, data, share);
        for (std::int64_t place = 0;; place++, position = sampler.getNext(position)) {
            if (place % numThreads != thread)
                continue;
            HostBatch batch = sampler.getBatch(position);
            std::unique_lock<std::mutex> guard(lock);
            changed.wait(guard, [&] { return stopping || place < numTaken + BATCHES_AHEAD * numThreads; });
            if (stopping)
                return;
            ready.emplace(place, std::move(batch));
            changed.notify_all();
        }
    }
    catch (const std::exception&) {
        std::lock_guard<std::mutex> guard(lock);
        failure = std::current_exception();
        changed.notify_all();
    }
}

HostBatch BatchQueue::next() {
    std::unique_lock<std::mutex> guard(lock);
    changed.wait(guard, [this] { return failure || ready.count(numTaken) != 0; });
    const auto found = ready.find(numTaken);
    if (found == ready.end())
        std::rethrow_exception(failure);
    HostBatch batch = std::move(found->second);
    ready.erase(found);
    numTaken++;
    changed.notify_all();
    return batch;
}

} // namespace torchimpl
} // namespace OrbitPlugin
