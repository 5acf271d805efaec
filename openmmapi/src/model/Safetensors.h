// SPDX-License-Identifier: MIT
// The safetensors container: a JSON header that places named tensors in one block of bytes.
#ifndef OPENMM_ORBIT_SAFETENSORS_H_
#define OPENMM_ORBIT_SAFETENSORS_H_

#include "openmmorbit/DenoiserModel.h"
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Where one tensor lies in the data block. */
struct SafetensorsEntry {
    bool bfloat16 = false;      ///< BF16, otherwise F32
    std::vector<int> shape;
    std::size_t begin = 0;      ///< first byte, counted from the start of the data block
    std::size_t end = 0;        ///< one past the last byte
};

/** The header of a file whose sizes, offsets and types have been checked; data points into the caller's bytes. */
struct SafetensorsHeader {
    std::map<std::string, std::string> metadata;
    std::map<std::string, SafetensorsEntry> entries;
    const char* data = nullptr;
    std::size_t dataSize = 0;
};

/** Format a shape as "[192][64]"; a scalar is "[]". */
std::string formatShape(const std::vector<int>& shape);

/**
 * Read and check a header.
 *
 * @param bytes    the whole file; must outlive the result
 * @param origin   the file's name for messages
 * @throws ArgumentError for anything that is not a complete safetensors file of F32 and BF16 tensors
 */
SafetensorsHeader readSafetensors(const std::string& bytes, const std::string& origin);

/** Convert the bytes of one tensor of a checked header to 32-bit floats. */
ModelTensor readTensor(const SafetensorsHeader& header, const SafetensorsEntry& entry);

/**
 * Build the data block of a file. BFloat16 applies to tensors of two and more dimensions; vectors stay F32.
 *
 * @param tensors   the tensors by name
 * @param storage   how they are stored
 * @param entries   output: where each tensor lies
 */
std::string packTensors(const std::map<std::string, ModelTensor>& tensors, TensorStorage storage,
        std::map<std::string, SafetensorsEntry>& entries);

/** Build a whole file from metadata, entries and the data block. */
std::string writeSafetensors(const std::map<std::string, std::string>& metadata,
        const std::map<std::string, SafetensorsEntry>& entries, const std::string& data);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SAFETENSORS_H_
