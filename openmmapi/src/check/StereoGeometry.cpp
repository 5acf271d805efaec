// SPDX-License-Identifier: MIT
// Signed volumes of centres, dihedrals of axes, and what they must be.
#include "openmmorbit/internal/StereoGeometry.h"
#include "Positions.h"
#include <algorithm>
#include <cmath>

using namespace OpenMM;
using namespace OrbitPlugin;

/** Least cosine of a double bond's twist, and sine of an axis' twist. */
static const double MIN_TWIST_COSINE = 0.5, MIN_TWIST_SINE = 0.1;

double OrbitPlugin::getSignedVolume(const TetrahedralStereo& stereo, ArrayView<const double> positions) {
    const bool hasLonePair = stereo.neighbors[3] < 0;
    const Vec3 origin = getPosition(positions, hasLonePair ? stereo.center : stereo.neighbors[0]);
    std::array<Vec3, 3> arms;
    double lengths = 1;
    for (int k = 0; k < 3; k++) {
        arms[k] = getPosition(positions, stereo.neighbors[hasLonePair ? k : k + 1]) - origin;
        lengths *= std::sqrt(arms[k].dot(arms[k]));
    }
    return lengths > 0 ? arms[0].dot(arms[1].cross(arms[2])) / lengths : 0;
}

double OrbitPlugin::getDihedral(const std::array<int, 4>& atoms, ArrayView<const double> positions) {
    const Vec3 ab = getPosition(positions, atoms[1]) - getPosition(positions, atoms[0]);
    const Vec3 bc = getPosition(positions, atoms[2]) - getPosition(positions, atoms[1]);
    const Vec3 cd = getPosition(positions, atoms[3]) - getPosition(positions, atoms[2]);
    const Vec3 normal1 = ab.cross(bc), normal2 = bc.cross(cd);
    return std::atan2(std::sqrt(bc.dot(bc)) * ab.dot(normal2), normal1.dot(normal2));
}

bool OrbitPlugin::isCorrect(const TetrahedralStereo& stereo, ArrayView<const double> positions) {
    return getSignedVolume(stereo, positions) > MIN_SIGNED_VOLUME;
}

bool OrbitPlugin::isCorrect(const TorsionStereo& stereo, ArrayView<const double> positions) {
    const double angle = getDihedral(stereo.atoms, positions);
    switch (stereo.kind) {
        case TorsionStereoKind::Cis: return std::cos(angle) > MIN_TWIST_COSINE;
        case TorsionStereoKind::Trans: return std::cos(angle) < -MIN_TWIST_COSINE;
        case TorsionStereoKind::AtropisomerPlus: return std::sin(angle) > MIN_TWIST_SINE;
        default: return std::sin(angle) < -MIN_TWIST_SINE;
    }
}

bool OrbitPlugin::isStereoCorrect(const MolecularGraph& graph, ArrayView<const double> positions) {
    auto correct = [&](const auto& stereo) { return isCorrect(stereo, positions); };
    return std::all_of(graph.tetrahedral.begin(), graph.tetrahedral.end(), correct) &&
        std::all_of(graph.torsional.begin(), graph.torsional.end(), correct);
}

TorsionStereoKind OrbitPlugin::getOpposite(TorsionStereoKind kind) {
    switch (kind) {
        case TorsionStereoKind::Cis: return TorsionStereoKind::Trans;
        case TorsionStereoKind::Trans: return TorsionStereoKind::Cis;
        case TorsionStereoKind::AtropisomerMinus: return TorsionStereoKind::AtropisomerPlus;
        default: return TorsionStereoKind::AtropisomerMinus;
    }
}
