// SPDX-License-Identifier: MIT
// Builds the heavy atoms of a protein on its CA atoms.
#ifndef OPENMM_ORBIT_BACKBONEBUILDER_H_
#define OPENMM_ORBIT_BACKBONEBUILDER_H_

#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/BackboneReport.h"
#include "openmmorbit/TopologyRecord.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Why no protein was built. */
enum class BackboneFault {
    Break,      ///< two CA atoms of neighbours in a chain are too far apart, or too near
    Cis,        ///< they are as far apart as those of a cis peptide
    Mirrored,   ///< the trace is, or has, a left-handed part
    Distorted   ///< CA atoms lie so that no residue fits between its neighbours
};

/** Thrown for CA atoms that no protein of L residues and trans peptides fits. Python sees it as BackboneError. */
class OPENMM_EXPORT_ORBIT BackboneError : public ArgumentError {
public:
    BackboneError(BackboneFault fault, int residue, const std::string& message) :
        ArgumentError(message), fault(fault), residue(residue) {
    }
    /** Get why. */
    BackboneFault getFault() const {
        return fault;
    }
    /** Get the index of the first residue that is concerned. */
    int getResidue() const {
        return residue;
    }
private:
    BackboneFault fault;
    int residue;
};

/** The CA atoms of a protein. */
struct OPENMM_EXPORT_ORBIT BackboneTrace {
    std::vector<double> positions;          ///< [numResidues * 3] Angstrom
    std::vector<int> residueChains;         ///< chain of every residue, rising from 0; empty: all are of one chain
    std::vector<std::string> chainNames;    ///< name of every chain, for messages; empty: 1, 2, ...
    std::vector<std::string> residueIds;    ///< number of every residue, for messages and the result; empty: 1, 2, ...
    /**
     * Name of every residue, e.g. "ALA". Empty: alanine, and glycine where phi is positive.
     */
    std::vector<std::string> residueNames;
};

/** What is allowed of a trace. */
struct OPENMM_EXPORT_ORBIT BuilderSettings {
    bool splitAtBreaks = false;     ///< start a new chain where neighbours are too far apart, instead of an error
    bool keepCis = false;           ///< build cis peptides where CA atoms are 2.6 to 3.3 Angstrom apart
    bool keepLeftHanded = false;    ///< build traces that look like mirror images too, with L residues
};

/** A protein: heavy atoms, with OXT at the end of each chain. */
struct OPENMM_EXPORT_ORBIT BuiltBackbone {
    TopologyRecord topology;            ///< with bonds
    std::vector<double> positions;      ///< [numAtoms * 3] Angstrom; CA atoms are where they were
    BackboneReport report;
};

/**
 * Build the heavy atoms of a protein on its CA atoms: N, C, O, CB, OXT and, if names of residues are given, side
 * chains. All residues are L and all peptides trans, or the call throws.
 *
 * C and N are placed by tables of native backbones: of the planes of peptides for four CA atoms in a row, and of phi
 * and psi. O lies in the plane of its peptide, CB where it is in L residues.
 *
 * @throws BackboneError  naming the residue, if settings do not allow what the trace asks for
 * @throws ArgumentError  for sizes that differ, a chain of one residue, positions that are not finite, a residue name
 *                        that is unknown
 */
OPENMM_EXPORT_ORBIT BuiltBackbone buildBackbone(const BackboneTrace& trace, const BuilderSettings& settings = {});

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONEBUILDER_H_
