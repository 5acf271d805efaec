// SPDX-License-Identifier: MIT
// The processes of a data-parallel run: sums and copies of tensors over all of them.
#ifndef OPENMM_ORBIT_TORCH_WORKERGROUP_H_
#define OPENMM_ORBIT_TORCH_WORKERGROUP_H_

#include <ATen/ATen.h>
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/**
 * Get why NCCL cannot connect the GPUs of a group, or nothing if it can.
 *
 * @param gpus      what each process says of its GPU: "GPU " and its UUID, or why it has none for NCCL
 */
std::string getReasonAgainstNccl(const std::vector<std::string>& gpus);

/**
 * A group of processes that train one model, through c10d: Gloo for tensors in host memory, NCCL for those on GPUs
 * where it can. All processes call the same functions in the same order. A group of one process does nothing.
 */
class WorkerGroup {
public:
    /**
     * Join the group that the environment describes as torchrun does: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT.
     * Without WORLD_SIZE, or with 1, the process is alone.
     *
     * @throws ArgumentError if a variable is missing or no number
     * @throws OpenMMException if the other processes do not answer
     */
    WorkerGroup();
    ~WorkerGroup();
    WorkerGroup(const WorkerGroup&) = delete;
    WorkerGroup& operator=(const WorkerGroup&) = delete;
    int getRank() const {
        return rank;
    }
    int getSize() const {
        return size;
    }
    /**
     * Let tensors on GPUs go from GPU to GPU, through NCCL, if all processes can: each needs a GPU of its own, and the
     * trainer must have been built with NCCL. Otherwise they go through host memory. With NCCL, c10d's watchdog notices
     * that a process is lost and ends the others.
     *
     * @param device    where this process computes
     * @return a sentence for the log, nothing for a process that is alone
     * @throws OpenMMException if the other processes do not answer
     */
    std::string connectGpus(at::Device device);
    /** Get whether this process writes files and progress. */
    bool isFirst() const {
        return rank == 0;
    }
    /**
     * Replace tensors by their sums over all processes.
     *
     * @param tensors   of one number type, float or double
     */
    void sum(const std::vector<at::Tensor>& tensors);
    /** Replace tensors by those of the first process; one number type, float or double. */
    void copyFromFirst(const std::vector<at::Tensor>& tensors);
private:
    struct Connection;
    template <class Call>
    void exchange(const std::vector<at::Tensor>& tensors, Call call);
    int rank = 0, size = 1;
    std::unique_ptr<Connection> connection;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_WORKERGROUP_H_
