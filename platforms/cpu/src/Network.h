// SPDX-License-Identifier: MIT
// What the kernel knows of a network on the CPU: so that another one can stand beside the pair-bias transformer.
#ifndef OPENMM_ORBIT_CPU_NETWORK_H_
#define OPENMM_ORBIT_CPU_NETWORK_H_

#include "KernelTable.h"
#include "Pass.h"
#include "openmm/internal/ThreadPool.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <memory>
#include <string>

namespace OrbitPlugin {
namespace cpu {

/** One evaluation of F for the copies of a pass. */
struct NetworkTask {
    const Pass& pass;
    int level; ///< the place of a prepared noise level
    ArrayView<const double> u; ///< [numPoints of the batch][3] scaled positions of (3.1), model unit
    ArrayView<const double> before; ///< [numPoints of the batch][3] positions as they were denoised before; or empty
    ArrayView<double> F; ///< [numPoints of the batch][3], of which only rows of the pass are written, centred
};

/**
 * The network F of equation (3.2), its weights and the arrays of every thread. They are sized when a batch is set: an
 * evaluation allocates nothing. The result of a copy does not depend on its pass, nor on the number of threads.
 */
class Network {
public:
    virtual ~Network() = default;
    /** Whether the network reads the positions as they were denoised before. */
    virtual bool usesBefore() const {
        return false;
    }
    /** Get the primitives that multiply matrices. */
    virtual const KernelTable& getTable() const = 0;
    /** Get why these primitives were chosen, in words. */
    virtual std::string getReason() const = 0;
    /** Get the words of memory that a copy of some inputs keeps during its pass, above all those of pairs. */
    virtual long countWords(const TokenInputs& inputs) const = 0;
    /** Pack the inputs of a batch, and make room for its passes on a number of threads. */
    virtual void setBatch(const Batch& batch, const std::vector<Pass>& passes, int numThreads) = 0;
    /**
     * Compute what depends on the noise level and the condition alone.
     *
     * @param level        0 or 1, the place: two levels can be prepared at a time, for Heun's steps
     * @param logSigma     s of (3.1)
     * @param conditions   rows of condition.embedding; Pass::condition is a place among them
     */
    virtual void prepareLevel(int level, double logSigma, const std::vector<int>& conditions) = 0;
    /**
     * Evaluate F in the calling thread.
     *
     * @param thread   whose arrays to use
     * @param taps     where outputs of the stages are appended, of a pass of one copy; or null
     */
    virtual void evaluate(const NetworkTask& task, int thread, StageTaps* taps) = 0;
    /** Evaluate F for a pass of one copy on all threads. The result has the same bits. */
    virtual void evaluateOnAll(const NetworkTask& task, OpenMM::ThreadPool& threads) = 0;
};

/**
 * Make the network of a model.
 *
 * @param precision   single or bf16; empty means the environment's wish or the processor's best
 * @throws ArgumentError if the model is not complete, or this processor lacks the precision
 */
OPENMM_EXPORT_ORBIT std::unique_ptr<Network> makeNetwork(const DenoiserModel& model, const std::string& precision);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_NETWORK_H_
