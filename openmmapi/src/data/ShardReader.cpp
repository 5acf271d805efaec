// SPDX-License-Identifier: MIT
// Reading of shards of both formats; the byte layout stands in docs/training.md.
#include "Crc32.h"
#include "ShardBytes.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Shard.h"
#include <algorithm>
#include <utility>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

const std::size_t SEARCH_SIZE = 1 << 16;

/** What every fault at the end of the file says. */
const std::string AT_THE_END = ": expected a complete record, got the end of the file";
/** Frames behind a subject that is lost. */
const std::string OTHER_SUBJECT =
        ": expected frames of this subject, got those of another one, whose record is missing; skipped them";

/** The frames of a record of format 1. */
FrameBlock takeBlock(ShardRecord& record) {
    FrameBlock block;
    block.condition = record.condition;
    block.positions = std::move(record.positions);
    block.energies = std::move(record.energies);
    block.weights = std::move(record.weights);
    return block;
}

/** Append the values of a block's list; all blocks must have it, or none. */
bool appendList(const std::vector<float>& values, bool isFirst, std::vector<float>& list) {
    if (!isFirst && values.empty() != list.empty())
        return false;
    list.insert(list.end(), values.begin(), values.end());
    return true;
}

} // namespace

ShardReader::ShardReader(const std::string& path) : path(path), file(path, std::ios::binary | std::ios::ate) {
    size = file ? (long long) file.tellg() : -1;
    if (size < 0)
        throw ArgumentError("ShardReader::ShardReader: expected a shard, got \"" + path + "\", which cannot be read");
    const std::string magic = readBytes(0, FIRST_MAGIC.size());
    format = magic == FIRST_MAGIC ? 1 : magic == SECOND_MAGIC ? 2 : 0;
    if (format == 0)
        throw ArgumentError("ShardReader::ShardReader: expected a shard that starts with \"" + FIRST_MAGIC +
                "\" or \"" + SECOND_MAGIC + "\", got \"" + path + "\"");
    offset = (long long) magic.size();
}

/** Read a part of the file; fewer bytes come back at its end. */
std::string ShardReader::readBytes(long long start, std::size_t count) {
    std::string bytes(count, '\0');
    file.clear();
    file.seekg(start);
    file.read(&bytes[0], (std::streamsize) count);
    bytes.resize(std::max<std::streamsize>(file.gcount(), 0));
    return bytes;
}

void ShardReader::complain(int index, const std::string& text) {
    messages.push_back("\"" + path + "\", record " + std::to_string(index) + text);
}

void ShardReader::complainOfSubject(const std::string& text) {
    complain(recordIndex - 1, ", " + subject.getLabel() + text);
}

/** Go on to the next bytes that begin a part. */
ShardReader::Part ShardReader::findPart() {
    const std::string& subjectMagic = format == 1 ? RECORD_MAGIC : SUBJECT_MAGIC;
    std::size_t blockSize = subjectMagic.size();
    for (long long place = offset; place < size;) {
        const std::string block = readBytes(place, blockSize + subjectMagic.size() - 1);
        const std::size_t found = block.find(subjectMagic),
                          frames = format == 1 ? std::string::npos : block.find(FRAMES_MAGIC);
        if (std::min(found, frames) != std::string::npos) {
            place += (long long) std::min(found, frames);
            if (place != offset)
                complain(recordIndex, ": expected the start of a record, got other bytes; skipped them");
            offset = place;
            return found < frames ? Part::Subject : Part::Frames;
        }
        place += (long long) blockSize;
        blockSize = SEARCH_SIZE;
    }
    if (offset < size)
        complain(recordIndex, ": expected the start of a record, got other bytes; skipped them");
    offset = size;
    return Part::None;
}

/** Take the current subject from its payload, with the frames if they are in the same record. */
void ShardReader::takeSubject(const std::string& body, std::size_t first) {
    const Unpacker unpacker{body, first, body.size()};
    if (format == 1) {
        ShardRecord record = unpackRecord(unpacker);
        record.validate();
        subject = ShardSubject();
        subject.graph = record.graph;
        subject.splitKey = record.flatSmiles;
        opened = takeBlock(record);
    }
    else {
        ShardSubject candidate = unpackSubject(unpacker);
        candidate.validate();
        subject = std::move(candidate);
    }
    isOpen = format == 1;
}

/**
 * Read the record of a subject that begins at a place. On success the offset is that of its end; otherwise it is where
 * the search for the next one begins, and what is wrong comes back.
 */
std::string ShardReader::parseSubject(long long start, ShardSubject& found) {
    const std::string& magic = format == 1 ? RECORD_MAGIC : SUBJECT_MAGIC;
    const long long place = start;
    const std::string bytes = readBytes(start, HEAD_SIZE);
    offset = start + (long long) magic.size();
    if (bytes.size() < HEAD_SIZE) {
        offset = size;
        return AT_THE_END;
    }
    PartHead head;
    if (!unpackHead(bytes, magic, head) || head.first > MAX_NAME)
        return ": expected an undamaged record head, got a wrong checksum; skipped it";
    start += (long long) HEAD_SIZE;
    offset = start;
    const bool complete = size - start >= (long long) head.first + head.second;
    const std::string body = readBytes(start, complete ? (std::size_t) head.first + head.second : head.first);
    const std::string label = (format == 1 ? ", molecule " : ", ") + body.substr(0, head.first);
    if (!complete || body.size() < (std::size_t) head.first + head.second)
        return label + AT_THE_END + "; skipped it";
    offset += head.first;
    if (crc32(body.data() + head.first, head.second) != head.checksum)
        return label + ": expected an undamaged record, got a wrong checksum; skipped it";
    offset += head.second;
    try {
        takeSubject(body, head.first);
    }
    catch (const ArgumentError& error) {
        return label + ": " + error.what() + "; skipped it";
    }
    subjectChecksum = head.checksum;
    recordOffset = place;
    blockIndex = 0;
    found = subject;
    return "";
}

/** Read the head of a block, as parseSubject() does that of a subject. The offset becomes that of the block's end. */
std::string ShardReader::parseHead(long long start, FrameBlockHead& head) {
    const std::string bytes = readBytes(start, HEAD_SIZE);
    offset = start + (long long) FRAMES_MAGIC.size();
    if (bytes.size() < HEAD_SIZE) {
        offset = size;
        return AT_THE_END;
    }
    PartHead sizes;
    if (!unpackHead(bytes, FRAMES_MAGIC, sizes))
        return ": expected an undamaged head of frames, got a wrong checksum; skipped them";
    start += (long long) HEAD_SIZE;
    offset = start;
    if (size - start < (long long) sizes.first + sizes.second) {
        offset = size;
        return ": expected a complete block of frames, got the end of the file; skipped it";
    }
    const std::string description = readBytes(start, sizes.first);
    if (crc32(description.data(), description.size()) != sizes.checksum)
        return ": expected an undamaged description of frames, got a wrong checksum; skipped them";
    head = FrameBlockHead();
    head.offset = start + sizes.first;
    offset = head.offset + sizes.second;
    try {
        if (unpackDescription(Unpacker{description, 0, description.size()}, head) != subjectChecksum)
            return OTHER_SUBJECT;
    }
    catch (const ArgumentError& error) {
        return std::string(": ") + error.what() + "; skipped them";
    }
    if (head.numPoints != subject.getNumPoints() ||
            head.numFrames * getFrameSize(head) + getTailSize(head) != (long long) sizes.second)
        return ": expected frames of " + std::to_string(subject.getNumPoints()) + " points, got others; skipped them";
    return "";
}

/** Skip the blocks that stand before the next subject. */
void ShardReader::skipBlocks() {
    if (format == 1)
        return;
    const std::size_t numMessages = messages.size();
    PartHead head;
    while (findPart() == Part::Frames) {
        const bool isSound = unpackHead(readBytes(offset, HEAD_SIZE), FRAMES_MAGIC, head);
        offset += isSound ? (long long) HEAD_SIZE + head.first + head.second : (long long) FRAMES_MAGIC.size();
        offset = std::min(offset, size);
    }
    if (messages.size() > numMessages)
        messages.resize(numMessages + 1);
}

bool ShardReader::nextSubject(ShardSubject& found) {
    skipBlocks();
    while (findPart() == Part::Subject) {
        const std::string fault = parseSubject(offset, found);
        if (fault.empty()) {
            recordIndex++;
            return true;
        }
        complain(recordIndex++, fault);
        skipBlocks();
    }
    return false;
}

void ShardReader::readSubject(long long place, ShardSubject& found) {
    const std::string fault = parseSubject(place, found);
    if (!fault.empty())
        throw ArgumentError("ShardReader::read: expected the record that begins at byte " + std::to_string(place) +
                " of \"" + path + "\"" + fault + "; the file was changed since it was opened first");
}

bool ShardReader::nextHead(FrameBlockHead& head) {
    if (format == 1) {
        head = FrameBlockHead();
        head.condition = opened.condition;
        head.numPoints = subject.getNumPoints();
        head.numFrames = opened.getNumFrames(head.numPoints);
        head.hasEnergies = !opened.energies.empty();
        head.hasWeights = !opened.weights.empty();
        head.offset = recordOffset;
        return std::exchange(isOpen, false);
    }
    while (findPart() == Part::Frames) {
        const std::string fault = parseHead(offset, head);
        const int index = blockIndex++;
        if (fault.empty())
            return true;
        complainOfSubject(", block " + std::to_string(index) + fault);
        if (fault == OTHER_SUBJECT) {
            skipBlocks();
            return false;
        }
    }
    return false;
}

void ShardReader::readBlock(const FrameBlockHead& head, FrameBlock& block) {
    if (format == 1) {
        if (head.offset != recordOffset) {
            ShardSubject ignored;
            readSubject(head.offset, ignored);
            isOpen = false;
        }
        block = opened;
        return;
    }
    auto refuse = [&](const std::string& what) {
        throw ArgumentError("ShardReader::readBlock: expected undamaged frames at byte " +
                std::to_string(head.offset) + " of \"" + path + "\", got " + what);
    };
    const std::size_t length = 3 * (std::size_t) head.numPoints, stride = (std::size_t) getFrameSize(head);
    const std::string bytes = readBytes(head.offset, head.numFrames * stride + (std::size_t) getTailSize(head));
    if (bytes.size() < head.numFrames * stride)
        refuse("the end of the file");
    FrameBlock found;
    found.condition = head.condition;
    found.temperature = head.temperature;
    found.series = head.series;
    found.positions.resize(head.numFrames * length);
    found.forces.resize(head.hasForces ? found.positions.size() : 0);
    for (int k = 0; k < head.numFrames; k++)
        if (!unpackFrame(bytes.data() + k * stride, head, found.positions.data() + k * length,
                    head.hasForces ? found.forces.data() + k * length : nullptr))
            refuse("a wrong checksum in frame " + std::to_string(k));
    if (!unpackTail(bytes.substr(head.numFrames * stride), head, found))
        refuse("a wrong checksum of energies and weights");
    block = std::move(found);
}

bool ShardReader::nextBlock(FrameBlock& block) {
    FrameBlockHead head;
    while (nextHead(head)) {
        try {
            FrameBlock found;
            readBlock(head, found);
            if (format != 1)
                found.validate(subject);
            block = std::move(found);
            return true;
        }
        catch (const ArgumentError& error) {
            complainOfSubject(", block " + std::to_string(blockIndex - 1) + ": " + error.what() + "; skipped it");
        }
    }
    return false;
}

std::vector<float> ShardReader::readFrame(const FrameBlockHead& head, int frame, std::vector<float>* forces) {
    if (frame < 0 || frame >= head.numFrames)
        throw ArgumentError("ShardReader::readFrame: expected a frame from 0 to " +
                std::to_string(head.numFrames - 1) + ", got " + std::to_string(frame));
    const std::size_t length = 3 * (std::size_t) head.numPoints;
    if (format == 1) {
        FrameBlock block;
        readBlock(head, block);
        if (forces != nullptr)
            *forces = block.forces;
        return {block.positions.begin() + frame * length, block.positions.begin() + (frame + 1) * length};
    }
    const std::size_t stride = (std::size_t) getFrameSize(head);
    const std::string bytes = readBytes(head.offset + frame * (long long) stride, stride);
    std::vector<float> positions(length), read(head.hasForces ? length : 0);
    if (bytes.size() < stride || !unpackFrame(bytes.data(), head, positions.data(), read.data()))
        throw ArgumentError("ShardReader::readFrame: expected an undamaged frame " + std::to_string(frame) +
                " at byte " + std::to_string(head.offset) + " of \"" + path +
                "\", got a wrong checksum; the file was changed since it was opened first");
    if (forces != nullptr)
        *forces = std::move(read);
    return positions;
}

std::vector<float> ShardReader::readWeights(const FrameBlockHead& head) {
    FrameBlock block;
    if (format == 1) {
        readBlock(head, block);
        return block.weights;
    }
    const std::string bytes = readBytes(
            head.offset + head.numFrames * getFrameSize(head), (std::size_t) getTailSize(head));
    if (!unpackTail(bytes, head, block))
        throw ArgumentError("ShardReader::readWeights: expected undamaged weights of the frames at byte " +
                std::to_string(head.offset) + " of \"" + path +
                "\", got a wrong checksum; the file was changed since it was opened first");
    return block.weights;
}

/** Make one record of all blocks of the current subject; what stands against it comes back. */
std::string ShardReader::joinBlocks(ShardRecord& record) {
    if (subject.kind != SubjectKind::Molecule || subject.pointsPerToken != 1)
        return ": expected a molecule with one point an atom, got another subject; skipped it";
    ShardRecord found;
    found.graph = subject.graph;
    found.flatSmiles = subject.splitKey;
    FrameBlock block;
    while (nextBlock(block)) {
        const bool isFirst = found.positions.empty();
        if (isFirst)
            found.condition = block.condition;
        if (block.condition != found.condition)
            return ": expected frames of one condition, got \"" + found.condition + "\" and \"" + block.condition +
                    "\"; skipped it";
        if (!appendList(block.energies, isFirst, found.energies) || !appendList(block.weights, isFirst, found.weights))
            return ": expected energies and weights of all frames or of none, got those of some; skipped it";
        found.positions.insert(found.positions.end(), block.positions.begin(), block.positions.end());
    }
    if (found.positions.empty())
        return ": expected frames, got none; skipped it";
    record = std::move(found);
    return "";
}

bool ShardReader::next(ShardRecord& record) {
    ShardSubject found;
    while (nextSubject(found)) {
        const std::string fault = joinBlocks(record);
        if (fault.empty())
            return true;
        complainOfSubject(fault);
    }
    return false;
}

void ShardReader::read(long long place, ShardRecord& record) {
    ShardSubject found;
    readSubject(place, found);
    const std::size_t numMessages = messages.size();
    const std::string fault = joinBlocks(record);
    messages.resize(numMessages);
    if (!fault.empty())
        throw ArgumentError("ShardReader::read: expected the molecule that begins at byte " + std::to_string(place) +
                " of \"" + path + "\"" + fault + "; the file was changed since it was opened first");
}

} // namespace OrbitPlugin
