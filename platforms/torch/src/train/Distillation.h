// SPDX-License-Identifier: MIT
// The teacher of a few-step model: where its small steps lead, and what a student must predict to get there in one.
#ifndef OPENMM_ORBIT_TORCH_DISTILLATION_H_
#define OPENMM_ORBIT_TORCH_DISTILLATION_H_

#include "TrainingModel.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/**
 * Get the noise levels of the teacher between two levels of the student, equation (7.1).
 *
 * @param sigma       where both start
 * @param nextSigma   where both arrive; 0 for the student's last step
 * @param lastSigma   the teacher's level before 0; used in the student's last step only
 * @param rho         exponent of the spacing
 * @param numSteps    at least 1
 * @return [numSteps + 1], from sigma to nextSigma
 */
std::vector<double> getTeacherLevels(double sigma, double nextSigma, double lastSigma, double rho, int numSteps);

/** Get what a denoiser must return at positions y, so that one Euler step leads to `end`: equation (7.2). */
at::Tensor getJumpTarget(const at::Tensor& y, const at::Tensor& end, double sigma, double nextSigma);

/** A frozen model that shows the student where to go. */
class Teacher {
public:
    /**
     * Read the teacher.
     *
     * @param student   its inputs and conditions must be those of the teacher
     * @throws ArgumentError if the file cannot be read, or inputs or conditions differ
     */
    Teacher(const TrainingSettings& settings, const DenoiserModel& student);
    /**
     * Run the teacher from the noisy positions of a batch to where the deterministic part of the student's step ends.
     *
     * @return the target of the student's F, [B][N][3P]
     */
    at::Tensor computeTarget(const HostBatch& batch, const NetworkInputs& inputs) const;
private:
    PairBiasTransformerSettings network;
    NamedTensors weights;
    SamplerMethod method;
    double studentScale;
    std::vector<StepLevels> steps;              ///< of the student
    std::vector<std::vector<double>> paths;     ///< for every step of the student, the teacher's levels
};

/**
 * Take the samples of a batch on policy from the prior to the level of the batch by the student's own steps (7.4).
 *
 * @param weights   the student's, as pairBiasTransformer() takes them
 * @param inputs    u holds the prior; receives the noisy positions at the level, and its time
 */
void rollOut(const TrainingSettings& settings, const NamedTensors& weights, const HostBatch& batch,
        NetworkInputs& inputs);

/** Rotate the samples of a batch and their targets at random, by key: (repeat, sample). */
void rotateBatch(const TrainingSettings& settings, const HostBatch& batch, int repeat, DeviceBatch& tensors);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_DISTILLATION_H_
