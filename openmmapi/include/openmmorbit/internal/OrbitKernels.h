// SPDX-License-Identifier: MIT
// The abstract kernel that every platform implements: denoise a batch step by step, and evaluate the network for tests.
#ifndef OPENMM_ORBIT_ORBITKERNELS_H_
#define OPENMM_ORBIT_ORBITKERNELS_H_

#include "openmm/KernelImpl.h"
#include "openmm/Platform.h"
#include "openmm/System.h"
#include "openmm/internal/ContextImpl.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/Batch.h"
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Outputs of named stages, for tests: "tokenEmbedding", "pairFeatures", "pairBiasAttention.0", "transition.0", ... */
typedef std::map<std::string, std::vector<double>> StageTaps;

/**
 * Denoises a batch of copies. Coordinates live in the kernel, in the model unit, original atom order, every copy
 * centred. They meet the Context only in gather() and scatter().
 */
class IntegrateOrbitDiffusionStepKernel : public OpenMM::KernelImpl {
public:
    static std::string Name() {
        return "IntegrateOrbitDiffusionStep";
    }
    IntegrateOrbitDiffusionStepKernel(const std::string& name, const OpenMM::Platform& platform) :
            OpenMM::KernelImpl(name, platform) {
    }
    /**
     * Choose the operands of matrix products, before initialize(); empty means the platform's default. Platforms whose
     * Context has a property "Precision" follow that instead.
     *
     * @throws ArgumentError if the platform offers no choice, or when the kernel is initialized, not this one
     */
    virtual void setPrecision(const std::string& precision) {
        if (!precision.empty())
            throw ArgumentError("IntegrateOrbitDiffusionStepKernel::setPrecision: expected no precision on platform " +
                getPlatform().getName() + ", got \"" + precision + "\"");
    }
    /** Prepare the kernel: pack the model's weights for the device. */
    virtual void initialize(const OpenMM::System& system, const DenoiserModel& model) = 0;
    /**
     * Replace the batch. May be called at any time; coordinates become undefined until start() or setPositions().
     */
    virtual void setBatch(const Batch& batch) = 0;
    /**
     * Put every copy at the first noise level: noise (6.1), (6.2), added to the positions to start from if the batch
     * has any. Forgets the history of the sampler.
     */
    virtual void start() = 0;
    /** Advance every copy from noise level step to step + 1, equations (5.2) to (5.4). */
    virtual void execute(int step) = 0;
    /**
     * Evaluate the denoiser (3.2) on the current coordinates at one noise level, without changing them.
     *
     * @param sigma      noise level, model unit
     * @param denoised   output D [numPoints * 3]
     * @param taps       if not null, filled with the outputs of every stage, copies one after another
     */
    virtual void evaluate(double sigma, std::vector<double>& denoised, StageTaps* taps) = 0;
    /** Get the coordinates [numPoints * 3], model unit. */
    virtual std::vector<double> getPositions() const = 0;
    /** Set the coordinates [numPoints * 3], model unit; every copy is centred. Forgets the history of the sampler. */
    virtual void setPositions(const std::vector<double>& positions) = 0;
    /** Get coordinates and sampler history, for checkpoints. */
    virtual std::vector<double> getSamplerState() const = 0;
    /** Restore what getSamplerState() returned for the same batch. */
    virtual void setSamplerState(const std::vector<double>& state) = 0;
    /** Read the centroids of the batch's particles from the Context: scatter() keeps the molecules there. */
    virtual void gather(OpenMM::ContextImpl& context) = 0;
    /**
     * Write the coordinates to the batch's particles in the Context, each copy around the centroid that gather() read.
     */
    virtual void scatter(OpenMM::ContextImpl& context) = 0;
    /** Get the name of the implementation, its instruction set and precision, e.g. "CPU (avx512bf16, bf16)". */
    virtual std::string getDescription() const = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITKERNELS_H_
