// SPDX-License-Identifier: MIT
// Small models, inputs and shards for the tests of the LibTorch implementations.
#ifndef OPENMM_ORBIT_TORCH_TESTS_TORCHSYSTEMS_H_
#define OPENMM_ORBIT_TORCH_TESTS_TORCHSYSTEMS_H_

#include "Models.h"
#include "Stages.h"
#include "Systems.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "openmmorbit/internal/stages/Preconditioning.h"
#include <vector>

namespace testSupport {

/** One sample of a padded batch. */
struct TorchSample {
    OrbitPlugin::TokenInputs features;
    std::vector<double> y, before;  ///< before: of self-conditioning, or empty
    double sigma = 1;
    int condition = 0;
};

/** Pad samples to a batch. The tables list every atom and pair once, the last row is a padded one. */
inline OrbitPlugin::torchimpl::NetworkInputs makeInputs(
        const std::vector<TorchSample>& samples, const OrbitPlugin::DenoiserModel& model, at::ScalarType type) {
    auto count = [](const std::vector<OrbitPlugin::FeatureVocabulary>& vocabularies) {
        int64_t size = 0;
        for (const OrbitPlugin::FeatureVocabulary& vocabulary : vocabularies)
            size += (int64_t) vocabulary.values.size();
        return size;
    };
    int64_t B = (int64_t) samples.size(), N = 0;
    for (const TorchSample& sample : samples)
        N = std::max<int64_t>(N, sample.features.numTokens);
    OrbitPlugin::torchimpl::NetworkInputs inputs;
    const int components = 3 * model.getSettings().pointsPerToken;
    inputs.u = at::zeros({B, N, components}, at::kDouble);
    inputs.mask = at::zeros({B, N}, at::kDouble);
    inputs.scaledTime = at::zeros({B}, at::kDouble);
    inputs.condition = at::zeros({B}, at::kLong);
    inputs.atomTable = at::zeros({B * N, count(model.getAtomVocabularies())}, at::kDouble);
    inputs.pairTable = at::zeros({B * N * N, count(model.getPairVocabularies())}, at::kDouble);
    inputs.atomIndex = at::arange(B * N, at::kLong).view({B, N});
    inputs.pairIndex = at::arange(B * N * N, at::kLong).view({B, N, N});
    auto atoms = inputs.atomTable.accessor<double, 2>();
    auto pairs = inputs.pairTable.accessor<double, 2>();
    for (int64_t b = 0; b < B; b++) {
        const TorchSample& sample = samples[b];
        const int n = sample.features.numTokens, fa = sample.features.numTokenFeatures,
                  fp = sample.features.numPairFeatures;
        const OrbitPlugin::Preconditioning factors =
                OrbitPlugin::getPreconditioning(sample.sigma, model.getSettings().dataScale);
        inputs.scaledTime[b] = factors.logSigma;
        inputs.condition[b] = sample.condition;
        for (int i = 0; i < n; i++) {
            inputs.mask[b][i] = 1.0;
            for (int c = 0; c < components; c++)
                inputs.u[b][i][c] = factors.input * sample.y[components * i + c];
            for (int f = 0; f < fa; f++)
                atoms[b * N + i][sample.features.tokenFeatures[i * fa + f]] = 1;
            for (int j = 0; j < n; j++)
                for (int f = 0; f < fp; f++)
                    pairs[(b * N + i) * N + j][sample.features.pairFeatures[(i * n + j) * fp + f]] = 1;
        }
    }
    if (!samples[0].before.empty()) {
        inputs.before = at::zeros_like(inputs.u);
        for (int64_t b = 0; b < B; b++)
            for (int64_t k = 0; k < (int64_t) samples[b].before.size(); k++)
                inputs.before[b][k / components][k % components] = samples[b].before[k];
        inputs.before = inputs.before.to(type);
    }
    for (at::Tensor* tensor : {&inputs.u, &inputs.mask, &inputs.scaledTime, &inputs.atomTable, &inputs.pairTable})
        *tensor = tensor->to(type);
    return inputs;
}

/** Ethanol, difluoroethene and water: three sizes, one stereo label. */
inline std::vector<TorchSample> makeSamples(const OrbitPlugin::DenoiserModel& model) {
    std::vector<TorchSample> samples;
    for (const OrbitPlugin::MolecularGraph& graph : {makeEthanol(), makeDifluoroethene(), makeWater()}) {
        TorchSample sample;
        sample.features = OrbitPlugin::computeFeatures(graph, model.getAtomVocabularies(), model.getPairVocabularies());
        sample.features.pointsPerToken = model.getSettings().pointsPerToken;
        sample.y = makePositions(sample.features.getNumPoints(), 10 + samples.size());
        sample.sigma = 0.3 + 0.9 * samples.size();
        if (model.getSettings().selfConditioning)
            sample.before = makePositions(sample.features.getNumPoints(), 20 + samples.size(), 1.5);
        samples.push_back(sample);
    }
    return samples;
}

/** Get a tensor's values. */
inline std::vector<double> getValues(const at::Tensor& tensor) {
    at::Tensor source = tensor.detach().to(at::kDouble).contiguous();
    return std::vector<double>(source.data_ptr<double>(), source.data_ptr<double>() + source.numel());
}

/** Write a shard of some small molecules with pseudo-random conformers. */
inline void writeSmallShard(const std::string& path, const std::string& condition) {
    OrbitPlugin::ShardWriter writer(path);
    std::uint64_t seed = 1;
    for (const OrbitPlugin::MolecularGraph& graph :
            {makeEthanol(), makeDifluoroethene(), makeWater(), makeBenzene(), makeBromochlorofluoromethane()}) {
        OrbitPlugin::ShardRecord record;
        record.graph = graph;
        record.condition = condition;
        for (int k = 0; k < 2; k++)
            for (double value : makePositions(graph.getNumAtoms(), seed++))
                record.positions.push_back((float) value);
        writer.add(record);
    }
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TORCH_TESTS_TORCHSYSTEMS_H_
