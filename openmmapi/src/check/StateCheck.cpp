// SPDX-License-Identifier: MIT
// The inspection of states of a system: it reports, it repairs nothing.
#include "openmmorbit/StateCheck.h"
#include "Findings.h"
#include "Positions.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/Contacts.h"
#include "openmmorbit/internal/StateInspector.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <cmath>
#include <map>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** How far beyond the frames a value may lie, in their standard deviations. */
const double MARGIN = 3;
/** Least margins: constrained bonds and angles do not vary in the frames. */
const double MIN_BOND_MARGIN = 0.02, MIN_ANGLE_MARGIN = 2;
/** Share of the shortest distance of the frames that is still no clash, and the least distance without frames. */
const double CONTACT_SHARE = 0.9, MIN_CONTACT = 0.5;

void checkRanges(const MolecularGraph& graph, const vector<GeometryRange>& ranges, GeometryKind kind, double minMargin,
        const vector<double>& positions, bool& flag, ConformerStatus& status) {
    double worst = 0, worstValue = 0;
    const GeometryRange* found = nullptr;
    GeometryTerm term;
    GeometryLimits limits;
    for (const GeometryRange& range : ranges) {
        GeometryTerm current;
        current.kind = kind;
        std::copy(range.atoms.begin(), range.atoms.end(), current.atoms.begin());
        const double value = measure(current, positions);
        const double spread = std::max(range.deviation, minMargin / MARGIN);
        status.maxDeviation = std::max(status.maxDeviation, std::abs(value - range.mean) / spread);
        const double margin = MARGIN * spread;
        const GeometryLimits allowed{range.mean, spread, range.lowest - margin, range.highest + margin};
        const double miss = std::max(allowed.lowest - value, value - allowed.highest) / spread;
        if (!(miss <= worst)) {
            worst = miss;
            worstValue = value;
            found = &range;
            term = current;
            limits = allowed;
        }
    }
    if (found != nullptr)
        addFault(status, flag, describeShape(graph, term, limits, worstValue));
}

/** Distances that are no clash, by kind of contact. */
typedef std::map<ContactKind, double> ContactLimits;

ContactLimits makeLimits(const TopologySubject& subject) {
    ContactLimits limits;
    for (const ContactRange& contact : subject.contacts)
        limits[{contact.element1, contact.element2, contact.isNear}] = CONTACT_SHARE * contact.lowest;
    return limits;
}

void checkContacts(const TopologySubject& subject, const vector<int>& distances, const ContactLimits& limits,
        const vector<double>& positions, ConformerStatus& status) {
    double worst = 1, worstDistance = 0, worstLimit = 0;
    int first = -1, second = -1;
    forEachContact(subject.graph, distances, [&](int i, int j, const ContactKind& kind) {
        const auto place = limits.find(kind);
        const double limit = place == limits.end() ? MIN_CONTACT : place->second;
        const OpenMM::Vec3 edge = getPosition(positions, i) - getPosition(positions, j);
        const double distance = std::sqrt(edge.dot(edge));
        if (distance < worst * limit) {
            worst = distance / limit;
            worstDistance = distance;
            worstLimit = limit;
            first = i;
            second = j;
        }
    });
    if (first >= 0)
        addFault(status, status.clashFree, "atoms " + nameAtom(subject.graph, first) + " and " +
            nameAtom(subject.graph, second) + " at " +
            describeMiss(worstDistance, " Angstrom", "at least", worstLimit));
}

void checkHands(const MolecularGraph& graph, const vector<double>& positions, ConformerStatus& status) {
    for (const TetrahedralStereo& center : graph.tetrahedral)
        if (!isCorrect(center, positions))
            addFault(status, status.stereoCorrect, "the centre " + nameAtom(graph, center.center) +
                (getSignedVolume(center, positions) < -MIN_SIGNED_VOLUME ? " is inverted" : " is flat"));
    for (const TorsionStereo& axis : graph.torsional)
        if (!isCorrect(axis, positions))
            addFault(status, status.stereoCorrect, "the bond of atoms " + nameAtom(graph, axis.atoms[1]) + " and " +
                nameAtom(graph, axis.atoms[2]) + " is not " +
                (axis.kind == TorsionStereoKind::Cis ? "cis" : "trans") + ", as it was in all frames");
}

} // namespace

struct StateInspector::Plan {
    TopologySubject subject;
    vector<int> distances;
    ContactLimits limits;
};

StateInspector::StateInspector(const TopologySubject& subject) :
        plan(std::make_unique<Plan>(Plan{subject, subject.graph.getTopologicalDistances(), makeLimits(subject)})) {
}

StateInspector::~StateInspector() = default;

ConformerStatus StateInspector::inspect(const vector<double>& positions) const {
    const TopologySubject& subject = plan->subject;
    if (positions.size() != 3 * (size_t) subject.getNumAtoms())
        throw ArgumentError("checkState: expected " + std::to_string(3 * subject.getNumAtoms()) +
            " coordinates, got " + std::to_string(positions.size()));
    ConformerStatus status;
    for (size_t k = 0; k < positions.size(); k++)
        if (!std::isfinite(positions[k]))
            addFault(status, status.finite,
                    "atom " + nameAtom(subject.graph, (int) k / 3) + " has coordinates that are not finite");
    if (!status.finite)
        return status;
    checkRanges(subject.graph, subject.bonds, GeometryKind::Bond, MIN_BOND_MARGIN, positions, status.bondsCorrect,
            status);
    checkRanges(subject.graph, subject.angles, GeometryKind::Angle, MIN_ANGLE_MARGIN, positions, status.anglesCorrect,
            status);
    checkContacts(subject, plan->distances, plan->limits, positions, status);
    checkHands(subject.graph, positions, status);
    return status;
}

ConformerStatus checkState(const TopologySubject& subject, const vector<double>& positions) {
    return StateInspector(subject).inspect(positions);
}

} // namespace OrbitPlugin
