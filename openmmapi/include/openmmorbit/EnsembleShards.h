// SPDX-License-Identifier: MIT
// From ensembles in SD files to shards for training (library OpenMMOrbitChem).
#ifndef OPENMM_ORBIT_ENSEMBLESHARDS_H_
#define OPENMM_ORBIT_ENSEMBLESHARDS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Settings of writeEnsembleShard(). */
struct OPENMM_EXPORT_ORBIT EnsembleShardOptions {
    std::string condition;      ///< level of theory of the conformers, e.g. "GFN2-xTB"
    bool validation = false;    ///< write the validation molecules instead of all others
};

/** What writeEnsembleShard() did. */
struct OPENMM_EXPORT_ORBIT EnsembleShardReport {
    int numMolecules = 0;               ///< molecules written
    int numConformers = 0;              ///< conformers written
    int numOtherSide = 0;               ///< molecules left out because of the validation rule
    int numFaults = 0;                  ///< records that could not be used
    std::vector<std::string> messages;  ///< one sentence for each faulty record
};

/**
 * Write the molecules of SD files (.sdf, .sdf.gz) to a shard. Consecutive records with the same atoms, bonds and
 * stereochemistry, and with the same data items SMILES and ID (up to an underscore) where present, are conformers of
 * one molecule. REL_E_KCAL and BOLTZ_W become energies and weights if every conformer has them. Molecules that the
 * validation rule keeps, isValidationMolecule(), never enter a training shard. A faulty record never stops the others.
 *
 * @param files     paths of the SD files; hydrogens must be present
 * @param shard     path of the shard, replaced
 * @param options   condition and side of the validation rule
 * @throws ArgumentError if the condition is empty, or a file is missing
 */
OPENMM_EXPORT_ORBIT EnsembleShardReport writeEnsembleShard(
        const std::vector<std::string>& files, const std::string& shard, const EnsembleShardOptions& options);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ENSEMBLESHARDS_H_
