// SPDX-License-Identifier: MIT
// Open stereocentres and double bonds of a molecule, and its stereoisomers (library OpenMMOrbitChem).
#ifndef OPENMM_ORBIT_OPENSTEREO_H_
#define OPENMM_ORBIT_OPENSTEREO_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** A centre or double bond that can have two configurations, none of which is specified. */
struct OPENMM_EXPORT_ORBIT OpenStereo {
    int atom1 = 0;      ///< the centre, or one end of the double bond
    int atom2 = -1;     ///< the other end of the double bond, -1 for a centre
};

/**
 * Find the centres and double bonds that a molecule leaves open, by RDKit's findPotentialStereo().
 *
 * @throws ArgumentError if RDKit refuses the graph
 */
OPENMM_EXPORT_ORBIT std::vector<OpenStereo> findOpenStereo(const MolecularGraph& graph);

/**
 * Specify the open centres and double bonds of a molecule as they are in given positions.
 *
 * @param graph       the molecule
 * @param open        what findOpenStereo() found
 * @param positions   [numAtoms * 3], any unit
 * @return the molecule with all its stereo records and its isomeric SMILES
 */
OPENMM_EXPORT_ORBIT MolecularGraph specifyStereo(
        const MolecularGraph& graph, const std::vector<OpenStereo>& open, const std::vector<double>& positions);

/**
 * Get the stereoisomers of a molecule: all combinations of its open centres and double bonds, each different SMILES
 * once. Some of them may not exist, e.g. with a trans bridge in a small bicycle.
 *
 * @param graph        the molecule
 * @param maxIsomers   stop after this number, at least 1
 * @return molecules with all stereo records and their isomeric SMILES; the molecule itself if nothing is open
 * @throws ArgumentError if maxIsomers is below 1
 */
OPENMM_EXPORT_ORBIT std::vector<MolecularGraph> enumerateStereo(const MolecularGraph& graph, int maxIsomers);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_OPENSTEREO_H_
