// SPDX-License-Identifier: MIT
// The thread behind BatchQueue.
#include "BatchQueue.h"

namespace OrbitPlugin {
namespace torchimpl {

BatchQueue::BatchQueue(BatchSampler& sampler, BatchPosition first, int depth) : sampler(sampler), depth(depth),
        thread([this, first] { work(first); }) {
}

BatchQueue::~BatchQueue() {
    {
        std::lock_guard<std::mutex> guard(lock);
        stopping = true;
    }
    changed.notify_all();
    thread.join();
}

void BatchQueue::work(BatchPosition position) {
    try {
        while (true) {
            HostBatch batch = sampler.getBatch(position);
            position = batch.next;
            std::unique_lock<std::mutex> guard(lock);
            changed.wait(guard, [this] { return stopping || ready.size() < depth; });
            if (stopping)
                return;
            ready.push_back(std::move(batch));
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
    changed.wait(guard, [this] { return failure || !ready.empty(); });
    if (ready.empty())
        std::rethrow_exception(failure);
    HostBatch batch = std::move(ready.front());
    ready.pop_front();
    changed.notify_all();
    return batch;
}

} // namespace torchimpl
} // namespace OrbitPlugin
