// SPDX-License-Identifier: MIT
// The inspection of conformers: it reports, it repairs nothing.
#include "openmmorbit/internal/ConformerInspector.h"
#include "Findings.h"
#include "LonePairs.h"
#include "RingPiercing.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <array>
#include <cmath>

using namespace OrbitPlugin;
using std::string;
using std::vector;

/** Distances of atoms two, three and more bonds apart, relative to the sum of covalent radii. */
static const std::array<double, 3> MIN_DISTANCE = {1.0, 1.15, 1.2}, MIN_HYDROGEN_DISTANCE = {1.8, 2.3, 2.2};

/**
 * The same for two atoms that can bond no further, four or more bonds apart. The least of 26,509 minima (GFN2-xTB and
 * M06-2X) is 1.82. At other carbons bonds may form: carbonyl carbons come as near as 1.36 to nitrogen.
 */
static const double MIN_SATURATED_DISTANCE = 1.65;

static bool isSaturated(int element, size_t numNeighbors) {
    return (element >= 7 && element <= 9) || (element == 6 && numNeighbors == 4);
}

struct ConformerInspector::Plan {
    Plan(const MolecularGraph& newGraph, const vector<char>& part);
    MolecularGraph graph;
    vector<GeometryTerm> terms;
    vector<GeometryLimits> limits;      // [numTerms]
    vector<double> minDistances;        // [numAtoms * numAtoms], Angstrom; 0 if bonded
    vector<LonePair> lonePairs;
    PiercingPlan piercing;
    void restrictTo(const vector<char>& part);
    void checkShapes(ArrayView<const double> positions, ConformerStatus& status) const;
    void checkDistances(ArrayView<const double> positions, ConformerStatus& status) const;
    void checkRings(ArrayView<const double> positions, ConformerStatus& status) const;
    void checkStereo(ArrayView<const double> positions, ConformerStatus& status) const;
};

static bool& getFlag(ConformerStatus& status, GeometryKind kind) {
    switch (kind) {
        case GeometryKind::Bond: return status.bondsCorrect;
        case GeometryKind::Angle:
        case GeometryKind::Octahedron: return status.anglesCorrect;
        case GeometryKind::Centre: return status.centersInside;
        default: return status.planar;
    }
}

// Keep those entries of which all atoms belong to a part.

template <class Entry, class ListAtoms>
static void keepWithin(const vector<char>& part, vector<Entry>& entries, const ListAtoms& listAtoms) {
    auto isOutside = [&](const Entry& entry) {
        const vector<int> atoms = listAtoms(entry);
        return std::any_of(atoms.begin(), atoms.end(), [&](int atom) { return atom >= 0 && !part[atom]; });
    };
    entries.erase(std::remove_if(entries.begin(), entries.end(), isOutside), entries.end());
}

void ConformerInspector::Plan::restrictTo(const vector<char>& part) {
    auto listAll = [](const auto& entry) { return vector<int>(entry.atoms.begin(), entry.atoms.end()); };
    keepWithin(part, terms, listAll);
    keepWithin(part, graph.torsional, listAll);
    keepWithin(part, graph.tetrahedral, [](const TetrahedralStereo& stereo) {
        vector<int> atoms(stereo.neighbors.begin(), stereo.neighbors.end());

        // Four neighbours show the hand without their centre.

        if (stereo.neighbors[3] < 0)
            atoms.push_back(stereo.center);
        return atoms;
    });
    keepWithin(part, lonePairs, [](const LonePair& lonePair) {
        vector<int> atoms(lonePair.neighbors.begin(), lonePair.neighbors.end());
        atoms.insert(atoms.end(), lonePair.cage.begin(), lonePair.cage.end());
        atoms.push_back(lonePair.center);
        return atoms;
    });
    keepWithin(part, piercing.bonds, [](const GraphBond& bond) { return vector<int>{bond.atom1, bond.atom2}; });
    keepWithin(part, piercing.rings, [](const vector<int>& ring) { return ring; });
    keepWithin(part, piercing.member, [](const vector<char>& member) {
        vector<int> atoms;
        for (int i = 0; i < (int) member.size(); i++)
            if (member[i])
                atoms.push_back(i);
        return atoms;
    });
}

ConformerInspector::Plan::Plan(const MolecularGraph& newGraph, const vector<char>& part) :
        graph(newGraph), terms(listGeometryTerms(newGraph)), lonePairs(findLonePairs(newGraph)),
        piercing(newGraph) {
    if (!part.empty())
        restrictTo(part);
    for (const GeometryTerm& term : terms)
        limits.push_back(findLimits(graph, term));
    const int n = graph.getNumAtoms();
    const vector<int> separation = graph.getTopologicalDistances();
    const vector<vector<int>> neighbors = graph.getNeighbors();
    minDistances.assign((size_t) n * n, 0);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const int bonds = separation[(size_t) i * n + j];
            const int first = graph.atoms[i].element, second = graph.atoms[j].element;
            if (i == j || bonds == 1 || (!part.empty() && !(part[i] && part[j])))
                continue;
            double ratio =
                    (first == 1 && second == 1 ? MIN_HYDROGEN_DISTANCE : MIN_DISTANCE)[std::clamp(bonds, 2, 4) - 2];
            if (bonds >= 4 && isSaturated(first, neighbors[i].size()) && isSaturated(second, neighbors[j].size()))
                ratio = MIN_SATURATED_DISTANCE;
            minDistances[(size_t) i * n + j] = ratio * (getCovalentRadius(first) + getCovalentRadius(second));
        }
}

// The worst fault of every kind is named.

void ConformerInspector::Plan::checkShapes(ArrayView<const double> positions, ConformerStatus& status) const {
    std::array<int, NUM_GEOMETRY_KINDS> worst;
    std::array<double, NUM_GEOMETRY_KINDS> values{}, excess{};
    worst.fill(-1);
    for (int i = 0; i < (int) terms.size(); i++) {
        const double value = measure(terms[i], positions);
        status.maxDeviation = std::max(status.maxDeviation, std::abs(value - limits[i].mean) / limits[i].spread);
        const double miss = std::max(limits[i].lowest - value, value - limits[i].highest) / limits[i].spread;
        const int kind = (int) terms[i].kind;
        if (miss > excess[kind]) {
            excess[kind] = miss;
            values[kind] = value;
            worst[kind] = i;
        }
    }
    for (int i : worst)
        if (i >= 0)
            addFault(status, getFlag(status, terms[i].kind),
                    describeShape(graph, terms[i], limits[i], values[(int) terms[i].kind]));
}

void ConformerInspector::Plan::checkDistances(ArrayView<const double> positions, ConformerStatus& status) const {
    const int n = graph.getNumAtoms();
    double worst = 1;
    int first = -1, second = -1;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double squared = 0;
            for (int k = 0; k < 3; k++)
                squared +=
                        (positions[3 * i + k] - positions[3 * j + k]) * (positions[3 * i + k] - positions[3 * j + k]);
            const double limit = minDistances[(size_t) i * n + j];
            if (squared < worst * limit * limit) {
                worst = squared / (limit * limit);
                first = i;
                second = j;
            }
        }
    if (first < 0)
        return;
    const double limit = minDistances[(size_t) first * n + second];
    addFault(status, status.clashFree, "atoms " + nameAtom(graph, first) + " and " + nameAtom(graph, second) + " at " +
        describeMiss(std::sqrt(worst) * limit, " Angstrom", "at least", limit));
}

void ConformerInspector::Plan::checkRings(ArrayView<const double> positions, ConformerStatus& status) const {
    const Piercing found = findPiercing(piercing, positions);
    if (found.ring < 0)
        return;
    const GraphBond& bond = piercing.bonds[found.bond];
    string members;
    for (int atom : piercing.rings[found.ring])
        members += (members.empty() ? "" : ", ") + nameAtom(graph, atom);
    addFault(status, status.ringsClear, "the bond of atoms " + nameAtom(graph, bond.atom1) + " and " +
        nameAtom(graph, bond.atom2) + " passes through the ring of atoms " + members);
}

void ConformerInspector::Plan::checkStereo(ArrayView<const double> positions, ConformerStatus& status) const {
    for (const TetrahedralStereo& stereo : graph.tetrahedral)
        if (!isCorrect(stereo, positions))
            addFault(status, status.stereoCorrect, "the tetrahedral centre " + nameAtom(graph, stereo.center) +
                (getSignedVolume(stereo, positions) < -MIN_SIGNED_VOLUME ? " is inverted" : " is flat"));
    for (const LonePair& lonePair : lonePairs)
        if (!pointsOutside(lonePair, positions))
            addFault(status, status.centersInside, "the lone pair of the centre " + nameAtom(graph, lonePair.center) +
                " points into the rings that its bonds belong to");
    for (const TorsionStereo& stereo : graph.torsional)
        if (!isCorrect(stereo, positions))
            addFault(status, status.stereoCorrect, "the stereo axis " + nameAtom(graph, stereo.atoms[1]) + " to " +
                nameAtom(graph, stereo.atoms[2]) + " has the wrong configuration");
}

ConformerInspector::ConformerInspector(const MolecularGraph& graph) : ConformerInspector(graph, {}) {
}

ConformerInspector::ConformerInspector(const MolecularGraph& graph, const vector<char>& part) :
        plan(std::make_unique<Plan>(graph, part)) {
}

ConformerInspector::~ConformerInspector() = default;
ConformerInspector::ConformerInspector(ConformerInspector&&) noexcept = default;
ConformerInspector& ConformerInspector::operator=(ConformerInspector&&) noexcept = default;

ConformerStatus ConformerInspector::inspect(ArrayView<const double> positions) const {
    ConformerStatus status;
    for (size_t k = 0; k < positions.size(); k++)
        if (!std::isfinite(positions[k]))
            addFault(status, status.finite,
                    "atom " + nameAtom(plan->graph, (int) k / 3) + " has coordinates that are not finite");
    if (!status.finite)
        return status;
    plan->checkShapes(positions, status);
    plan->checkRings(positions, status);
    plan->checkDistances(positions, status);
    plan->checkStereo(positions, status);
    return status;
}
