// SPDX-License-Identifier: MIT
// What a run does with its model: the start, the tensors of a batch, and validation at fixed noise.
#ifndef OPENMM_ORBIT_TORCH_TRAININGMODEL_H_
#define OPENMM_ORBIT_TORCH_TRAININGMODEL_H_

#include "../Stages.h"
#include "BatchSampler.h"
#include "TrainingDevice.h"
#include <memory>
#include <string>

namespace OrbitPlugin {
namespace torchimpl {

/** The multi-hot rows of a data set as tensors, where the run computes. */
struct ModelTables {
    at::Tensor atomTable, pairTable;

    ModelTables(const FeatureTables& tables, const DenoiserModel& model, const TrainingDevice& device);
};

/** A batch as tensors; on the CPU they share the memory of the HostBatch. */
struct DeviceBatch {
    NetworkInputs inputs;
    at::Tensor target;  ///< [B][N][3P]
};

/** Get a batch as tensors on the device of the tables. */
DeviceBatch toTensors(const HostBatch& batch, const ModelTables& tables);
/** Let a self-conditioned network see in half of the steps what it denoised before (3.5); the same in all processes. */
void addEstimate(const TrainingSettings& settings, const NamedTensors& weights, long long step, NetworkInputs& inputs);
/** Get the sampler that the exported model starts with. */
SamplerSettings getSampler(const TrainingSettings& settings);
/**
 * Leave out validation shards without molecules, as small data sets have them.
 *
 * @return what a user should know: these shards, and conditions that the initial model lacks or alone has
 */
std::vector<std::string> prepareSettings(TrainingSettings& settings);
/** Get lines about the molecules of a run, those that were left out, and the device. */
std::vector<std::string> describeTrainingData(const TrainingSettings& settings, const TrainingData& data);
/** Tell the model what this run sees, and what its initial model and its teacher saw before; get messages. */
std::vector<std::string> addCounts(const TrainingSettings& settings, TrainingData& data, DenoiserModel& model);
/** List the frames of a system anew, and give the model their geometry. Returns how many came for training. */
long long addNewFrames(const TrainingSettings& settings, TrainingData& data, DenoiserModel& model);
/** Read the initial model, or create one with pseudo-random weights. */
DenoiserModel createInitialModel(const TrainingSettings& settings);
/** Set the embedding rows of feature values that no molecule has to zero: they will never be trained. */
void clearUnusedRows(const FeatureTables& tables, DenoiserModel& model);
/** Get a text of everything that must not change between the parts of a run. */
std::string getIdentity(const TrainingSettings& settings);

class Teacher;

/** Validation molecules with fixed conformers, rotations and noise. */
class Validation {
public:
    /**
     * Choose them.
     *
     * @param forces    of the training data; null if these have none
     * @param teacher   gives the targets of a distillation; otherwise null
     */
    Validation(const TrainingSettings& settings, const DenoiserModel& model,
            const std::shared_ptr<const ForceTarget>& forces, const Teacher* teacher = nullptr);
    /**
     * Compute the mean loss (3.3).
     *
     * @param weights   as pairBiasTransformer() takes them
     * @param details   receives the mean by noise level
     */
    double evaluate(const NamedTensors& weights, std::string& details) const;
private:
    TrainingSettings settings;
    TrainingData data;
    std::unique_ptr<ModelTables> tables;
    std::vector<HostBatch> batches;
    std::vector<at::Tensor> targets;    ///< the teacher's, one a batch; none without distillation
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_TRAININGMODEL_H_
