// SPDX-License-Identifier: MIT
// SHA-256 as FIPS 180-4 defines it.
#include "openmmorbit/internal/Sha256.h"
#include <array>
#include <cstdint>
#include <cstring>

namespace OrbitPlugin {

namespace {

const std::uint32_t ROUND_CONSTANTS[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t rotateRight(std::uint32_t word, int bits) {
    return (word >> bits) | (word << (32 - bits));
}

void addBlock(std::array<std::uint32_t, 8>& hash, const unsigned char* block) {
    std::uint32_t schedule[64];
    for (int i = 0; i < 16; i++)
        schedule[i] = (std::uint32_t) block[4 * i] << 24 | (std::uint32_t) block[4 * i + 1] << 16 |
            (std::uint32_t) block[4 * i + 2] << 8 | (std::uint32_t) block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        const std::uint32_t a = schedule[i - 15], b = schedule[i - 2];
        schedule[i] = schedule[i - 16] + (rotateRight(a, 7) ^ rotateRight(a, 18) ^ (a >> 3)) + schedule[i - 7] +
            (rotateRight(b, 17) ^ rotateRight(b, 19) ^ (b >> 10));
    }
    std::array<std::uint32_t, 8> s = hash;
#pragma GCC unroll 64
    for (int i = 0; i < 64; i++) {
        const std::uint32_t sum1 = rotateRight(s[4], 6) ^ rotateRight(s[4], 11) ^ rotateRight(s[4], 25);
        const std::uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        const std::uint32_t first = s[7] + sum1 + choice + ROUND_CONSTANTS[i] + schedule[i];
        const std::uint32_t sum0 = rotateRight(s[0], 2) ^ rotateRight(s[0], 13) ^ rotateRight(s[0], 22);
        const std::uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        s = {first + sum0 + majority, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
    }
    for (int i = 0; i < 8; i++)
        hash[i] += s[i];
}

} // namespace

std::string sha256(const char* data, std::size_t size) {
    std::array<std::uint32_t, 8> hash = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const std::size_t numBlocks = size / 64, rest = size - 64 * numBlocks;
    for (std::size_t i = 0; i < numBlocks; i++)
        addBlock(hash, reinterpret_cast<const unsigned char*>(data) + 64 * i);

    // The last one or two blocks: the rest, a one bit, zeros, and the length in bits.

    unsigned char tail[128] = {};
    if (rest > 0)
        std::memcpy(tail, data + 64 * numBlocks, rest);
    tail[rest] = 0x80;
    const std::size_t tailSize = rest < 56 ? 64 : 128;
    const std::uint64_t bits = (std::uint64_t) size * 8;
    for (int i = 0; i < 8; i++)
        tail[tailSize - 1 - i] = (unsigned char) (bits >> (8 * i));
    for (std::size_t offset = 0; offset < tailSize; offset += 64)
        addBlock(hash, tail + offset);

    std::string digits;
    for (std::uint32_t word : hash)
        for (int shift = 28; shift >= 0; shift -= 4)
            digits += "0123456789abcdef"[(word >> shift) & 15];
    return digits;
}

} // namespace OrbitPlugin
