// SPDX-License-Identifier: MIT
// The CRC-32 of zlib and PNG, to recognise damaged records.
#ifndef OPENMM_ORBIT_CRC32_H_
#define OPENMM_ORBIT_CRC32_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace OrbitPlugin {

typedef std::array<std::array<std::uint32_t, 256>, 8> Crc32Tables;

/** Tables for eight bytes at a time: table k is the remainder of a byte that is followed by k zero bytes. */
inline Crc32Tables makeCrc32Tables() {
    Crc32Tables tables{};
    for (std::uint32_t i = 0; i < 256; i++) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = (value & 1) ? 0xEDB88320u ^ (value >> 1) : value >> 1;
        tables[0][i] = value;
    }
    for (int k = 1; k < 8; k++)
        for (int i = 0; i < 256; i++)
            tables[k][i] = tables[0][tables[k - 1][i] & 0xFF] ^ (tables[k - 1][i] >> 8);
    return tables;
}

/** Compute the CRC-32 (polynomial 0xEDB88320, reflected) of some bytes. Source: ISO 3309. */
inline std::uint32_t crc32(const char* data, std::size_t size) {
    static const Crc32Tables tables = makeCrc32Tables();
    const auto* bytes = (const unsigned char*) data;
    auto load = [](const unsigned char* p) {
        return p[0] | (std::uint32_t) p[1] << 8 | (std::uint32_t) p[2] << 16 | (std::uint32_t) p[3] << 24;
    };
    std::uint32_t crc = 0xFFFFFFFFu;
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        const std::uint32_t low = crc ^ load(bytes + i), high = load(bytes + i + 4);
        crc = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^
                tables[4][low >> 24] ^ tables[3][high & 0xFF] ^ tables[2][(high >> 8) & 0xFF] ^
                tables[1][(high >> 16) & 0xFF] ^ tables[0][high >> 24];
    }
    for (; i < size; i++)
        crc = tables[0][(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
    return crc ^ 0xFFFFFFFFu;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CRC32_H_
