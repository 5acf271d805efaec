// SPDX-License-Identifier: MIT
// Choice of validation molecules, the sampler with tensors, and the comparison by shard.
#include "ValidationEnsembles.h"
#include "Flow.h"
#include "RandomKeys.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/MoleculeInputs.h"
#include <c10/core/GradMode.h>
#include <algorithm>
#include <set>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const std::uint64_t NOISE_SEED = 20262;

} // namespace

ValidationEnsembles::ValidationEnsembles(const TrainingSettings& settings, const DenoiserModel& model) :
        settings(settings) {
    const int numShards = (int) settings.validationShards.size();
    const FrameRules rules = getFrameRules(model, true);
    for (int shard = 0; shard < numShards; shard++) {
        const std::string& path = settings.validationShards[shard];
        const std::vector<long long> places = findMolecules(path);
        const int available = (int) places.size();
        const int number = std::min(available, settings.validationMolecules * (shard + 1) / numShards -
                settings.validationMolecules * shard / numShards);
        ShardReader reader(path);
        ShardSubject subject;
        std::set<long long> damaged;
        for (int k = 0; k < number; k++) {
            reader.readSubject(places[(long long) k * available / number], subject);
            try {
                addMolecule(subject, SubjectFrames(reader, path, subject, rules, damaged, &messages), shard, model);
            }
            catch (const ArgumentError& error) {
                messages.push_back(error.what());
            }
        }
    }
    modelTables = std::make_unique<ModelTables>(tables, model, findDevice(settings));
}

/** Get the places of the molecules with frames in a shard. */
std::vector<long long> ValidationEnsembles::findMolecules(const std::string& path) {
    ShardReader reader(path);
    ShardSubject subject;
    FrameBlockHead head;
    std::vector<long long> places;
    int numOthers = 0;
    while (reader.nextSubject(subject)) {
        const bool isMolecule = subject.kind == SubjectKind::Molecule && subject.pointsPerToken == 1;
        numOthers += !isMolecule;
        if (isMolecule && reader.nextHead(head))
            places.push_back(reader.getOffset());
    }
    messages.insert(messages.end(), reader.getMessages().begin(), reader.getMessages().end());
    if (numOthers > 0)
        messages.push_back("\"" + path + "\": no metrics of " + std::to_string(numOthers) +
                " subjects that are no molecules of one point an atom");
    return places;
}

void ValidationEnsembles::addMolecule(
        const ShardSubject& subject, const SubjectFrames& frames, int shard, const DenoiserModel& model) {
    Molecule molecule;
    molecule.graph = subject.graph;
    molecule.shard = shard;
    const TokenInputs inputs = describeMolecule(subject.graph, model);
    molecule.rows = findFeatureRows(inputs, tables);
    molecule.volumes = inputs.handedVolumes;
    molecule.condition = frames.take(0).condition;
    const int numReferences = std::min(frames.getNumFrames(), MAX_REFERENCES);
    for (int k = 0; k < numReferences; k++) {
        const Frame frame = frames.take((int) ((long long) k * frames.getNumFrames() / numReferences));
        if (frame.condition == molecule.condition)
            molecule.references.insert(
                    molecule.references.end(), frame.positions.begin(), frame.positions.end());
    }
    molecule.numCopies = std::min<int>(
            2 * (int) molecule.references.size() / (3 * molecule.getNumPoints()), settings.validationCopies);
    molecules.push_back(std::move(molecule));
}

NetworkInputs ValidationEnsembles::makeInputs(const std::vector<Copy>& copies, int64_t maxTokens) const {
    const int64_t B = (int64_t) copies.size(), N = maxTokens;
    NetworkInputs inputs;
    inputs.condition = at::zeros({B}, at::kLong);
    inputs.mask = at::zeros({B, N}, at::kFloat);
    inputs.atomIndex = at::zeros({B, N}, at::kInt);
    inputs.pairIndex = at::zeros({B, N, N}, at::kInt);
    inputs.atomTable = modelTables->atomTable;
    inputs.pairTable = modelTables->pairTable;
    for (int64_t b = 0; b < B; b++) {
        const Molecule& molecule = molecules[copies[b].molecule];
        const int n = molecule.getNumTokens();
        inputs.condition.data_ptr<int64_t>()[b] = molecule.condition;
        for (int i = 0; i < n; i++) {
            inputs.mask.data_ptr<float>()[b * N + i] = 1;
            inputs.atomIndex.data_ptr<int>()[b * N + i] = molecule.rows.tokens[i];
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

    Tensor noise = at::zeros({mask.size(0), mask.size(1), 3 * settings.network.pointsPerToken}, at::kFloat);
    for (int64_t b = 0; b < mask.size(0); b++) {
        const std::vector<double> values =
                drawNoise(seed, {(std::uint32_t) copies[b].molecule, (std::uint32_t) copies[b].index, 0, 0},
                        molecules[copies[b].molecule].getNumPoints());
        std::copy(values.begin(), values.end(), noise.data_ptr<float>() + b * noise.stride(0));
    }
    return prior(sigma, noise.to(mask.device()), mask);
}

Tensor ValidationEnsembles::generateBatch(const NamedTensors& weights, const std::vector<Copy>& copies) const {
    int64_t N = 0;
    for (const Copy& copy : copies)
        N = std::max<int64_t>(N, molecules[copy.molecule].getNumTokens());
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
    auto getSize = [&](const Copy& copy) { return molecules[copy.molecule].getNumTokens(); };
    std::stable_sort(copies.begin(), copies.end(),
            [&](const Copy& a, const Copy& b) { return getSize(a) < getSize(b); });
    for (std::size_t first = 0; first < copies.size();) {
        std::size_t last = first + 1;
        while (last < copies.size() && (int) (last - first + 1) * getSize(copies[last]) <= settings.atomsPerBatch)
            last++;
        const std::vector<Copy> batch(copies.begin() + first, copies.begin() + last);
        const Tensor positions = generateBatch(weights, batch);
        for (std::size_t b = 0; b < batch.size(); b++) {
            const Molecule& molecule = molecules[batch[b].molecule];
            const double* values = positions.data_ptr<double>() + b * positions.stride(0);
            std::vector<double> copy(values, values + 3 * molecule.getNumPoints());
            std::vector<double>& target = result[batch[b].molecule];
            restoreHandedness(molecule.graph, copy);
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
