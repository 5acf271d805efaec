// SPDX-License-Identifier: MIT
// The orbit posterior of one sample: checks, then mean, velocity and evidence for every coupling.
#include "openmmorbit/OrbitPosterior.h"
#include "AlignedPosterior.h"
#include "NoiseModel.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/OrbitLattice.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

using namespace OrbitPlugin;
using std::vector;

namespace {

template <class T>
[[noreturn]] void refuse(const std::string& expected, const T& found) {
    std::ostringstream text;
    text << "orbitPosterior: expected " << expected << ", got " << found;
    throw ArgumentError(text.str());
}

void checkSettings(const OrbitPosteriorSettings& settings, double time) {
    if (settings.prior != "gaussian" && settings.prior != "harmonic")
        refuse("the prior \"gaussian\" or \"harmonic\"", "\"" + settings.prior + "\"");
    if (!(time > 0 && time < 1))
        refuse("a time between 0 and 1, both excluded", time);
    if (!(settings.sigma >= 0 && std::isfinite(settings.sigma)))
        refuse("a finite sigma of at least 0", settings.sigma);
    if (!(settings.priorScale > 0 && std::isfinite(settings.priorScale)))
        refuse("a finite priorScale above 0", settings.priorScale);
    if (settings.coupling == OrbitCoupling::OrbitOT && settings.sigma != 0)
        refuse("sigma = 0 for the coupling orbitOT, whose posterior is one point only then", settings.sigma);
    if (settings.coupling != OrbitCoupling::Independent && settings.rotations != OrbitRotations::Proper)
        refuse("proper rotations for an aligned coupling", "reflections; use the independent coupling");
}

void checkPositions(const vector<double>& x1, const vector<double>& xt) {
    if (x1.empty() || x1.size() % 3 != 0)
        refuse("x1 to hold 3 values an atom for at least 1 atom", std::to_string(x1.size()) + " values");
    if (xt.size() != x1.size())
        refuse("xt to hold " + std::to_string(x1.size()) + " values as x1 does", std::to_string(xt.size()) + " values");
    for (const vector<double>* positions : {&x1, &xt})
        for (size_t k = 0; k < positions->size(); k++)
            if (!std::isfinite((*positions)[k]))
                refuse(std::string("finite values in ") + (positions == &x1 ? "x1" : "xt"),
                    std::to_string((*positions)[k]) + " at atom " + std::to_string(k / 3));
}

void checkPermutations(const vector<int>& automorphisms, int numAtoms) {
    if (automorphisms.size() % numAtoms != 0)
        refuse("automorphisms of " + std::to_string(numAtoms) + " entries each", std::to_string(automorphisms.size()) +
            " entries in all");
    vector<size_t> seen(numAtoms, 0);
    for (size_t k = 0; k < automorphisms.size(); k++) {
        const int image = automorphisms[k];
        const size_t p = k / numAtoms;
        if (image < 0 || image >= numAtoms || seen[image] == p + 1)
            refuse("automorphism " + std::to_string(p) + " to be a permutation of 0 to " + std::to_string(numAtoms - 1),
                std::to_string(image) + " outside the range or twice");
        seen[image] = p + 1;
    }
    bool hasIdentity = automorphisms.empty();
    for (size_t first = 0; first < automorphisms.size() && !hasIdentity; first += numAtoms) {
        int a = 0;
        while (a < numAtoms && automorphisms[first + a] == a)
            a++;
        hasIdentity = a == numAtoms;
    }
    if (!hasIdentity)
        refuse("every automorphism of a group", "a list without the identity");
}

/** Check bonds, and what the harmonic prior needs: one fragment, and permutations that keep the bonds. */
void checkBonds(const BondList& bonds, const vector<int>& automorphisms, int numAtoms, bool isHarmonic = true) {
    vector<bool> bonded((size_t) numAtoms * numAtoms, false);
    vector<int> fragment(numAtoms);
    std::iota(fragment.begin(), fragment.end(), 0);
    for (const auto& [a, b] : bonds) {
        if (a < 0 || a >= numAtoms || b < 0 || b >= numAtoms || a == b)
            refuse("bonds between two different atoms from 0 to " + std::to_string(numAtoms - 1),
                std::to_string(a) + "-" + std::to_string(b));
        if (bonded[(size_t) a * numAtoms + b])
            refuse("every bond once", "bond " + std::to_string(a) + "-" + std::to_string(b) + " twice");
        bonded[(size_t) a * numAtoms + b] = bonded[(size_t) b * numAtoms + a] = true;
        std::replace(fragment.begin(), fragment.end(), int(fragment[a]), int(fragment[b]));
    }
    if (!isHarmonic)
        return;
    const auto other = std::find_if(fragment.begin(), fragment.end(), [&](int label) { return label != fragment[0]; });
    if (other != fragment.end())
        refuse("a connected molecule for the harmonic prior", "atom " + std::to_string(other - fragment.begin()) +
            " without a path to atom 0; use the gaussian prior");
    for (size_t first = 0; first < automorphisms.size(); first += numAtoms)
        for (const auto& [a, b] : bonds)
            if (!bonded[(size_t) automorphisms[first + a] * numAtoms + automorphisms[first + b]])
                refuse("automorphisms that keep the bonds", "automorphism " + std::to_string(first / numAtoms) +
                    " that moves the bond " + std::to_string(a) + "-" + std::to_string(b) + " off the bonds");
}

OrbitPosteriorResult alignedPosterior(const AlignedSample& sample, OrbitCoupling coupling) {
    if (coupling == OrbitCoupling::OrbitOT)
        return transportPosterior(sample);
    if (isLinear(sample.x1))
        refuse("a molecule that is not linear for the coupling kabsch",
            "a linear one; use the independent coupling");
    return kabschPosterior(sample);
}

/** t M_t x_t of centred noisy positions. */
vector<double> getScaledNoisy(const vector<double>& noisy, double time, const NoiseModel& noise) {
    vector<double> y = noise.applyPrecision(noisy);
    for (double& value : y)
        value *= time;
    return y;
}

// (2.8) and (2.9), given the mean.

void completeResult(const vector<double>& noisy, double time, const NoiseModel& noise, OrbitPosteriorResult& result) {
    if (!std::isfinite(result.logEvidence))
        refuse("positions and scales of a finite likelihood", result.logEvidence);
    vector<double> residual(noisy.size());
    for (size_t k = 0; k < residual.size(); k++)
        residual[k] = noisy[k] - time * result.mean[k];
    result.x0Mean = noise.applyPrior(residual);
    result.velocity = noise.combineVelocity(result.x0Mean, noise.applyPrecision(residual));
    for (size_t k = 0; k < residual.size(); k++) {
        result.velocity[k] += result.mean[k];
        result.x0Mean[k] *= 1 - time;
    }
}

void checkGroup(const SymmetryGroup& group, int numAtoms, const OrbitPosteriorSettings& settings) {
    if (group.numAtoms != numAtoms || group.representatives.empty())
        refuse("a group of " + std::to_string(numAtoms) + " atoms", "one of " + std::to_string(group.numAtoms) +
            " atoms and " + std::to_string(group.representatives.size()) + " cosets");
    if (settings.coupling != OrbitCoupling::Independent)
        refuse("the independent coupling for a group too large to list",
            std::to_string((long long) std::min(group.getOrder(), 9e18)) + " permutations; raise maxOrder");
}

} // namespace

OrbitPosteriorResult OrbitPlugin::orbitPosterior(const vector<double>& x1, const vector<double>& xt, double time,
        const BondList& bonds, const vector<int>& automorphisms, const OrbitPosteriorSettings& settings) {
    checkSettings(settings, time);
    checkPositions(x1, xt);
    const int numAtoms = (int) x1.size() / 3;
    checkPermutations(automorphisms, numAtoms);
    if (settings.prior == "harmonic")
        checkBonds(bonds, automorphisms, numAtoms);
    const vector<double> clean = center(x1), noisy = center(xt);
    const NoiseModel noise(settings, time, bonds, numAtoms);
    vector<int> identity(numAtoms);
    std::iota(identity.begin(), identity.end(), 0);
    const ArrayView<const int> elements = automorphisms.empty() ? ArrayView<const int>(identity) : automorphisms;
    if (settings.coupling != OrbitCoupling::Independent)
        return alignedPosterior({clean, noisy, time, noise, elements}, settings.coupling);

    // (2.1), (2.7) and (2.10)

    OrbitPosteriorResult result;
    result.mean.resize(x1.size());
    OrbitMeanWorkspace workspace;
    result.logEvidence = orbitMean(clean, getScaledNoisy(noisy, time, noise), elements, result.mean, workspace,
        settings.rotations);
    completeResult(noisy, time, noise, result);
    return result;
}

OrbitPosteriorResult OrbitPlugin::orbitPosterior(const vector<double>& x1, const vector<double>& xt, double time,
        const BondList& bonds, const SymmetryGroup& group, const OrbitPosteriorSettings& settings,
        const OrbitLatticeSettings& lattice) {
    if (group.complete && group.getOrder() <= lattice.maxOrder)
        return orbitPosterior(x1, xt, time, bonds, group.enumerate(lattice.maxOrder), settings);
    checkSettings(settings, time);
    checkPositions(x1, xt);
    const int numAtoms = (int) x1.size() / 3;
    checkGroup(group, numAtoms, settings);
    checkBonds(bonds, {}, numAtoms, settings.prior == "harmonic");
    const vector<double> clean = center(x1), noisy = center(xt);
    const NoiseModel noise(settings, time, bonds, numAtoms);
    vector<vector<int>> neighbors(numAtoms);
    for (const auto& [a, b] : bonds) {
        neighbors[a].push_back(b);
        neighbors[b].push_back(a);
    }
    LatticeRule rule;
    rule.numPoints = lattice.numPoints;
    rule.pinned = lattice.pinned;
    rule.rotations = settings.rotations;
    rule.key.seed = (std::uint64_t) lattice.seed;
    OrbitPosteriorResult result;
    result.mean.resize(x1.size());
    LatticeWorkspace workspace;
    result.logEvidence = orbitMeanLattice(clean, getScaledNoisy(noisy, time, noise),
        makeLatticeGroup(group, neighbors), rule, result.mean, workspace);
    completeResult(noisy, time, noise, result);
    return result;
}

vector<double> OrbitPlugin::coupleNoise(const vector<double>& x0, const vector<double>& x1,
        const vector<int>& automorphisms, OrbitCoupling coupling) {
    checkPositions(x1, x0);
    const int numAtoms = (int) x1.size() / 3;
    if (coupling == OrbitCoupling::Independent)
        return x0;
    vector<int> identity(numAtoms);
    std::iota(identity.begin(), identity.end(), 0);
    const bool hasGroup = coupling == OrbitCoupling::OrbitOT && !automorphisms.empty();
    if (hasGroup)
        checkPermutations(automorphisms, numAtoms);
    return alignNoise(x0, x1, hasGroup ? ArrayView<const int>(automorphisms) : ArrayView<const int>(identity));
}
