// SPDX-License-Identifier: MIT
// Symmetric heavy-atom RMSD: the least over rotations, by quaternions, and over renumberings of the heavy atoms.
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/EnsembleMetrics.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace OrbitPlugin {

namespace {

/** The atoms that an RMSD is about, and their renumberings. */
struct HeavyAtoms {
    std::vector<int> atoms;         ///< indices in the molecule
    std::vector<int> permutations;  ///< [numPermutations][numHeavyAtoms]
};

std::vector<int> listHeavyAtoms(const MolecularGraph& graph) {
    std::vector<int> heavy, all;
    for (int i = 0; i < graph.getNumAtoms(); i++) {
        all.push_back(i);
        if (graph.atoms[i].element != 1)
            heavy.push_back(i);
    }
    return heavy.empty() ? all : heavy;
}

/** The graph of the heavy atoms: colours of atoms and bonds. */
struct HeavyGraph {
    std::vector<int> atomColors, bondOrders;    ///< [n], [n][n] with 0 for no bond
    std::vector<std::vector<int>> neighbors;
};

/** The colour of a bond; 0 stands for no bond. */
int getColor(BondOrder order) {
    return (int) order + 1;
}

/**
 * Terminal oxygens and nitrogens, one bonded by a single and one by a double bond to the same atom, become equivalent.
 */
void mergeConjugatedTerminals(const MolecularGraph& graph, const std::vector<int>& heavy, HeavyGraph& result) {
    const int ANY = 100, n = (int) heavy.size(), single = getColor(BondOrder::Single),
              twofold = getColor(BondOrder::Double);
    const std::vector<int> orders = result.bondOrders;
    auto isTerminal = [&](int i) {
        const GraphAtom& atom = graph.atoms[heavy[i]];
        return result.neighbors[i].size() == 1 && (atom.element == 7 || atom.element == 8) && !atom.aromatic;
    };
    for (int center = 0; center < n; center++)
        for (int i : result.neighbors[center]) {
            const int order = orders[center * n + i];
            if (!isTerminal(i) || (order != single && order != twofold))
                continue;
            const int other = order == single ? twofold : single;
            const bool conjugated = std::any_of(result.neighbors[center].begin(), result.neighbors[center].end(),
                    [&](int j) { return j != i && isTerminal(j) && orders[center * n + j] == other; });
            if (conjugated) {
                result.bondOrders[center * n + i] = result.bondOrders[i * n + center] = ANY;
                result.atomColors[i] = graph.atoms[heavy[i]].element;
            }
        }
}

HeavyGraph makeHeavyGraph(const MolecularGraph& graph, const std::vector<int>& heavy) {
    const int n = (int) heavy.size();
    std::vector<int> place(graph.getNumAtoms(), -1);
    HeavyGraph result;
    for (int i = 0; i < n; i++) {
        const GraphAtom& atom = graph.atoms[heavy[i]];
        place[heavy[i]] = i;
        result.atomColors.push_back(atom.element + 1000 * (atom.formalCharge + 20) + 100000 * atom.isotope);
    }
    result.neighbors.resize(n);
    result.bondOrders.assign(n * n, 0);
    for (const GraphBond& bond : graph.bonds) {
        const int i = place[bond.atom1], j = place[bond.atom2];
        if (i < 0 || j < 0)
            continue;
        result.neighbors[i].push_back(j);
        result.neighbors[j].push_back(i);
        result.bondOrders[i * n + j] = result.bondOrders[j * n + i] = getColor(bond.order);
    }
    mergeConjugatedTerminals(graph, heavy, result);
    return result;
}

HeavyAtoms findHeavyAtoms(const MolecularGraph& graph, int maxMappings) {
    HeavyAtoms result;
    result.atoms = listHeavyAtoms(graph);
    const HeavyGraph heavy = makeHeavyGraph(graph, result.atoms);
    const SymmetryGroup group = findSymmetryGroup(heavy.atomColors, heavy.bondOrders, heavy.neighbors);
    result.permutations = restrictSymmetryGroup(group, maxMappings).enumerate(maxMappings);
    return result;
}

/** Centred positions of the heavy atoms. */
struct CenteredFrames {
    std::vector<double> positions;  ///< [numFrames][numHeavyAtoms][3]
    std::vector<double> squares;    ///< [numFrames] sums of squares; NaN if a position is not finite
};

CenteredFrames centerHeavyAtoms(
        const MolecularGraph& graph, const std::vector<double>& positions, const std::vector<int>& atoms) {
    const std::size_t length = 3 * graph.atoms.size(), n = atoms.size();
    if (length == 0 || positions.size() % length != 0)
        throw ArgumentError("computeSymmetricRmsd: expected coordinates of " + std::to_string(graph.getNumAtoms()) +
                " atoms for " + graph.getLabel() + ", got " + std::to_string(positions.size()));
    CenteredFrames result;
    for (std::size_t first = 0; first < positions.size(); first += length) {
        double mean[3] = {}, square = 0;
        for (int atom : atoms)
            for (int c = 0; c < 3; c++)
                mean[c] += positions[first + 3 * atom + c] / (double) n;
        for (int atom : atoms)
            for (int c = 0; c < 3; c++) {
                result.positions.push_back(positions[first + 3 * atom + c] - mean[c]);
                square += result.positions.back() * result.positions.back();
            }
        result.squares.push_back(std::isfinite(square) ? square : std::numeric_limits<double>::quiet_NaN());
    }
    return result;
}

/** Get the largest overlap of two frames [numHeavyAtoms][3] over all rotations and renumberings of the first. */
double findLargestOverlap(const HeavyAtoms& heavy, const double* x, const double* y) {
    const std::size_t n = heavy.atoms.size();
    double largest = 0;
    for (std::size_t first = 0; first < heavy.permutations.size(); first += n) {
        double F[9] = {}, rotation[9], norm = 0;
        for (std::size_t a = 0; a < n; a++)
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    F[3 * i + j] += x[3 * heavy.permutations[first + a] + i] * y[3 * a + j];
        for (double value : F)
            norm += value * value;

        // The overlap is at most the sum of the singular values, and that at most the norm times the root of 3.

        if (3 * norm > largest * largest)
            largest = std::max(largest, bestRotation(F, rotation));
    }
    return largest;
}

} // namespace

std::vector<double> computeSymmetricRmsd(const MolecularGraph& graph, const std::vector<double>& probes,
        const std::vector<double>& references, int maxMappings) {
    const HeavyAtoms heavy = findHeavyAtoms(graph, maxMappings);
    const CenteredFrames x = centerHeavyAtoms(graph, probes, heavy.atoms),
                         y = centerHeavyAtoms(graph, references, heavy.atoms);
    const std::size_t n = heavy.atoms.size();
    std::vector<double> result;
    for (std::size_t i = 0; i < x.squares.size(); i++)
        for (std::size_t j = 0; j < y.squares.size(); j++) {
            double square = x.squares[i] + y.squares[j];
            if (std::isfinite(square))
                square -= 2 * findLargestOverlap(heavy, &x.positions[3 * n * i], &y.positions[3 * n * j]);
            result.push_back(square < 0 ? 0 : std::sqrt(square / (double) n));
        }
    return result;
}

} // namespace OrbitPlugin
