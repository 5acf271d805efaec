// SPDX-License-Identifier: MIT
// Assembly of batches: choice of samples, augmentation, noise, and the orbit target of section 2.
#include "BatchSampler.h"
#include "openmmorbit/internal/Philox.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const int POOL_SIZE = 4096;

/** What a random number is for: the third word of the counter. */
enum Purpose : std::uint32_t {
    ChooseMolecule = 1,
    ShufflePool = 2,
    ChooseConformer = 3,
    Rotation = 4,
    NoiseLevel = 5,
    Noise = 6,
    ChooseLevel = 10,
    RenewedNoise = 11
};

typedef std::chrono::steady_clock Clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::array<double, 4> uniforms(std::uint64_t seed, std::uint64_t sample, Purpose purpose, std::uint32_t index = 0) {
    auto words = philox4x32(seed, {(std::uint32_t) sample, (std::uint32_t) (sample >> 32), purpose, index});
    std::array<double, 4> values;
    for (int k = 0; k < 4; k++)
        values[k] = (words[k] + 0.5) * 0x1p-32;
    return values;
}

std::array<double, 4> normals(std::uint64_t seed, std::uint64_t sample, Purpose purpose, std::uint32_t index = 0) {
    return philoxNormals(seed, {(std::uint32_t) sample, (std::uint32_t) (sample >> 32), purpose, index});
}

/** Centred standard normal noise of a sample; `draw` tells several from each other. */
void drawNoise(std::uint64_t seed, std::uint64_t sample, Purpose purpose, int draw, std::vector<double>& noise) {
    const int n = (int) noise.size() / 3;
    double mean[3] = {0, 0, 0};
    for (int i = 0; i < n; i++) {
        const auto values = normals(seed, sample, purpose, ((std::uint32_t) draw << 20) + i);
        for (int c = 0; c < 3; c++) {
            noise[3 * i + c] = values[c];
            mean[c] += values[c] / n;
        }
    }
    for (int i = 0; i < 3 * n; i++)
        noise[i] -= mean[i % 3];
}

/** Uniform rotation from four normal numbers: the normalised quaternion is uniform on the sphere. */
void makeRotation(std::array<double, 4> q, double* R) {
    double norm = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    double w = q[0] / norm, x = q[1] / norm, y = q[2] / norm, z = q[3] / norm;
    double values[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)};
    std::copy(values, values + 9, R);
}

int chooseIndex(double u, int count) {
    return std::min((int) (u * count), count - 1);
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

} // namespace

void drawRotation(std::uint64_t seed, std::uint64_t sample, int index, double* rotation) {
    makeRotation(normals(seed, sample, Rotation, index), rotation);
}

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
        auto u = uniforms(settings.seed, choice.sample, ChooseMolecule);
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
    for (int k = (int) batches.size() - 1; k > 0; k--)
        std::swap(batches[k], batches[chooseIndex(uniforms(settings.seed, pool, ShufflePool, k)[0], k + 1)]);
    currentPool = pool;
}

void BatchSampler::chooseLevel(BatchPosition position, HostBatch& batch) const {
    if (levels.empty())
        return;
    const int numLevels = (int) levels.size() - 1;
    const auto u = uniforms(settings.seed, position.pool, ChooseLevel, position.batch);
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

void BatchSampler::fillSample(const Choice& choice, int row, HostBatch& batch) {
    const std::shared_ptr<const TrainingMolecule> held =
            data.getMolecule(data.sets[choice.set].molecules[choice.molecule]);
    const TrainingMolecule& molecule = *held;
    const std::uint64_t seed = settings.seed, sample = choice.sample;
    int n = molecule.numAtoms;
    auto u = uniforms(seed, sample, ChooseConformer);
    int conformer = chooseConformer(molecule, u, settings.boltzmannShare);
    bool mirrored = u[2] < settings.mirrorProbability;
    StereoView view = u[3] < settings.stereoDropout ? StereoView::Hidden
            : mirrored                              ? StereoView::Mirrored
                                                    : StereoView::Given;
    const FeatureRows& rows = molecule.getView(view);

    // A random rotation, with a reflection for mirrored samples.

    double R[9];
    drawRotation(seed, sample, 0, R);
    if (mirrored)
        for (double& value : R)
            value = -value;
    const float* source = molecule.positions.data() + (std::size_t) conformer * n * 3;
    NoisySample noisy;
    noisy.rows = &rows;
    noisy.handed = molecule.handed && view != StereoView::Hidden;
    noisy.number = sample;
    std::vector<double>&x1 = noisy.x1, &y = noisy.y;
    x1.resize(3 * n);
    y.resize(3 * n);
    for (int i = 0; i < n; i++)
        for (int c = 0; c < 3; c++)
            x1[3 * i + c] =
                    R[3 * c] * source[3 * i] + R[3 * c + 1] * source[3 * i + 1] + R[3 * c + 2] * source[3 * i + 2];

    // (1.4), (3.3): y = x1 + sigma n with centred noise.

    const bool distilled = !levels.empty();
    const bool fromPrior = distilled && (batch.level == 0 || batch.onPolicy);
    double sigma = distilled ? levels[fromPrior ? 0 : batch.level] :
            std::exp(settings.logSigmaMean + settings.logSigmaDeviation * normals(seed, sample, NoiseLevel)[0]);
    drawNoise(seed, sample, Noise, 0, y);
    if (!distilled)
        target.couple(x1, rows, y);
    const double share = fromPrior ? 0 : 1;
    for (int i = 0; i < 3 * n; i++)
        y[i] = share * x1[i] + sigma * y[i];
    noisy.sigma = sigma;

    // (2.7), or another target of section 2.

    Clock::time_point start = Clock::now();
    const std::vector<double> mean = distilled ? y : target.compute(noisy);
    batch.targetSeconds += secondsSince(start);

    // (3.1), (3.2)

    double variance = sigma * sigma + dataScale * dataScale;
    double skip = dataScale * dataScale / variance, out = sigma * dataScale / std::sqrt(variance),
           in = 1 / std::sqrt(variance);
    std::size_t atom = (std::size_t) row * batch.maxAtoms;
    for (int i = 0; i < 3 * n; i++) {
        batch.u[3 * atom + i] = (float) (in * dataScale * y[i]);
        batch.target[3 * atom + i] = (float) ((mean[i] - skip * y[i]) / out);
    }
    batch.sigma[row] = sigma;
    batch.samples[row] = sample;
    batch.scaledTime[row] = (float) (std::log(sigma) / 4);
    batch.condition[row] = molecule.condition;
    for (int i = 0; i < n; i++) {
        batch.mask[atom + i] = 1;
        batch.atomIndex[atom + i] = rows.atoms[i];
        for (int j = 0; j < n; j++)
            batch.pairIndex[(atom + i) * batch.maxAtoms + j] = rows.pairs[i * n + j];
    }
    batch.numAtoms += n;
    for (int step = 0; step < (int) batch.renewedNoise.size(); step++) {
        std::vector<double> noise(3 * n);
        drawNoise(seed, sample, RenewedNoise, step, noise);
        std::copy(noise.begin(), noise.end(), batch.renewedNoise[step].begin() + 3 * atom);
    }
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
