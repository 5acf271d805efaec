// SPDX-License-Identifier: MIT
// Choice of validation molecules, the sampler with tensors, and the comparison by shard.
#include "ValidationEnsembles.h"
#include "Flow.h"
#include "RandomKeys.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include <c10/core/GradMode.h>
#include <algorithm>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const std::uint64_t NOISE_SEED = 20262;

} // namespace

ValidationEnsembles::ValidationEnsembles(const TrainingSettings& settings, const DenoiserModel& model) :
        settings(settings) {
    const int numShards = (int) settings.validationShards.size();
    for (int shard = 0; shard < numShards; shard++) {
        ShardReader reader(settings.validationShards[shard]);
        ShardRecord record;
        std::vector<long long> places;
        while (reader.next(record))
            places.push_back(reader.getOffset());
        messages.insert(messages.end(), reader.getMessages().begin(), reader.getMessages().end());
        const int available = (int) places.size();
        const int number = std::min(available, settings.validationMolecules * (shard + 1) / numShards -
                settings.validationMolecules * shard / numShards);
        for (int k = 0; k < number; k++) {
            reader.read(places[(long long) k * available / number], record);
            addMolecule(record, shard, model);
        }
    }
    modelTables = std::make_unique<ModelTables>(tables, model, findDevice(settings));
}

void ValidationEnsembles::addMolecule(const ShardRecord& record, int shard, const DenoiserModel& model) {
    const std::vector<std::string>& conditions = model.getConditions();
    const auto condition = std::find(conditions.begin(), conditions.end(), record.condition);
    Molecule molecule;
    molecule.graph = record.graph;
    molecule.shard = shard;
    molecule.numCopies = std::min(2 * record.getNumConformers(), settings.validationCopies);
    molecule.references.assign(record.positions.begin(), record.positions.end());
    try {
        if (condition == conditions.end())
            throw ArgumentError("ValidationEnsembles: expected one of the run's conditions, got \"" +
                    record.condition + "\" for " + record.graph.getLabel());
        molecule.condition = (int) (condition - conditions.begin());
        molecule.rows = makeFeatureRows(record.graph, model, 1, tables);
        if (model.getRotations() == OrbitRotations::WithReflections)
            molecule.volumes = findHandedVolumes(record.graph);
        molecules.push_back(std::move(molecule));
    }
    catch (const ArgumentError& error) {
        messages.push_back(error.what());
    }
}

NetworkInputs ValidationEnsembles::makeInputs(const std::vector<Copy>& copies, int64_t maxAtoms) const {
    const int64_t B = (int64_t) copies.size(), N = maxAtoms;
    NetworkInputs inputs;
    inputs.condition = at::zeros({B}, at::kLong);
    inputs.mask = at::zeros({B, N}, at::kFloat);
    inputs.atomIndex = at::zeros({B, N}, at::kInt);
    inputs.pairIndex = at::zeros({B, N, N}, at::kInt);
    inputs.atomTable = modelTables->atomTable;
    inputs.pairTable = modelTables->pairTable;
    for (int64_t b = 0; b < B; b++) {
        const Molecule& molecule = molecules[copies[b].molecule];
        const int n = molecule.graph.getNumAtoms();
        inputs.condition.data_ptr<int64_t>()[b] = molecule.condition;
        for (int i = 0; i < n; i++) {
            inputs.mask.data_ptr<float>()[b * N + i] = 1;
            inputs.atomIndex.data_ptr<int>()[b * N + i] = molecule.rows.atoms[i];
            for (int j = 0; j < n; j++)
                inputs.pairIndex.data_ptr<int>()[(b * N + i) * N + j] = molecule.rows.pairs[i * n + j];
        }
    }
    const at::Device device = modelTables->atomTable.device();
    for (Tensor* tensor : {&inputs.condition, &inputs.mask, &inputs.atomIndex, &inputs.pairIndex})
        *tensor = tensor->to(device);
    return inputs;
}

Tensor ValidationEnsembles::drawPrior(
        const std::vector<Copy>& copies, const Tensor& mask, double sigma, std::uint64_t seed) const {
    // (6.1) with a counter of molecule, copy and point

    Tensor noise = at::zeros({mask.size(0), mask.size(1), 3}, at::kFloat);
    for (int64_t b = 0; b < mask.size(0); b++) {
        const std::vector<double> values =
                drawNoise(seed, {(std::uint32_t) copies[b].molecule, (std::uint32_t) copies[b].index, 0, 0},
                        molecules[copies[b].molecule].graph.getNumAtoms());
        std::copy(values.begin(), values.end(), noise.data_ptr<float>() + b * noise.stride(0));
    }
    return prior(sigma, noise.to(mask.device()), mask);
}

Tensor ValidationEnsembles::generateBatch(const NamedTensors& weights, const std::vector<Copy>& copies) const {
    int64_t N = 0;
    for (const Copy& copy : copies)
        N = std::max<int64_t>(N, molecules[copy.molecule].graph.getNumAtoms());
    const NetworkInputs inputs = makeInputs(copies, N);
    const SamplerSettings sampler = getSampler(settings);
    FlowExtras extras;
    extras.stereoGuidance = sampler.stereoGuidance;
    extras.getNoise = [&](int step) {
        Batch keys;
        keys.seed = NOISE_SEED;
        return drawPrior(copies, inputs.mask, 1, keys.getStepSeed(step));
    };
    std::vector<std::vector<HandedVolume>> volumes;
    for (const Copy& copy : copies)
        volumes.push_back(molecules[copy.molecule].volumes);
    extras.volumes = packVolumes(volumes).to(inputs.mask.device());
    const Tensor y = drawPrior(copies, inputs.mask, sampler.sigmaMax, NOISE_SEED);
    return integrateFlow(settings.network, weights, getSteps(sampler), y, inputs, extras)
            .to(at::kCPU, at::kDouble)
            .contiguous();
}

std::vector<std::vector<double>> ValidationEnsembles::generate(const NamedTensors& weights) const {
    c10::NoGradGuard noGradients;
    std::vector<Copy> copies;
    std::vector<std::vector<double>> result(molecules.size());
    for (int m = 0; m < (int) molecules.size(); m++)
        for (int k = 0; k < molecules[m].numCopies; k++)
            copies.push_back({m, k});
    auto getSize = [&](const Copy& copy) { return molecules[copy.molecule].graph.getNumAtoms(); };
    std::stable_sort(copies.begin(), copies.end(),
            [&](const Copy& a, const Copy& b) { return getSize(a) < getSize(b); });
    for (std::size_t first = 0; first < copies.size();) {
        std::size_t last = first + 1;
        while (last < copies.size() && (int) (last - first + 1) * getSize(copies[last]) <= settings.atomsPerBatch)
            last++;
        const std::vector<Copy> batch(copies.begin() + first, copies.begin() + last);
        const Tensor positions = generateBatch(weights, batch);
        for (std::size_t b = 0; b < batch.size(); b++) {
            const double* values = positions.data_ptr<double>() + b * positions.size(1) * 3;
            std::vector<double> copy(values, values + 3 * getSize(batch[b])), &target = result[batch[b].molecule];
            restoreHandedness(molecules[batch[b].molecule].graph, copy);
            target.insert(target.end(), copy.begin(), copy.end());
        }
        first = last;
    }
    return result;
}

std::vector<ShardMetrics> ValidationEnsembles::evaluate(const NamedTensors& weights) const {
    const std::vector<std::vector<double>> copies = generate(weights);
    std::vector<std::vector<EnsembleMetrics>> byShard(settings.validationShards.size());
    for (std::size_t m = 0; m < molecules.size(); m++)
        byShard[molecules[m].shard].push_back(
                compareEnsembles(molecules[m].graph, copies[m], molecules[m].references));
    std::vector<ShardMetrics> result;
    for (std::size_t shard = 0; shard < byShard.size(); shard++)
        if (!byShard[shard].empty())
            result.push_back({settings.validationShards[shard], averageMetrics(byShard[shard])});
    return result;
}

} // namespace torchimpl
} // namespace OrbitPlugin
