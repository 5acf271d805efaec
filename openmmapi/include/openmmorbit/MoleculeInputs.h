// SPDX-License-Identifier: MIT
// What a model's network sees of a molecule: for generation, training, and those who run the network themselves.
#ifndef OPENMM_ORBIT_MOLECULEINPUTS_H_
#define OPENMM_ORBIT_MOLECULEINPUTS_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/windowsExportOrbit.h"

namespace OrbitPlugin {

/**
 * Compute the categorical inputs of the network of a model, equations (4.5) and (4.7). One token is one atom. Stereo
 * records that mean the same give the same inputs. The symmetry group is left empty.
 *
 * @param graph   the molecule
 * @param model   the vocabularies
 * @throws ArgumentError naming molecule, atom, feature and value if a vocabulary lacks the value
 */
OPENMM_EXPORT_ORBIT TokenInputs describeMolecule(const MolecularGraph& graph, const DenoiserModel& model);

/**
 * Find the permutations that leave every input of a molecule, and the isotopes, unchanged. Training needs them;
 * generation does not.
 *
 * @param graph    the molecule that was described
 * @param inputs   what describeMolecule() returned for it; receives the group
 * @throws ArgumentError if the numbers of atoms disagree
 */
OPENMM_EXPORT_ORBIT void addSymmetryGroup(const MolecularGraph& graph, TokenInputs& inputs);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULEINPUTS_H_
