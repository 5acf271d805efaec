// SPDX-License-Identifier: MIT
// What a shard holds: subjects, and blocks of their frames.
#ifndef OPENMM_ORBIT_SHARDSUBJECT_H_
#define OPENMM_ORBIT_SHARDSUBJECT_H_

#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** What the frames are frames of. The numbers stand in files. */
enum class SubjectKind {
    Molecule = 1,   ///< a MolecularGraph; one token an atom
    Topology = 2,   ///< a TopologySubject; one token an atom
    Backbone = 3    ///< a BackboneSubject; one token a residue
};

/** How training and validation data are told from each other. The numbers stand in files. */
enum class SplitRule {
    Key = 0,    ///< by the subject: all its frames are on the side that its key has, see isValidationMolecule()
    Time = 1    ///< by time: the last frames of every series are kept for validation, see getTimeSplit()
};

/** One subject of a shard, without its frames. */
struct OPENMM_EXPORT_ORBIT ShardSubject {
    SubjectKind kind = SubjectKind::Molecule;
    SplitRule splitRule = SplitRule::Key;
    std::string splitKey;       ///< of SplitRule::Key: flat SMILES of a molecule, cluster of a protein
    int pointsPerToken = 1;     ///< points of every token in the frames: 3 if a token stands for N, CA, C
    MolecularGraph graph;       ///< of a molecule
    TopologySubject topology;   ///< of a topology
    BackboneSubject backbone;   ///< of a backbone

    /** Get the number of tokens. */
    int getNumTokens() const {
        return kind == SubjectKind::Topology   ? topology.getNumAtoms()
            : kind == SubjectKind::Backbone ? backbone.getNumResidues()
                                            : graph.getNumAtoms();
    }
    /** Get the number of points of a frame. */
    int getNumPoints() const {
        return getNumTokens() * pointsPerToken;
    }
    /** Get kind and name for messages, e.g. molecule "aspirin". */
    std::string getLabel() const;
    /** Check the values. @throws ArgumentError naming the subject */
    void validate() const;
};

/** Frames of one subject that were made under one condition. */
struct OPENMM_EXPORT_ORBIT FrameBlock {
    std::string condition;          ///< level of theory or ensemble, e.g. "GFN2-xTB", "300 K"
    double temperature = 0;         ///< K; 0 if there is none
    /** Trajectory or replica that the frames continue; the blocks of a series stand in order of time */
    std::string series;
    std::vector<float> positions;   ///< [numFrames][numPoints][3], Angstrom
    /**
     * [numFrames][numPoints][3] what acts on the points, kcal/mol/Angstrom; empty if unknown. They need a temperature,
     * and serve for topologies
     */
    std::vector<float> forces;
    std::vector<float> energies;    ///< [numFrames] kcal/mol; empty if unknown
    std::vector<float> weights;     ///< [numFrames] relative weights, of one scale for all blocks; empty if unknown

    /** Get the number of frames. */
    int getNumFrames(int numPoints) const {
        return numPoints > 0 ? (int) (positions.size() / (3 * (std::size_t) numPoints)) : 0;
    }
    /** Check sizes and values. @throws ArgumentError naming the subject: no frame, sizes that disagree, NaN */
    void validate(const ShardSubject& subject) const;
};

/** What a block tells of its frames, and where they lie in the file. */
struct OPENMM_EXPORT_ORBIT FrameBlockHead {
    std::string condition, series;  ///< as in FrameBlock
    double temperature = 0;         ///< as in FrameBlock
    int numFrames = 0;              ///< number of frames
    int numPoints = 0;              ///< points of a frame
    bool hasForces = false, hasEnergies = false, hasWeights = false;
    long long offset = 0;           ///< of the first frame, in bytes from the start of the file
};

/** Some frames in a row. */
struct OPENMM_EXPORT_ORBIT FrameRange {
    long long first = 0, last = 0;  ///< the frames first, first + 1, ..., last - 1

    /** Get the number of frames. */
    long long getNumFrames() const {
        return last - first;
    }
};

/**
 * Get the frames of a series that train, or those that validate, by SplitRule::Time. The last 20 % validate. The 1 %
 * before them, at least one frame, belongs to neither, so that no frame of one side follows a frame of the other. A
 * series of fewer than 5 frames has none for validation.
 *
 * @param numFrames    frames of the series
 * @param validation   whether to get the frames for validation
 */
OPENMM_EXPORT_ORBIT FrameRange getTimeSplit(long long numFrames, bool validation);

/**
 * Tell whether a molecule is kept for validation, in all its stereoisomers and conformers. About 3 % of all molecules
 * are: those for which the first 8 hex digits of the SHA-256 of "orbit-validation:" followed by the flat SMILES,
 * divided by 2^32, are below 0.03. Training shards never contain them. The same rule serves clusters of proteins.
 *
 * @param flatSmiles   canonical SMILES without hydrogens, isotopes and stereo; or the key of another subject
 */
OPENMM_EXPORT_ORBIT bool isValidationMolecule(const std::string& flatSmiles);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SHARDSUBJECT_H_
