// SPDX-License-Identifier: MIT
// The network's inputs for a molecule, for programs that run the network themselves.
#ifndef OPENMM_ORBIT_MOLECULEINPUTS_H_
#define OPENMM_ORBIT_MOLECULEINPUTS_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** The categorical inputs of one molecule, as rows of the model's embedding tables, and its symmetry group. */
struct OPENMM_EXPORT_ORBIT MoleculeInputs {
    int numAtoms = 0;               ///< of the molecule
    int numAtomFeatures = 0;        ///< of the model
    int numPairFeatures = 0;        ///< of the model
    std::vector<int> atomFeatures;  ///< [numAtoms][numAtomFeatures] rows of token.embedding
    std::vector<int> pairFeatures;  ///< [numAtoms][numAtoms][numPairFeatures] rows of pair.embedding
    SymmetryGroup group;            ///< permutations of atoms that leave all inputs, and the isotopes, unchanged
};

/**
 * Compute the categorical inputs of the network of a model, equations (4.5) and (4.7).
 *
 * @param graph   the molecule
 * @param model   the vocabularies
 * @throws ArgumentError naming molecule, atom, feature and value if a vocabulary lacks the value
 */
OPENMM_EXPORT_ORBIT MoleculeInputs computeMoleculeInputs(const MolecularGraph& graph, const DenoiserModel& model);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULEINPUTS_H_
