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

/** Append a record of a shard with right sizes and checksums. */
inline void addRecord(std::string& bytes, const std::string& payload) {
    auto number = [](std::uint32_t value) {
        std::string text;
        for (int k = 0; k < 4; k++)
            text.push_back((char) (value >> (8 * k)));
        return text;
    };
    std::string head = "RECORD\r\n" + number(0) + number((std::uint32_t) payload.size()) +
        number(OrbitPlugin::crc32(payload.data(), payload.size()));
    head += number(OrbitPlugin::crc32(head.data(), head.size()));
    bytes += head + payload;
}

#endif // OPENMM_ORBIT_TESTS_FUZZ_H_
