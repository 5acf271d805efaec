// SPDX-License-Identifier: MIT
// Several threads inside one pass: the rows of each of them, and the barrier at which they wait for each other.
#ifndef OPENMM_ORBIT_CPU_TEAM_H_
#define OPENMM_ORBIT_CPU_TEAM_H_

#include "Pass.h"
#include "openmm/internal/ThreadPool.h"
#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

namespace OrbitPlugin {
namespace cpu {

/** Lets no thread of a team go on before all have come. Waits are microseconds long, so they spin before they yield. */
class Barrier {
public:
    explicit Barrier(int numThreads) : numThreads(numThreads) {
    }
    void wait() {
        const int round = rounds.load(std::memory_order_acquire);
        if (numWaiting.fetch_add(1, std::memory_order_acq_rel) + 1 == numThreads) {
            numWaiting.store(0, std::memory_order_relaxed);
            rounds.store(round + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; rounds.load(std::memory_order_acquire) == round; spins++)
            if (spins > MAX_SPINS)
                std::this_thread::yield();
    }
private:
    static constexpr int MAX_SPINS = 4000;
    const int numThreads;
    std::atomic<int> numWaiting{0}, rounds{0};
};

/** Rows firstRow ... endRow - 1. */
struct RowRange {
    int firstRow, endRow;
};

/**
 * The rows of a pass that one thread has in every stage. A row's result does not depend on how rows are shared out.
 */
struct RowShare {
    int firstRow, numRows;
    Barrier* barrier;       ///< null where one thread has all rows
    /** Wait until all threads have finished what stands before. */
    void wait() const {
        if (barrier != nullptr)
            barrier->wait();
    }
    /** Get the thread's rows of a copy, counted from the copy's first. */
    RowRange getRows(const PassCopy& copy) const {
        const int first = firstRow - copy.firstRow;
        return {std::max(0, first), std::min(copy.numTokens, first + numRows)};
    }
};

/** Share rows among threads: call work(share, thread) in each that has any, and wait for all of them. */
template <class Work>
void shareRows(OpenMM::ThreadPool& threads, int numRows, const Work& work) {
    const int numThreads = std::min(threads.getNumThreads(), numRows);
    Barrier barrier(numThreads);
    auto task = [&](OpenMM::ThreadPool& pool, int thread) {
        if (thread >= numThreads)
            return;
        const int first = numRows * thread / numThreads, end = numRows * (thread + 1) / numThreads;
        work(RowShare{first, end - first, &barrier}, thread);
    };
    threads.execute(std::ref(task));
    threads.waitForThreads();
}

/** Make room for passes: threads beyond their number need the scratch alone, for their share of another's pass. */
template <class Workspace, class Weights>
void reserveWorkspaces(std::vector<Workspace>& workspaces, const Weights& weights, const std::vector<Pass>& passes,
        int numThreads) {
    workspaces.resize(numThreads);
    for (std::size_t i = 0; i < workspaces.size(); i++) {
        if (i < passes.size())
            workspaces[i].reserve(weights, passes);
        else
            workspaces[i].reserveScratch(weights, passes);
    }
}

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_TEAM_H_
