// SPDX-License-Identifier: MIT
// Inspects a conformer: geometry, clashes and the requested stereochemistry.
#ifndef OPENMM_ORBIT_CONFORMERCHECK_H_
#define OPENMM_ORBIT_CONFORMERCHECK_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Inspect one conformer; it is not changed. Its geometry is compared with quantum-chemical minima that have atoms of
 * the same kind. A conformer fails in any of these cases:
 *
 * - Bonds: a length is more than 5.5 % outside the range of minima with the same elements, numbers of neighbours,
 *   hybridisation and bond order. For pairs of elements without minima the range follows from covalent radii.
 * - Angles: an angle is more than 12 degrees (20 where rings meet) outside the range of minima with the same centre,
 *   rings and neighbours.
 * - Planes: an sp2 atom is farther from the plane of its neighbours, or a double or aromatic bond is twisted more, than
 *   in minima of its class; the ends of an allene are 25 degrees or more from perpendicular.
 * - Centres: an atom with four neighbours is outside their tetrahedron, as in isomers that cannot exist (in strained
 *   rings it may come as close to the faces as in minima); or a lone pair points into a cage of small rings.
 * - Rings: a bond passes through a ring of up to 8 atoms.
 * - Clashes: a distance, divided by the sum of the two covalent radii, is below 1.0 for atoms two bonds apart, 1.15 for
 *   three bonds and 1.2 for others (two hydrogens: 1.8, 2.3 and 2.2).
 * - Stereochemistry: the signed volume of a tetrahedral centre is not above 0.1 (a regular centre has 0.7), a double
 *   bond is twisted by 60 degrees or more from what was requested, or an axis is not twisted to the requested
 *   side.
 *
 * The margins are wider for classes that few molecules have. The limits were derived from 41,456 minima (GFN2-xTB and
 * M06-2X) of 19,943 molecules. 9 of these minima fail: 8 are isomers with a centre outside its neighbours, one is a
 * planar allene. Of 2,340 other minima none fails.
 *
 * @param graph       the molecule
 * @param positions   [numAtoms * 3], Angstrom
 * @return the findings; the message names the worst fault of each kind with its atoms
 * @throws ArgumentError if the number of positions is not that of the graph
 */
OPENMM_EXPORT_ORBIT ConformerStatus checkConformer(const MolecularGraph& graph, const std::vector<double>& positions);

/**
 * Reflect a conformer if every specified centre and axis is inverted, so that its mirror image has the requested
 * stereochemistry. A conformer and its mirror image have the same energy and probability. Networks whose inputs show no
 * handedness (DenoiserModel::getRotations()) generate both, and with this reflection their conformers have the
 * requested hand, exactly.
 *
 * @param graph       the molecule
 * @param positions   [numAtoms * 3], Angstrom; negated if the mirror image is right
 * @return whether the positions were reflected
 * @throws ArgumentError if the number of positions is not that of the graph
 */
OPENMM_EXPORT_ORBIT bool restoreHandedness(const MolecularGraph& graph, std::vector<double>& positions);

/**
 * Get the covalent radius of an element (Cordero et al., doi:10.1039/b801115j).
 *
 * @param element   atomic number
 * @return Angstrom; 1.6 for elements beyond the table
 */
OPENMM_EXPORT_ORBIT double getCovalentRadius(int element);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERCHECK_H_
