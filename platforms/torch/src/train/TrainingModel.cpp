// SPDX-License-Identifier: MIT
// The start of a run, tensors of batches, and validation at fixed noise.
#include "TrainingModel.h"
#include "BackboneModel.h"
#include "Distillation.h"
#include "TopologyModel.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/SamplerText.h"
#include "openmmorbit/internal/ModelSubject.h"
#include "openmmorbit/internal/Philox.h"
#include <c10/core/GradMode.h>
#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const int VALIDATION_BATCHES = 12;
const int VALIDATION_SEED = 20261;

int getVocabularySize(const std::vector<FeatureVocabulary>& vocabularies) {
    int size = 0;
    for (const FeatureVocabulary& vocabulary : vocabularies)
        size += (int) vocabulary.values.size();
    return size;
}

Tensor makeTable(const std::vector<std::vector<int>>& rows, int numColumns) {
    Tensor table = at::zeros({(int64_t) rows.size(), numColumns}, at::kFloat);
    float* values = table.data_ptr<float>();
    for (std::size_t k = 0; k < rows.size(); k++)
        for (int column : rows[k])
            values[k * numColumns + column] = 1;
    return table;
}

template <class T>
Tensor view(const std::vector<T>& values, std::vector<int64_t> shape, at::ScalarType type) {
    return at::from_blob(const_cast<T*>(values.data()), shape, at::TensorOptions(type));
}

/** Get the blocks of a tensor, which holds one for every layer, that belong to some layers. */
ModelTensor keepBlocks(const ModelTensor& tensor, int numLayers, const std::vector<int>& layers) {
    ModelTensor result;
    const std::size_t size = tensor.values.size() / numLayers;
    result.shape = tensor.shape;
    result.shape[0] = tensor.shape[0] / numLayers * (int) layers.size();
    for (int layer : layers)
        result.values.insert(result.values.end(), tensor.values.begin() + layer * size,
                tensor.values.begin() + (layer + 1) * size);
    return result;
}

/** Copy a model with some of its layers only: residual layers can do without some of their neighbours. */
DenoiserModel keepLayers(const DenoiserModel& model, const std::vector<int>& layers, const std::string& path) {
    PairBiasTransformerSettings network = model.getSettings();
    const int numLayers = network.numLayers;
    for (int layer : layers)
        if (layer < 0 || layer >= numLayers)
            throw ArgumentError("train: expected initialLayers between 0 and " + std::to_string(numLayers - 1) +
                    ", the layers of \"" + path + "\", got " + std::to_string(layer));
    network.numLayers = (int) layers.size();
    DenoiserModel result;
    result.setSettings(network);
    result.setVocabularies(model.getAtomVocabularies(), model.getPairVocabularies());
    result.setRotations(model.getRotations());
    result.setTopology(model.getTopology());
    result.setBackbones(model.getBackbones());
    result.setUnitInNanometers(model.getUnitInNanometers());
    result.setConditions(model.getConditions());
    result.setTrainingCounts(model.getTrainingCounts());
    for (const auto& [key, value] : model.getAllMetadata())
        result.setMetadata(key, value);
    const std::string prefix = "layer.";
    for (const auto& [name, shape] : result.getExpectedShapes()) {
        if (name.compare(0, prefix.size(), prefix) == 0) {
            const std::size_t end = name.find('.', prefix.size());
            const int layer = layers[std::stoi(name.substr(prefix.size()))];
            result.setTensor(name, model.getTensor(prefix + std::to_string(layer) + name.substr(end)));
        }
        else if (name.compare(0, 10, "pair.bias.") == 0)
            result.setTensor(name, keepBlocks(model.getTensor(name), numLayers, layers));
        else
            result.setTensor(name, model.getTensor(name));
    }
    result.validate();
    return result;
}

/** Give a model other conditions: those it has keep their embeddings, new ones begin as its first one. */
void arrangeConditions(const std::vector<std::string>& conditions, DenoiserModel& model) {
    const std::vector<std::string> known = model.getConditions();
    const ModelTensor old = model.getTensor("condition.embedding");
    const int width = old.shape[1];
    ModelTensor embedding;
    embedding.shape = {(int) conditions.size(), width};
    for (const std::string& name : conditions) {
        const auto found = std::find(known.begin(), known.end(), name);
        const auto row = old.values.begin() + (found == known.end() ? 0 : (found - known.begin()) * width);
        embedding.values.insert(embedding.values.end(), row, row + width);
    }
    model.setConditions(conditions);
    model.setTensor("condition.embedding", embedding);
}

/** A student starts its steps from positions alone. */
void checkSelfConditioning(const TrainingSettings& settings, const DenoiserModel& model) {
    if (!settings.distillation.teacher.empty() && model.getSettings().selfConditioning)
        throw ArgumentError("train: expected a student without selfConditioning, whose steps are functions of the "
                "positions, got one with it; start from another initialModel");
}

void clearRows(const std::vector<std::vector<int>>& rows, const std::string& name, DenoiserModel& model) {
    std::set<int> used;
    for (const std::vector<int>& row : rows)
        used.insert(row.begin(), row.end());
    ModelTensor tensor = model.getTensor(name);
    for (int row = 0; row < tensor.shape[0]; row++)
        if (used.count(row) == 0)
            std::fill_n(tensor.values.begin() + (std::size_t) row * tensor.shape[1], tensor.shape[1], 0.0f);
    model.setTensor(name, tensor);
}

} // namespace

ModelTables::ModelTables(const FeatureTables& tables, const DenoiserModel& model, const TrainingDevice& device) {
    atomTable = makeTable(tables.tokenRows, getVocabularySize(model.getAtomVocabularies())).to(device.device);
    pairTable = makeTable(tables.pairRows, getVocabularySize(model.getPairVocabularies()))
                        .to(device.device, device.productType);
}

DeviceBatch toTensors(const HostBatch& batch, const ModelTables& tables) {
    int64_t B = batch.numSamples, N = batch.maxTokens;
    const int64_t numComponents = 3 * batch.pointsPerToken;
    const at::Device device = tables.atomTable.device();
    DeviceBatch result;
    result.inputs.u = view(batch.u, {B, N, numComponents}, at::kFloat).to(device);
    result.inputs.scaledTime = view(batch.scaledTime, {B}, at::kFloat).to(device);
    result.inputs.condition = view(batch.condition, {B}, at::kLong).to(device);
    result.inputs.mask = view(batch.mask, {B, N}, at::kFloat).to(device);
    result.inputs.atomTable = tables.atomTable;
    result.inputs.pairTable = tables.pairTable;
    result.inputs.atomIndex = view(batch.tokenIndex, {B, N}, at::kInt).to(device);
    result.inputs.pairIndex = view(batch.pairIndex, {B, N, N}, at::kInt).to(device);
    result.target = view(batch.target, {B, N, numComponents}, at::kFloat).to(device);
    return result;
}

void addEstimate(const TrainingSettings& settings, const NamedTensors& weights, long long step, NetworkInputs& inputs) {
    // (3.5)

    const SampleKey key = {(std::uint64_t) settings.seed, (std::uint64_t) step};
    if (settings.network.selfConditioning && drawUniforms(key, Purpose::SelfConditioning)[0] < 0.5)
        inputs.before = estimateDenoised(settings.network, weights, inputs);
}

SamplerSettings getSampler(const TrainingSettings& settings) {
    return settings.distillation.teacher.empty() ? SamplerSettings() : settings.distillation.sampler;
}

std::vector<std::string> prepareSettings(TrainingSettings& settings) {
    std::vector<std::string> messages, shards;
    for (const std::string& shard : settings.validationShards)
        if (isEmptyShard(shard))
            messages.push_back("validation: \"" + shard + "\" holds no molecule and is left out");
        else
            shards.push_back(shard);
    settings.validationShards = shards;
    if (settings.initialModel.empty())
        return messages;
    const std::vector<std::string> known = DenoiserModel::load(settings.initialModel).getConditions();
    auto has = [](const std::vector<std::string>& names, const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const std::string& name : settings.conditions)
        if (!has(known, name))
            messages.push_back("condition \"" + name + "\" is new; it begins as \"" + known[0] +
                    "\", the first one of the initial model");
    for (const std::string& name : known)
        if (!has(settings.conditions, name))
            messages.push_back("condition \"" + name + "\" of the initial model is left out, \"conditions\" lacks it");
    return messages;
}

std::vector<std::string> addCounts(const TrainingSettings& settings, TrainingData& data, DenoiserModel& model) {
    std::vector<std::string> messages;
    TrainingCounts counts = model.getTrainingCounts();
    if (!settings.initialModel.empty() && getSubjectKind(model) == SubjectKind::Molecule &&
            counts.getNumMolecules() == 0)
        messages.push_back("the initial model does not tell what it was trained on: the model file will tell of this "
                "run only");
    counts.include(data.counts);
    if (!settings.distillation.teacher.empty())
        counts.include(DenoiserModel::load(settings.distillation.teacher).getTrainingCounts());
    model.setTrainingCounts(counts);
    data.counts = TrainingCounts();
    return messages;
}

long long addNewFrames(const TrainingSettings& settings, TrainingData& data, DenoiserModel& model) {
    const long long number = data.takeNewFrames();
    if (settings.initialModel.empty())
        model.setTopology(gatherGeometry(settings, findTopology(settings)));
    return number;
}

static long long countFrames(const TrainingSet& set) {
    long long sum = 0;
    for (const SubjectEntry& entry : set.subjects)
        sum += entry.numFrames;
    return sum;
}

std::vector<std::string> describeTrainingData(const TrainingSettings& settings, const TrainingData& data) {
    const std::string noun = getSubjectKind(data.vocabularies) == SubjectKind::Backbone ? "backbone" : "molecule";
    auto count = [&](std::size_t number) {
        return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
    };
    std::vector<std::string> lines;
    const bool isSystem = getSubjectKind(data.vocabularies) == SubjectKind::Topology;
    for (const TrainingSet& set : data.sets) {
        std::ostringstream text;
        text << "data set of weight " << set.weight << ": ";
        if (isSystem)
            text << countFrames(set) << " frames for training"
                 << (usesForces(settings) && data.forces && data.forces->getFault().empty()
                                    ? ", targets by their forces"
                                    : "");
        else
            text << count(set.subjects.size());
        lines.push_back(text.str());
    }
    for (std::size_t k = 0; k < settings.conditions.size(); k++)
        if (data.numOfCondition[k] == 0)
            lines.push_back("condition \"" + settings.conditions[k] + "\" has no training " +
                    (isSystem ? "frame" : noun));
    lines.push_back(describeDevice(settings));
    if (!isSystem || data.numLeftOut > 0 || data.numRestricted > 0)
        lines.push_back("left out " + count(data.numLeftOut) + "; groups above maxAutomorphisms: " +
                std::to_string(data.numRestricted));
    for (std::size_t k = 0; k < std::min<std::size_t>(data.messages.size(), 10); k++)
        lines.push_back("  " + data.messages[k]);
    return lines;
}

DenoiserModel createInitialModel(const TrainingSettings& settings) {
    if (!settings.initialModel.empty()) {
        DenoiserModel model = DenoiserModel::load(settings.initialModel);
        if (model.getNetwork() != NetworkKind::PairBiasTransformer)
            throw ArgumentError("train: expected a pair-bias transformer as initialModel, got \"" +
                settings.initialModel + "\", a gated transformer: such models can be generated with, not trained");
        if (!settings.initialLayers.empty())
            model = keepLayers(model, settings.initialLayers, settings.initialModel);
        const bool isMolecular = getSubjectKind(model) == SubjectKind::Molecule;
        if (isMolecular || !settings.distillation.teacher.empty())
            model.setSamplerSettings(getSampler(settings));
        arrangeConditions(settings.conditions, model);
        if (settings.network.selfConditioning)
            model.addSelfConditioning();
        checkSelfConditioning(settings, model);
        if (getSubjectKind(model) == SubjectKind::Backbone)
            widenBackbones(settings, model);
        return model;
    }
    const TopologySubject topology = findTopology(settings);
    const bool isMolecular = topology.getNumAtoms() == 0 && !haveBackbones(settings);
    DenoiserModel model = isMolecular ? DenoiserModel::createRandom(settings.network, settings.seed)
            : topology.getNumAtoms() > 0 ? createTopologyModel(settings, topology)
                                         : createBackboneModel(settings);
    model.setConditions(settings.conditions);
    if (isMolecular || !settings.distillation.teacher.empty())
        model.setSamplerSettings(getSampler(settings));
    ModelTensor embedding;
    embedding.shape = {(int) settings.conditions.size(), settings.network.conditionWidth};
    for (int k = 0; k < embedding.shape[0] * embedding.shape[1]; k++)
        embedding.values.push_back((float) (0.1 * philoxNormals(settings.seed, {0, 0, 0, (std::uint32_t) k})[0]));
    model.setTensor("condition.embedding", embedding);
    model.validate();
    checkSelfConditioning(settings, model);
    return model;
}

void clearUnusedRows(const FeatureTables& tables, DenoiserModel& model) {
    clearRows(tables.tokenRows, "token.embedding", model);
    clearRows(tables.pairRows, "pair.embedding", model);
}

std::string getIdentity(const TrainingSettings& settings) {
    const PairBiasTransformerSettings& network = settings.network;
    std::ostringstream text;
    for (double value : {(double) network.width, (double) network.numLayers, (double) network.numHeads,
                 (double) network.transitionFactor, (double) network.pairWidth, (double) network.numRadial,
                 network.radialMax, (double) network.conditionWidth, (double) network.numFrequencies, network.dataScale,
                 (double) settings.seed})
        text << value << " ";
    for (const std::string& condition : settings.conditions)
        text << condition << " ";
    if (settings.rotations != TrainingSettings().rotations)
        text << settings.rotations << " ";
    if (network.pointsPerToken != 1)
        text << network.pointsPerToken << " points ";
    if (network.selfConditioning)
        text << "selfConditioning ";
    if (settings.target != "exact" || settings.coupling != "independent" || settings.regression != "denoiser")
        text << settings.target << " " << settings.coupling << " " << settings.regression;
    const DistillationSettings& distillation = settings.distillation;
    if (distillation.teacher.empty())
        return text.str();
    text << DenoiserModel::load(distillation.teacher).getChecksum() << " " << formatSampler(distillation.sampler);
    for (int steps : distillation.teacherSteps)
        text << " " << steps;
    for (double share : distillation.levelShares)
        text << " " << share;
    text << " " << distillation.repeats;
    if (distillation.onPolicyShare > 0)
        text << " " << distillation.onPolicyShare;
    return text.str();
}

Validation::Validation(const TrainingSettings& trainingSettings, const DenoiserModel& model,
        const std::shared_ptr<const ForceTarget>& forces, const Teacher* teacher) :
        settings(trainingSettings), data(trainingSettings) {
    data.forces = forces;
    settings.seed = VALIDATION_SEED;
    settings.useForces = true;
    settings.target = "exact";
    settings.regression = "denoiser";
    settings.mirrorProbability = settings.stereoDropout = settings.boltzmannShare = 0;
    settings.distillation.onPolicyShare = 0;    // The same positions for every student.
    data.isValidation = true;
    for (const std::string& shard : settings.validationShards)
        readTrainingSet({shard}, 1, model, settings.maxAutomorphisms, data);
    tables = std::make_unique<ModelTables>(data.tables, model, findDevice(settings));
    BatchSampler sampler(settings, data);
    BatchPosition position;
    for (int k = 0; k < VALIDATION_BATCHES && position.pool == 0; k++) {
        batches.push_back(sampler.getBatch(position));
        position = batches.back().next;
        if (teacher != nullptr)
            targets.push_back(teacher->computeTarget(batches.back(), toTensors(batches.back(), *tables).inputs));
    }
    data.cache = std::make_unique<SubjectCache>(0);
}

double Validation::evaluate(const NamedTensors& weights, std::string& details) const {
    const std::vector<double> limits = {0.1, 0.3, 1, 3, 1e30};
    std::vector<double> sums(limits.size(), 0), counts(limits.size(), 0);
    c10::NoGradGuard noGradients;
    double total = 0, numSamples = 0;
    for (std::size_t k = 0; k < batches.size(); k++) {
        const HostBatch& batch = batches[k];
        DeviceBatch tensors = toTensors(batch, *tables);
        if (!targets.empty())
            tensors.target = targets[k];
        if (settings.network.selfConditioning)
            tensors.inputs.before = estimateDenoised(settings.network, weights, tensors.inputs);
        Tensor output = pairBiasTransformer(settings.network, weights, tensors.inputs);
        Tensor points = tensors.inputs.mask.sum(1) * batch.pointsPerToken;
        Tensor losses = (output - tensors.target).square().sum(-1).mul(tensors.inputs.mask).sum(1) / points;
        losses = losses.to(at::kCPU);
        const float* values = losses.data_ptr<float>();
        for (int row = 0; row < batch.numSamples; row++) {
            std::size_t bin = 0;
            while (batch.sigma[row] > limits[bin])
                bin++;
            sums[bin] += values[row];
            counts[bin]++;
            total += values[row];
            numSamples++;
        }
    }
    std::ostringstream text;
    text << std::setprecision(4) << "(sigma up to";
    for (std::size_t bin = 0; bin < limits.size(); bin++)
        text << (bin + 1 < limits.size() ? " " + std::to_string(limits[bin]).substr(0, 3) : std::string(" any")) << ": "
             << sums[bin] / std::max(1.0, counts[bin]);
    details = text.str() + ")";
    return total / numSamples;
}

} // namespace torchimpl
} // namespace OrbitPlugin
