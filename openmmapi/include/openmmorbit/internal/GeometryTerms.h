// SPDX-License-Identifier: MIT
// The shapes of a molecule that the inspection measures: bonds, angles, planes, twists, centres, each with its class.
#ifndef OPENMM_ORBIT_GEOMETRYTERMS_H_
#define OPENMM_ORBIT_GEOMETRYTERMS_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <array>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** What is measured, and of which atoms. */
enum class GeometryKind {
    Bond,       ///< length of the bond a-b, Angstrom
    Angle,      ///< angle a-b-c, degrees, 0 to 180
    Pyramid,    ///< triple product of the unit vectors from a to b, c, d: 0 if flat, 0.77 if tetrahedral
    Twist,      ///< how far the dihedral of a double or aromatic bond is from cis or trans, degrees, 0 to 90
    RingTwist,  ///< the same in a small ring, where it must be cis: how far it is from that, degrees, 0 to 180
    Centre,     ///< how deep a lies inside the neighbours b, c, d, e: 0.25 if regular, negative outside
    Allene,     ///< how far the ends a-b and c-d of b=x=c are from perpendicular, degrees, 0 to 90
    Octahedron  ///< how far the angle a-b-c at an atom of six neighbours is from 90 or 180, degrees, 0 to 90
};

/** How many kinds there are. */
constexpr int NUM_GEOMETRY_KINDS = 8;

/** A class that fewer molecules show tells nothing, unless no other molecules can show it. */
constexpr int MIN_CLASS_MOLECULES = 5;

/** One shape of a molecule. */
struct GeometryTerm {
    GeometryKind kind = GeometryKind::Bond;
    std::array<int, 5> atoms{{-1, -1, -1, -1, -1}};
    bool joinsRings = false;    ///< its middle is an atom or a bond where rings meet
    bool isRare = false;        ///< its first class counts even if one molecule alone shows it, as water's angle
    /** Names of its classes, the most specific first, for example "C3p=O1p", "C3=O1", "C=O" */
    std::vector<std::string> classes;
};

/**
 * List the shapes of a molecule. In the names of classes an atom is called by its element, the number of its neighbours
 * and its hybridisation (s, l for linear, p for planar, t for tetrahedral, x for others); r is the size of the smallest
 * ring that holds the shape, from 3 to 6, 7 for 7 to 9, 0 for none, with a second one for a smaller ring of the middle
 * bond; b the number of bonds in rings at the middle; s the sizes of the rings that meet there; h the number of its
 * hydrogens; "in" a chain in a small ring, "ex" another.
 */
OPENMM_EXPORT_ORBIT std::vector<GeometryTerm> listGeometryTerms(const MolecularGraph& graph);

/** Measure one shape; positions [numAtoms * 3], Angstrom. */
OPENMM_EXPORT_ORBIT double measure(const GeometryTerm& term, ArrayView<const double> positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GEOMETRYTERMS_H_
