// SPDX-License-Identifier: MIT
// Assembly of batches: choice of samples, augmentation, noise, and the orbit target of section 2.
#include "BatchSampler.h"
#include "../Stages.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const int POOL_SIZE = 4096;

typedef std::chrono::steady_clock Clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

int chooseConformer(const TrainingMolecule& molecule, const std::array<double, 4>& u, double boltzmannShare) {
    if (!molecule.weights.empty() && u[0] < boltzmannShare) {
        double limit = u[1] * molecule.weights.back();
        for (int k = 0; k < molecule.numConformers; k++)
            if (limit <= molecule.weights[k])
                return k;
    }
    return chooseIndex(u[1], molecule.numConformers);
}

/** How a sample shows its molecule. */
struct Presentation {
    int conformer = 0;
    bool mirrored = false;
    StereoView view = StereoView::Given;
};

Presentation choosePresentation(
        const TrainingMolecule& molecule, const SampleKey& key, const TrainingSettings& settings) {
    const auto u = drawUniforms(key, Purpose::ChooseFrame);
    Presentation result;
    result.conformer = chooseConformer(molecule, u, settings.boltzmannShare);
    result.mirrored = u[2] < settings.mirrorProbability;
    result.view = u[3] < settings.stereoDropout ? StereoView::Hidden
            : result.mirrored                   ? StereoView::Mirrored
                                                : StereoView::Given;
    return result;
}

/** Get the positions of a conformer [numAtoms * 3], rotated at random, with a reflection for mirrored samples. */
std::vector<double> takePositions(
        const TrainingMolecule& molecule, const Presentation& presentation, const SampleKey& key) {
    std::array<double, 9> R = drawRotation(key, 0);
    if (presentation.mirrored)
        for (double& value : R)
            value = -value;
    const std::size_t length = 3 * (std::size_t) molecule.numAtoms;
    const float* source = molecule.positions.data() + presentation.conformer * length;
    std::vector<double> positions(length);
    for (std::size_t i = 0; i < length; i += 3)
        for (int c = 0; c < 3; c++)
            positions[i + c] = R[3 * c] * source[i] + R[3 * c + 1] * source[i + 1] + R[3 * c + 2] * source[i + 2];
    return positions;
}

} // namespace

BatchSampler::BatchSampler(const TrainingSettings& settings, const TrainingData& data, BatchShare share) :
        settings(settings), data(data), target(settings), dataScale(settings.network.dataScale), share(share) {
    if (!settings.distillation.teacher.empty())
        levels = settings.distillation.sampler.getNoiseLevels();
}

void BatchSampler::fillPool(std::int64_t pool) {
    double total = 0;
    for (const TrainingSet& set : data.sets)
        total += set.weight;
    std::vector<Choice> choices(POOL_SIZE);
    for (int k = 0; k < POOL_SIZE; k++) {
        Choice& choice = choices[k];
        choice.sample = (std::uint64_t) pool * POOL_SIZE + k;
        const auto u = drawUniforms({(std::uint64_t) settings.seed, choice.sample}, Purpose::ChooseSubject);
        double limit = u[0] * total;
        while (choice.set + 1 < (int) data.sets.size() && limit > data.sets[choice.set].weight)
            limit -= data.sets[choice.set++].weight;
        choice.molecule = chooseIndex(u[1], (int) data.sets[choice.set].molecules.size());
    }
    auto size = [&](const Choice& choice) {
        return data.sets[choice.set].molecules[choice.molecule].numAtoms;
    };
    std::stable_sort(choices.begin(), choices.end(), [&](const Choice& a, const Choice& b) {
        return size(a) < size(b);
    });
    batches.clear();
    const std::int64_t limit = (std::int64_t) settings.atomsPerBatch * share.numProcesses;
    for (const Choice& choice : choices) {
        if (batches.empty() || (std::int64_t) (batches.back().size() + 1) * size(choice) > limit)
            batches.emplace_back();
        batches.back().push_back(choice);
    }
    const SampleKey key = {(std::uint64_t) settings.seed, (std::uint64_t) pool};
    for (int k = (int) batches.size() - 1; k > 0; k--)
        std::swap(batches[k], batches[chooseIndex(drawUniforms(key, Purpose::ShufflePool, k)[0], k + 1)]);
    currentPool = pool;
}

void BatchSampler::chooseLevel(BatchPosition position, HostBatch& batch) const {
    if (levels.empty())
        return;
    const int numLevels = (int) levels.size() - 1;
    const auto u = drawUniforms({(std::uint64_t) settings.seed, (std::uint64_t) position.pool},
            Purpose::ChooseLevel, (std::uint32_t) position.batch);
    std::vector<double> shares = settings.distillation.levelShares;
    if (shares.empty())
        shares.assign(numLevels, 1);
    double limit = u[0] * std::accumulate(shares.begin(), shares.end(), 0.0);
    while (batch.level + 1 < numLevels && limit >= shares[batch.level])
        limit -= shares[batch.level++];
    batch.onPolicy = batch.level > 0 && u[1] < settings.distillation.onPolicyShare;
    if (batch.onPolicy)
        batch.renewedNoise.assign(batch.level, std::vector<float>(batch.u.size(), 0));
}

double BatchSampler::chooseSigma(const SampleKey& key, const HostBatch& batch) const {
    if (levels.empty())
        return std::exp(
                settings.logSigmaMean + settings.logSigmaDeviation * drawNormals(key, Purpose::NoiseLevel)[0]);
    return levels[startsFromPrior(batch) ? 0 : batch.level];
}

void BatchSampler::makeNoisy(const SampleKey& key, const HostBatch& batch, NoisySample& sample) const {
    const std::size_t length = sample.x1.size();
    std::vector<double> noise = drawCenteredNoise(key, Purpose::Noise, 0, (int) length / 3);
    if (levels.empty())
        target.couple(sample.x1, *sample.rows, noise);
    sample.y.resize(length);
    interpolant(sample.sigma, startsFromPrior(batch) ? std::vector<double>(length, 0.0) : sample.x1, noise, sample.y);
}

void BatchSampler::fillSample(const Choice& choice, int row, HostBatch& batch) {
    const std::shared_ptr<const TrainingMolecule> molecule =
            data.getMolecule(data.sets[choice.set].molecules[choice.molecule]);
    const SampleKey key = {(std::uint64_t) settings.seed, choice.sample};
    const Presentation presentation = choosePresentation(*molecule, key, settings);
    NoisySample sample;
    sample.rows = &molecule->getView(presentation.view);
    sample.handed = molecule->handed && presentation.view != StereoView::Hidden;
    sample.number = choice.sample;
    sample.x1 = takePositions(*molecule, presentation, key);
    sample.sigma = chooseSigma(key, batch);
    makeNoisy(key, batch, sample);

    // (2.7), or another target of section 2; that of a distillation comes from the teacher.

    const Clock::time_point start = Clock::now();
    const std::vector<double> mean = levels.empty() ? target.compute(sample) : sample.y;
    batch.targetSeconds += secondsSince(start);
    batch.condition[row] = molecule->condition;
    packSample(sample, mean, row, batch);
    for (int step = 0; step < (int) batch.renewedNoise.size(); step++)
        std::ranges::copy(drawCenteredNoise(key, Purpose::RenewedNoise, step, molecule->numAtoms),
                batch.renewedNoise[step].begin() + 3 * (std::ptrdiff_t) row * batch.maxAtoms);
}

void BatchSampler::packSample(
        const NoisySample& sample, const std::vector<double>& mean, int row, HostBatch& batch) const {
    const std::size_t first = (std::size_t) row * batch.maxAtoms, n = sample.rows->atoms.size();
    const std::size_t length = sample.y.size();
    const Preconditioning factors = getPreconditioning(sample.sigma, dataScale);
    precondition(factors, sample.y, mean, ArrayView<float>(batch.u).slice(3 * first, length),
            ArrayView<float>(batch.target).slice(3 * first, length));
    batch.sigma[row] = sample.sigma;
    batch.samples[row] = sample.number;
    batch.scaledTime[row] = (float) factors.logSigma;
    for (std::size_t i = 0; i < n; i++) {
        batch.mask[first + i] = 1;
        batch.atomIndex[first + i] = sample.rows->atoms[i];
        for (std::size_t j = 0; j < n; j++)
            batch.pairIndex[(first + i) * batch.maxAtoms + j] = sample.rows->pairs[i * n + j];
    }
    batch.numAtoms += (int) n;
}

BatchPosition BatchSampler::getNext(BatchPosition position) {
    if (currentPool != position.pool)
        fillPool(position.pool);
    const bool last = position.batch + 1 >= (std::int64_t) batches.size();
    return last ? BatchPosition{position.pool + 1, 0, 0} : BatchPosition{position.pool, position.batch + 1, 0};
}

HostBatch BatchSampler::getBatch(BatchPosition position) {
    Clock::time_point start = Clock::now();
    HostBatch batch;
    batch.next = getNext(position);
    const std::vector<Choice>& whole = batches[position.batch];
    std::vector<Choice> choices;
    batch.totalSamples = (int) whole.size();
    for (int k = 0; k < batch.totalSamples; k++) {
        const int numAtoms = data.sets[whole[k].set].molecules[whole[k].molecule].numAtoms;
        batch.totalAtoms += numAtoms;
        if (k % share.numProcesses != share.rank)
            continue;
        batch.maxAtoms = std::max(batch.maxAtoms, numAtoms);
        choices.push_back(whole[k]);
    }
    batch.numSamples = (int) choices.size();
    std::size_t B = batch.numSamples, N = batch.maxAtoms;
    batch.u.assign(B * N * 3, 0);
    batch.target.assign(B * N * 3, 0);
    batch.mask.assign(B * N, 0);
    batch.atomIndex.assign(B * N, 0);
    batch.pairIndex.assign(B * N * N, 0);
    batch.scaledTime.resize(B);
    batch.condition.resize(B);
    batch.sigma.resize(B);
    batch.samples.resize(B);
    chooseLevel(position, batch);
    for (int row = 0; row < batch.numSamples; row++)
        fillSample(choices[row], row, batch);
    batch.seconds = secondsSince(start);
    return batch;
}

} // namespace torchimpl
} // namespace OrbitPlugin
