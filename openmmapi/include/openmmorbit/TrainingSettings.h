// SPDX-License-Identifier: MIT
// Settings of a training run: data sets, the network, the schedule, distillation.
#ifndef OPENMM_ORBIT_TRAININGSETTINGS_H_
#define OPENMM_ORBIT_TRAININGSETTINGS_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Shards that are sampled together. */
struct OPENMM_EXPORT_ORBIT TrainingDataset {
    std::vector<std::string> shards;    ///< paths
    double weight = 1.0;                ///< share of the samples, relative to the other data sets
};

/**
 * A student that needs few evaluations: it learns to reach in one Euler step where several small steps of a frozen
 * teacher lead, at the noise levels of its own sampler only (section 7 of docs/theory.md).
 */
struct OPENMM_EXPORT_ORBIT DistillationSettings {
    std::string teacher;                ///< model file of the teacher; empty: no distillation
    SamplerSettings sampler;            ///< the student's, method Euler; the exported model holds it
    std::vector<int> teacherSteps;      ///< evaluations of the teacher for every step of the student
    std::vector<double> levelShares;    ///< relative share of the batches of every step; empty: equal ones
    int repeats = 1;                    ///< updates for which a batch of the teacher is used, each with other rotations
    double onPolicyShare = 0;           ///< share of the batches that start from positions the student generated
};

/** Settings of a training run; docs/training.md describes the file format. */
struct OPENMM_EXPORT_ORBIT TrainingSettings {
    PairBiasTransformerSettings network;            ///< sizes of the network
    /** Names of the conditions; the first is the default. New ones start as a copy of the initial model's first */
    std::vector<std::string> conditions;
    std::vector<TrainingDataset> datasets;          ///< what to train on
    std::vector<std::string> validationShards;      ///< what to validate on; may be empty
    std::string outputDirectory = ".";              ///< checkpoint.bin, model.safetensors, log.csv are written here
    std::string initialModel;                       ///< model file to start from; empty: random weights
    std::vector<int> initialLayers;                 ///< which of its layers to keep, in this order; empty: all
    int seed = 1;                                   ///< random seed
    int atomsPerBatch = 1200;                       ///< padded atoms in a batch
    long long maxSteps = 100000;                    ///< end of the schedule in steps
    double maxMinutes = 0;                          ///< end of the schedule in minutes, whichever comes first; 0: none
    double learningRate = 1e-3;                     ///< after the warm-up
    double finalLearningRate = 0.02;                ///< fraction that is left at the end of the cosine
    int warmupSteps = 200;                          ///< linear warm-up, at most the first fifth of the schedule
    double beta1 = 0.9, beta2 = 0.99;               ///< AdamW
    double weightDecay = 0.01;                      ///< AdamW; matrices only
    double gradientClip = 1.0;                      ///< largest norm of the gradient
    double emaDecay = 0.999;                        ///< decay of the average of the weights; less in the first steps
    double logSigmaMean = -0.5, logSigmaDeviation = 1.3;    ///< P_mean and P_std of (3.3)
    double stereoDropout = 0.05;    ///< share of the samples that hide stereo labels, or secondary structure
    double mirrorProbability = 0.5;                 ///< share of the samples that are reflected, labels included
    double boltzmannShare = 0;                      ///< share of samples whose conformer is drawn by Boltzmann weight
    int maxAutomorphisms = 720;                     ///< larger groups are not listed, see largeGroups
    std::string largeGroups = "lattice";            ///< "lattice" rule, or "subgroup" of at most maxAutomorphisms
    int latticePoints = 128;                        ///< of the lattice rule, a power of 2
    std::string target = "exact";                   ///< name of an OrbitTarget
    std::string coupling = "independent";           ///< name of an OrbitCoupling
    std::string regression = "denoiser";            ///< "denoiser" or "velocity": whose target is averaged
    int numRotations = 200, numAutomorphisms = 50;  ///< of the targets monteCarlo and paper
    /** Average over O(3) where inputs show no handedness; for exact targets, independent coupling */
    bool averageReflections = true;
    /** Take noise out of the targets by the forces of frames, where they have them */
    bool useForces = true;
    /**
     * Rotations of a new model of a system: "SO3", whose network learns the hand, or "O3", whose states are reflected
     * if they come out with the wrong hand, and have no density
     */
    std::string rotations = "SO3";
    DistillationSettings distillation;              ///< learn from another model instead of from the data
    /** "cpu", "gpu" (CUDA or ROCm), or "auto": the GPU if there is one and LibTorch was installed with its libraries */
    std::string device = "auto";
    /** Matrix products: "bfloat16", "float32", or "auto": bfloat16 on GPUs and on processors with AVX512-BF16 */
    std::string precision = "auto";
    int numThreads = 1;                             ///< threads of LibTorch
    int numBatchThreads = 0;                        ///< threads that prepare batches; 0: 1, with a GPU up to 8
    int cacheMegabytes = 4096;                      ///< of molecules kept in memory; others are read when needed
    double checkpointMinutes = 2;                   ///< between checkpoints
    double exportMinutes = 5;                       ///< between exports of the averaged weights
    int logSteps = 50;                              ///< between lines of the log
    int validationSteps = 1000;                     ///< between validations; 0: never
    int validationMolecules = 32;                   ///< molecules whose conformers are generated; 0: none
    int validationCopies = 32;                      ///< at most so many copies of such a molecule; 2 for each reference
    int metricSteps = 5000;                         ///< between generations of conformers; 0: only at the end
    std::vector<std::string> metadata;              ///< model card: key, value, key, value …

    /** Read settings from a JSON file. @throws ArgumentError naming the key */
    static TrainingSettings load(const std::string& path);
    /**
     * Get settings for a model of one system, or of backbones, by sizes and frames: the network, the scales, the
     * conditions. Everything may be changed before train() is called; the output directory should be.
     *
     * @param shards    shards with the frames of one system, or with backbones
     * @param minutes   length of the run
     * @throws ArgumentError if the shards hold something else
     */
    static TrainingSettings suggest(const std::vector<std::string>& shards, double minutes);
    /** Check the values. @throws ArgumentError */
    void validate() const;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TRAININGSETTINGS_H_
