// SPDX-License-Identifier: MIT
// Numbers of training molecules of a model by kind of atom, kind of bond, ring and size.
#ifndef OPENMM_ORBIT_TRAININGCOUNTS_H_
#define OPENMM_ORBIT_TRAININGCOUNTS_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace OrbitPlugin {

/**
 * How many molecules of the training data have each kind of atom, each kind of bond, each ring size and each size. All
 * stereoisomers, conformers and levels of theory of one flat SMILES count as one molecule.
 *
 * A kind of atom is its element, charge, bonds by order and number of hydrogens, e.g. "Se with 2 single bonds" or "N+
 * with 4 single bonds, 3 to H". A kind of bond is the elements and charges of its ends and its order, e.g. "B and C,
 * single".
 */
class OPENMM_EXPORT_ORBIT TrainingCounts {
public:
    /**
     * Count a molecule.
     *
     * @param graph        the molecule
     * @param flatSmiles   its key: a molecule whose key was counted before changes nothing; empty: count it anyway
     * @throws ArgumentError as MolecularGraph::validate()
     */
    void addMolecule(const MolecularGraph& graph, const std::string& flatSmiles = "");
    /**
     * Merge the counts of an earlier training. The two sets of molecules may overlap, so each number becomes the larger
     * of the two: there were at least so many different molecules.
     */
    void include(const TrainingCounts& earlier);
    /** Get the number of molecules; 0 if nothing is known. */
    long long getNumMolecules() const {
        return numMolecules;
    }
    /** Get the number of molecules with every kind of atom. */
    const std::map<std::string, long long>& getAtoms() const {
        return atoms;
    }
    /** Get the number of molecules with every kind of bond. */
    const std::map<std::string, long long>& getBonds() const {
        return bonds;
    }
    /** Get the number of molecules with a ring of every size, in atoms. */
    const std::map<int, long long>& getRings() const {
        return rings;
    }
    /** Get the number of molecules of every number of heavy atoms. */
    const std::map<int, long long>& getHeavyAtoms() const {
        return heavyAtoms;
    }
    /** Get the number of molecules of every number of atoms, hydrogens included. */
    const std::map<int, long long>& getAllAtoms() const {
        return allAtoms;
    }
    /**
     * List what few training molecules have in common with a molecule: kinds of atoms, kinds of bonds, ring sizes, and
     * its size. Nothing is listed for a small molecule (at most 3 heavy atoms) that is a training molecule itself.
     *
     * @param graph     the molecule
     * @param minimum   list what fewer training molecules than this have
     * @return one phrase each, e.g. "Se with 2 single bonds (in 3 training molecules)"; none if there are no counts
     * @throws ArgumentError as MolecularGraph::validate()
     */
    std::vector<std::string> findUnfamiliar(const MolecularGraph& graph, int minimum = 10) const;
    /** Get the counts as a JSON object, as model files hold them. */
    std::string toJson() const;
    /**
     * Read what toJson() wrote.
     *
     * @param text    the JSON object
     * @param where   start of every message, up to "expected"
     * @throws ArgumentError if the text is another one
     */
    static TrainingCounts fromJson(const std::string& text, const std::string& where = "TrainingCounts::fromJson: ");
private:
    long long numMolecules = 0;
    std::map<std::string, long long> atoms, bonds;
    std::map<int, long long> rings, heavyAtoms, allAtoms;
    std::set<std::string> smallMolecules;   ///< hashes of training molecules with at most 3 heavy atoms
    std::unordered_set<std::uint64_t> keys;           ///< hashes of the keys that were counted; not written to the file
};

/**
 * Count the molecules of shards, as a training run does.
 *
 * @param shards   paths
 * @throws ArgumentError if one is missing or no shard
 */
OPENMM_EXPORT_ORBIT TrainingCounts countTraining(const std::vector<std::string>& shards);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TRAININGCOUNTS_H_
