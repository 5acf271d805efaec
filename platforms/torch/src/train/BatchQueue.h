// SPDX-License-Identifier: MIT
// Host threads that prepare the next batches while the network trains.
#ifndef OPENMM_ORBIT_TORCH_BATCHQUEUE_H_
#define OPENMM_ORBIT_TORCH_BATCHQUEUE_H_

#include "BatchSampler.h"
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

namespace OrbitPlugin {
namespace torchimpl {

/**
 * Batches in order, prepared ahead. Every thread goes through the whole sequence with a sampler of its own and
 * assembles each n-th batch, so that batches do not depend on the number of threads. An exception of a sampler is
 * thrown by next().
 */
class BatchQueue {
public:
    BatchQueue(
            const TrainingSettings& settings, const TrainingData& data, BatchShare share, const BatchPosition& first);
    ~BatchQueue();
    BatchQueue(const BatchQueue&) = delete;
    BatchQueue& operator=(const BatchQueue&) = delete;
    /** Take the next batch; waits until it is ready. */
    HostBatch next();
private:
    void work(int thread, BatchPosition position);
    const TrainingSettings& settings;
    const TrainingData& data;
    BatchShare share;
    int numThreads;
    std::mutex lock;
    std::condition_variable changed;
    std::map<std::int64_t, HostBatch> ready;    ///< by place in the sequence
    std::int64_t numTaken = 0;
    std::exception_ptr failure;
    bool stopping = false;
    std::vector<std::thread> threads;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_BATCHQUEUE_H_
