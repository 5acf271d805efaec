// SPDX-License-Identifier: MIT
// Writing of shards, always of format 2; the byte layout stands in docs/training.md.
#include "openmmorbit/Shard.h"
#include "Crc32.h"
#include "ShardBytes.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/WriteFault.h"
#include <algorithm>
#include <cmath>
#include <filesystem>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

/** Larger blocks are written as several, so that readers need little memory. */
const long long MAX_BLOCK_SIZE = 4 << 20;

/** Get some frames of a block in a row. */
FrameBlock cutBlock(const FrameBlock& block, int numPoints, int first, int last) {
    FrameBlock part;
    part.condition = block.condition;
    part.temperature = block.temperature;
    part.series = block.series;
    const std::size_t length = 3 * (std::size_t) numPoints;
    part.positions.assign(block.positions.begin() + first * length, block.positions.begin() + last * length);
    if (!block.forces.empty())
        part.forces.assign(block.forces.begin() + first * length, block.forces.begin() + last * length);
    if (!block.energies.empty())
        part.energies.assign(block.energies.begin() + first, block.energies.begin() + last);
    if (!block.weights.empty())
        part.weights.assign(block.weights.begin() + first, block.weights.begin() + last);
    return part;
}

} // namespace

void ShardRecord::validate() const {
    graph.validate();
    int numConformers = getNumConformers();
    if (numConformers < 1 || positions.size() != (std::size_t) numConformers * graph.atoms.size() * 3)
        throw ArgumentError("ShardRecord::validate: expected conformers of " + std::to_string(graph.atoms.size()) +
                " atoms for " + graph.getLabel() + ", got " + std::to_string(positions.size()) + " coordinates");
    for (const std::vector<float>* values : {&energies, &weights})
        if (!values->empty() && values->size() != (std::size_t) numConformers)
            throw ArgumentError("ShardRecord::validate: expected one energy and weight for each of " +
                    std::to_string(numConformers) + " conformers of " + graph.getLabel() + ", got " +
                    std::to_string(values->size()));
    for (const std::vector<float>* values : {&positions, &energies, &weights})
        for (std::size_t i = 0; i < values->size(); i++)
            if (!std::isfinite((*values)[i]))
                throw ArgumentError("ShardRecord::validate: expected finite values for " + graph.getLabel() + ", got " +
                        std::to_string((*values)[i]) +
                        (values == &positions ? " for atom " + std::to_string(i / 3 % graph.atoms.size()) +
                                                " of conformer " + std::to_string(i / 3 / graph.atoms.size())
                                              : ""));
}

ShardWriter::ShardWriter(const std::string& path, ShardMode mode) : path(path) {
    std::error_code ignored;
    const std::uintmax_t existing = std::filesystem::file_size(path, ignored);
    if (mode == ShardMode::Append && !ignored && existing > 0) {
        continueFile();
        return;
    }
    file.open(path, std::ios::binary | std::ios::trunc);
    write(SECOND_MAGIC);
}

/** Find the last subject of the file and remove what follows its last complete block. */
void ShardWriter::continueFile() {
    {
        ShardReader reader(path);
        if (reader.getFormat() != 2)
            throw ArgumentError("ShardWriter::ShardWriter: expected a shard of format 2 to continue, got \"" + path +
                    "\" of format 1; write a new shard");
        size = reader.offset;
        while (reader.nextSubject(subject)) {
            numRecords++;
            size = reader.offset;
            FrameBlockHead head;
            while (reader.nextHead(head))
                size = reader.offset;
        }
    }
    if (numRecords > 0)
        payload = packSubject(subject);
    std::error_code fault;
    std::filesystem::resize_file(path, (std::uintmax_t) size, fault);
    errno = fault.value();
    if (!fault)
        file.open(path, std::ios::binary | std::ios::app);
    if (fault || !file)
        throw OpenMMException("ShardWriter::ShardWriter: " + describeWriteFault(path, 0, errno));
}

/** Append bytes, all of them or none. After a failure the next call tries again. */
void ShardWriter::write(const std::string& bytes) {
    errno = 0;
    if (!file.is_open())
        file.open(path, std::ios::binary | std::ios::app);
    file << bytes;
    file.flush();
    if (file) {
        size += (long long) bytes.size();
        return;
    }
    const int fault = errno;
    file.close();
    file.clear();
    std::error_code ignored;
    std::filesystem::resize_file(path, (std::uintmax_t) size, ignored);
    throw OpenMMException("ShardWriter::add: " + describeWriteFault(path, bytes.size(), fault));
}

void ShardWriter::writeSubject(const ShardSubject& newSubject) {
    const std::string bytes = packSubject(newSubject), label = newSubject.getLabel().substr(0, MAX_NAME);
    write(packHead(SUBJECT_MAGIC,
                  {(std::uint32_t) label.size(), (std::uint32_t) bytes.size(), crc32(bytes.data(), bytes.size())}) +
            label + bytes);
    subject = newSubject;
    payload = bytes;
    numRecords++;
}

void ShardWriter::writeFrames(const FrameBlock& block) {
    const int numPoints = subject.getNumPoints(), numFrames = block.getNumFrames(numPoints);
    const std::uint32_t checksum = crc32(payload.data(), payload.size());
    const int limit = (int) std::max(1LL, MAX_BLOCK_SIZE / (getFrameSize(numPoints, !block.forces.empty()) + 8));
    if (numFrames <= limit) {
        write(packBlock(block, numPoints, checksum));
        return;
    }
    const long long before = size;
    try {
        for (int first = 0; first < numFrames; first += limit)
            write(packBlock(
                    cutBlock(block, numPoints, first, std::min(numFrames, first + limit)), numPoints, checksum));
    }
    catch (const OpenMMException&) {
        // None of the frames stay, so that all of them can be written again.

        std::error_code ignored;
        std::filesystem::resize_file(path, (std::uintmax_t) before, ignored);
        size = before;
        throw;
    }
}

void ShardWriter::addSubject(const ShardSubject& newSubject) {
    try {
        newSubject.validate();
    }
    catch (const ArgumentError& error) {
        throw ArgumentError("ShardWriter::addSubject: record " + std::to_string(numRecords) + ": " + error.what());
    }
    if (numRecords == 0 || packSubject(newSubject) != payload)
        writeSubject(newSubject);
}

void ShardWriter::addFrames(const FrameBlock& block) {
    if (numRecords == 0)
        throw ArgumentError(
                "ShardWriter::addFrames: expected a subject before its frames, got none; call addSubject()");
    try {
        block.validate(subject);
    }
    catch (const ArgumentError& error) {
        throw ArgumentError(
                "ShardWriter::addFrames: record " + std::to_string(numRecords - 1) + ": " + error.what());
    }
    writeFrames(block);
}

void ShardWriter::add(const ShardRecord& record) {
    try {
        record.validate();
    }
    catch (const ArgumentError& error) {
        throw ArgumentError("ShardWriter::add: record " + std::to_string(numRecords) + ": " + error.what());
    }
    ShardSubject molecule;
    molecule.graph = record.graph;
    molecule.splitKey = record.flatSmiles;
    writeSubject(molecule);
    FrameBlock block;
    block.condition = record.condition;
    block.positions = record.positions;
    block.energies = record.energies;
    block.weights = record.weights;
    writeFrames(block);
}

} // namespace OrbitPlugin
