// SPDX-License-Identifier: MIT
// The pinned, randomly shifted lattice rule over rotations: mean fields, their envelopes as proposals, pooled weights.
#include "openmmorbit/internal/OrbitLattice.h"
#include "ExchangeSum.h"
#include "MatrixFisher.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "openmmorbit/internal/Philox.h"

using namespace OrbitPlugin;
using std::vector;

namespace {

const int LANES = 8;
const int MEAN_FIELD_STEPS = 4;
const double TWO_PI = 6.283185307179586476925286766559;
/** Blocks of points of less weight are left out of the mean. */
const double NEGLIGIBLE = 1e-9;

typedef std::array<double, LANES> Lanes;
typedef std::array<double, 4> Quaternion;

/** (2.22) The generator (1, a, a²) mod K of the smallest P2 error, and its points. */
vector<double> makeLattice(int numPoints) {
    auto bernoulli = [](double x) { return 1 + TWO_PI * TWO_PI / 2 * (x * x - x + 1.0 / 6); };
    double best = 1e300;
    long long chosen = 1;
    for (long long a = 1; a < numPoints; a += 2) {
        double sum = 0;
        for (long long i = 0; i < numPoints; i++)
            sum += bernoulli((double) i / numPoints) * bernoulli((double) (i * a % numPoints) / numPoints) *
                bernoulli((double) (i * (a * a % numPoints) % numPoints) / numPoints);
        if (sum < best * (1 - 1e-12)) {
            best = sum;
            chosen = a;
        }
    }
    vector<double> points;
    for (long long i = 0; i < numPoints; i++)
        for (long long generator : {1LL, chosen, chosen * chosen % numPoints})
            points.push_back((double) (i * generator % numPoints) / numPoints);
    return points;
}

Quaternion normalize(Quaternion q) {
    const double norm = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    for (double& component : q)
        component /= norm;
    return q;
}

/** Hopf coordinates [0, 1)³ to the sphere, volume preserving. */
Quaternion fromHopf(const double* u) {
    const double a = TWO_PI * u[1], b = TWO_PI * u[2], outer = std::sqrt(1 - u[0]), inner = std::sqrt(u[0]);
    return {outer * std::cos(a), inner * std::cos(b), inner * std::sin(b), outer * std::sin(a)};
}

std::array<double, 3> toHopf(const Quaternion& q) {
    return {q[1] * q[1] + q[2] * q[2], std::atan2(q[3], q[0]) / TWO_PI, std::atan2(q[2], q[1]) / TWO_PI};
}

/** (2.23) The angular central Gaussian envelope of a matrix Fisher distribution. */
struct Envelope {
    double axes[16];    ///< eigenvectors of (2.3), by decreasing eigenvalue
    Quaternion omega;
    double logDensity;  ///< ½ log |Ω|

    Envelope(const double* F, double inflation) {
        double scaled[9], eigenvalues[4];
        for (int k = 0; k < 9; k++)
            scaled[k] = F[k] / inflation;
        diagonalizeQuadraticForm(scaled, eigenvalues, axes);
        double low = 1, high = 4;
        for (int step = 0; step < 50; step++) {
            const double b = 0.5 * (low + high);
            double sum = 0;
            for (int i = 0; i < 4; i++)
                sum += 1 / (b + 2 * (eigenvalues[0] - eigenvalues[i]));
            (sum > 1 ? low : high) = b;
        }
        logDensity = 0;
        for (int i = 0; i < 4; i++) {
            omega[i] = 1 + 4 * (eigenvalues[0] - eigenvalues[i]) / (low + high);
            logDensity += 0.5 * std::log(omega[i]);
        }
    }
    /** The Hopf coordinates that are mapped to the identity; the sign picks one of two. */
    std::array<double, 3> locateIdentity(double sign) const {
        Quaternion q;
        for (int i = 0; i < 4; i++)
            q[i] = sign * axes[4 * i] * std::sqrt(omega[i]);
        return toHopf(normalize(q));
    }
    /** Map Hopf coordinates to a rotation. Returns the logarithm of its density. */
    double map(const double* u, double* rotation) const {
        Quaternion q = fromHopf(u);
        for (int i = 0; i < 4; i++)
            q[i] /= std::sqrt(omega[i]);
        q = normalize(q);
        double quadratic = 0;
        Quaternion turned = {};
        for (int i = 0; i < 4; i++) {
            quadratic += omega[i] * q[i] * q[i];
            for (int k = 0; k < 4; k++)
                turned[k] += q[i] * axes[4 * i + k];
        }
        quaternionToRotation(turned.data(), rotation);
        return logDensity - 2 * std::log(quadratic);
    }
};

/** What a stratum's mean field leaves behind. */
struct MeanField {
    int stratum = 0;
    double bound = 0;           ///< lower bound of the logarithm of its weight
    std::array<double, 9> F;    ///< effective correlation
};

/** One evaluation of the rule. */
class Evaluation {
public:
    Evaluation(ArrayView<const double> x1, ArrayView<const double> y, const LatticeGroup& group,
            const LatticeRule& rule, LatticeWorkspace& workspace) : x1(x1), y(y), group(group), rule(rule),
            work(workspace), size(x1.size() * LANES) {
        if (work.numPoints != rule.numPoints) {
            work.lattice = makeLattice(rule.numPoints);
            work.numPoints = rule.numPoints;
        }
        work.source.resize(size);
        work.rotated.resize(size);
        work.sums.resize(size);
    }
    double compute(ArrayView<double> mean) {
        const vector<int> chosen = chooseStrata();
        vector<MeanField> fields;
        for (size_t first = 0; first < chosen.size(); first += LANES)
            solveMeanFields(chosen, first, fields);
        double best = -1e300;
        for (const MeanField& field : fields)
            best = std::max(best, field.bound);
        vector<MeanField> active;
        for (const MeanField& field : fields)
            if (field.bound >= best - rule.cutoff || (rule.pinned && field.stratum == 0))
                active.push_back(field);
        return integrate(active, mean) - std::log((double) chosen.size()) - group.logNumExchanges;
    }
private:
    /** The strata that are looked at: all, or the identity's and random others; those behind the last are reflected. */
    vector<int> chooseStrata() {
        const bool reflect = rule.rotations == OrbitRotations::WithReflections;
        vector<int> strata(reflect ? 2 * group.strata.size() : group.strata.size());
        std::iota(strata.begin(), strata.end(), 0);
        if (rule.pinned && (int) strata.size() > rule.maxStrata) {
            for (int k = 1; k < rule.maxStrata; k++) {
                const int other = k + std::min((int) (drawUniform() * (double) (strata.size() - k)),
                    (int) strata.size() - k - 1);
                std::swap(strata[k], strata[other]);
            }
            strata.resize(rule.maxStrata);
        }
        return strata;
    }
    double drawUniform() {
        const std::uint32_t word = philox4x32(rule.key.seed, {rule.key.sample[0], rule.key.sample[1],
            rule.key.purpose, drawn++})[0];
        return (word + 0.5) * 0x1p-32;
    }
    void placeSources(int number, int lane) {
        const bool isReflected = number >= (int) group.strata.size();
        const vector<int>& stratum = group.strata[isReflected ? number - group.strata.size() : number];
        const double sign = isReflected ? -1.0 : 1.0;
        for (size_t a = 0; a < stratum.size(); a++)
            for (int c = 0; c < 3; c++)
                work.source[(3 * a + c) * LANES + lane] = sign * x1[3 * (size_t) stratum[a] + c];
    }
    /** Rotate the sources of every lane by its own matrix [LANES][9]. */
    void rotateSources(const double* rotations) {
        for (size_t a = 0; a < x1.size() / 3; a++)
            for (int i = 0; i < 3; i++) {
                const double* x = work.source.data() + 3 * a * LANES;
                double* out = work.rotated.data() + (3 * a + i) * LANES;
                for (int l = 0; l < LANES; l++)
                    out[l] = rotations[9 * l + 3 * i] * x[l] + rotations[9 * l + 3 * i + 1] * x[LANES + l] +
                        rotations[9 * l + 3 * i + 2] * x[2 * LANES + l];
            }
    }
    /** Correlations of y with the mean sources, [LANES][9]. */
    void correlate(double* F) const {
        std::fill(F, F + 9 * LANES, 0.0);
        for (size_t a = 0; a < x1.size() / 3; a++)
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    for (int l = 0; l < LANES; l++)
                        F[9 * l + 3 * i + j] += y[3 * a + i] * work.sums[(3 * a + j) * LANES + l];
    }

    // (2.24) Mean fields of LANES strata at once, from the mean over all exchanges, so that no labelling matters.

    void solveMeanFields(const vector<int>& chosen, size_t first, vector<MeanField>& fields) {
        const int count = (int) std::min<size_t>(LANES, chosen.size() - first);
        for (int l = 0; l < LANES; l++)
            placeSources(chosen[first + std::min(l, count - 1)], l);
        const ExchangeSum<LANES> sum(y.data(), work.rotated.data(), work.source.data(), work.sums.data());
        double F[9 * LANES], E[9 * LANES], logC[LANES];
        Lanes one;
        one.fill(1.0);
        std::fill(E, E + 9 * LANES, 0.0);
        for (int step = 0; step <= MEAN_FIELD_STEPS; step++) {
            rotateSources(E);
            std::fill(work.sums.begin(), work.sums.end(), 0.0);
            sum.accumulate(group, one);
            correlate(F);
            for (int l = 0; l < LANES; l += FISHER_LANES)
                evaluateMatrixFisher(F + 9 * l, logC + l, E + 9 * l);
        }
        rotateSources(E);
        const Lanes logSum = sum.getLogSum(group);
        for (int l = 0; l < count; l++) {
            MeanField field;
            field.stratum = chosen[first + l];
            std::copy_n(F + 9 * l, 9, field.F.begin());
            field.bound = logC[l] + logSum[l] - std::inner_product(F + 9 * l, F + 9 * l + 9, E + 9 * l, 0.0);
            fields.push_back(field);
        }
    }
    /** Rotations of a stratum's points and minus the logarithms of their densities. */
    void placePoints(const MeanField& field, double* rotations, double* logWeights) {
        const Envelope envelope(field.F.data(), rule.inflation);
        std::array<double, 3> shift;
        if (rule.pinned && field.stratum == 0) {
            shift = envelope.locateIdentity(drawUniform() < 0.5 ? 1.0 : -1.0);
            const int pinned = std::min((int) (drawUniform() * rule.numPoints), rule.numPoints - 1);
            for (int c = 0; c < 3; c++)
                shift[c] -= work.lattice[3 * pinned + c];
        }
        else
            for (double& component : shift)
                component = drawUniform();
        for (int k = 0; k < rule.numPoints; k++) {
            double u[3];
            for (int c = 0; c < 3; c++) {
                u[c] = work.lattice[3 * k + c] + shift[c];
                u[c] -= std::floor(u[c]);
            }
            logWeights[k] = -envelope.map(u, rotations + 9 * k);
        }
    }

    // (2.25) Weights of all points of all active strata, then the mean. Returns the logarithm of the integral's sum.

    double integrate(const vector<MeanField>& active, ArrayView<double> mean) {
        const size_t numPoints = rule.numPoints;
        work.rotations.resize(9 * numPoints * active.size());
        work.logWeights.resize(numPoints * active.size());
        const ExchangeSum<LANES> sum(y.data(), work.rotated.data(), work.rotated.data(), work.sums.data());
        for (size_t s = 0; s < active.size(); s++) {
            double* rotations = work.rotations.data() + 9 * numPoints * s;
            double* logWeights = work.logWeights.data() + numPoints * s;
            placePoints(active[s], rotations, logWeights);
            placeAll(active[s].stratum);
            for (size_t k = 0; k < numPoints; k += LANES) {
                rotateSources(rotations + 9 * k);
                const Lanes logSum = sum.getLogSum(group);
                for (int l = 0; l < LANES; l++)
                    logWeights[k + l] += logSum[l];
            }
        }
        const double largest = *std::max_element(work.logWeights.begin(), work.logWeights.end());
        double total = 0;
        for (double& weight : work.logWeights)
            total += weight = std::exp(weight - largest);
        std::fill(work.sums.begin(), work.sums.end(), 0.0);
        for (size_t s = 0; s < active.size(); s++)
            accumulateStratum(active[s].stratum, numPoints * s, total, sum);
        for (size_t k = 0; k < mean.size(); k++)
            mean[k] = std::accumulate(work.sums.begin() + k * LANES, work.sums.begin() + (k + 1) * LANES, 0.0);
        return largest + std::log(total / (double) numPoints);
    }
    void placeAll(int stratum) {
        for (int l = 0; l < LANES; l++)
            placeSources(stratum, l);
    }
    void accumulateStratum(int stratum, size_t first, double total, const ExchangeSum<LANES>& sum) {
        bool isPlaced = false;
        for (size_t k = first; k < first + rule.numPoints; k += LANES) {
            Lanes weight;
            double block = 0;
            for (int l = 0; l < LANES; l++)
                block += weight[l] = work.logWeights[k + l] / total;
            if (block < NEGLIGIBLE)
                continue;
            if (!isPlaced)
                placeAll(stratum);
            isPlaced = true;
            rotateSources(work.rotations.data() + 9 * k);
            sum.accumulate(group, weight);
        }
    }
    ArrayView<const double> x1, y;
    const LatticeGroup& group;
    const LatticeRule& rule;
    LatticeWorkspace& work;
    size_t size;
    std::uint32_t drawn = 0;
};

} // namespace

double OrbitPlugin::orbitMeanLattice(ArrayView<const double> x1, ArrayView<const double> y, const LatticeGroup& group,
        const LatticeRule& rule, ArrayView<double> mean, LatticeWorkspace& workspace) {
    const size_t size = 3 * (size_t) group.numAtoms;
    if (x1.size() != size || y.size() != size || mean.size() != size)
        throw ArgumentError("orbitMeanLattice: expected " + std::to_string(size) + " values in every array, got " +
            std::to_string(x1.size()) + ", " + std::to_string(y.size()) + " and " + std::to_string(mean.size()));
    if (rule.numPoints < LANES || (rule.numPoints & (rule.numPoints - 1)) != 0)
        throw ArgumentError("orbitMeanLattice: expected a power of 2 from 8 on as number of points, got " +
            std::to_string(rule.numPoints));
    return Evaluation(x1, y, group, rule, workspace).compute(mean);
}
