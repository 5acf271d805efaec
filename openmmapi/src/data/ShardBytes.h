// SPDX-License-Identifier: MIT
// The bytes of shards: numbers, texts and lists, the heads of records, subjects; the layout stands in docs/training.md.
#ifndef OPENMM_ORBIT_DATA_SHARDBYTES_H_
#define OPENMM_ORBIT_DATA_SHARDBYTES_H_

#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Shard.h"
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace OrbitPlugin {

const std::string FIRST_MAGIC = "ORBSHRD1", SECOND_MAGIC = "ORBSHRD2";
const std::string RECORD_MAGIC = "RECORD\r\n", SUBJECT_MAGIC = "SUBJECT\n", FRAMES_MAGIC = "FRAMES\r\n";
const std::size_t HEAD_SIZE = 24;
const std::uint32_t MAX_NAME = 4096;

/** Write floats as little-endian bytes. */
inline void storeFloats(const float* values, std::size_t count, char* bytes) {
    for (std::size_t i = 0; i < count; i++) {
        std::uint32_t bits;
        std::memcpy(&bits, values + i, 4);
        for (int k = 0; k < 4; k++)
            bytes[4 * i + k] = (char) ((bits >> (8 * k)) & 0xFF);
    }
}

/** The reverse of storeFloats(). */
inline void loadFloats(const char* bytes, std::size_t count, float* values) {
    for (std::size_t i = 0; i < count; i++) {
        std::uint32_t bits = 0;
        for (int k = 0; k < 4; k++)
            bits |= (std::uint32_t) (unsigned char) bytes[4 * i + k] << (8 * k);
        std::memcpy(values + i, &bits, 4);
    }
}

/** Little-endian bytes of values, appended to a string. */
struct Packer {
    std::string bytes;

    void number(std::uint32_t value) {
        for (int k = 0; k < 4; k++)
            bytes.push_back((char) ((value >> (8 * k)) & 0xFF));
    }
    void text(const std::string& value) {
        number((std::uint32_t) value.size());
        bytes += value;
    }
    void real(double value) {
        std::uint64_t bits;
        std::memcpy(&bits, &value, 8);
        number((std::uint32_t) bits);
        number((std::uint32_t) (bits >> 32));
    }
    /** Values without their number. */
    void floats(const float* values, std::size_t count) {
        const std::size_t start = bytes.size();
        bytes.resize(start + 4 * count);
        storeFloats(values, count, &bytes[start]);
    }
    void indices(const std::vector<int>& values) {
        number((std::uint32_t) values.size());
        for (int value : values)
            number((std::uint32_t) value);
    }
};

/** The reverse of Packer; every read is bounds-checked. */
struct Unpacker {
    const std::string& bytes;
    std::size_t offset, end;

    std::size_t need(std::size_t size) {
        if (size > end - offset)
            throw ArgumentError("ShardReader::next: expected a complete record, got one that ends early");
        std::size_t start = offset;
        offset += size;
        return start;
    }
    std::uint32_t number() {
        std::size_t start = need(4);
        std::uint32_t value = 0;
        for (int k = 0; k < 4; k++)
            value |= (std::uint32_t) (unsigned char) bytes[start + k] << (8 * k);
        return value;
    }
    int count(std::size_t elementSize) {
        std::uint32_t value = number();
        if (value > (end - offset) / elementSize)
            throw ArgumentError("ShardReader::next: expected a complete record, got one that ends early");
        return (int) value;
    }
    std::string text() {
        std::size_t size = count(1);
        return bytes.substr(need(size), size);
    }
    double real() {
        std::uint64_t bits = number();
        bits |= (std::uint64_t) number() << 32;
        double value;
        std::memcpy(&value, &bits, 8);
        return value;
    }
    /** Values behind their number. */
    std::vector<float> floats() {
        std::vector<float> values(count(4));
        loadFloats(bytes.data() + need(4 * values.size()), values.size(), values.data());
        return values;
    }
    std::vector<int> indices() {
        std::vector<int> values(count(4));
        for (int& value : values)
            value = (int) number();
        return values;
    }
};

/** What follows the magic word of a record. */
struct PartHead {
    std::uint32_t first = 0, second = 0;    ///< sizes of the two parts behind the head
    std::uint32_t checksum = 0;             ///< of one of them
};

/** Get the bytes of a head, with its own checksum. */
std::string packHead(const std::string& magic, const PartHead& head);
/** Read a head. Returns false if it is damaged or has another magic word. */
bool unpackHead(const std::string& bytes, const std::string& magic, PartHead& head);

/** Get the payload of a subject. */
std::string packSubject(const ShardSubject& subject);
/** Read the payload of a subject. @throws ArgumentError if it ends early, or is of an unknown kind */
ShardSubject unpackSubject(Unpacker unpacker);
/** Read the payload of a record of format 1. @throws ArgumentError if it ends early */
ShardRecord unpackRecord(Unpacker unpacker);

/** Get the number of bytes of one frame: positions, forces if there are any, and a checksum. */
inline long long getFrameSize(int numPoints, bool hasForces) {
    return 12LL * numPoints * (hasForces ? 2 : 1) + 4;
}
inline long long getFrameSize(const FrameBlockHead& head) {
    return getFrameSize(head.numPoints, head.hasForces);
}
/** Get the number of bytes behind the frames of a block: energies, weights and a checksum, if there are any. */
inline long long getTailSize(const FrameBlockHead& head) {
    const int numLists = head.hasEnergies + head.hasWeights;
    return numLists > 0 ? 4LL * numLists * head.numFrames + 4 : 0;
}
/** Get the bytes of a block: head, description and frames. @param checksum   of the subject's payload */
std::string packBlock(const FrameBlock& block, int numPoints, std::uint32_t checksum);
/** Read the description of a block, and return the checksum of its subject. @throws ArgumentError if it ends early */
std::uint32_t unpackDescription(Unpacker unpacker, FrameBlockHead& head);
/** Read the positions of one frame, and its forces if there are any. Returns false if it is damaged. */
bool unpackFrame(const char* bytes, const FrameBlockHead& head, float* positions, float* forces);
/** Read what stands behind the frames. Returns false if it is damaged. */
bool unpackTail(const std::string& bytes, const FrameBlockHead& head, FrameBlock& block);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_DATA_SHARDBYTES_H_
