// SPDX-License-Identifier: MIT
// The signed volumes whose signs say which configuration a conformer has.
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include <algorithm>
#include <set>

using namespace OrbitPlugin;
using std::vector;

/** Triple product of the unit vectors of three bonds of a tetrahedral centre, 4 / (3 sqrt 3). */
static const double TETRAHEDRAL = 0.7698;
/** The same of a chain of atoms with angles of 120 degrees and a twist of 90 degrees. */
static const double TWISTED_CHAIN = 0.75;

static double getLength(const MolecularGraph& graph, int i, int j) {
    return getCovalentRadius(graph.atoms[i].element) + getCovalentRadius(graph.atoms[j].element);
}

static HandedVolume makeVolume(const MolecularGraph& graph, const TetrahedralStereo& stereo) {
    const std::array<int, 4>& n = stereo.neighbors;
    const bool hasLonePair = n[3] < 0;
    double product = TETRAHEDRAL, inverses = 0;
    for (int k = 0; k < (hasLonePair ? 3 : 4); k++) {
        const double length = getLength(graph, stereo.center, n[k]);
        product *= length;
        inverses += 1 / length;
    }
    if (hasLonePair)
        return {{{stereo.center, n[0], n[1], n[2]}}, product};

    // The tetrahedron of the neighbours consists of four, each of the centre and three of them.

    return {n, product * inverses};
}

static HandedVolume makeVolume(const MolecularGraph& graph, const TorsionStereo& axis) {
    const auto& [a, b, c, d] = axis.atoms;
    const double magnitude =
            TWISTED_CHAIN * getLength(graph, a, b) * getLength(graph, b, c) * getLength(graph, c, d);
    if (axis.kind == TorsionStereoKind::AtropisomerPlus)
        return {{{a, b, c, d}}, magnitude};
    return {{{b, a, c, d}}, magnitude};
}

vector<HandedVolume> OrbitPlugin::findHandedVolumes(
        const MolecularGraph& graph, double unitInNanometers, int fewest) {
    vector<HandedVolume> volumes;
    for (const TetrahedralStereo& stereo : graph.tetrahedral)
        volumes.push_back(makeVolume(graph, stereo));

    // An axis has a record for each pair of its end atoms; one of them is enough.

    std::set<std::pair<int, int>> known;
    for (const TorsionStereo& axis : graph.torsional) {
        const bool isHanded = axis.kind == TorsionStereoKind::AtropisomerPlus ||
            axis.kind == TorsionStereoKind::AtropisomerMinus;
        if (isHanded && known.insert(std::minmax(axis.atoms[1], axis.atoms[2])).second)
            volumes.push_back(makeVolume(graph, axis));
    }
    if ((int) volumes.size() < fewest)
        volumes.clear();

    // Radii are in Angstrom.

    const double angstrom = 0.1 / unitInNanometers;
    for (HandedVolume& volume : volumes)
        volume.magnitude *= angstrom * angstrom * angstrom;
    return volumes;
}
