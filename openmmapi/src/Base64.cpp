// SPDX-License-Identifier: MIT
// Bytes as text: how weights and coordinates enter XML.
#include "openmmorbit/internal/Base64.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace OrbitPlugin {

namespace {

const std::string DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::array<int, 256> makeValues() {
    std::array<int, 256> values;
    values.fill(-1);
    for (int i = 0; i < 64; i++)
        values[(unsigned char) DIGITS[i]] = i;
    return values;
}

} // namespace

std::string encodeBase64(const std::string& bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::size_t available = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t word = 0;
        for (std::size_t j = 0; j < 3; j++)
            word = word << 8 | (j < available ? (unsigned char) bytes[i + j] : 0u);
        for (std::size_t j = 0; j < 4; j++)
            text += j <= available ? DIGITS[word >> (18 - 6 * j) & 63] : '=';
    }
    return text;
}

std::string decodeBase64(const std::string& text) {
    static const std::array<int, 256> values = makeValues();
    if (text.size() % 4 != 0)
        throw ArgumentError("decodeBase64: expected a multiple of 4 characters, got " + std::to_string(text.size()));
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        bool last = i + 4 == text.size();
        int padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
        std::uint32_t word = 0;
        for (int j = 0; j < 4; j++) {
            int value = j >= 4 - padding ? 0 : values[(unsigned char) text[i + j]];
            if (value < 0)
                throw ArgumentError("decodeBase64: expected base64 digits, got another character at position " +
                                    std::to_string(i + j));
            word = word << 6 | (std::uint32_t) value;
        }
        for (int j = 0; j < 3 - padding; j++)
            bytes += (char) (word >> (16 - 8 * j) & 255);
    }
    return bytes;
}

std::string encodeDoubles(const std::vector<double>& values) {
    std::string bytes;
    bytes.reserve(8 * values.size());
    for (double value : values) {
        std::uint64_t bits;
        std::memcpy(&bits, &value, 8);
        for (int i = 0; i < 8; i++)
            bytes += (char) (bits >> (8 * i) & 255);
    }
    return encodeBase64(bytes);
}

std::vector<double> decodeDoubles(const std::string& text) {
    std::string bytes = decodeBase64(text);
    if (bytes.size() % 8 != 0)
        throw ArgumentError("decodeDoubles: expected a multiple of 8 bytes, got " + std::to_string(bytes.size()));
    std::vector<double> values(bytes.size() / 8);
    for (std::size_t k = 0; k < values.size(); k++) {
        std::uint64_t bits = 0;
        for (int i = 0; i < 8; i++)
            bits |= (std::uint64_t) (unsigned char) bytes[8 * k + i] << (8 * i);
        std::memcpy(&values[k], &bits, 8);
    }
    return values;
}

} // namespace OrbitPlugin
