// SPDX-License-Identifier: MIT
// Shards: compact binary files of subjects with their frames, which the trainer reads.
#ifndef OPENMM_ORBIT_SHARD_H_
#define OPENMM_ORBIT_SHARD_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/ShardSubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <cstdint>
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

/** What becomes of a file that exists already. */
enum class ShardMode {
    Replace = 0,    ///< it is replaced
    Append = 1      ///< it is continued; what a program that was killed left unfinished at its end is removed
};

/**
 * Writes a shard (format: docs/training.md). Frames may come from any program. What was written is complete on disk
 * when a call returns, so an interrupted program leaves a readable file.
 */
class OPENMM_EXPORT_ORBIT ShardWriter {
public:
    /**
     * Create a shard, or continue one.
     *
     * @param path   the file's path
     * @param mode   what becomes of a file that exists
     * @throws OpenMMException if the file cannot be written
     * @throws ArgumentError if a file to continue is no shard, or one of format 1
     */
    explicit ShardWriter(const std::string& path, ShardMode mode = ShardMode::Replace);
    /**
     * Begin a subject; addFrames() gives it frames. A subject that equals the last one is continued, so a program that
     * is started again may make the same calls.
     *
     * @throws ArgumentError naming the subject if its values are wrong
     */
    void addSubject(const ShardSubject& subject);
    /**
     * Append frames to the last subject. Large blocks are written as several.
     *
     * @throws ArgumentError naming record and subject if a value is not finite, sizes disagree, or there is no subject
     */
    void addFrames(const FrameBlock& block);
    /**
     * Append a molecule with its conformers, as a subject of its own.
     *
     * @throws ArgumentError naming record and molecule if a value is not finite or sizes disagree
     */
    void add(const ShardRecord& record);
    /** Get the number of subjects in the file. */
    int getNumRecords() const {
        return numRecords;
    }
private:
    void continueFile();
    void write(const std::string& bytes);
    void writeSubject(const ShardSubject& newSubject);
    void writeFrames(const FrameBlock& block);
    std::string path;
    std::ofstream file;
    long long size = 0;
    int numRecords = 0;
    ShardSubject subject;
    std::string payload;        ///< of the last subject
};

/**
 * Reads a shard of any format from the start to its end: a shard may be larger than memory. Damaged parts are skipped
 * and described in getMessages().
 *
 * next() reads whole molecules. nextSubject() and nextBlock() read subjects of all kinds, and their frames block by
 * block. With what nextHead() tells of a block, single frames can be read later.
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
    /** Get the number of the file's format: 1 or 2. */
    int getFormat() const {
        return format;
    }
    /**
     * Read the next undamaged molecule with all its frames. A molecule with frames of several conditions, and subjects
     * that are no molecules of one point an atom, are skipped and described.
     *
     * @param record   filled with the molecule
     * @return false at the end of the file
     */
    bool next(ShardRecord& record);
    /** Get the place of the subject that was read last, in bytes from the start of the file; 0 before the first. */
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
    /** Read the next undamaged subject; blocks that were not read are skipped. Returns false at the end. */
    bool nextSubject(ShardSubject& subject);
    /** Read a subject again, and go on with its blocks. @throws ArgumentError as read() */
    void readSubject(long long offset, ShardSubject& subject);
    /** Read the head of the subject's next block; its frames are not checked. Returns false after the last one. */
    bool nextHead(FrameBlockHead& head);
    /** Read the next undamaged block of the subject. Returns false after the last one. */
    bool nextBlock(FrameBlock& block);
    /** Read the frames of a block. @throws ArgumentError naming the file if they are damaged */
    void readBlock(const FrameBlockHead& head, FrameBlock& block);
    /**
     * Read the positions of one frame of a block.
     *
     * @param frame    from 0 to head.numFrames - 1
     * @param forces   if not null, receives the forces, [numPoints * 3], or nothing if the block has none
     * @return [numPoints * 3], Angstrom
     * @throws ArgumentError naming the file if the frame is damaged
     */
    std::vector<float> readFrame(const FrameBlockHead& head, int frame, std::vector<float>* forces = nullptr);
    /** Read the weights of a block, [numFrames]; none if it has none. @throws ArgumentError if they are damaged */
    std::vector<float> readWeights(const FrameBlockHead& head);
    /** Get one sentence for every part that was skipped: number and name of the subject, and the fault. */
    const std::vector<std::string>& getMessages() const {
        return messages;
    }
private:
    enum class Part { None, Subject, Frames };
    std::string readBytes(long long start, std::size_t count);
    Part findPart();
    std::string parseSubject(long long start, ShardSubject& found);
    void takeSubject(const std::string& body, std::size_t first);
    std::string parseHead(long long start, FrameBlockHead& head);
    std::string joinBlocks(ShardRecord& record);
    void skipBlocks();
    void complain(int index, const std::string& text);
    void complainOfSubject(const std::string& text);
    friend class ShardWriter;
    std::string path;
    std::ifstream file;
    int format = 0;
    long long size = 0, offset = 0, recordOffset = 0;
    int recordIndex = 0, blockIndex = 0;
    ShardSubject subject;           ///< the current one
    bool isOpen = false;            ///< format 1: the frames of the current record were not asked for yet
    FrameBlock opened;              ///< format 1: these frames
    std::uint32_t subjectChecksum = 0;
    std::vector<std::string> messages;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SHARD_H_
