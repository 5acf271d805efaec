// SPDX-License-Identifier: MIT
// Shards: compact binary files of molecules with their conformers, which the trainer reads.
#ifndef OPENMM_ORBIT_SHARD_H_
#define OPENMM_ORBIT_SHARD_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <fstream>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** One molecule of a shard: its graph, its conformers and where they come from. */
struct OPENMM_EXPORT_ORBIT ShardRecord {
    MolecularGraph graph;
    std::string flatSmiles;         ///< canonical SMILES without hydrogens and stereochemistry, for the validation rule
    std::string condition;          ///< level of theory, e.g. "GFN2-xTB"
    std::vector<float> positions;   ///< [numConformers][numAtoms][3], Angstrom
    std::vector<float> energies;    ///< [numConformers] above the lowest, kcal/mol; empty if unknown
    std::vector<float> weights;     ///< [numConformers] Boltzmann weights; empty if unknown

    /** Get the number of conformers. */
    int getNumConformers() const {
        return graph.atoms.empty() ? 0 : (int) (positions.size() / (3 * graph.atoms.size()));
    }
    /** Check sizes and values. @throws ArgumentError naming the molecule: no conformer, sizes that disagree, NaN */
    void validate() const;
};

/**
 * Writes a shard (format: docs/training.md). A record is complete on disk when add() returns, so an interrupted program
 * leaves a readable file.
 */
class OPENMM_EXPORT_ORBIT ShardWriter {
public:
    /**
     * Create (or replace) a shard.
     *
     * @param path   the file's path
     * @throws OpenMMException if the file cannot be written
     */
    explicit ShardWriter(const std::string& path);
    /**
     * Append a molecule. @throws ArgumentError naming record and molecule if a value is not finite or sizes disagree
     */
    void add(const ShardRecord& record);
    /** Get the number of molecules written. */
    int getNumRecords() const {
        return numRecords;
    }
private:
    std::string path;
    std::ofstream file;
    int numRecords = 0;
};

/**
 * Tell whether a molecule is kept for validation, in all its stereoisomers and conformers. About 3 % of all molecules
 * are: those for which the first 8 hex digits of the SHA-256 of "orbit-validation:" followed by the flat SMILES,
 * divided by 2^32, are below 0.03. Training shards never contain them.
 *
 * @param flatSmiles   canonical SMILES without hydrogens, isotopes and stereo
 */
OPENMM_EXPORT_ORBIT bool isValidationMolecule(const std::string& flatSmiles);

/**
 * Reads a shard from the start to its end, record by record: a shard may be larger than memory. Damaged records are
 * skipped and described in getMessages().
 */
class OPENMM_EXPORT_ORBIT ShardReader {
public:
    /**
     * Open a shard.
     *
     * @param path   the file's path
     * @throws ArgumentError if the file is missing or no shard
     */
    explicit ShardReader(const std::string& path);
    /**
     * Read the next undamaged molecule.
     *
     * @param record   filled with the molecule
     * @return false at the end of the file
     */
    bool next(ShardRecord& record);
    /** Get the place of the record that next() read last, in bytes from the start of the file; 0 before the first. */
    long long getOffset() const {
        return recordOffset;
    }
    /**
     * Read one molecule again. The next call of next() goes on after it.
     *
     * @param offset   its place, from getOffset()
     * @param record   filled with the molecule
     * @throws ArgumentError if no undamaged record begins there: the file was changed
     */
    void read(long long offset, ShardRecord& record);
    /** Get one sentence for every damaged record that next() skipped: its number, its molecule and the fault. */
    const std::vector<std::string>& getMessages() const {
        return messages;
    }
private:
    std::string readBytes(long long start, std::size_t count);
    long long findRecord(long long start);
    std::string parse(long long start, ShardRecord& record);
    std::string path;
    std::ifstream file;
    long long size = 0, offset = 0, recordOffset = 0;
    int recordIndex = 0;
    std::vector<std::string> messages;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SHARD_H_
