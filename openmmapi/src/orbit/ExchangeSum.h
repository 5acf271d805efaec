// SPDX-License-Identifier: MIT
// Sums over the exchanges of branches given rotations, several rotations at a time: logarithms of permanents, and
// means.
#ifndef OPENMM_ORBIT_EXCHANGESUM_H_
#define OPENMM_ORBIT_EXCHANGESUM_H_

#include "openmmorbit/internal/OrbitLattice.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

namespace OrbitPlugin {

/** Exponential function of arguments of at most 0, in a form that compilers make vectors of; below −700 it is 0. */
inline double expNegative(double x) {
    const double log2e = 1.4426950408889634, high = 0.6931471803691238, low = 1.9082149292705877e-10;
    const double clamped = x > -700 ? x : -700;
    const double shifted = clamped * log2e + 6755399441055744.0;
    const double n = shifted - 6755399441055744.0;
    const double r = clamped - n * high - n * low;
    double series = 1.0 / 479001600;
    series = series * r + 1.0 / 39916800;
    series = series * r + 1.0 / 3628800;
    series = series * r + 1.0 / 362880;
    series = series * r + 1.0 / 40320;
    series = series * r + 1.0 / 5040;
    series = series * r + 1.0 / 720;
    series = series * r + 1.0 / 120;
    series = series * r + 1.0 / 24;
    series = series * r + 1.0 / 6;
    series = series * r + 0.5;
    series = series * r + 1.0;
    series = series * r + 1.0;
    std::uint64_t bits;
    std::memcpy(&bits, &shifted, sizeof(bits));
    bits = (bits + 1023) << 52;
    double power;
    std::memcpy(&power, &bits, sizeof(power));
    return x > -700 ? series * power : 0.0;
}

/** All permutations of count numbers, one after another. */
inline std::vector<int> listPermutations(int count) {
    std::vector<int> list, arrangement(count);
    std::iota(arrangement.begin(), arrangement.end(), 0);
    do
        list.insert(list.end(), arrangement.begin(), arrangement.end());
    while (std::next_permutation(arrangement.begin(), arrangement.end()));
    return list;
}

/**
 * Sums over exchanges for LANES rotations at once. Arrays of positions are [numAtoms][3][LANES]; sources stand where
 * the stratum puts them.
 */
template <int LANES>
class ExchangeSum {
public:
    typedef std::array<double, LANES> Lanes;
    /**
     * @param sites     y [numAtoms][3]
     * @param rotated   sources times the rotations of the lanes
     * @param payload   what accumulate() averages: the rotated sources, or others
     */
    ExchangeSum(const double* sites, const double* rotated, const double* payload, double* sums) : sites(sites),
            rotated(rotated), payload(payload), sums(sums) {
        for (int size = 2; size <= MAX_SIZE; size++)
            permutations[size] = listPermutations(size);
    }
    /** Get the logarithm of the sum over all exchanges of exp tr(Fᵀ R), (2.20). */
    Lanes getLogSum(const LatticeGroup& group) const {
        Lanes total = {};
        for (int atom : group.single)
            addOverlap(atom, atom, total);
        for (const ExchangeClass& exchange : group.classes)
            addClass(exchange, nullptr, nullptr, total);
        return total;
    }
    /** Add weight times the conditional mean of the payload to the sums, (2.21). */
    void accumulate(const LatticeGroup& group, const Lanes& weight) const {
        for (int atom : group.single)
            addPayload(atom, atom, weight);
        for (const ExchangeClass& exchange : group.classes)
            accumulateClass(exchange, nullptr, nullptr, weight);
    }
private:
    static constexpr int MAX_SIZE = 6, MAX_PERMUTATIONS = 720;
    typedef std::vector<int> Places;

    void addOverlap(int site, int source, Lanes& total) const {
        const double* y = sites + 3 * site;
        const double* x = rotated + (std::size_t) 3 * LANES * source;
        for (int l = 0; l < LANES; l++)
            total[l] += y[0] * x[l] + y[1] * x[LANES + l] + y[2] * x[2 * LANES + l];
    }
    void addPayload(int site, int source, const Lanes& weight) const {
        const double* from = payload + (std::size_t) 3 * LANES * source;
        double* to = sums + (std::size_t) 3 * LANES * site;
        for (int c = 0; c < 3; c++)
            for (int l = 0; l < LANES; l++)
                to[c * LANES + l] += weight[l] * from[c * LANES + l];
    }
    /** The atoms of a member, or of a member within another one. */
    class Located {
    public:
        Located(const Places& member, const int* atoms) : member(member), atoms(atoms) {
        }
        int operator[](int place) const {
            return atoms == nullptr ? member[place] : atoms[member[place]];
        }
        /** Get the atoms as one list, for the classes within. */
        const int* list(Places& memory) const {
            if (atoms == nullptr)
                return member.data();
            memory.resize(member.size());
            for (std::size_t k = 0; k < member.size(); k++)
                memory[k] = atoms[member[k]];
            return memory.data();
        }
    private:
        const Places& member;
        const int* atoms;
    };
    /** Overlaps of every member as site with every member as source, sums over inner exchanges included. */
    void fillOverlaps(const ExchangeClass& exchange, const int* siteAtoms, const int* sourceAtoms,
            Lanes* overlaps) const {
        const int size = (int) exchange.members.size();
        Places siteMemory, sourceMemory;
        for (int i = 0; i < size; i++) {
            const Located site(exchange.members[i], siteAtoms);
            for (int j = 0; j < size; j++) {
                const Located source(exchange.members[j], sourceAtoms);
                Lanes& overlap = overlaps[i * size + j];
                overlap.fill(0.0);
                for (int place : exchange.single)
                    addOverlap(site[place], source[place], overlap);
                for (const ExchangeClass& inner : exchange.inner)
                    addClass(inner, site.list(siteMemory), source.list(sourceMemory), overlap);
            }
        }
    }
    /** Exponentials of all permutations, divided by the largest, whose logarithm is returned. */
    Lanes fillWeights(const Lanes* overlaps, int size, Lanes* weights) const {
        const std::vector<int>& list = permutations[size];
        const int count = (int) list.size() / size;
        Lanes largest;
        largest.fill(-1e300);
        for (int p = 0; p < count; p++) {
            Lanes& weight = weights[p];
            weight = overlaps[list[p * size]];
            for (int i = 1; i < size; i++) {
                const Lanes& overlap = overlaps[i * size + list[p * size + i]];
                for (int l = 0; l < LANES; l++)
                    weight[l] += overlap[l];
            }
            for (int l = 0; l < LANES; l++)
                largest[l] = weight[l] > largest[l] ? weight[l] : largest[l];
        }
        for (int p = 0; p < count; p++)
            for (int l = 0; l < LANES; l++)
                weights[p][l] = expNegative(weights[p][l] - largest[l]);
        return largest;
    }
    Lanes addUp(const Lanes* weights, int size) const {
        Lanes sum = {};
        for (int p = 0; p < (int) permutations[size].size() / size; p++)
            for (int l = 0; l < LANES; l++)
                sum[l] += weights[p][l];
        return sum;
    }
    void addClass(const ExchangeClass& exchange, const int* siteAtoms, const int* sourceAtoms, Lanes& total) const {
        const int size = (int) exchange.members.size();
        Lanes overlaps[MAX_SIZE * MAX_SIZE], weights[MAX_PERMUTATIONS];
        fillOverlaps(exchange, siteAtoms, sourceAtoms, overlaps);
        const Lanes largest = fillWeights(overlaps, size, weights);
        const Lanes sum = addUp(weights, size);
        for (int l = 0; l < LANES; l++)
            total[l] += largest[l] + std::log(sum[l]);
    }
    void accumulateClass(const ExchangeClass& exchange, const int* siteAtoms, const int* sourceAtoms,
            const Lanes& weight) const {
        const int size = (int) exchange.members.size();
        Lanes overlaps[MAX_SIZE * MAX_SIZE], weights[MAX_PERMUTATIONS], pairs[MAX_SIZE * MAX_SIZE];
        fillOverlaps(exchange, siteAtoms, sourceAtoms, overlaps);
        fillWeights(overlaps, size, weights);
        const std::vector<int>& list = permutations[size];
        Lanes scale = addUp(weights, size);
        for (int l = 0; l < LANES; l++)
            scale[l] = weight[l] / scale[l];
        std::fill(pairs, pairs + size * size, Lanes{});
        for (int p = 0; p < (int) list.size() / size; p++)
            for (int i = 0; i < size; i++) {
                Lanes& pair = pairs[i * size + list[p * size + i]];
                for (int l = 0; l < LANES; l++)
                    pair[l] += scale[l] * weights[p][l];
            }
        Places siteMemory, sourceMemory;
        for (int i = 0; i < size; i++) {
            const Located site(exchange.members[i], siteAtoms);
            for (int j = 0; j < size; j++) {
                const Located source(exchange.members[j], sourceAtoms);
                for (int place : exchange.single)
                    addPayload(site[place], source[place], pairs[i * size + j]);
                for (const ExchangeClass& inner : exchange.inner)
                    accumulateClass(inner, site.list(siteMemory), source.list(sourceMemory), pairs[i * size + j]);
            }
        }
    }
    const double *sites, *rotated, *payload;
    double* sums;
    std::vector<int> permutations[MAX_SIZE + 1];
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_EXCHANGESUM_H_
