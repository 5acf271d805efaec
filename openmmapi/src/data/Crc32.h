// SPDX-License-Identifier: MIT
// The CRC-32 of zlib and PNG, to recognise damaged records.
#ifndef OPENMM_ORBIT_CRC32_H_
#define OPENMM_ORBIT_CRC32_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace OrbitPlugin {

/** Compute the CRC-32 (polynomial 0xEDB88320, reflected) of some bytes. Source: ISO 3309. */
inline std::uint32_t crc32(const char* data, std::size_t size) {
    static const std::array<std::uint32_t, 256> table = [] {
        std::array<std::uint32_t, 256> values{};
        for (std::uint32_t i = 0; i < 256; i++) {
            std::uint32_t value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value & 1) ? 0xEDB88320u ^ (value >> 1) : value >> 1;
            values[i] = value;
        }
        return values;
    }();
    std::uint32_t crc = 0xFFFFFFFFu;
    for (std::size_t i = 0; i < size; i++)
        crc = table[(crc ^ (unsigned char) data[i]) & 0xFF] ^ (crc >> 8);
    return crc ^ 0xFFFFFFFFu;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CRC32_H_
