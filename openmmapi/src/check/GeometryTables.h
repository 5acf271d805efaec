// SPDX-License-Identifier: MIT
// What minima of quantum chemistry look like, class by class; written by tests/benchmarks/MeasureGeometry.cpp.
#ifndef OPENMM_ORBIT_GEOMETRYTABLES_H_
#define OPENMM_ORBIT_GEOMETRYTABLES_H_

#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/** The values of one class, in the unit of its kind. */
struct GeometryRow {
    const char* name;                   // of the class
    int numMolecules;                   // in which it occurs
    float mean, spread, lowest, highest;
};

/** The tables, sorted by the bytes of the names. */
ArrayView<const GeometryRow> getBondTable();
ArrayView<const GeometryRow> getAngleTable();
/** Angles by the elements of the neighbours too: the names hold commas. Those whose first neighbour is carbon: "C,". */
ArrayView<const GeometryRow> getCarbonAngleTable();
/** All others. */
ArrayView<const GeometryRow> getNeighborAngleTable();
ArrayView<const GeometryRow> getShapeTable();

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GEOMETRYTABLES_H_
