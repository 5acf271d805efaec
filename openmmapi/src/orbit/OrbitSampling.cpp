// SPDX-License-Identifier: MIT
// The sampled orbit mean, and the random rotations and permutations that it needs, all by key.
#include "openmmorbit/internal/OrbitSampling.h"
#include "MatrixFisher.h"
#include "openmmorbit/internal/OrbitLattice.h"
#include "openmmorbit/internal/Philox.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace OrbitPlugin;
using std::vector;

namespace {

/** A sequence of uniform random numbers. */
class Sequence {
public:
    explicit Sequence(const OrbitKey& key) : key(key) {
    }
    std::array<double, 4> drawNormals() {
        return philoxNormals(key.seed, getCounter());
    }
    /** Draw an index below count. */
    int drawIndex(int count) {
        const std::uint32_t word = philox4x32(key.seed, getCounter())[0];
        return std::min((int) ((word + 0.5) * 0x1p-32 * count), count - 1);
    }
private:
    std::array<std::uint32_t, 4> getCounter() {
        return {key.sample[0], key.sample[1], key.purpose, next++};
    }
    OrbitKey key;
    std::uint32_t next = 0;
};

template <class T>
void shuffle(vector<T>& values, Sequence& sequence) {
    for (int k = (int) values.size() - 1; k > 0; k--)
        std::swap(values[k], values[sequence.drawIndex(k + 1)]);
}

vector<int> select(const vector<int>& values, const vector<int>& places) {
    vector<int> selected;
    for (int place : places)
        selected.push_back(values[place]);
    return selected;
}

/** Exchange the members of a class at random, inner classes first. */
void exchangeMembers(const ExchangeClass& exchange, const vector<int>& atoms, Sequence& sequence,
        vector<int>& permutation) {
    vector<vector<int>> sites, sources;
    for (const vector<int>& member : exchange.members) {
        sites.push_back(select(atoms, member));
        for (const ExchangeClass& inner : exchange.inner)
            exchangeMembers(inner, sites.back(), sequence, permutation);
        sources.push_back(select(permutation, sites.back()));
    }
    shuffle(sources, sequence);
    for (size_t m = 0; m < sites.size(); m++)
        for (size_t k = 0; k < sites[m].size(); k++)
            permutation[sites[m][k]] = sources[m][k];
}

} // namespace

vector<double> OrbitPlugin::drawRotations(int count, const OrbitKey& key) {
    vector<double> rotations = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    rotations.resize(9 * (size_t) count);
    Sequence sequence(key);
    for (int k = 1; k < count; k++) {
        std::array<double, 4> q = sequence.drawNormals();
        const double norm = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        for (double& component : q)
            component /= norm;
        quaternionToRotation(q.data(), rotations.data() + 9 * (size_t) k);
    }
    return rotations;
}

vector<int> OrbitPlugin::drawAutomorphisms(ArrayView<const int> automorphisms, int numAtoms, int count,
        const OrbitKey& key) {
    const int order = (int) (automorphisms.size() / numAtoms);
    vector<int> others;
    for (int p = 0; p < order; p++) {
        const int* permutation = automorphisms.data() + (size_t) p * numAtoms;
        int a = 0;
        while (a < numAtoms && permutation[a] == a)
            a++;
        if (a < numAtoms)
            others.push_back(p);
    }
    Sequence sequence(key);
    shuffle(others, sequence);
    vector<int> drawn(numAtoms);
    std::iota(drawn.begin(), drawn.end(), 0);
    for (int k = 0; k < std::min(count - 1, (int) others.size()); k++) {
        const ArrayView<const int> permutation = automorphisms.slice((size_t) others[k] * numAtoms, numAtoms);
        drawn.insert(drawn.end(), permutation.begin(), permutation.end());
    }
    return drawn;
}

vector<int> OrbitPlugin::drawAutomorphisms(const LatticeGroup& group, int count, const OrbitKey& key) {
    vector<int> atoms(group.numAtoms);
    std::iota(atoms.begin(), atoms.end(), 0);
    vector<int> drawn = atoms;
    Sequence sequence(key);
    for (int k = 1; k < count; k++) {
        vector<int> element = group.strata[sequence.drawIndex((int) group.strata.size())];
        for (const ExchangeClass& exchange : group.classes)
            exchangeMembers(exchange, atoms, sequence, element);
        drawn.insert(drawn.end(), element.begin(), element.end());
    }
    return drawn;
}

void OrbitPlugin::sampledOrbitMean(ArrayView<const double> x1, ArrayView<const double> y,
        ArrayView<const double> rotations, ArrayView<const int> automorphisms, double temperature,
        ArrayView<double> mean) {
    const size_t numAtoms = x1.size() / 3, numRotations = rotations.size() / 9;
    const size_t numAutomorphisms = automorphisms.size() / numAtoms;
    vector<double> logWeights(numAutomorphisms * numRotations);
    for (size_t p = 0; p < numAutomorphisms; p++) {
        double F[9] = {};
        for (size_t a = 0; a < numAtoms; a++) {
            const double* source = x1.data() + 3 * (size_t) automorphisms[p * numAtoms + a];
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    F[3 * i + j] += y[3 * a + i] * source[j] / temperature;
        }
        for (size_t r = 0; r < numRotations; r++)
            logWeights[p * numRotations + r] = std::inner_product(F, F + 9, rotations.data() + 9 * r, 0.0);
    }
    const double largest = *std::max_element(logWeights.begin(), logWeights.end());
    double sum = 0;
    for (double& weight : logWeights)
        sum += weight = std::exp(weight - largest);
    std::fill(mean.begin(), mean.end(), 0.0);
    for (size_t p = 0; p < numAutomorphisms; p++) {
        double R[9] = {};
        for (size_t r = 0; r < numRotations; r++)
            for (int k = 0; k < 9; k++)
                R[k] += logWeights[p * numRotations + r] / sum * rotations[9 * r + k];
        for (size_t a = 0; a < numAtoms; a++) {
            const double* source = x1.data() + 3 * (size_t) automorphisms[p * numAtoms + a];
            for (int i = 0; i < 3; i++)
                mean[3 * a + i] += R[3 * i] * source[0] + R[3 * i + 1] * source[1] + R[3 * i + 2] * source[2];
        }
    }
}

double OrbitPlugin::getPaperTemperature(double time) {
    return std::min(0.4 / (1 - time), 1.0);
}
