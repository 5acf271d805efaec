// SPDX-License-Identifier: MIT
// Sentences about atoms, values and limits.
#include "Findings.h"
#include <sstream>

using namespace OrbitPlugin;
using std::string;
using std::to_string;

static string write(double value, int digits) {
    std::ostringstream text;
    text.precision(digits);
    text << value;
    return text.str();
}

void OrbitPlugin::addFault(ConformerStatus& status, bool& flag, const string& text) {
    if (flag)
        status.message += (status.message.empty() ? "" : "; ") + text;
    flag = false;
}

string OrbitPlugin::nameAtom(const MolecularGraph& graph, int atom) {
    const string& name = graph.atoms[atom].name;
    return to_string(atom) + (name.empty() ? "" : " (" + name + ")");
}

string OrbitPlugin::describeMiss(double value, const string& unit, const string& relation, double limit) {
    int digits = 3;
    while (digits < 17 && write(value, digits) == write(limit, digits))
        digits++;
    return write(value, digits) + unit + ", expected " + relation + " " + write(limit, digits);
}

string OrbitPlugin::describeShape(
        const MolecularGraph& graph, const GeometryTerm& term, const GeometryLimits& limits, double value) {
    const bool low = !(value >= limits.lowest);
    const double limit = low ? limits.lowest : limits.highest;
    const string least = low ? "at least" : "at most";
    auto name = [&](int k) { return nameAtom(graph, term.atoms[k]); };
    switch (term.kind) {
        case GeometryKind::Bond:
            return "atoms " + name(0) + " and " + name(1) + " at " +
                describeMiss(value, " Angstrom", "a bond of " + least, limit);
        case GeometryKind::Angle:
            return "the angle of atoms " + name(0) + ", " + name(1) + " and " + name(2) + " is " +
                describeMiss(value, " degrees", least, limit);
        case GeometryKind::Octahedron:
            return "the angle of atoms " + name(0) + ", " + name(1) + " and " + name(2) +
                " differs from 90 and 180 degrees by " + describeMiss(value, " degrees", least, limit);
        case GeometryKind::Allene:
            return "the planes of atoms " + name(1) + " and " + name(2) + " differ from perpendicular by " +
                describeMiss(value, " degrees", least, limit);
        case GeometryKind::Pyramid:
            return "the planar atom " + name(0) + " stands out of the plane of its neighbours by a triple product of " +
                describeMiss(value, "", least, limit);
        case GeometryKind::Centre:
            return string("the centre ") + name(0) + (value < 0 ? " stands outside" : " hardly stands inside") +
                " the tetrahedron of its neighbours: depth " + describeMiss(value, "", least, limit);
        default:
            return "the double or aromatic bond of atoms " + name(1) + " and " + name(2) + " is twisted by " +
                describeMiss(value, " degrees", least, limit) + " (atoms " + name(0) + " and " + name(3) + ")";
    }
}
