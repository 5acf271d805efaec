// SPDX-License-Identifier: MIT
// Reading and writing the safetensors container; every number of a file is checked before it is used.
#include "Safetensors.h"
#include "JsonText.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

namespace OrbitPlugin {

using nlohmann::json;
using std::map;
using std::string;
using std::vector;

namespace {

const std::uint64_t MAX_HEADER_SIZE = 100000000;

[[noreturn]] void refuse(const string& origin, const string& expected, const string& got) {
    throw ArgumentError("DenoiserModel::load: expected " + expected + ", got " + got + " in \"" + origin +
        "\"; the file is damaged or no model file");
}

/** Read an unsigned JSON number, refusing anything else. */
std::uint64_t readSize(const json& value, const string& origin, const string& what) {
    if (!value.is_number_unsigned())
        refuse(origin, "a non-negative integer as " + what, value.type_name());
    return value.get<std::uint64_t>();
}

SafetensorsEntry readEntry(const string& name, const json& value, const SafetensorsHeader& header,
        const string& origin) {
    const string label = "tensor \"" + name + "\"";
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets"))
        refuse(origin, "dtype, shape and data_offsets for " + label, "something else");
    const json& dtype = value["dtype"];
    const json& shape = value["shape"];
    const json& offsets = value["data_offsets"];
    SafetensorsEntry entry;
    if (!dtype.is_string() || (dtype != "F32" && dtype != "BF16"))
        refuse(origin, "dtype F32 or BF16 for " + label, dtype.is_string() ? dtype.get<string>() : dtype.type_name());
    entry.bfloat16 = (dtype == "BF16");
    if (!shape.is_array() || shape.size() > 8)
        refuse(origin, "a shape of at most 8 dimensions for " + label, "something else");
    if (!offsets.is_array() || offsets.size() != 2)
        refuse(origin, "two data offsets for " + label, "something else");
    const std::uint64_t limit = std::numeric_limits<int>::max();
    std::uint64_t count = 1;
    for (const json& element : shape) {
        const std::uint64_t size = readSize(element, origin, "dimension of " + label);
        if (size > limit || count * size > limit)
            refuse(origin, "fewer than 2^31 elements in " + label, "a larger shape");
        count *= size;
        entry.shape.push_back((int) size);
    }
    const std::uint64_t begin = readSize(offsets[0], origin, "data offset of " + label);
    const std::uint64_t end = readSize(offsets[1], origin, "data offset of " + label);
    if (begin > end || end > header.dataSize)
        refuse(origin, "data offsets of " + label + " within " + std::to_string(header.dataSize) + " bytes",
            std::to_string(begin) + " to " + std::to_string(end));
    const std::uint64_t expectedSize = count * (entry.bfloat16 ? 2 : 4);
    if (end - begin != expectedSize)
        refuse(origin, std::to_string(expectedSize) + " bytes for " + label + " of shape " + formatShape(entry.shape),
            std::to_string(end - begin) + " bytes");
    entry.begin = begin;
    entry.end = end;
    return entry;
}

/** Check that the tensors cover the data block: no overlap, no hole, no trailing bytes. */
void checkCoverage(const SafetensorsHeader& header, const string& origin) {
    vector<std::pair<std::size_t, std::size_t>> ranges;
    for (const auto& entry : header.entries)
        ranges.push_back({entry.second.begin, entry.second.end});
    std::sort(ranges.begin(), ranges.end());
    std::size_t position = 0;
    for (const auto& range : ranges) {
        if (range.first != position)
            refuse(origin, "the next tensor at byte " + std::to_string(position) + " of the data block",
                "byte " + std::to_string(range.first) + (range.first < position ? " (overlap)" : " (hole)"));
        position = range.second;
    }
    if (position != header.dataSize)
        refuse(origin, std::to_string(position) + " bytes of tensors", std::to_string(header.dataSize) + " bytes");
}

std::uint32_t readWord(const char* bytes, int size) {
    std::uint32_t word = 0;
    for (int i = 0; i < size; i++)
        word |= (std::uint32_t) (unsigned char) bytes[i] << (8 * i);
    return word;
}

void writeWord(char* bytes, std::uint64_t word, int size) {
    for (int i = 0; i < size; i++)
        bytes[i] = (char) (unsigned char) (word >> (8 * i));
}

/** Round to BF16: nearest, ties to even; NaN stays NaN. */
std::uint32_t roundToBFloat16(std::uint32_t word) {
    if ((word & 0x7fffffffu) > 0x7f800000u)
        return (word >> 16) | 0x40u;
    return (word + 0x7fffu + ((word >> 16) & 1u)) >> 16;
}

} // namespace

string formatShape(const vector<int>& shape) {
    string text;
    for (int size : shape)
        text += "[" + std::to_string(size) + "]";
    return text.empty() ? "[]" : text;
}

SafetensorsHeader readSafetensors(const string& bytes, const string& origin) {
    if (bytes.size() < 8)
        refuse(origin, "at least 8 bytes", std::to_string(bytes.size()) + " bytes");
    const std::uint64_t headerSize = readWord(bytes.data(), 4) | (std::uint64_t) readWord(bytes.data() + 4, 4) << 32;
    if (headerSize > MAX_HEADER_SIZE || headerSize > bytes.size() - 8)
        refuse(origin, "a header of at most " + std::to_string(std::min<std::uint64_t>(MAX_HEADER_SIZE,
            bytes.size() - 8)) + " bytes", std::to_string(headerSize) + " bytes");
    SafetensorsHeader header;
    header.data = bytes.data() + 8 + headerSize;
    header.dataSize = bytes.size() - 8 - headerSize;
    const json root = parseJson(bytes.data() + 8, bytes.data() + 8 + headerSize);
    if (!root.is_object())
        refuse(origin, "a JSON object as header", root.is_discarded() ? "no JSON" : root.type_name());
    for (const auto& item : root.items()) {
        if (item.key() != "__metadata__") {
            header.entries[item.key()] = readEntry(item.key(), item.value(), header, origin);
            continue;
        }
        if (!item.value().is_object())
            refuse(origin, "an object as __metadata__", item.value().type_name());
        for (const auto& text : item.value().items()) {
            if (!text.value().is_string())
                refuse(origin, "a text as metadata \"" + text.key() + "\"", text.value().type_name());
            header.metadata[text.key()] = text.value().get<string>();
        }
    }
    checkCoverage(header, origin);
    return header;
}

ModelTensor readTensor(const SafetensorsHeader& header, const SafetensorsEntry& entry) {
    ModelTensor tensor;
    tensor.shape = entry.shape;
    tensor.values.resize((entry.end - entry.begin) / (entry.bfloat16 ? 2 : 4));
    const char* source = header.data + entry.begin;
    for (float& value : tensor.values) {
        const std::uint32_t word = entry.bfloat16 ? readWord(source, 2) << 16 : readWord(source, 4);
        std::memcpy(&value, &word, sizeof(word));
        source += entry.bfloat16 ? 2 : 4;
    }
    return tensor;
}

string packTensors(const map<string, ModelTensor>& tensors, TensorStorage storage,
        map<string, SafetensorsEntry>& entries) {
    string data;
    for (bool bfloat16 : {false, true})
        for (const auto& item : tensors) {
            const ModelTensor& tensor = item.second;
            if ((storage == TensorStorage::BFloat16 && tensor.shape.size() > 1) != bfloat16)
                continue;
            SafetensorsEntry& entry = entries[item.first];
            entry.bfloat16 = bfloat16;
            entry.shape = tensor.shape;
            const int size = bfloat16 ? 2 : 4;
            entry.begin = data.size();
            entry.end = entry.begin + size * tensor.values.size();
            data.resize(entry.end);
            for (std::size_t i = 0; i < tensor.values.size(); i++) {
                std::uint32_t word;
                std::memcpy(&word, &tensor.values[i], sizeof(word));
                writeWord(&data[entry.begin + size * i], bfloat16 ? roundToBFloat16(word) : word, size);
            }
        }
    return data;
}

string writeSafetensors(const map<string, string>& metadata, const map<string, SafetensorsEntry>& entries,
        const string& data) {
    json root = json::object();
    root["__metadata__"] = metadata;
    for (const auto& item : entries) {
        json& value = root[item.first];
        value["dtype"] = item.second.bfloat16 ? "BF16" : "F32";
        value["shape"] = item.second.shape;
        value["data_offsets"] = {item.second.begin, item.second.end};
    }
    string header;
    try {
        header = root.dump();
    }
    catch (const json::exception& error) {
        throw ArgumentError(string("DenoiserModel::save: expected metadata in UTF-8, got ") + error.what());
    }
    header.append((8 - header.size() % 8) % 8, ' ');
    string bytes(8, '\0');
    writeWord(&bytes[0], header.size(), 8);
    return bytes + header + data;
}

} // namespace OrbitPlugin
