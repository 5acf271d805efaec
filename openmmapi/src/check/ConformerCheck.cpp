// SPDX-License-Identifier: MIT
// The inspection of conformers: it reports, it repairs nothing.
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

using namespace OrbitPlugin;
using std::string;
using std::to_string;
using std::vector;

/** Bond lengths relative to the sum of covalent radii. */
static const double MIN_BOND = 0.7, MAX_BOND = 1.3;
/** Distances of atoms two, three and more bonds apart, relative to the sum of covalent radii. */
static const std::array<double, 3> MIN_DISTANCE = {1.0, 1.15, 1.2}, MIN_HYDROGEN_DISTANCE = {1.8, 2.3, 2.2};

static void addFault(ConformerStatus& status, bool& flag, const string& text) {
    if (flag)
        status.message += (status.message.empty() ? "" : "; ") + text;
    flag = false;
}

static string nameAtom(const MolecularGraph& graph, int atom) {
    const string& name = graph.atoms[atom].name;
    return to_string(atom) + (name.empty() ? "" : " (" + name + ")");
}

static string describeDistance(const MolecularGraph& graph, int i, int j, double distance, const string& expected) {
    std::ostringstream text;
    text.precision(3);
    text << "atoms " << nameAtom(graph, i) << " and " << nameAtom(graph, j) << " at " << distance
         << " Angstrom, expected " << expected;
    return text.str();
}

static string describeLimit(const string& relation, double limit) {
    std::ostringstream text;
    text.precision(3);
    text << relation << " " << limit;
    return text.str();
}

static void checkDistances(const MolecularGraph& graph, const vector<double>& positions, ConformerStatus& status) {
    const int n = graph.getNumAtoms();
    const vector<int> separation = graph.getTopologicalDistances();
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double squared = 0;
            for (int k = 0; k < 3; k++)
                squared +=
                        (positions[3 * i + k] - positions[3 * j + k]) * (positions[3 * i + k] - positions[3 * j + k]);
            const double distance = std::sqrt(squared), radii = getCovalentRadius(graph.atoms[i].element) +
                getCovalentRadius(graph.atoms[j].element);
            if (separation[(size_t) i * n + j] == 1) {
                const bool tooShort = !(distance >= MIN_BOND * radii);
                if (tooShort || !(distance <= MAX_BOND * radii))
                    addFault(status, status.bondsCorrect,
                            describeDistance(graph, i, j, distance,
                                    tooShort ? describeLimit("a bond of at least", MIN_BOND * radii)
                                             : describeLimit("a bond of at most", MAX_BOND * radii)));
                continue;
            }
            const int rank = std::clamp(separation[(size_t) i * n + j], 2, 4) - 2;
            const bool hydrogens = graph.atoms[i].element == 1 && graph.atoms[j].element == 1;
            const double limit = radii * (hydrogens ? MIN_HYDROGEN_DISTANCE : MIN_DISTANCE)[rank];
            if (!(distance >= limit))
                addFault(status, status.clashFree,
                        describeDistance(graph, i, j, distance, describeLimit("at least", limit)));
        }
}

static void checkStereo(const MolecularGraph& graph, const vector<double>& positions, ConformerStatus& status) {
    for (const TetrahedralStereo& stereo : graph.tetrahedral)
        if (!isCorrect(stereo, positions))
            addFault(status, status.stereoCorrect, "the tetrahedral centre " + nameAtom(graph, stereo.center) +
                (getSignedVolume(stereo, positions) < -MIN_SIGNED_VOLUME ? " is inverted" : " is flat"));
    for (const TorsionStereo& stereo : graph.torsional)
        if (!isCorrect(stereo, positions))
            addFault(status, status.stereoCorrect, "the stereo axis " + nameAtom(graph, stereo.atoms[1]) + " to " +
                nameAtom(graph, stereo.atoms[2]) + " has the wrong configuration");
}

ConformerStatus OrbitPlugin::checkConformer(const MolecularGraph& graph, const vector<double>& positions) {
    if (positions.size() != 3 * graph.atoms.size())
        throw ArgumentError("checkConformer: expected " + to_string(3 * graph.atoms.size()) +
                " coordinates for the molecule " + graph.getLabel() + ", got " + to_string(positions.size()));
    ConformerStatus status;
    for (size_t k = 0; k < positions.size(); k++)
        if (!std::isfinite(positions[k]))
            addFault(status, status.finite,
                    "atom " + nameAtom(graph, (int) k / 3) + " has coordinates that are not finite");
    if (!status.finite)
        return status;
    checkDistances(graph, positions, status);
    checkStereo(graph, positions, status);
    return status;
}
