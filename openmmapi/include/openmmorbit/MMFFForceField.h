// SPDX-License-Identifier: MIT
// MMFF94 for many copies of a molecule at once: energies, forces and minima, with the copies in the lanes of vectors.
#ifndef OPENMM_ORBIT_MMFFFORCEFIELD_H_
#define OPENMM_ORBIT_MMFFFORCEFIELD_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** What MMFFForceField::minimize() found for every copy. */
struct MMFFMinima {
    /** Positions [numCopies][numAtoms][3], nm. */
    std::vector<double> positions;
    /** Energies of these positions [numCopies], kJ/mol. */
    std::vector<double> energies;
    /** 1 for copies that met the tolerance, 0 for those that ended before [numCopies]. */
    std::vector<int> converged;
    /** Steps [numCopies]. */
    std::vector<int> numIterations;
};

/**
 * The MMFF94 or MMFF94s force field of one molecule in vacuum, for many copies of it. Types, charges and parameters
 * come from RDKit, and energies agree with RDKit's to rounding. As many copies are computed at once as the vectors of
 * the processor hold doubles, on one thread; a copy gets the same bits in any company.
 *
 * The environment variable ORBIT_CPU_ISA limits the instruction set: portable, avx2 or avx512. It is read when the
 * object is made.
 *
 * Positions go in and out as flat arrays [numCopies][numAtoms][3] in nm, atoms in the order of the graph.
 *
 * Source: doi:10.1002/(SICI)1096-987X(199604)17:5/6<490::AID-JCC1>3.0.CO;2-P and the papers that follow it.
 */
class OPENMM_EXPORT_ORBIT MMFFForceField {
public:
    /**
     * Find the terms of a molecule.
     *
     * @param graph     the molecule, all hydrogens included
     * @param variant   "MMFF94", or "MMFF94s" with its planar nitrogens
     * @throws ArgumentError naming the atoms that MMFF94 has no parameters for, for another variant, and for an
     *                       ORBIT_CPU_ISA that this processor lacks
     */
    explicit MMFFForceField(const MolecularGraph& graph, const std::string& variant = "MMFF94");
    /** Get the number of atoms. */
    int getNumAtoms() const;
    /** Get the variant: "MMFF94" or "MMFF94s". */
    const std::string& getVariant() const;
    /** Get the instruction set of the kernels: "portable", "avx2" or "avx512". */
    std::string getInstructionSet() const;
    /** Get the names of the kinds of terms, in the order of computeEnergyTerms(). */
    static std::vector<std::string> getTermNames();
    /**
     * Compute energies.
     *
     * @param positions   [numCopies][numAtoms][3], nm
     * @return energies [numCopies], kJ/mol
     * @throws ArgumentError for another number of positions, and naming the first copy whose positions, or whose
     *                       energy, are not finite
     */
    std::vector<double> computeEnergies(const std::vector<double>& positions) const;
    /**
     * Compute energies by kind of term.
     *
     * @param positions   [numCopies][numAtoms][3], nm
     * @return energies [numCopies][number of term names], kJ/mol
     * @throws ArgumentError as computeEnergies()
     */
    std::vector<double> computeEnergyTerms(const std::vector<double>& positions) const;
    /**
     * Compute forces.
     *
     * @param positions   [numCopies][numAtoms][3], nm
     * @return forces [numCopies][numAtoms][3], kJ/mol/nm
     * @throws ArgumentError as computeEnergies()
     */
    std::vector<double> computeForces(const std::vector<double>& positions) const;
    /**
     * Minimise the energy of every copy, down to a minimum near it: no coordinate moves by more than 0.02 nm in one
     * step. The method is L-BFGS that starts from a sparse model of the Hessian, made of bonds, angles, planar
     * centres and torsions.
     *
     * A copy has converged by the criterion of RDKit's minimiser, with coordinates x from the centroid:
     * max |dE/dx| max(|x|, 1) < 10 tolerance max(E / 10, 1) over all coordinates, in kcal/mol and Angstrom. The
     * default tolerance is RDKit's, about 0.04 kJ/mol/nm. As in RDKit, copies that begin with all atoms in one plane,
     * or on one line, stay there: no force leads out of it.
     *
     * @param positions       [numCopies][numAtoms][3], nm
     * @param maxIterations   steps of each copy at most, at least 1
     * @param tolerance       see above, positive
     * @throws ArgumentError as computeEnergies(), and for settings out of range
     */
    MMFFMinima minimize(const std::vector<double>& positions, int maxIterations = 1000, double tolerance = 1e-4) const;
private:
    struct Data;
    std::shared_ptr<const Data> data;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFFORCEFIELD_H_
