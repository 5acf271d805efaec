// SPDX-License-Identifier: MIT
// The control variate of a sample: the most likely clean positions, the covariance around them, and the score.
#include "ForceTarget.h"
#include "RandomKeys.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "openmmorbit/internal/Philox.h"
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Frames that the widths of bonds and angles come from, and how few do not tell them. */
const int MAX_FRAMES = 2000, MIN_FRAMES = 50;
/** Larger systems would spend more time on their targets than on their network. */
const int MAX_ATOMS = 150;
/** Frames whose forces are compared with these widths, and the relative difference that is allowed beside chance. */
const int MAX_TESTED = 400;
const double MAX_ERROR = 0.05;
/** Share of the frames at either end that the comparison leaves out: one overlap of atoms would hide everything. */
const double TRIMMED = 0.02;
/** Step of the numerical divergence, in widths of a bond. */
const double DIFFERENCE = 1e-3;
/** Squared forces that are larger than so many times the median are those of a damaged frame. */
const double MAX_SQUARE = 25;
/** Ends of the ranges of noise levels, in widths of a bond, a level in each, and the frames that are tried there. */
const std::array<double, 5> LIMITS = {1, 2.2, 4, 6.5, 10}, TRIED = {0.7, 1.5, 3, 5, 8};
const int NUM_TRIED = 100;
/** Steps of Gauss and Newton towards the most likely clean positions. */
const int NUM_STEPS = 3;

at::Tensor toTensor(const std::vector<double>& values) {
    return at::tensor(values, at::kDouble);
}

/** Positions and noise have no centre of mass, so what acts on it does not count. */
at::Tensor center(const at::Tensor& values) {
    const at::Tensor vectors = values.view({-1, 3});
    return (vectors - vectors.mean(0, true)).view({-1});
}

at::Tensor solve(const at::Tensor& factor, const at::Tensor& vector) {
    return at::cholesky_solve(vector.view({-1, 1}), factor).view({-1});
}

/** (2.1), (2.6): the mean rotation of x1 given y. What is known of the orientation does not count as noise. */
std::array<double, 9> findRotation(const std::vector<double>& x1, const std::vector<double>& y, double precision) {
    double F[9] = {};
    for (std::size_t a = 0; a < x1.size(); a += 3)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                F[3 * i + j] += precision * y[a + i] * x1[a + j];
    std::array<double, 9> rotation;
    matrixFisher(F, rotation.data());
    return rotation;
}

at::Tensor turn(const std::vector<double>& values, const std::array<double, 9>& rotation) {
    std::vector<double> turned(values.size());
    for (std::size_t a = 0; a < values.size(); a += 3)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                turned[a + i] += rotation[3 * i + j] * values[a + j];
    return toTensor(turned);
}

double getSquare(const std::vector<double>& values) {
    double sum = 0;
    for (double value : values)
        sum += value * value;
    return sum;
}

std::vector<std::vector<double>> takeFrames(const SubjectFrames& frames) {
    std::vector<std::vector<double>> taken;
    const int stride = std::max(1, (frames.getNumFrames() + MAX_FRAMES - 1) / MAX_FRAMES);
    for (int k = 0; k < frames.getNumFrames(); k += stride) {
        const Frame frame = frames.take(k);
        taken.emplace_back(frame.positions.begin(), frame.positions.end());
    }
    return taken;
}

} // namespace

ForceTarget::ForceTarget(const std::vector<std::vector<int>>& neighbors, const SubjectFrames& frames) :
        geometry(neighbors, takeFrames(frames)) {
    const int numAtoms = (int) neighbors.size();
    const std::string unused = "the forces of the frames are not used: ";
    if (geometry.isEmpty())
        fault = unused + "no bond varies";
    else if (frames.getNumFrames() < MIN_FRAMES)
        fault = unused + "expected at least " + std::to_string(MIN_FRAMES) + " frames for training, got " +
                std::to_string(frames.getNumFrames());
    else if (numAtoms > MAX_ATOMS)
        fault = unused + "expected at most " + std::to_string(MAX_ATOMS) + " atoms, got " + std::to_string(numAtoms);
    if (!fault.empty())
        return;
    const std::vector<Sample> samples = takeSamples(frames);
    measureForces(samples);
    fault = findFault(samples);
    if (fault.empty())
        findLevels(samples);
    if (fault.empty() && std::none_of(levels.begin(), levels.end(), [](bool helps) { return helps; }))
        fault = unused + "they make the targets noisier at all noise levels";
    else if (!fault.empty())
        fault = unused + fault;
}

/** Get centred frames with forces. */
std::vector<ForceTarget::Sample> ForceTarget::takeSamples(const SubjectFrames& frames) {
    std::vector<Sample> samples;
    const int stride = std::max(1, (frames.getNumFrames() + MAX_TESTED - 1) / MAX_TESTED);
    for (int k = 0; k < frames.getNumFrames(); k += stride) {
        const Frame frame = frames.take(k);
        if (frame.score.empty())
            continue;
        const at::Tensor positions = center(at::tensor(frame.positions, at::kFloat).to(at::kDouble)).contiguous();
        const double* values = positions.data_ptr<double>();
        samples.push_back({{values, values + positions.numel()}, {frame.score.begin(), frame.score.end()}});
    }
    return samples;
}

/** Forces on some of the atoms vary with those that the frames do not have: this is noise that C must know of. */
void ForceTarget::measureForces(const std::vector<Sample>& samples) {
    std::vector<double> squares;
    at::Tensor gradient, sum;
    for (const Sample& sample : samples)
        squares.push_back(getSquare(sample.score));
    std::nth_element(squares.begin(), squares.begin() + (std::ptrdiff_t) squares.size() / 2, squares.end());
    usualSquare = squares[squares.size() / 2];
    double count = 0;
    for (const Sample& sample : samples) {
        if (getSquare(sample.score) > MAX_SQUARE * usualSquare)
            continue;
        const at::Tensor explained = geometry.linearize(sample.positions.data(), gradient).diagonal();
        const at::Tensor surplus = toTensor(sample.score).square() - explained - getSoftness();
        sum = count == 0 ? surplus : sum + surplus;
        count++;
    }
    const at::Tensor ofAtoms = (sum / count).view({-1, 3}).mean(1, true).clamp_min(0);
    excess = ofAtoms.expand({-1, 3}).contiguous().view({-1});
}

/**
 * (2.28): along bonds and angles, forces must be as strong as the widths of these say, whatever the energy is. This
 * varies much less from frame to frame than the virial does.
 */
std::string ForceTarget::findFault(const std::vector<Sample>& samples) const {
    struct Pair {
        double work, divergence;
    };
    std::vector<Pair> pairs;
    for (std::size_t k = 0; k < samples.size(); k++) {
        const at::Tensor x = toTensor(samples[k].positions);
        const double work = -at::dot(getStrain(x), toTensor(samples[k].score)).item<double>();

        // The divergence along one random direction has the divergence as its mean.

        std::vector<double> signs(samples[k].positions.size());
        for (std::size_t a = 0; a < signs.size(); a++) {
            const std::uint32_t word = philox4x32(1, {(std::uint32_t) k, (std::uint32_t) (a / 32), 0, 0})[0];
            signs[a] = (word >> (a % 32) & 1) == 0 ? -1 : 1;
        }
        const at::Tensor step = DIFFERENCE * geometry.getBondDeviation() * toTensor(signs);
        const at::Tensor change = getStrain(x + step) - getStrain(x - step);
        const double slope = at::dot(change, step).item<double>() / (2 * at::dot(step, step).item<double>());
        pairs.push_back({work, slope * (double) signs.size()});
    }
    std::sort(pairs.begin(), pairs.end(),
            [](const Pair& a, const Pair& b) { return a.work - a.divergence < b.work - b.divergence; });
    const std::size_t trimmed = (std::size_t) (TRIMMED * (double) pairs.size());
    double sum = 0, squares = 0, expected = 0;
    for (std::size_t k = trimmed; k + trimmed < pairs.size(); k++) {
        sum += pairs[k].work;
        expected += pairs[k].divergence;
        squares += (pairs[k].work - pairs[k].divergence) * (pairs[k].work - pairs[k].divergence);
    }
    const double ratio = sum / expected, error = std::sqrt(squares) / expected;
    if (std::abs(ratio - 1) < MAX_ERROR + 4 * error)
        return "";
    std::ostringstream text;
    text << "bonds and angles of these widths have forces of other strength at this temperature, and they are "
         << std::setprecision(3) << ratio
         << " times as strong. Are temperature, units and System those of the frames, in equilibrium, without "
            "constraints?";
    return text.str();
}

/**
 * Try some frames at some noise levels. The mean square of targets about any positions that follow from y differs by
 * the difference of their noise.
 */
void ForceTarget::findLevels(const std::vector<Sample>& samples) {
    const std::size_t stride = std::max<std::size_t>(1, samples.size() / NUM_TRIED);
    levels.assign(LIMITS.size(), true);
    for (std::size_t level = 0; level < LIMITS.size(); level++) {
        const double sigma = TRIED[level] * geometry.getBondDeviation();
        double change = 0;
        for (std::size_t k = 0; k < samples.size(); k += stride) {
            const Sample& sample = samples[k];
            std::vector<double> y = drawCenteredNoise({1, k}, Purpose::Noise, 0, (int) sample.positions.size() / 3);
            for (std::size_t a = 0; a < y.size(); a++)
                y[a] = sample.positions[a] + sigma * y[a];
            at::Tensor likely;
            const at::Tensor added = computeVariate(sample.positions, sample.score, y, sigma, likely);
            const at::Tensor before = turn(sample.positions, findRotation(sample.positions, y, 1 / (sigma * sigma)));
            change += at::dot(added, 2 * (before - likely) + added).item<double>();
        }
        levels[level] = change < 0;
    }
}

at::Tensor ForceTarget::factorize(
        const at::Tensor& positions, const at::Tensor& diagonal, at::Tensor& gradient) const {
    at::Tensor H = geometry.linearize(positions.data_ptr<double>(), gradient);
    H.diagonal().add_(diagonal);
    return std::get<0>(at::linalg_cholesky_ex(H));
}

at::Tensor ForceTarget::getStrain(const at::Tensor& positions) const {
    at::Tensor gradient;
    const at::Tensor factor = factorize(positions, at::full({}, getSoftness(), at::kDouble), gradient);
    return solve(factor, gradient);
}

double ForceTarget::getSoftness() const {
    return 0.01 / (geometry.getBondDeviation() * geometry.getBondDeviation());
}

bool ForceTarget::helps(double sigma) const {
    const auto limit = std::upper_bound(LIMITS.begin(), LIMITS.end(), sigma / geometry.getBondDeviation());
    return fault.empty() && limit != LIMITS.end() && levels[limit - LIMITS.begin()];
}

void ForceTarget::reduceNoise(const std::vector<double>& x1, const std::vector<double>& score,
        const std::vector<double>& y, double sigma, std::vector<double>& target) const {
    at::Tensor likely;
    const at::Tensor added = computeVariate(x1, score, y, sigma, likely);
    const double* values = added.data_ptr<double>();
    for (std::size_t k = 0; k < target.size(); k++)
        target[k] += values[k];
}

at::Tensor ForceTarget::computeVariate(const std::vector<double>& x1, const std::vector<double>& score,
        const std::vector<double>& y, double sigma, at::Tensor& likely) const {
    const double precision = 1 / (sigma * sigma);
    const at::Tensor noisy = toTensor(y);

    // The most likely clean positions by the quadratic model.

    at::Tensor gradient;
    likely = noisy;
    for (int step = 0; step < NUM_STEPS; step++) {
        const at::Tensor factor = factorize(likely, at::full({}, precision, at::kDouble), gradient);
        likely = (likely - solve(factor, gradient + precision * (likely - noisy))).contiguous();
    }

    // (2.27): everything else (torsions, contacts) is softer; the quadratic model holds less far from its centre.

    const double spread = sigma / (5 * geometry.getBondDeviation());
    const at::Tensor factor =
            factorize(likely, excess + (getSoftness() * (1 + spread * spread) + precision), gradient);

    // (2.26)

    const std::array<double, 9> rotation = findRotation(x1, y, precision);
    const at::Tensor posteriorScore = center(turn(score, rotation) - precision * (turn(x1, rotation) - noisy));
    const at::Tensor variate = center(solve(factor, posteriorScore)).contiguous();
    const bool isSound =
            getSquare(score) <= MAX_SQUARE * usualSquare && variate.isfinite().all().item<bool>();
    return isSound ? variate : at::zeros_like(noisy);
}

} // namespace torchimpl
} // namespace OrbitPlugin
