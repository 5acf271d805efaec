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
 * Inspect one conformer. Nothing is repaired. Lengths are judged relative to the sum of two covalent radii: a bond by
 * 0.7 to 1.3; atoms two bonds apart must reach 1.0, three bonds 1.15, others 1.2 (hydrogens among each other 1.8, 2.3
 * and 2.2). A tetrahedral centre is right if its signed volume exceeds 0.1 (0.7 is regular), a double bond if it is
 * twisted by less than 60 degrees, an axis if it is twisted to the requested side. In 8,866 DFT and GFN2-xTB minima the
 * most extreme values are bonds of 0.78 and 1.17, distances of 1.18, 1.45, 1.47 (2.58, 3.38, 2.80), and a volume of
 * 0.27.
 *
 * @param graph       the molecule
 * @param positions   [numAtoms * 3], Angstrom
 * @return the findings; the message names every kind of fault with its first atoms
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
