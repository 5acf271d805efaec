// SPDX-License-Identifier: MIT
// The inspection of backbones: it reports, it repairs nothing.
#include "openmmorbit/BackboneCheck.h"
#include "Findings.h"
#include "openmmorbit/internal/BackboneTerms.h"
#include "openmmorbit/internal/ChainNames.h"
#include <algorithm>
#include <cmath>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** How far beyond the training data a distance may lie, Angstrom. */
const double BOND_MARGIN = 0.1, ANGLE_MARGIN = 0.3, CONTACT_MARGIN = 0.1;
const char* const ANGSTROM = " Angstrom";

string nameResidue(const BackboneSubject& backbone, int residue) {
    return std::to_string(backbone.numbers[residue]) +
        (backbone.getNumChains() > 1 ? " of chain " + nameChain(backbone.chains[residue]) : "");
}

void checkRange(const BackboneSubject& backbone, int pointsPerToken, const BackboneTerm& term,
        const DistanceRange& range, const vector<double>& positions, ConformerStatus& status) {
    const double margin = term.isAngle ? ANGLE_MARGIN : BOND_MARGIN;
    const double lowest = range.lowest - margin, highest = range.highest + margin;
    double worst = 0, value = 0;
    int found = -1;
    forEachDistance(backbone, pointsPerToken, term, positions, [&](int residue, double distance) {
        status.maxDeviation = std::max(status.maxDeviation,
            std::abs(distance - range.mean) / std::max(range.deviation, 1e-3));
        const double miss = std::max(lowest - distance, distance - highest);
        if (miss > worst) {
            worst = miss;
            value = distance;
            found = residue;
        }
    });
    if (found < 0)
        return;
    const bool isShort = value < lowest;
    addFault(status, term.isAngle ? status.anglesCorrect : status.bondsCorrect, string("the distance ") + term.name +
        " from residue " + nameResidue(backbone, found) + " is " +
        describeMiss(value, ANGSTROM, isShort ? "at least" : "at most", isShort ? lowest : highest));
}

void checkContacts(const BackboneSubject& backbone, const BackboneStatistics& statistics, int pointsPerToken,
        const vector<double>& positions, ConformerStatus& status) {
    const BackboneContact contact = findClosest(backbone, pointsPerToken, positions);
    const double limit = statistics.closest - CONTACT_MARGIN;
    if (contact.first >= 0 && contact.distance < limit)
        addFault(status, status.clashFree, "the CA of residues " + nameResidue(backbone, contact.first) + " and " +
            nameResidue(backbone, contact.second) + " are at " +
            describeMiss(contact.distance, ANGSTROM, "at least", limit));
}

} // namespace

ConformerStatus checkBackbone(const BackboneSubject& backbone, const BackboneStatistics& statistics,
        const vector<double>& positions) {
    const size_t numResidues = std::max(1, backbone.getNumResidues());
    const int pointsPerToken = positions.size() == 9 * numResidues ? 3 : 1;
    checkBackbonePositions("checkBackbone", backbone, pointsPerToken, positions);
    ConformerStatus status;
    for (size_t k = 0; k < positions.size(); k++)
        if (!std::isfinite(positions[k]))
            addFault(status, status.finite, "residue " + nameResidue(backbone, (int) k / (3 * pointsPerToken)) +
                " has coordinates that are not finite");
    if (!status.finite)
        return status;
    for (const BackboneTerm& term : getBackboneTerms(pointsPerToken))
        for (const DistanceRange& range : statistics.ranges)
            if (range.name == term.name)
                checkRange(backbone, pointsPerToken, term, range, positions, status);
    checkContacts(backbone, statistics, pointsPerToken, positions, status);
    const LeftTurns turns = findLeftTurns(backbone, pointsPerToken, positions);
    if (turns.count > statistics.maxLeftTurns)
        addFault(status, status.stereoCorrect, "a left-handed helix of " + std::to_string(turns.count) +
            " turns begins at residue " + nameResidue(backbone, turns.residue));
    return status;
}

} // namespace OrbitPlugin
