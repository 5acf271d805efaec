// SPDX-License-Identifier: MIT
// The control variate of a sample: the most likely clean positions, the covariance around them, and the score.
#include "ForceTarget.h"
#include "RandomKeys.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "openmmorbit/internal/Philox.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <limits>
#include <map>
#include <sstream>

using Eigen::VectorXd;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

typedef Eigen::SparseMatrix<double> SparseMatrix;
typedef Eigen::Matrix<double, 3, 3, Eigen::RowMajor> Matrix3;

/** Frames that the widths of bonds and angles come from, coordinates of all of them, and how few do not tell them. */
const int MAX_FRAMES = 2000, MAX_COORDINATES = 1 << 23, MIN_FRAMES = 50;
/** Frames whose forces are compared with these widths, and the relative difference that is allowed beside chance. */
const int MAX_TESTED = 400;
const double MAX_ERROR = 0.05;
/** Share of the frames at either end that the comparison leaves out: one overlap of atoms would hide everything. */
const double TRIMMED = 0.02;
/** Step of the numerical divergence, in widths of a bond. */
const double DIFFERENCE = 1e-3;
/** How messages about forces begin. */
const std::string UNUSED = "the forces of the frames are not used: ";
/** Squared forces that are larger than so many times the median are those of a damaged frame. */
const double MAX_SQUARE = 25;
/** Ends of the ranges of noise levels, in widths of a bond, a level in each, and the frames that are tried there. */
const std::array<double, 5> LIMITS = {1, 2.2, 4, 6.5, 10}, TRIED = {0.7, 1.5, 3, 5, 8};
const int NUM_TRIED = 100;
/** Steps of Gauss and Newton towards the most likely clean positions. */
const int NUM_STEPS = 3;

/** A vector for each atom, one column each. */
Eigen::Map<const Eigen::Matrix3Xd> toAtoms(const VectorXd& values) {
    return {values.data(), 3, values.size() / 3};
}

/** Positions and noise have no centre of mass, so what acts on it does not count. */
VectorXd center(const VectorXd& values) {
    Eigen::Matrix3Xd atoms = toAtoms(values);
    atoms.colwise() -= atoms.rowwise().mean().eval();
    return atoms.reshaped();
}

VectorXd turn(const Matrix3& rotation, const VectorXd& values) {
    return (rotation * toAtoms(values)).reshaped();
}

/** (2.1), (2.6): the mean rotation of x1 given y. What is known of the orientation does not count as noise. */
Matrix3 findRotation(const VectorXd& x1, const VectorXd& y, double precision) {
    const Matrix3 F = precision * toAtoms(y) * toAtoms(x1).transpose();
    Matrix3 rotation;
    matrixFisher(F.data(), rotation.data());
    return rotation;
}

VectorXd toVector(const std::vector<float>& values) {
    return Eigen::Map<const Eigen::VectorXf>(values.data(), (Eigen::Index) values.size()).cast<double>();
}

Eigen::Map<const VectorXd> toVector(const std::vector<double>& values) {
    return {values.data(), (Eigen::Index) values.size()};
}

/** Jᵀ P J and what is added to its diagonal, factorised. */
class Factor {
public:
    explicit Factor(const StiffGeometry& geometry) : geometry(geometry) {
        cholesky.analyzePattern(geometry.getPattern());
    }
    /** @param gradient   output, Jᵀ P (q − q̄) */
    void factorize(const VectorXd& positions, const VectorXd& diagonal, VectorXd& gradient) {
        SparseMatrix H = geometry.linearize(positions, gradient);
        H.diagonal() += diagonal;
        cholesky.factorize(H);
    }
    /** Solve for a vector; not a number if there is no solution. */
    VectorXd solve(const VectorXd& vector) const {
        if (cholesky.info() != Eigen::Success)
            return VectorXd::Constant(vector.size(), std::numeric_limits<double>::quiet_NaN());
        return cholesky.solve(vector);
    }
private:
    const StiffGeometry& geometry;
    Eigen::SimplicialLLT<SparseMatrix> cholesky;
};

int getStride(const SubjectFrames& frames, int maxFrames) {
    const int number = std::clamp(MAX_COORDINATES / (int) frames.take(0).positions.size(), MIN_FRAMES, maxFrames);
    return std::max(1, (frames.getNumFrames() + number - 1) / number);
}

std::vector<std::vector<float>> takeFrames(const SubjectFrames& frames) {
    std::vector<std::vector<float>> taken;
    const int stride = getStride(frames, MAX_FRAMES);
    for (int k = 0; k < frames.getNumFrames(); k += stride)
        taken.push_back(frames.take(k).positions);
    return taken;
}

} // namespace

ForceTarget::ForceTarget(const std::vector<std::vector<int>>& neighbors, const SubjectFrames& frames) :
        geometry(neighbors, takeFrames(frames)) {
    if (geometry.isEmpty())
        fault = UNUSED + "no bond varies";
    else if (frames.getNumFrames() < MIN_FRAMES)
        fault = UNUSED + "expected at least " + std::to_string(MIN_FRAMES) + " frames for training, got " +
                std::to_string(frames.getNumFrames());
    if (!fault.empty())
        return;
    const std::vector<Sample> samples = takeSamples(frames);
    measureForces(samples);
    findFault(samples);
    if (fault.empty())
        findLevels(samples);
    if (fault.empty() && std::none_of(levels.begin(), levels.end(), [](bool helps) { return helps; }))
        fault = UNUSED + "they make the targets noisier at all noise levels";
}

void ForceTarget::check(const SubjectFrames& frames) {
    if (fault.empty())
        findFault(takeSamples(frames));
}

/** Get centred frames with forces. */
std::vector<ForceTarget::Sample> ForceTarget::takeSamples(const SubjectFrames& frames) {
    std::vector<Sample> samples;
    const int stride = getStride(frames, MAX_TESTED);
    for (int k = 0; k < frames.getNumFrames(); k += stride) {
        const Frame frame = frames.take(k);
        if (!frame.score.empty())
            samples.push_back({center(toVector(frame.positions)), toVector(frame.score), frame.temperature});
    }
    return samples;
}

/** Forces on some of the atoms vary with those that the frames do not have: this is noise that C must know of. */
void ForceTarget::measureForces(const std::vector<Sample>& samples) {
    std::vector<double> squares;
    for (const Sample& sample : samples)
        squares.push_back(sample.score.squaredNorm());
    std::nth_element(squares.begin(), squares.begin() + (std::ptrdiff_t) squares.size() / 2, squares.end());
    usualSquare = squares[squares.size() / 2];
    VectorXd gradient, sum = VectorXd::Zero(samples[0].score.size());
    double count = 0;
    for (const Sample& sample : samples) {
        if (sample.score.squaredNorm() > MAX_SQUARE * usualSquare)
            continue;
        sum += sample.score.cwiseAbs2() - geometry.linearize(sample.positions, gradient).diagonal();
        count++;
    }
    const Eigen::RowVectorXd ofAtoms = toAtoms(sum).colwise().mean() / count;
    excess = (ofAtoms.array() - getSoftness()).max(0).matrix().replicate(3, 1).reshaped();
}

/**
 * (2.28): along bonds and angles, forces must be as strong as the widths of these say, whatever the energy is. This
 * varies much less from frame to frame than the virial does. Each temperature has frames of its own, so that few wrong
 * ones do not hide among many right ones.
 */
void ForceTarget::findFault(const std::vector<Sample>& samples) {
    struct Pair {
        double work, divergence;
    };
    std::map<double, std::vector<Pair>> pairsOfTemperature;
    const double difference = DIFFERENCE * geometry.getBondDeviation();
    for (std::size_t k = 0; k < samples.size(); k++) {
        const VectorXd& x = samples[k].positions;
        const double work = -getStrain(x).dot(samples[k].score);

        // The divergence along one random direction has the divergence as its mean.

        VectorXd step(x.size());
        for (int a = 0; a < step.size(); a++) {
            const std::uint32_t word = philox4x32(1, {(std::uint32_t) k, (std::uint32_t) (a / 32), 0, 0})[0];
            step[a] = (word >> (a % 32) & 1) == 0 ? -difference : difference;
        }
        const VectorXd change = getStrain(x + step) - getStrain(x - step);
        pairsOfTemperature[samples[k].temperature].push_back(
                {work, change.dot(step) / (2 * difference * difference)});
    }
    for (auto& [temperature, pairs] : pairsOfTemperature) {
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
            continue;
        std::ostringstream text;
        text << UNUSED << "bonds and angles of these widths have forces of other strength at " << temperature
             << " K, and they are " << std::setprecision(3) << ratio
             << " times as strong. Are temperature, units and System those of the frames, in equilibrium, without "
                "constraints?";
        fault = text.str();
        return;
    }
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
            const VectorXd noise = toVector(
                    drawCenteredNoise({1, k}, Purpose::Noise, 0, (int) sample.positions.size() / 3));
            const VectorXd y = sample.positions + sigma * noise;
            VectorXd likely;
            const VectorXd added = computeVariate(sample.positions, sample.score, y, sigma, likely);
            const VectorXd before = turn(findRotation(sample.positions, y, 1 / (sigma * sigma)), sample.positions);
            change += added.dot(2 * (before - likely) + added);
        }
        levels[level] = change < 0;
    }
}

VectorXd ForceTarget::getStrain(const VectorXd& positions) const {
    VectorXd gradient;
    Factor factor(geometry);
    factor.factorize(positions, VectorXd::Constant(positions.size(), getSoftness()), gradient);
    return factor.solve(gradient);
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
    VectorXd likely;
    const VectorXd added = computeVariate(toVector(x1), toVector(score), toVector(y), sigma, likely);
    for (std::size_t k = 0; k < target.size(); k++)
        target[k] += added[(Eigen::Index) k];
}

VectorXd ForceTarget::computeVariate(
        const VectorXd& x1, const VectorXd& score, const VectorXd& y, double sigma, VectorXd& likely) const {
    const double precision = 1 / (sigma * sigma);

    // The most likely clean positions by the quadratic model.

    Factor factor(geometry);
    VectorXd gradient;
    likely = y;
    for (int step = 0; step < NUM_STEPS; step++) {
        factor.factorize(likely, VectorXd::Constant(y.size(), precision), gradient);
        likely -= factor.solve(gradient + precision * (likely - y));
    }

    // (2.27): everything else (torsions, contacts) is softer; the quadratic model holds less far from its centre.

    const double spread = sigma / (5 * geometry.getBondDeviation());
    factor.factorize(likely, excess.array() + (getSoftness() * (1 + spread * spread) + precision), gradient);

    // (2.26)

    const Matrix3 rotation = findRotation(x1, y, precision);
    const VectorXd posteriorScore = center(turn(rotation, score) - precision * (turn(rotation, x1) - y));
    const VectorXd variate = center(factor.solve(posteriorScore));
    const bool isSound = score.squaredNorm() <= MAX_SQUARE * usualSquare && variate.allFinite();
    return isSound ? variate : VectorXd::Zero(y.size());
}

} // namespace torchimpl
} // namespace OrbitPlugin
