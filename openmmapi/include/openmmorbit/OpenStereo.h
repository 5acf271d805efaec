// SPDX-License-Identifier: MIT
// Centres and double bonds that a molecule leaves open, and the isomers that it may be (library OpenMMOrbitChem).
#ifndef OPENMM_ORBIT_OPENSTEREO_H_
#define OPENMM_ORBIT_OPENSTEREO_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** A centre or a double bond that may have two configurations and has no specified one. */
struct OPENMM_EXPORT_ORBIT OpenStereo {
    int atom1 = 0;      ///< the centre, or one end of the double bond
    int atom2 = -1;     ///< the other end of the double bond, -1 for a centre
};

/**
 * Find the centres and double bonds that a molecule leaves open, as RDKit's findPotentialStereo() sees them.
 *
 * @throws ArgumentError if RDKit refuses the graph
 */
OPENMM_EXPORT_ORBIT std::vector<OpenStereo> findOpenStereo(const MolecularGraph& graph);

/**
 * Specify what a molecule leaves open as coordinates show it.
 *
 * @param graph       the molecule
 * @param open        what findOpenStereo() found
 * @param positions   [numAtoms * 3], any unit
 * @return the molecule with all its stereo records and its isomeric SMILES
 */
OPENMM_EXPORT_ORBIT MolecularGraph specifyStereo(
        const MolecularGraph& graph, const std::vector<OpenStereo>& open, const std::vector<double>& positions);

/**
 * Get the isomers of a molecule: all combinations of what it leaves open, each different SMILES once. Some may be
 * impossible, e.g. across a small bicycle.
 *
 * @param graph        the molecule
 * @param maxIsomers   stop after so many, at least 1
 * @return molecules with all stereo records and their isomeric SMILES; the molecule itself if it leaves nothing open
 * @throws ArgumentError if maxIsomers is below 1
 */
OPENMM_EXPORT_ORBIT std::vector<MolecularGraph> enumerateStereo(const MolecularGraph& graph, int maxIsomers);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_OPENSTEREO_H_
