// SPDX-License-Identifier: MIT
// One host thread that prepares the next batches while the network trains.
#ifndef OPENMM_ORBIT_TORCH_BATCHQUEUE_H_
#define OPENMM_ORBIT_TORCH_BATCHQUEUE_H_

#include "BatchSampler.h"
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace OrbitPlugin {
namespace torchimpl {

/** Batches in order, prepared ahead by one thread. An exception of the sampler is thrown by next(). */
class BatchQueue {
public:
    BatchQueue(BatchSampler& sampler, BatchPosition first, int depth = 4);
    ~BatchQueue();
    BatchQueue(const BatchQueue&) = delete;
    BatchQueue& operator=(const BatchQueue&) = delete;
    /** Take the next batch; waits until it is ready. */
    HostBatch next();
private:
    void work(BatchPosition position);
    BatchSampler& sampler;
    std::size_t depth;
    std::mutex lock;
    std::condition_variable changed;
    std::deque<HostBatch> ready;
    std::exception_ptr failure;
    bool stopping = false;
    std::thread thread;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_BATCHQUEUE_H_
