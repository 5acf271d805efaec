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

/** How a sample shows its subject. */
struct Presentation {
    int frame = 0;
    bool reflected = false;
    HandView view = HandView::Given;
};

int chooseFrame(const SubjectFrames& frames, const std::array<double, 4>& u, double boltzmannShare) {
    if (frames.hasWeights() && u[0] < boltzmannShare)
        return frames.chooseByWeight(u[1]);
    return chooseIndex(u[1], frames.getNumFrames());
}

/** Subjects that have one hand only, which the inputs do not show, are never reflected. */
Presentation choosePresentation(
        const TrainingSubject& subject, const SampleKey& key, const TrainingSettings& settings) {
    const auto u = drawUniforms(key, Purpose::ChooseFrame);
    Presentation result;
    result.frame = chooseFrame(subject.frames, u, settings.boltzmannShare);
    result.reflected = subject.allowsReflections() && u[2] < settings.mirrorProbability;
    result.view = u[3] < settings.stereoDropout ? HandView::Hidden
            : result.reflected                  ? HandView::Mirrored
                                                : HandView::Given;
    return result;
}

void centerPositions(std::vector<float>& positions) {
    const std::size_t numPoints = positions.size() / 3;
    for (int c = 0; c < 3; c++) {
        double mean = 0;
        for (std::size_t i = 0; i < numPoints; i++)
            mean += positions[3 * i + c];
        mean /= (double) numPoints;
        for (std::size_t i = 0; i < numPoints; i++)
            positions[3 * i + c] -= (float) mean;
    }
}

/** Get vectors [numPoints * 3] rotated at random, with a reflection for reflected samples. */
std::vector<double> augment(const std::vector<float>& source, bool reflected, const SampleKey& key) {
    std::array<double, 9> R = drawRotation(key, 0);
    if (reflected)
        for (double& value : R)
            value = -value;
    std::vector<double> positions(source.size());
    for (std::size_t i = 0; i < source.size(); i += 3)
        for (int c = 0; c < 3; c++)
            positions[i + c] = R[3 * c] * source[i] + R[3 * c + 1] * source[i + 1] + R[3 * c + 2] * source[i + 2];
    return positions;
}

} // namespace

BatchSampler::BatchSampler(const TrainingSettings& settings, const TrainingData& data, BatchShare share) :
        settings(settings), data(data), target(settings), mayUseForces(usesForces(settings)),
        dataScale(settings.network.dataScale), share(share) {
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
        choice.subject = chooseIndex(u[1], (int) data.sets[choice.set].subjects.size());
    }
    auto size = [&](const Choice& choice) {
        return data.sets[choice.set].subjects[choice.subject].numTokens;
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
    const std::shared_ptr<const TrainingSubject> subject =
            data.getSubject(data.sets[choice.set].subjects[choice.subject]);
    const SampleKey key = {(std::uint64_t) settings.seed, choice.sample};
    const Presentation presentation = choosePresentation(*subject, key, settings);
    Frame frame = subject->frames.take(presentation.frame);
    NoisySample sample;
    sample.rows = &subject->getView(presentation.view);
    sample.number = choice.sample;
    centerPositions(frame.positions);
    sample.x1 = augment(frame.positions, presentation.reflected, key);
    sample.sigma = chooseSigma(key, batch);
    makeNoisy(key, batch, sample);

    // (2.7), or another target of section 2; that of a distillation comes from the teacher.

    const Clock::time_point start = Clock::now();
    std::vector<double> mean = levels.empty() ? target.compute(sample) : sample.y;
    // With weights, forces are those of the distribution that the weights make.

    const bool fits = !subject->frames.hasWeights() || settings.boltzmannShare == 1;
    if (data.forces && mayUseForces && fits && !frame.score.empty() && data.forces->helps(sample.sigma))
        data.forces->reduceNoise(
                sample.x1, augment(frame.score, presentation.reflected, key), sample.y, sample.sigma, mean);
    batch.targetSeconds += secondsSince(start);
    batch.condition[row] = frame.condition;
    packSample(sample, mean, row, batch);
    for (int step = 0; step < (int) batch.renewedNoise.size(); step++)
        std::ranges::copy(
                drawCenteredNoise(key, Purpose::RenewedNoise, step, subject->numTokens * subject->pointsPerToken),
                batch.renewedNoise[step].begin() + (std::ptrdiff_t) batch.getFirstCoordinate(row));
}

void BatchSampler::packSample(
        const NoisySample& sample, const std::vector<double>& mean, int row, HostBatch& batch) const {
    const std::size_t first = (std::size_t) row * batch.maxTokens, n = sample.rows->tokens.size();
    const std::size_t place = batch.getFirstCoordinate(row), length = sample.y.size();
    const Preconditioning factors = getPreconditioning(sample.sigma, dataScale);
    precondition(factors, sample.y, mean, ArrayView<float>(batch.u).slice(place, length),
            ArrayView<float>(batch.target).slice(place, length));
    batch.sigma[row] = sample.sigma;
    batch.samples[row] = sample.number;
    batch.scaledTime[row] = (float) factors.logSigma;
    for (std::size_t i = 0; i < n; i++) {
        batch.mask[first + i] = 1;
        batch.tokenIndex[first + i] = sample.rows->tokens[i];
        for (std::size_t j = 0; j < n; j++)
            batch.pairIndex[(first + i) * batch.maxTokens + j] = sample.rows->pairs[i * n + j];
    }
    batch.numTokens += (int) n;
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
        const int numTokens = data.sets[whole[k].set].subjects[whole[k].subject].numTokens;
        batch.totalTokens += numTokens;
        if (k % share.numProcesses != share.rank)
            continue;
        batch.maxTokens = std::max(batch.maxTokens, numTokens);
        choices.push_back(whole[k]);
    }
    batch.numSamples = (int) choices.size();
    std::size_t B = batch.numSamples, N = batch.maxTokens;
    batch.pointsPerToken = settings.network.pointsPerToken;
    batch.u.assign(batch.getFirstCoordinate((int) B), 0);
    batch.target.assign(batch.u.size(), 0);
    batch.mask.assign(B * N, 0);
    batch.tokenIndex.assign(B * N, 0);
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
