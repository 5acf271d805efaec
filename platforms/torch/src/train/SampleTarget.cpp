// SPDX-License-Identifier: MIT
// Targets of training samples: which mean is taken, and what it means for the regression.
#include "SampleTarget.h"

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Linear subjects have no Kabsch slice: their noise stays independent. */
bool isLinear(const std::vector<double>& x1) {
    double inertia[6] = {};
    for (std::size_t a = 0; a < x1.size(); a += 3) {
        const double x = x1[a], y = x1[a + 1], z = x1[a + 2];
        const double parts[6] = {y * y + z * z, x * x + z * z, x * x + y * y, -x * y, -x * z, -y * z};
        for (int k = 0; k < 6; k++)
            inertia[k] += parts[k];
    }
    const double trace = inertia[0] + inertia[1] + inertia[2];
    const double determinant = inertia[0] * (inertia[1] * inertia[2] - inertia[5] * inertia[5]) -
            inertia[3] * (inertia[3] * inertia[2] - inertia[5] * inertia[4]) +
            inertia[4] * (inertia[3] * inertia[5] - inertia[1] * inertia[4]);
    return !(determinant > 1e-5 * trace * trace * trace);
}

} // namespace

SampleTarget::SampleTarget(const TrainingSettings& settings) : settings(settings),
        target(parseOrbitTarget(settings.target)), coupling(parseOrbitCoupling(settings.coupling)) {
}

bool usesForces(const TrainingSettings& settings) {
    const OrbitTarget target = parseOrbitTarget(settings.target);
    return settings.useForces && settings.distillation.teacher.empty() && settings.regression == "denoiser" &&
            parseOrbitCoupling(settings.coupling) == OrbitCoupling::Independent && target != OrbitTarget::Paper &&
            target != OrbitTarget::Quotient;
}

OrbitKey SampleTarget::makeKey(const NoisySample& sample, Purpose purpose) const {
    return {(std::uint64_t) settings.seed, {(std::uint32_t) sample.number, (std::uint32_t) (sample.number >> 32)},
            (std::uint32_t) purpose};
}

void SampleTarget::couple(
        const std::vector<double>& x1, const FeatureRows& rows, std::vector<double>& noise) const {
    if (coupling == OrbitCoupling::Independent || (coupling == OrbitCoupling::Kabsch && isLinear(x1)))
        return;
    const bool permutes = coupling == OrbitCoupling::OrbitOT;
    noise = coupleNoise(noise, x1, permutes ? rows.getPointPermutations() : std::vector<int>(), coupling);
}

std::vector<double> SampleTarget::computeExact(const NoisySample& sample) {
    const bool aligned = coupling == OrbitCoupling::Kabsch && !isLinear(sample.x1);

    // (2.7) with t M_t x_t = y / sigma²; (2.25) for large groups.

    if (!aligned) {
        std::vector<double> scaled = sample.y, mean(sample.y.size());
        for (double& value : scaled)
            value /= sample.sigma * sample.sigma;
        const bool reflect = settings.averageReflections && coupling == OrbitCoupling::Independent;
        const OrbitRotations rotations = reflect ? sample.rows->rotations : OrbitRotations::Proper;
        if (sample.rows->restricted && settings.largeGroups == "lattice") {
            LatticeRule rule;
            rule.rotations = rotations;
            rule.numPoints = settings.latticePoints;
            rule.key = makeKey(sample, Purpose::TargetLattice);
            orbitMeanLattice(sample.x1, scaled, *sample.rows->lattice, rule, mean, latticeWorkspace);
            return mean;
        }
        orbitMean(sample.x1, scaled, sample.rows->getPointPermutations(), mean, workspace, rotations);
        return mean;
    }

    // (2.14)

    const double time = 1 / (1 + sample.sigma);
    std::vector<double> xt = sample.y;
    for (double& value : xt)
        value *= time;
    OrbitPosteriorSettings posterior;
    posterior.coupling = coupling;
    posterior.sigma = 0;
    return orbitPosterior(sample.x1, xt, time, {}, sample.rows->getPointPermutations(), posterior).mean;
}

std::vector<double> SampleTarget::computeSampled(const NoisySample& sample) const {
    std::vector<double> scaled = sample.y, mean(sample.y.size());
    for (double& value : scaled)
        value /= sample.sigma * sample.sigma;
    const OrbitKey key = makeKey(sample, Purpose::TargetAutomorphisms);
    const int numPoints = (int) sample.x1.size() / 3;
    const std::vector<int> drawn = sample.rows->restricted ?
            drawAutomorphisms(*sample.rows->lattice, settings.numAutomorphisms, key) :
            drawAutomorphisms(sample.rows->getPointPermutations(), numPoints, settings.numAutomorphisms, key);
    const double temperature =
            target == OrbitTarget::Paper ? getPaperTemperature(1 / (1 + sample.sigma)) : 1.0;
    const std::vector<double> rotations =
            drawRotations(settings.numRotations, makeKey(sample, Purpose::TargetRotations));
    sampledOrbitMean(sample.x1, scaled, rotations, drawn, temperature, mean);
    return mean;
}

std::vector<double> SampleTarget::computeMean(const NoisySample& sample) {
    switch (target) {
        case OrbitTarget::Plain:
        case OrbitTarget::Quotient:
            return sample.x1;
        case OrbitTarget::MonteCarlo:
        case OrbitTarget::Paper:
            return computeSampled(sample);
        default:
            return coupling == OrbitCoupling::OrbitOT ? sample.x1 : computeExact(sample);
    }
}

std::vector<double> SampleTarget::compute(const NoisySample& sample) {
    if (target == OrbitTarget::Quotient)
        return projectHorizontal(sample.x1, sample.y);
    std::vector<double> mean = computeMean(sample);

    // (2.18): the velocity A − x0 with the noise of the sample implies the clean positions (1 − t) A + t x1.

    if (settings.regression == "velocity" && target != OrbitTarget::ExactVelocity)
        for (std::size_t k = 0; k < mean.size(); k++)
            mean[k] = (sample.sigma * mean[k] + sample.x1[k]) / (1 + sample.sigma);
    return mean;
}

} // namespace torchimpl
} // namespace OrbitPlugin
