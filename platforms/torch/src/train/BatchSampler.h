// SPDX-License-Identifier: MIT
// From data to padded batches: subjects, frames, rotations, noise and targets, all by key.
#ifndef OPENMM_ORBIT_TORCH_BATCHSAMPLER_H_
#define OPENMM_ORBIT_TORCH_BATCHSAMPLER_H_

#include "Dataset.h"
#include "SampleTarget.h"
#include <cstdint>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** Position in the endless sequence of batches. */
struct BatchPosition {
    std::int64_t pool = 0;  ///< number of the pool
    std::int64_t batch = 0; ///< batch within the pool
    std::int64_t repeat = 0;    ///< updates that used the batch already, see DistillationSettings::repeats
};

/** Which part of every batch a process takes: samples rank, rank + numProcesses, … */
struct BatchShare {
    int rank = 0, numProcesses = 1;
};

/** One padded batch in host memory. */
struct HostBatch {
    int numSamples = 0, maxTokens = 0, numTokens = 0;   ///< of this process' share
    int totalSamples = 0, totalTokens = 0;          ///< of the whole batch, over all processes
    int pointsPerToken = 1;                         ///< P
    std::vector<float> u, target;                   ///< [B][N][P][3]; target of F: (A - c_skip y) / c_out
    std::vector<float> scaledTime, mask;            ///< [B], [B][N]
    std::vector<std::int64_t> condition;            ///< [B]
    std::vector<std::int32_t> tokenIndex, pairIndex;    ///< [B][N], [B][N][N]
    std::vector<double> sigma;                      ///< [B] noise levels, Angstrom
    std::vector<std::uint64_t> samples;             ///< [B] numbers of the samples, their part of every key
    int level = 0;                                  ///< distillation: the student's step, one for all samples
    bool onPolicy = false;                          ///< u holds the prior, and the student's steps lead to `level`
    std::vector<std::vector<float>> renewedNoise;   ///< on policy: [level][B][N][P][3], n of (5.8) after each step
    BatchPosition next;                             ///< where the sequence goes on
    double targetSeconds = 0, seconds = 0;          ///< time in the orbit posterior, and in all of the assembly

    /** Get where the coordinates of a sample begin. */
    std::size_t getFirstCoordinate(int row) const {
        return (std::size_t) row * maxTokens * pointsPerToken * 3;
    }
};

/**
 * Draws batches. The sequence depends on settings, data and seed only: a pool of samples is drawn with the weights of
 * the sets, sorted by size, cut into batches of at most atomsPerBatch padded atoms, and its batches are shuffled. For a
 * distillation every batch has one of the sampler's noise levels, the first one starts from noise alone, and the target
 * is left to the teacher; batches on policy start from noise alone, and the way to their level is left to the student.
 */
class BatchSampler {
public:
    /**
     * @param share   of batches of numProcesses * atomsPerBatch padded atoms. The shares together are the batches of
     *                one process with the larger atomsPerBatch
     */
    BatchSampler(const TrainingSettings& settings, const TrainingData& data, BatchShare share = {});
    /** Assemble this process' share of the batch at a position. */
    HostBatch getBatch(BatchPosition position);
    /** Get the position after another one. */
    BatchPosition getNext(BatchPosition position);
private:
    struct Choice {
        int set = 0, subject = 0;
        std::uint64_t sample = 0;
    };
    void fillPool(std::int64_t pool);
    void chooseLevel(BatchPosition position, HostBatch& batch) const;
    void fillSample(const Choice& choice, int row, HostBatch& batch);
    double chooseSigma(const SampleKey& key, const HostBatch& batch) const;
    void makeNoisy(const SampleKey& key, const HostBatch& batch, NoisySample& sample) const;
    void packSample(const NoisySample& sample, const std::vector<double>& mean, int row, HostBatch& batch) const;
    bool startsFromPrior(const HostBatch& batch) const {
        return !levels.empty() && (batch.level == 0 || batch.onPolicy);
    }
    const TrainingSettings& settings;
    const TrainingData& data;
    SampleTarget target;
    bool mayUseForces;              ///< as usesForces() says
    double dataScale;
    std::vector<double> levels;     ///< of the distilled sampler; empty without distillation
    BatchShare share;
    std::int64_t currentPool = -1;
    std::vector<std::vector<Choice>> batches;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_BATCHSAMPLER_H_
