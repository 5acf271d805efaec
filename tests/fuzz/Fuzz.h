// SPDX-License-Identifier: MIT
// What the fuzz targets share: inputs as files, records with right checksums, and the errors that are allowed.
#ifndef OPENMM_ORBIT_TESTS_FUZZ_H_
#define OPENMM_ORBIT_TESTS_FUZZ_H_

#include "../../openmmapi/src/data/Crc32.h"
#include "openmm/OpenMMException.h"
#include "openmmorbit/ArgumentError.h"
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

/** Call a function that may refuse its input with one kind of error; any other ends the fuzzer. */
template <class Error, class Call>
void expectOnly(const Call& call) {
    try {
        call();
    }
    catch (const Error&) {
        // A refusal is an answer.
    }
}

/** Write an input to a file of this process; returns its path. */
inline std::string writeInput(const std::string& bytes, const std::string& ending) {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("orbit-fuzz-" + std::to_string(getpid()) + ending);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path.string();
}

/** The bytes of a number of a shard. */
inline std::string packNumber(std::uint32_t value) {
    std::string text;
    for (int k = 0; k < 4; k++)
        text.push_back((char) (value >> (8 * k)));
    return text;
}

/** The head of a part of a shard, with its checksum. */
inline std::string packHead(
        const std::string& magic, std::size_t first, std::size_t second, const std::string& checked) {
    std::string head = magic + packNumber((std::uint32_t) first) + packNumber((std::uint32_t) second) +
        packNumber(OrbitPlugin::crc32(checked.data(), checked.size()));
    return head + packNumber(OrbitPlugin::crc32(head.data(), head.size()));
}

/** Append a record of a shard with right sizes and checksums. */
inline void addRecord(std::string& bytes, const std::string& magic, const std::string& payload) {
    bytes += packHead(magic, 0, payload.size(), payload) + payload;
}

/**
 * Append a block of frames to a shard. The input's first 64 bytes at most describe them, behind the checksum of their
 * subject; the others are cut into frames of one point, each with its checksum.
 */
inline void addFrames(std::string& bytes, const std::string& subject, const std::string& input) {
    const std::string description =
        packNumber(OrbitPlugin::crc32(subject.data(), subject.size())) + input.substr(0, 64);
    std::string data;
    for (std::size_t k = 64; k < input.size(); k += 12) {
        const std::string piece = input.substr(k, 12);
        data += piece + packNumber(OrbitPlugin::crc32(piece.data(), piece.size()));
    }
    bytes += packHead("FRAMES\r\n", description.size(), data.size(), description) + description + data;
}

#endif // OPENMM_ORBIT_TESTS_FUZZ_H_
