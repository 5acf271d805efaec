// SPDX-License-Identifier: MIT
// Inspects a conformer: finite coordinates, bond lengths, clashes, and the requested stereochemistry.
#ifndef OPENMM_ORBIT_CONFORMERCHECK_H_
#define OPENMM_ORBIT_CONFORMERCHECK_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Inspect one conformer. Nothing is repaired. What is measured, and what is refused:
 *
 * - Bonds: more than 5.5 % of their length beyond what minima of quantum chemistry show for their elements, numbers of
 *   neighbours, hybridisation and order; pairs of elements without minima by the radii of their order.
 * - Angles: more than 12 degrees beyond the minima of their centre, its rings and neighbours, 20 where rings meet.
 * - Planes: sp2 atoms that leave the plane of their neighbours, and double and aromatic bonds that are twisted, more
 *   than minima of their class; ends of allenes 25 degrees or more from perpendicular.
 * - Centres: an atom of four neighbours that stands outside their tetrahedron, as in isomers that cannot exist;
 *   strained rings may come as near to it as in minima. A lone pair that points into a cage of small rings.
 * - Rings: a bond that passes through a ring of up to 8 atoms.
 * - Clashes: distances relative to the sum of two covalent radii: atoms two bonds apart must reach 1.0, three bonds
 *   1.15, others 1.2 (hydrogens among each other 1.8, 2.3 and 2.2).
 * - Stereochemistry: a tetrahedral centre is right if its signed volume exceeds 0.1 (0.7 is regular), a double bond if
 *   it is twisted by less than 60 degrees, an axis if it is twisted to the requested side.
 *
 * The margins are wider for classes that few molecules show. The minima are 41,456 of GFN2-xTB and M06-2X, of 19,943
 * molecules; 9 of them are refused: 8 of isomers with a centre outside its neighbours, and one
 * planar allene. Of 2,340 others none is.
 *
 * @param graph       the molecule
 * @param positions   [numAtoms * 3], Angstrom
 * @return the findings; the message names the worst fault of every kind with its atoms
 * @throws ArgumentError if the number of positions is not that of the graph
 */
OPENMM_EXPORT_ORBIT ConformerStatus checkConformer(const MolecularGraph& graph, const std::vector<double>& positions);

/**
 * Reflect a conformer if the requested stereochemistry is that of its mirror image: every centre and axis is inverted.
 * The mirror image of a conformer is a conformer of the mirror-image molecule, with the same energy and probability, so
 * this completes, exactly, what networks generate whose inputs do not tell left from right (hasHandedness()).
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
