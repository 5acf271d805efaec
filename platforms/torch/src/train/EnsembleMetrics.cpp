// SPDX-License-Identifier: MIT
// Symmetric heavy-atom RMSD by quaternions, and the coverage of one ensemble by another.
#include "openmmorbit/EnsembleMetrics.h"
#include "Dataset.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/Symmetry.h"
#include <ATen/ATen.h>
#include <algorithm>
#include <cmath>

using at::Tensor;

namespace OrbitPlugin {

namespace {

/** What an RMSD that is no number counts as, Angstrom. */
const double FAR = 10.0;

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
    result.permutations = torchimpl::restrictSymmetryGroup(group, maxMappings).enumerate(maxMappings);
    return result;
}

/** Get the centred positions of the heavy atoms [count][numHeavyAtoms][3]. */
Tensor getCentered(const MolecularGraph& graph, const std::vector<double>& positions, const HeavyAtoms& heavy) {
    const int64_t numAtoms = graph.getNumAtoms();
    if (numAtoms == 0 || positions.size() % (3 * numAtoms) != 0)
        throw ArgumentError("computeSymmetricRmsd: expected coordinates of " + std::to_string(numAtoms) +
                " atoms for " + graph.getLabel() + ", got " + std::to_string(positions.size()));
    Tensor all = at::from_blob(const_cast<double*>(positions.data()),
            {(int64_t) positions.size() / (3 * numAtoms), numAtoms, 3}, at::TensorOptions(at::kDouble));
    std::vector<int64_t> indices(heavy.atoms.begin(), heavy.atoms.end());
    Tensor chosen = all.index_select(1, at::tensor(indices, at::kLong));
    return chosen - chosen.mean(1, true);
}

/** The symmetric matrices whose largest eigenvalue is the largest overlap over all rotations; M [...][3][3]. */
Tensor makeQuaternionMatrices(const Tensor& M) {
    auto m = [&](int row, int column) { return M.select(-1, column).select(-1, row); };
    Tensor xx = m(0, 0), xy = m(0, 1), xz = m(0, 2), yx = m(1, 0), yy = m(1, 1), yz = m(1, 2), zx = m(2, 0),
           zy = m(2, 1), zz = m(2, 2);
    std::vector<Tensor> entries = {xx + yy + zz, yz - zy, zx - xz, xy - yx, yz - zy, xx - yy - zz, xy + yx, zx + xz,
            zx - xz, xy + yx, yy - xx - zz, yz + zy, xy - yx, zx + xz, yz + zy, zz - xx - yy};
    return at::stack(entries, -1).unflatten(-1, {4, 4});
}

} // namespace

std::vector<double> computeSymmetricRmsd(const MolecularGraph& graph, const std::vector<double>& probes,
        const std::vector<double>& references, int maxMappings) {
    const HeavyAtoms heavy = findHeavyAtoms(graph, maxMappings);
    const int64_t n = (int64_t) heavy.atoms.size(), numMappings = (int64_t) heavy.permutations.size() / n;
    Tensor x = getCentered(graph, probes, heavy), y = getCentered(graph, references, heavy);
    std::vector<int64_t> indices(heavy.permutations.begin(), heavy.permutations.end());
    Tensor permutations = at::tensor(indices, at::kLong);
    Tensor norms = y.square().sum({1, 2});
    std::vector<double> result;
    for (int64_t k = 0; k < x.size(0); k++) {
        // Overlap matrices of this probe in all numberings with all references.

        Tensor numberings = x[k].index_select(0, permutations).view({numMappings, n, 3});
        Tensor overlaps = at::einsum("pac,rad->rpcd", {numberings, y});
        Tensor largest =
                at::linalg_eigvalsh(makeQuaternionMatrices(overlaps).nan_to_num(0, 0, 0)).select(-1, 3).amax(1);
        Tensor squares = (x[k].square().sum() + norms - 2 * largest) / (double) n;
        Tensor rmsd = squares.clamp_min(0).sqrt().contiguous();
        result.insert(result.end(), rmsd.data_ptr<double>(), rmsd.data_ptr<double>() + rmsd.numel());
    }
    return result;
}

EnsembleMetrics compareEnsembles(const MolecularGraph& graph, const std::vector<double>& copies,
        const std::vector<double>& references) {
    const std::size_t length = 3 * graph.atoms.size();
    EnsembleMetrics metrics;
    metrics.numMolecules = 1;
    metrics.numCopies = (int) (copies.size() / length);
    metrics.numReferences = (int) (references.size() / length);
    if (metrics.numCopies == 0 || metrics.numReferences == 0)
        throw ArgumentError("compareEnsembles: expected at least one copy and one reference of " + graph.getLabel() +
                ", got " + std::to_string(metrics.numCopies) + " and " + std::to_string(metrics.numReferences));
    std::vector<double> distances = computeSymmetricRmsd(graph, copies, references);
    std::vector<double> nearestReference(metrics.numCopies, FAR), nearestCopy(metrics.numReferences, FAR);
    for (int i = 0; i < metrics.numCopies; i++)
        for (int j = 0; j < metrics.numReferences; j++) {
            const double distance = distances[i * metrics.numReferences + j];
            if (distance < nearestReference[i])
                nearestReference[i] = distance;
            if (distance < nearestCopy[j])
                nearestCopy[j] = distance;
        }
    for (double distance : nearestReference) {
        metrics.precision += distance / metrics.numCopies;
        metrics.coveragePrecision01 += (distance < 0.1) / (double) metrics.numCopies;
        metrics.coveragePrecision05 += (distance < 0.5) / (double) metrics.numCopies;
    }
    for (double distance : nearestCopy) {
        metrics.recall += distance / metrics.numReferences;
        metrics.coverageRecall01 += (distance < 0.1) / (double) metrics.numReferences;
        metrics.coverageRecall05 += (distance < 0.5) / (double) metrics.numReferences;
    }
    for (int i = 0; i < metrics.numCopies; i++) {
        const auto first = copies.begin() + i * length;
        const ConformerStatus status = checkConformer(graph, std::vector<double>(first, first + length));
        metrics.stereoCorrect += (status.finite && status.stereoCorrect) / (double) metrics.numCopies;
        metrics.accepted += status.isAccepted() / (double) metrics.numCopies;
    }
    return metrics;
}

EnsembleMetrics averageMetrics(const std::vector<EnsembleMetrics>& metrics) {
    EnsembleMetrics mean;
    for (const EnsembleMetrics& entry : metrics) {
        const double share = 1.0 / metrics.size();
        mean.coverageRecall01 += share * entry.coverageRecall01;
        mean.coverageRecall05 += share * entry.coverageRecall05;
        mean.coveragePrecision01 += share * entry.coveragePrecision01;
        mean.coveragePrecision05 += share * entry.coveragePrecision05;
        mean.recall += share * entry.recall;
        mean.precision += share * entry.precision;
        mean.stereoCorrect += share * entry.stereoCorrect;
        mean.accepted += share * entry.accepted;
        mean.numMolecules += entry.numMolecules;
        mean.numReferences += entry.numReferences;
        mean.numCopies += entry.numCopies;
    }
    return mean;
}

} // namespace OrbitPlugin
