// SPDX-License-Identifier: MIT
// The control variate of a sample: the most likely clean positions, the covariance around them, and the score.
#include "ForceTarget.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "openmmorbit/internal/Philox.h"
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Frames that the widths of bonds and angles come from, and how few do not tell them. */
const int MAX_FRAMES = 2000, MIN_FRAMES = 50;
/** Frames whose forces are compared with these widths, and the relative difference that is allowed beside chance. */
const int MAX_TESTED = 500;
const double MAX_ERROR = 0.05;
/** Step of the numerical divergence, in widths of a bond. */
const double DIFFERENCE = 1e-3;
/** Above so many widths of a bond the linear model of bonds and angles says nothing. */
const double MAX_WIDTHS = 10;
/** Steps of Gauss and Newton towards the most likely clean positions. */
const int NUM_STEPS = 3;

std::vector<std::vector<double>> takeFrames(const SubjectFrames& frames) {
    std::vector<std::vector<double>> taken;
    const int stride = std::max(1, (frames.getNumFrames() + MAX_FRAMES - 1) / MAX_FRAMES);
    for (int k = 0; k < frames.getNumFrames(); k += stride) {
        const Frame frame = frames.take(k);
        taken.emplace_back(frame.positions.begin(), frame.positions.end());
    }
    return taken;
}

at::Tensor toTensor(const std::vector<double>& values) {
    return at::tensor(values, at::kDouble);
}

/** Positions and noise have no centre of mass, so what acts on it does not count. */
at::Tensor center(const at::Tensor& values) {
    const at::Tensor vectors = values.view({-1, 3});
    return (vectors - vectors.mean(0, true)).view({-1});
}

/** Turn positions and score by the mean rotation given y: what is known of the orientation does not count as noise. */
at::Tensor turn(const std::vector<double>& values, const double* rotation) {
    std::vector<double> turned(values.size());
    for (std::size_t a = 0; a < values.size(); a += 3)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                turned[a + i] += rotation[3 * i + j] * values[a + j];
    return toTensor(turned);
}

} // namespace

ForceTarget::ForceTarget(const std::vector<std::vector<int>>& neighbors, const SubjectFrames& frames) :
        geometry(neighbors, takeFrames(frames)), hasEnough(frames.getNumFrames() >= MIN_FRAMES) {
    fault = findFault(frames);
}

/**
 * (2.28): along bonds and angles, forces must be as strong as the widths of these say, whatever the energy is. This
 * varies much less from frame to frame than the virial does.
 */
std::string ForceTarget::findFault(const SubjectFrames& frames) const {
    const int stride = std::max(1, (frames.getNumFrames() + MAX_TESTED - 1) / MAX_TESTED);
    double sum = 0, squares = 0, expected = 0;
    int count = 0;
    for (int k = 0; k < frames.getNumFrames() && hasEnough && !geometry.isEmpty(); k += stride) {
        const Frame frame = frames.take(k);
        if (frame.score.empty())
            continue;
        const std::vector<double> positions(frame.positions.begin(), frame.positions.end());
        const at::Tensor x = toTensor(positions), score = at::tensor(frame.score, at::kFloat).to(at::kDouble);
        const double value = -at::dot(getStrain(x), score).item<double>();

        // The divergence along one random direction has the divergence as its mean.

        std::vector<double> signs(positions.size());
        for (std::size_t a = 0; a < signs.size(); a++) {
            const std::uint32_t word = philox4x32(1, {(std::uint32_t) k, (std::uint32_t) (a / 32), 0, 0})[0];
            signs[a] = (word >> (a % 32) & 1) == 0 ? -1 : 1;
        }
        const at::Tensor step = DIFFERENCE * geometry.getBondDeviation() * toTensor(signs);
        const at::Tensor change = getStrain(x + step) - getStrain(x - step);
        const double divergence = at::dot(change, step).item<double>() / (2 * at::dot(step, step).item<double>()) *
                (double) signs.size();
        sum += value;
        expected += divergence;
        squares += (value - divergence) * (value - divergence);
        count++;
    }
    if (count < 2 || !(expected > 0))
        return "";
    const double ratio = sum / expected, error = std::sqrt(squares) / expected;
    if (std::abs(ratio - 1) < MAX_ERROR + 4 * error)
        return "";
    std::ostringstream text;
    text << "the forces of the frames are not used: bonds and angles of these widths have forces of other strength at "
            "this temperature, and they are " << std::setprecision(3) << ratio
         << " times as strong. Are temperature, units and System those of the frames, in equilibrium, without "
            "constraints?";
    return text.str();
}

at::Tensor ForceTarget::getStrain(const at::Tensor& positions) const {
    at::Tensor gradient;
    const at::Tensor H = geometry.linearize(positions.data_ptr<double>(), gradient);
    return at::linalg_solve(H + getSoftness() * at::eye(H.size(0), at::kDouble), gradient);
}

double ForceTarget::getSoftness() const {
    return 0.01 / (geometry.getBondDeviation() * geometry.getBondDeviation());
}

bool ForceTarget::helps(double sigma) const {
    return fault.empty() && hasEnough && !geometry.isEmpty() && sigma < MAX_WIDTHS * geometry.getBondDeviation();
}

void ForceTarget::reduceNoise(const std::vector<double>& x1, const std::vector<double>& score,
        const std::vector<double>& y, double sigma, std::vector<double>& target) const {
    const double precision = 1 / (sigma * sigma), width = geometry.getBondDeviation();
    const at::Tensor noisy = toTensor(y), unit = at::eye((std::int64_t) y.size(), at::kDouble);

    // The most likely clean positions by the quadratic model.

    at::Tensor likely = noisy, gradient;
    for (int step = 0; step < NUM_STEPS; step++) {
        const at::Tensor H = geometry.linearize(likely.data_ptr<double>(), gradient) + precision * unit;
        const at::Tensor slope = gradient + precision * (likely - noisy);
        likely = (likely - at::linalg_solve(H, slope)).contiguous();
    }

    // Everything else (torsions, contacts) is softer; at higher noise the linear model needs more caution.

    const double caution = sigma / (5 * width), softness = getSoftness() * (1 + caution * caution);
    const at::Tensor H = geometry.linearize(likely.data_ptr<double>(), gradient) + (softness + precision) * unit;

    // (2.1), (2.4): the mean rotation of x1 given y.

    double F[9] = {}, rotation[9];
    for (std::size_t a = 0; a < x1.size(); a += 3)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                F[3 * i + j] += precision * y[a + i] * x1[a + j];
    matrixFisher(F, rotation);
    const at::Tensor posteriorScore = center(turn(score, rotation) - precision * (turn(x1, rotation) - noisy));
    const at::Tensor change = center(at::linalg_solve(H, posteriorScore)).contiguous();
    const double* values = change.data_ptr<double>();
    if (!change.isfinite().all().item<bool>())
        return;
    for (std::size_t k = 0; k < target.size(); k++)
        target[k] += values[k];
}

} // namespace torchimpl
} // namespace OrbitPlugin
