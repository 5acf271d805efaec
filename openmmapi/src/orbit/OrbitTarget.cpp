// SPDX-License-Identifier: MIT
// Regression targets of one sample: plain, sampled, exact and horizontal, as clean positions and as velocities.
#include "openmmorbit/OrbitTarget.h"
#include "NoiseModel.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/OrbitSampling.h"
#include <array>
#include <cmath>
#include <numeric>
#include <sstream>

using namespace OrbitPlugin;
using std::vector;

namespace {

const std::array<const char*, 6> TARGET_NAMES = {"plain", "monteCarlo", "paper", "exact", "exactVelocity", "quotient"};
const std::array<const char*, 3> COUPLING_NAMES = {"independent", "kabsch", "orbitOT"};

template <class Names>
int findName(const Names& names, const std::string& what, const std::string& name) {
    std::string known;
    for (size_t k = 0; k < names.size(); k++) {
        if (name == names[k])
            return (int) k;
        known += (k == 0 ? "" : ", ") + std::string(names[k]);
    }
    throw ArgumentError(what + ": expected one of " + known + ", got \"" + name + "\"");
}

[[noreturn]] void refuse(const std::string& expected, const std::string& found) {
    throw ArgumentError("orbitTarget: expected " + expected + ", got " + found);
}

void checkNoise(const vector<double>& x0, const vector<double>& x1) {
    if (x0.size() != x1.size())
        refuse("x0 to hold " + std::to_string(x1.size()) + " values as x1 does", std::to_string(x0.size()) + " values");
    for (double value : x0)
        if (!std::isfinite(value))
            refuse("finite values in x0", std::to_string(value));
}

/**
 * The velocity of (1.1) for given clean positions and noise: u = x1 − x0 + σ̇ ε, where ε is what is left of x_t.
 * Without bridge noise nothing is left.
 */
vector<double> getVelocity(const vector<double>& x1, const vector<double>& x0, const vector<double>& xt, double time,
        double sigma) {
    const double bridge = sigma == 0 ? 0.0 : (1 - 2 * time) / (2 * time * (1 - time));
    vector<double> velocity(x1.size());
    for (size_t k = 0; k < x1.size(); k++)
        velocity[k] = x1[k] - x0[k] + bridge * (xt[k] - time * x1[k] - (1 - time) * x0[k]);
    return velocity;
}

// (2.15) to (2.17)

vector<double> sampleMean(const vector<double>& x1, const vector<double>& xt, double time, const BondList& bonds,
        const vector<int>& automorphisms, const OrbitTargetSettings& settings) {
    const int numAtoms = (int) x1.size() / 3;
    const bool isPaper = settings.target == OrbitTarget::Paper;
    const NoiseModel noise(settings.posterior, time, bonds, numAtoms);
    vector<double> y = isPaper ? xt : noise.applyPrecision(xt);
    for (double& value : y)
        value *= isPaper ? time / noise.getIsotropicVariance() : time;
    vector<int> identity(numAtoms);
    std::iota(identity.begin(), identity.end(), 0);
    const OrbitKey forRotations = {(std::uint64_t) settings.seed, {0, 0}, 0};
    const OrbitKey forAutomorphisms = {(std::uint64_t) settings.seed, {0, 0}, 1};
    const vector<int> drawn = drawAutomorphisms(automorphisms.empty() ? identity : automorphisms, numAtoms,
        settings.numAutomorphisms, forAutomorphisms);
    vector<double> mean(x1.size());
    sampledOrbitMean(x1, y, drawRotations(settings.numRotations, forRotations), drawn,
        isPaper ? getPaperTemperature(time) : 1.0, mean);
    return mean;
}

} // namespace

std::string OrbitPlugin::getName(OrbitTarget target) {
    return TARGET_NAMES.at((size_t) target);
}

std::string OrbitPlugin::getName(OrbitCoupling coupling) {
    return COUPLING_NAMES.at((size_t) coupling);
}

OrbitTarget OrbitPlugin::parseOrbitTarget(const std::string& name) {
    return (OrbitTarget) findName(TARGET_NAMES, "parseOrbitTarget", name);
}

OrbitCoupling OrbitPlugin::parseOrbitCoupling(const std::string& name) {
    return (OrbitCoupling) findName(COUPLING_NAMES, "parseOrbitCoupling", name);
}

void OrbitTargetSettings::validate() const {
    const std::string pair = getName(target) + " with the coupling " + getName(posterior.coupling);
    if (numRotations < 1)
        refuse("at least 1 rotation", std::to_string(numRotations));
    if (numAutomorphisms < 1)
        refuse("at least 1 automorphism", std::to_string(numAutomorphisms));
    if (target == OrbitTarget::MonteCarlo && posterior.coupling != OrbitCoupling::Independent)
        refuse("the independent coupling for monteCarlo, whose rotations an aligned posterior does not have",
            pair + "; use exact");
    if (target == OrbitTarget::Paper && posterior.coupling == OrbitCoupling::OrbitOT)
        refuse("the coupling independent or kabsch for paper", pair + "; use exact");
    if (posterior.rotations != OrbitRotations::Proper && target != OrbitTarget::Exact &&
            target != OrbitTarget::ExactVelocity)
        refuse("the target exact or exactVelocity for a mean over reflections", getName(target));
}

OrbitTargetResult OrbitPlugin::orbitTarget(const vector<double>& x1, const vector<double>& x0, const vector<double>& xt,
        double time, const BondList& bonds, const vector<int>& automorphisms, const OrbitTargetSettings& settings) {
    settings.validate();
    checkNoise(x0, x1);

    // The exact mean checks all other arguments.

    const OrbitPosteriorResult exact = orbitPosterior(x1, xt, time, bonds, automorphisms, settings.posterior);
    const vector<double> clean = center(x1), noise = center(x0), noisy = center(xt);
    OrbitTargetResult result;
    switch (settings.target) {
    case OrbitTarget::Plain:
    case OrbitTarget::Quotient:
        result.positions = clean;
        break;
    case OrbitTarget::MonteCarlo:
    case OrbitTarget::Paper:
        result.positions = sampleMean(clean, noisy, time, bonds, automorphisms, settings);
        break;
    case OrbitTarget::Exact:
    case OrbitTarget::ExactVelocity:
        result.positions = exact.mean;
        break;
    }

    // (2.18) and (2.19)

    result.velocity = settings.target == OrbitTarget::ExactVelocity ? exact.velocity :
        getVelocity(result.positions, noise, noisy, time, settings.posterior.sigma);
    if (settings.target == OrbitTarget::Quotient) {
        result.positions = projectHorizontal(result.positions, noisy);
        result.velocity = projectHorizontal(result.velocity, noisy);
    }
    return result;
}

vector<double> OrbitPlugin::projectHorizontal(const vector<double>& vectors, const vector<double>& positions) {
    if (vectors.size() != positions.size() || vectors.size() % 3 != 0)
        throw ArgumentError("projectHorizontal: expected 3 values an atom in both arrays, got " +
            std::to_string(vectors.size()) + " and " + std::to_string(positions.size()));

    // Orthonormalise the three rotations about the axes, the largest first; a vanishing one is left out.

    const size_t size = positions.size();
    vector<double> rotations[3], result = vectors;
    for (int k = 0; k < 3; k++) {
        rotations[k].assign(size, 0.0);
        const int i = (k + 1) % 3, j = (k + 2) % 3;
        for (size_t a = 0; a < size; a += 3) {
            rotations[k][a + i] = -positions[a + j];
            rotations[k][a + j] = positions[a + i];
        }
    }
    const double scale = std::inner_product(positions.begin(), positions.end(), positions.begin(), 0.0);
    auto project = [](vector<double>& from, const vector<double>& unit) {
        const double overlap = std::inner_product(from.begin(), from.end(), unit.begin(), 0.0);
        for (size_t k = 0; k < from.size(); k++)
            from[k] -= overlap * unit[k];
    };
    for (int step = 0; step < 3; step++) {
        int largest = step;
        double norms[3];
        for (int k = step; k < 3; k++) {
            norms[k] = std::inner_product(rotations[k].begin(), rotations[k].end(), rotations[k].begin(), 0.0);
            if (norms[k] > norms[largest])
                largest = k;
        }
        if (!(norms[largest] > 1e-12 * scale))
            break;
        std::swap(rotations[step], rotations[largest]);
        for (double& value : rotations[step])
            value /= std::sqrt(norms[largest]);
        for (int k = step + 1; k < 3; k++)
            project(rotations[k], rotations[step]);
        project(result, rotations[step]);
    }
    return result;
}
