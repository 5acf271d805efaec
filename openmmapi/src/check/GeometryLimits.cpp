// SPDX-License-Identifier: MIT
// Limits of the inspection: what minima show, with a margin, and rules for what no minimum shows.
#include "openmmorbit/internal/GeometryLimits.h"
#include "GeometryTables.h"
#include "openmmorbit/ConformerCheck.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace OrbitPlugin;

namespace {

/**
 * By kind: the least spread, by which deviations are divided, and how far beyond the minima conformers are accepted;
 * the second margin holds where rings meet, whose minima differ most. Margins of bonds are relative to the mean.
 */
struct Tolerance {
    double spread, margin, ringMargin;
};
const Tolerance TOLERANCES[NUM_GEOMETRY_KINDS] = {{0.015, 0.055, 0.055}, {2.5, 12, 20}, {0.05, 0.12, 0.2}, {4, 18, 45},
        {4, 20, 40}, {0.012, 0.05, 0.05}, {4, 18, 18}, {2.5, 12, 12}};

/** Bonds of pairs without a table, relative to the sum of the radii; and by covalent radii if there are none. */
const double MIN_RATIO = 0.86, MAX_RATIO = 1.17, MIN_COVALENT_RATIO = 0.7, MAX_COVALENT_RATIO = 1.3;

ArrayView<const GeometryRow> getTable(GeometryKind kind, const std::string& name) {
    if (kind == GeometryKind::Bond)
        return getBondTable();
    if (kind != GeometryKind::Angle)
        return getShapeTable();
    if (name.find(',') == std::string::npos)
        return getAngleTable();
    return name.compare(0, 2, "C,") == 0 ? getCarbonAngleTable() : getNeighborAngleTable();
}

const GeometryRow* findRow(GeometryKind kind, const std::string& name) {
    const ArrayView<const GeometryRow> table = getTable(kind, name);
    const GeometryRow* row = std::lower_bound(table.begin(), table.end(), name,
            [](const GeometryRow& row, const std::string& name) { return std::strcmp(row.name, name.c_str()) < 0; });
    return row != table.end() && name == row->name ? row : nullptr;
}

// Radii tell the length to some percent; the few molecules of the table, if there are any, widen the limits.

GeometryLimits ruleOfBonds(const MolecularGraph& graph, const GeometryTerm& term, const GeometryRow* row) {
    const int first = graph.atoms[term.atoms[0]].element, second = graph.atoms[term.atoms[1]].element;
    BondOrder order = BondOrder::None;
    for (const GraphBond& bond : graph.bonds)
        if (std::minmax(bond.atom1, bond.atom2) == std::minmax(term.atoms[0], term.atoms[1]))
            order = bond.order;
    const double length = estimateBondLength(first, second, order);
    const double radii = getCovalentRadius(first) + getCovalentRadius(second);
    GeometryLimits limits = {radii, 0.1 * radii, MIN_COVALENT_RATIO * radii, MAX_COVALENT_RATIO * radii};
    if (length > 0)
        limits = {length, 0.05 * length, MIN_RATIO * length, MAX_RATIO * length};
    if (row != nullptr) {
        const double margin = 2 * TOLERANCES[(int) GeometryKind::Bond].margin * row->mean;
        limits.mean = row->mean;
        limits.lowest = std::min(limits.lowest, row->lowest - margin);
        limits.highest = std::max(limits.highest, row->highest + margin);
    }
    return limits;
}

GeometryLimits ruleOfShapes(GeometryKind kind) {
    switch (kind) {
        case GeometryKind::Angle: return {110, 20, 50, 180};
        case GeometryKind::Pyramid: return {0, 0.3, 0, 1};
        case GeometryKind::Twist: return {0, 30, 0, 90};
        case GeometryKind::RingTwist: return {0, 30, 0, 90};
        case GeometryKind::Allene: return {0, 4, 0, 25};
        case GeometryKind::Octahedron: return {0, 6, 0, 25};
        default: return {0.2, 0.1, -1, 0.25};
    }
}

} // namespace

GeometryLimits OrbitPlugin::findLimits(const MolecularGraph& graph, const GeometryTerm& term) {
    const Tolerance& tolerance = TOLERANCES[(int) term.kind];
    for (size_t k = 0; k < term.classes.size(); k++) {
        const GeometryRow* row = findRow(term.kind, term.classes[k]);
        if (row == nullptr || row->numMolecules < (term.isRare && k == 0 ? 1 : MIN_CLASS_MOLECULES))
            continue;

        // The fewer molecules a class has, the less is known of its extremes.

        const double scale = term.kind == GeometryKind::Bond ? row->mean : 1;
        const double margin = scale * (term.joinsRings ? tolerance.ringMargin : tolerance.margin) *
            (1 + 2 / std::sqrt((double) row->numMolecules));
        GeometryLimits limits = {row->mean, std::max<double>(row->spread, tolerance.spread), row->lowest - margin,
                row->highest + margin};

        // Nothing is too flat, and no centre too deep inside.

        if (term.kind == GeometryKind::Centre)
            limits.highest = 1;
        else if (term.kind != GeometryKind::Bond && term.kind != GeometryKind::Angle)
            limits.lowest = 0;
        return limits;
    }
    return term.kind == GeometryKind::Bond ? ruleOfBonds(graph, term, findRow(term.kind, term.classes.back()))
                                           : ruleOfShapes(term.kind);
}
