// SPDX-License-Identifier: MIT
// The backbone of a protein: chains of residues, and what is known of their secondary structure.
#ifndef OPENMM_ORBIT_BACKBONESUBJECT_H_
#define OPENMM_ORBIT_BACKBONESUBJECT_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/**
 * A backbone without its positions. Residues stand in the order of their chains. Two residues of a chain are bonded if
 * their numbers differ by 1; larger steps are breaks. A residue is a token with one point, its CA, or with three: N, CA
 * and C. The number of points is that of the model or of the frames.
 */
struct OPENMM_EXPORT_ORBIT BackboneSubject {
    std::string name;           ///< for messages, e.g. "1ubqA00"; may be empty
    std::vector<int> chains;    ///< [numResidues] chain of every residue, counted from 0
    std::vector<int> numbers;   ///< [numResidues] number of every residue, ascending in its chain
    /** [numResidues] secondary structure: H helix, E strand, C neither, ? open. */
    std::string structure;

    /** Get the number of residues. */
    int getNumResidues() const {
        return (int) chains.size();
    }
    /** Get the number of chains. */
    int getNumChains() const {
        return chains.empty() ? 0 : chains.back() + 1;
    }
    /** Get whether a residue is bonded to the next one. */
    bool isBonded(int residue) const {
        return residue + 1 < getNumResidues() && chains[residue + 1] == chains[residue] &&
            numbers[residue + 1] == numbers[residue] + 1;
    }
    /** Get whether a chain has a break. */
    bool hasBreaks() const;
    /** Get name and number of residues for messages, e.g. backbone "1ubqA00" of 76 residues. */
    std::string getLabel() const;
    /** Get the name of a residue for messages, e.g. residue 12 of chain B. */
    std::string getResidueLabel(int residue) const;
    /** Check the values. @throws ArgumentError naming backbone and residue */
    void validate() const;
};

/**
 * Make a backbone without breaks.
 *
 * @param lengths     number of residues of every chain
 * @param structure   H, E, C or ? for every residue, chain after chain; empty: all are open
 * @throws ArgumentError if there is no chain, a chain has no residue, or the structure does not fit
 */
OPENMM_EXPORT_ORBIT BackboneSubject makeBackbone(const std::vector<int>& lengths, const std::string& structure = "");

/**
 * Get the atoms of a backbone with their bonds: CA atoms, those of residues in a row bonded to each other; or N, CA, C.
 *
 * @param pointsPerToken   1 or 3
 * @throws ArgumentError for other numbers
 */
OPENMM_EXPORT_ORBIT MolecularGraph makeBackboneGraph(const BackboneSubject& backbone, int pointsPerToken);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONESUBJECT_H_
