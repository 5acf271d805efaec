// SPDX-License-Identifier: MIT
// What the geometry of a built protein is like.
#ifndef OPENMM_ORBIT_BACKBONEREPORT_H_
#define OPENMM_ORBIT_BACKBONEREPORT_H_

#include "openmmorbit/TopologyRecord.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <utility>
#include <vector>

namespace OrbitPlugin {

/** Where phi and psi of a residue lie among those of good crystal structures. */
enum class RamachandranRegion {
    Outlier = 0,    ///< where hardly any residue of its kind is
    Allowed = 1,    ///< inside the contour that holds 99.95 % (99.9 % for glycine, proline and others of few data)
    Favoured = 2,   ///< inside the contour that holds 98 %
    Unknown = 3     ///< an end of a chain, which lacks phi or psi
};

/**
 * The geometry of a protein, residue by residue. Values that a residue does not have, such as phi of the first one of a
 * chain, are NaN.
 */
struct OPENMM_EXPORT_ORBIT BackboneReport {
    std::vector<double> phi, psi;           ///< [numResidues] degrees, -180 to 180
    std::vector<double> omega;              ///< [numResidues] of the peptide bond to the next residue, degrees
    std::vector<double> angles;             ///< [numResidues] angle N-CA-C, degrees
    std::vector<double> caDistances;        ///< [numResidues] from CA to that of the next residue, Angstrom
    std::vector<double> peptideLengths;     ///< [numResidues] from C to N of the next residue, Angstrom
    /**
     * [numResidues] of the hand: the signed volume of N, C and CB at CA by the product of the three lengths; L is
     * positive, 0.6 to 0.75; NaN for glycine
     */
    std::vector<double> chirality;
    std::vector<int> regions;               ///< [numResidues] numbers of RamachandranRegion
    std::vector<int> cisPeptides;           ///< residues whose peptide bond to the next one is cis
    std::vector<int> chainBreaks;           ///< residues after which a chain was split, or is broken
    /** Heavy atoms that are too close: first and second atom; neither bonds nor angles nor dihedrals between them. */
    std::vector<std::pair<int, int>> clashes;
    /**
     * By how much more probable the CA trace is than its mirror image, as a natural logarithm for a residue; 0.5 to 2
     * for proteins, negative for mirror images
     */
    double handedness = 0;

    /** Get how many residues are D. */
    int getNumD() const;
    /** Get how many residues lie in a region. */
    int getNumInRegion(RamachandranRegion region) const;
    /** Get one line for each D residue, cis peptide, break, Ramachandran outlier and clash. */
    std::vector<std::string> describeFaults(const TopologyRecord& topology) const;
};

/**
 * Measure a protein whose residues have atoms N, CA, C, O and, other than glycine, CB.
 *
 * @param topology    bonds are not needed; residues of one chain are bonded to the next one if C and N are at most 2.5
 *                    Angstrom apart
 * @param positions   [numAtoms * 3] Angstrom
 * @throws ArgumentError naming a residue that lacks N, CA or C, or if sizes differ or positions are not finite
 */
OPENMM_EXPORT_ORBIT BackboneReport measureBackbone(const TopologyRecord& topology,
    const std::vector<double>& positions);

/**
 * Get the region of phi and psi.
 *
 * Source: contours of the Top8000, Richardson lab, github.com/rlabduke/reference_data (CC BY 4.0); Williams et al.,
 * Protein Sci. 27, 293 (2018), doi:10.1002/pro.3330.
 *
 * @param residue      its name of three letters
 * @param next         name of the residue after it; empty at the end of a chain
 * @param phi, psi     degrees
 * @param isCis        whether the peptide bond before it is cis, which matters for proline
 */
OPENMM_EXPORT_ORBIT RamachandranRegion findRamachandranRegion(const std::string& residue, const std::string& next,
    double phi, double psi, bool isCis = false);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONEREPORT_H_
