// SPDX-License-Identifier: MIT
// The system that a model of one Topology was trained for: its atoms, and the geometry of its training frames.
#ifndef OPENMM_ORBIT_TOPOLOGYSUBJECT_H_
#define OPENMM_ORBIT_TOPOLOGYSUBJECT_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/TopologyRecord.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <array>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** How long a bond, or how wide an angle, was in the frames. Atoms that a symmetry exchanges share their range. */
struct OPENMM_EXPORT_ORBIT GeometryRange {
    std::array<int, 3> atoms{{-1, -1, -1}};         ///< two atoms of a bond, or three of an angle, the centre second
    double mean = 0, deviation = 0;                 ///< Angstrom or degrees; standard deviation
    double lowest = 0, highest = 0;                 ///< Angstrom or degrees, the extremes that were seen
};

/** The shortest distance in the frames between two atoms of these elements that share neither a bond nor an angle. */
struct OPENMM_EXPORT_ORBIT ContactRange {
    int element1 = 0, element2 = 0;                 ///< atomic numbers, the smaller first
    bool isNear = false;                            ///< whether the atoms are three bonds apart, or more
    double lowest = 0;                              ///< Angstrom
};

/**
 * A system, or a selection of its atoms. The graph knows elements, names and bonds, but no bond orders; it may have
 * several fragments, and beads without an element (atomic number 0). Its stereo records say which hand and which twist
 * the frames show.
 */
struct OPENMM_EXPORT_ORBIT TopologySubject {
    MolecularGraph graph;                           ///< the selected atoms
    std::vector<int> residues;                      ///< [numAtoms] residue of every atom
    std::vector<std::string> residueNames;          ///< name of every residue that has a selected atom
    std::vector<int> residueChains;                 ///< chain of every residue
    std::vector<int> selection;                     ///< [numAtoms] index of every atom in the whole topology, ascending
    int numTopologyAtoms = 0;                       ///< number of atoms of the whole topology
    long long numFrames = 0;                        ///< frames that the ranges were taken from; 0: no ranges
    std::vector<GeometryRange> bonds, angles;       ///< one for each bond and each pair of bonds of an atom
    std::vector<ContactRange> contacts;             ///< one for each pair of elements that was seen

    /** Get the number of atoms. */
    int getNumAtoms() const {
        return graph.getNumAtoms();
    }
    /** Get the JSON text of a model file. */
    std::string toJson() const;
    /** Read the JSON text of a model file. @param where   the beginning of messages @throws ArgumentError */
    static TopologySubject fromJson(const std::string& text, const std::string& where);
};

/**
 * Make the subject of a topology. Two selected atoms are bonded if the topology has a bond or a path between them that
 * runs over atoms that are not selected: residues of a selection of alpha carbons form a chain.
 *
 * @param topology    the system
 * @param selection   indices of the selected atoms, each once, in any order; empty: all atoms
 * @throws ArgumentError naming the atom, bond or residue that is out of range or given twice
 */
OPENMM_EXPORT_ORBIT TopologySubject makeTopologySubject(
        const TopologyRecord& topology, const std::vector<int>& selection = {});

/**
 * Compare the atoms of a system with those that a model knows: number, elements, names, residues, chains and bonds.
 *
 * @param expected   what the model knows
 * @param found      what it should be used for
 * @return the first difference in words, empty if there is none
 */
OPENMM_EXPORT_ORBIT std::string describeDifference(const TopologySubject& expected, const TopologySubject& found);

/**
 * Check that a system is the one that a model was trained for. Of a model of selected atoms, these alone are compared:
 * a solute may stand alone, or with another number of waters behind it.
 *
 * @param where       the beginning of messages
 * @param expected    what the model knows
 * @param topology    the whole system
 * @param selection   the atoms that the model knows; empty: those that it was trained for
 * @throws ArgumentError naming the first difference
 */
OPENMM_EXPORT_ORBIT void checkTopology(const std::string& where, const TopologySubject& expected,
        const TopologyRecord& topology, const std::vector<int>& selection = {});

/** Get the SHA-256 of elements, names, residues, chains, bonds and selection, 64 hex digits: one value a system. */
OPENMM_EXPORT_ORBIT std::string computeFingerprint(const TopologySubject& subject);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYSUBJECT_H_
