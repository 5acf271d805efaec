// SPDX-License-Identifier: MIT
// The orbit posterior of one sample: checks, the noise of both priors, then mean, velocity and evidence.
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

using namespace OrbitPlugin;
using std::vector;

namespace {

typedef vector<std::pair<int, int>> BondList;

template <class T>
[[noreturn]] void refuse(const std::string& expected, const T& found) {
    std::ostringstream text;
    text << "orbitPosterior: expected " << expected << ", got " << found;
    throw ArgumentError(text.str());
}

void checkSettings(const OrbitPosteriorSettings& settings, double time) {
    if (settings.prior != "gaussian" && settings.prior != "harmonic")
        refuse("the prior \"gaussian\" or \"harmonic\"", "\"" + settings.prior + "\"");
    if (settings.coupling != "independent")
        refuse("the coupling \"independent\"", "\"" + settings.coupling + "\"");
    if (!(time > 0 && time < 1))
        refuse("a time between 0 and 1, both excluded", time);
    if (!(settings.sigma >= 0 && std::isfinite(settings.sigma)))
        refuse("a finite sigma of at least 0", settings.sigma);
    if (!(settings.priorScale > 0 && std::isfinite(settings.priorScale)))
        refuse("a finite priorScale above 0", settings.priorScale);
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

/** Check what the harmonic prior needs: one fragment, and permutations that keep the bonds. */
void checkBonds(const BondList& bonds, const vector<int>& automorphisms, int numAtoms) {
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

vector<double> center(vector<double> positions) {
    const size_t numAtoms = positions.size() / 3;
    for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (size_t a = 0; a < numAtoms; a++)
            sum += positions[3 * a + c];
        for (size_t a = 0; a < numAtoms; a++)
            positions[3 * a + c] -= sum / (double) numAtoms;
    }
    return positions;
}

/**
 * The noise of (1.2) on the zero-mean subspace. Both priors commute with the bond Laplacian L, so that with
 * K = (1 − t)² I + σ² t(1 − t) L no eigenvectors are needed: M_t = L K⁻¹ and C0 M_t = K⁻¹ for the harmonic prior.
 */
class NoiseModel {
public:
    NoiseModel(const OrbitPosteriorSettings& settings, double time, const BondList& bonds, int numAtoms) :
            harmonic(settings.prior == "harmonic"), time(time), variance0(settings.priorScale * settings.priorScale),
            sigma2(settings.sigma * settings.sigma), numAtoms(numAtoms), bonds(bonds) {
        if (harmonic)
            factorize();
    }
    /** Apply C0 M_t to centred vectors. */
    vector<double> applyPrior(const vector<double>& x) const {
        if (!harmonic)
            return scale(x, variance0 / getVariance());
        vector<double> solution = x;
        for (int c = 0; c < 3; c++)
            solve(solution.data() + c);
        return center(solution);
    }
    /** Apply M_t of (1.3) to centred vectors. */
    vector<double> applyPrecision(const vector<double>& x) const {
        return harmonic ? applyLaplacian(applyPrior(x)) : scale(x, 1 / getVariance());
    }
    /** Apply ½ Σ̇_t M_t of (2.9) to centred vectors, given C0 M_t x and M_t x. */
    vector<double> combineVelocity(const vector<double>& priorPart, const vector<double>& precisionPart) const {
        vector<double> result(priorPart.size());
        for (size_t k = 0; k < result.size(); k++)
            result[k] = -(1 - time) * priorPart[k] + 0.5 * sigma2 * (1 - 2 * time) * precisionPart[k];
        return result;
    }
private:
    double getVariance() const {
        return (1 - time) * (1 - time) * variance0 + sigma2 * time * (1 - time);
    }
    static vector<double> scale(vector<double> x, double factor) {
        for (double& value : x)
            value *= factor;
        return x;
    }
    vector<double> applyLaplacian(const vector<double>& x) const {
        vector<double> result(x.size(), 0.0);
        for (const auto& [a, b] : bonds)
            for (int c = 0; c < 3; c++) {
                const double difference = x[3 * a + c] - x[3 * b + c];
                result[3 * a + c] += difference;
                result[3 * b + c] -= difference;
            }
        return result;
    }
    /** Cholesky factor of K, with 11ᵀ/N added to L: centred vectors do not see it, and K stays well conditioned. */
    void factorize() {
        const double spring = sigma2 * time * (1 - time), diagonal = (1 - time) * (1 - time);
        factor.assign((size_t) numAtoms * numAtoms, spring / numAtoms);
        auto entry = [&](int i, int j) -> double& { return factor[(size_t) i * numAtoms + j]; };
        for (int i = 0; i < numAtoms; i++)
            entry(i, i) += diagonal;
        for (const auto& [a, b] : bonds) {
            entry(a, a) += spring;
            entry(b, b) += spring;
            entry(a, b) -= spring;
            entry(b, a) -= spring;
        }
        for (int i = 0; i < numAtoms; i++)
            for (int j = 0; j <= i; j++) {
                const double* rowI = &entry(i, 0);
                const double sum = entry(i, j) - std::inner_product(rowI, rowI + j, &entry(j, 0), 0.0);
                entry(i, j) = (i == j ? std::sqrt(sum) : sum / entry(j, j));
            }
    }
    /** Solve K z = x in place for one column of an [numAtoms][3] array. */
    void solve(double* x) const {
        for (int i = 0; i < numAtoms; i++) {
            for (int j = 0; j < i; j++)
                x[3 * i] -= factor[(size_t) i * numAtoms + j] * x[3 * j];
            x[3 * i] /= factor[(size_t) i * numAtoms + i];
        }
        for (int i = numAtoms - 1; i >= 0; i--) {
            for (int j = i + 1; j < numAtoms; j++)
                x[3 * i] -= factor[(size_t) j * numAtoms + i] * x[3 * j];
            x[3 * i] /= factor[(size_t) i * numAtoms + i];
        }
    }
    bool harmonic;
    double time, variance0, sigma2;
    int numAtoms;
    const BondList& bonds;
    vector<double> factor;
};

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

    // (2.1), (2.7) and (2.10)

    vector<double> y = noise.applyPrecision(noisy);
    for (double& value : y)
        value *= time;
    OrbitPosteriorResult result;
    result.mean.resize(x1.size());
    OrbitMeanWorkspace workspace;
    vector<int> identity(numAtoms);
    std::iota(identity.begin(), identity.end(), 0);
    const ArrayView<const int> elements = automorphisms.empty() ? ArrayView<const int>(identity) : automorphisms;
    result.logEvidence = orbitMean(clean, y, elements, result.mean, workspace);
    if (!std::isfinite(result.logEvidence))
        refuse("positions and scales of a finite likelihood", result.logEvidence);

    // (2.8) and (2.9)

    vector<double> residual(x1.size());
    for (size_t k = 0; k < residual.size(); k++)
        residual[k] = noisy[k] - time * result.mean[k];
    result.x0Mean = noise.applyPrior(residual);
    result.velocity = noise.combineVelocity(result.x0Mean, noise.applyPrecision(residual));
    for (size_t k = 0; k < residual.size(); k++) {
        result.velocity[k] += result.mean[k];
        result.x0Mean[k] *= 1 - time;
    }
    return result;
}
