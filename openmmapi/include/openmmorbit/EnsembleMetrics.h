// SPDX-License-Identifier: MIT
// Compares an ensemble with reference conformers: symmetric heavy-atom RMSD, coverage and average minimum RMSD.
#ifndef OPENMM_ORBIT_ENSEMBLEMETRICS_H_
#define OPENMM_ORBIT_ENSEMBLEMETRICS_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** Coverage and average minimum RMSD of one molecule, or means over molecules. Shares are from 0 to 1. */
struct OPENMM_EXPORT_ORBIT EnsembleMetrics {
    /** COV-R: share of references with a copy closer than 0.1 and 0.5 Angstrom */
    double coverageRecall01 = 0, coverageRecall05 = 0;
    /** COV-P: share of copies with a reference closer than 0.1 and 0.5 Angstrom */
    double coveragePrecision01 = 0, coveragePrecision05 = 0;
    /** AMR-R: mean RMSD of a reference from its nearest copy, Angstrom */
    double recall = 0;
    /** AMR-P: mean RMSD of a copy from its nearest reference, Angstrom */
    double precision = 0;
    double stereoCorrect = 0;                                   ///< share of copies with every requested configuration
    double accepted = 0;                                        ///< share of copies that pass the inspection
    int numMolecules = 0, numReferences = 0, numCopies = 0;
};

/**
 * Compute heavy-atom RMSDs after the best superposition: the least over all rotations (exactly) and over all
 * renumberings of the heavy atoms that keep elements, charges, isotopes and bonds. As in RDKit's GetBestRMS(),
 * hydrogens and stereochemistry are ignored, and terminal oxygens and nitrogens of a conjugated group
 * (carboxylate, nitro, guanidinium) are equivalent.
 *
 * @param graph         the molecule; heavy atoms are those that are not hydrogen (all, if it has hydrogens only)
 * @param probes        [numProbes * numAtoms * 3] Angstrom
 * @param references    [numReferences * numAtoms * 3] Angstrom, same atom order
 * @param maxMappings   larger groups are replaced by a subgroup of at most this order; the RMSD is then an upper bound
 * @return [numProbes * numReferences] Angstrom
 * @throws ArgumentError if the numbers of coordinates do not belong to the graph
 */
OPENMM_EXPORT_ORBIT std::vector<double> computeSymmetricRmsd(const MolecularGraph& graph,
        const std::vector<double>& probes, const std::vector<double>& references, int maxMappings = 1000);

/**
 * Compare generated copies of one molecule with its reference conformers.
 *
 * @param graph        the molecule
 * @param copies       [numCopies * numAtoms * 3] Angstrom
 * @param references   [numReferences * numAtoms * 3] Angstrom, same atom order
 * @return the metrics of this molecule; copies that are not finite cover nothing and count with 10 Angstrom
 * @throws ArgumentError if the numbers of coordinates do not belong to the graph, or one of them is 0
 */
OPENMM_EXPORT_ORBIT EnsembleMetrics compareEnsembles(const MolecularGraph& graph, const std::vector<double>& copies,
        const std::vector<double>& references);

/** Get the means over molecules; the numbers of molecules, references and copies are sums. */
OPENMM_EXPORT_ORBIT EnsembleMetrics averageMetrics(const std::vector<EnsembleMetrics>& metrics);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ENSEMBLEMETRICS_H_
