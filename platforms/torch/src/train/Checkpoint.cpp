// SPDX-License-Identifier: MIT
// The checkpoint file: a magic word, a JSON header with its size, the tensors as 32-bit floats, and a checksum.
#include "Checkpoint.h"
#include "../../../../openmmapi/src/data/Crc32.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/WriteFault.h"
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

using at::Tensor;
using nlohmann::json;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const std::string MAGIC = "ORBTRN01";

} // namespace

void saveCheckpoint(const std::string& path, const Checkpoint& checkpoint) {
    json header = {{"identity", checkpoint.identity}, {"numSteps", checkpoint.numSteps},
            {"numSamples", checkpoint.numSamples}, {"numSkipped", checkpoint.numSkipped},
            {"minutes", checkpoint.minutes}, {"loss", checkpoint.loss}, {"pool", checkpoint.position.pool},
            {"batch", checkpoint.position.batch}, {"repeat", checkpoint.position.repeat}, {"tensors", json::array()}};
    std::string data;
    for (const auto& [name, tensor] : checkpoint.tensors) {
        Tensor source = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
        header["tensors"].push_back({{"name", name}, {"shape", source.sizes().vec()}});
        data.append((const char*) source.data_ptr<float>(), source.numel() * sizeof(float));
    }
    std::string text = header.dump();
    std::uint64_t size = text.size();
    std::uint32_t checksum = crc32(data.data(), data.size());
    std::string temporary = path + ".new";
    {
        errno = 0;
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file << MAGIC;
        file.write((const char*) &size, sizeof(size));
        file << text;
        file.write((const char*) &checksum, sizeof(checksum));
        file << data;
        file.close();
        if (!file) {
            const std::string words = describeWriteFault(temporary, data.size(), errno);
            std::error_code ignored;
            std::filesystem::remove(temporary, ignored);
            throw OpenMM::OpenMMException("saveCheckpoint: " + words);
        }
    }
    std::filesystem::rename(temporary, path);
}

Checkpoint loadCheckpoint(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream buffer;
    buffer << file.rdbuf();
    std::string bytes = buffer.str();
    std::uint64_t size = 0;
    std::uint32_t checksum = 0;
    std::size_t start = MAGIC.size() + sizeof(size);
    auto damaged = [&](const std::string& what) {
        return ArgumentError("loadCheckpoint: expected a complete checkpoint, got \"" + path + "\" with " + what +
                "; remove the file to start again");
    };
    if (bytes.size() < start || bytes.compare(0, MAGIC.size(), MAGIC) != 0)
        throw damaged("a foreign start");
    std::memcpy(&size, bytes.data() + MAGIC.size(), sizeof(size));
    if (bytes.size() < start + sizeof(checksum) || size > bytes.size() - start - sizeof(checksum))
        throw damaged("a truncated header");
    json header = json::parse(bytes.substr(start, size), nullptr, false);
    if (header.is_discarded())
        throw damaged("a damaged header");
    start += size;
    std::memcpy(&checksum, bytes.data() + start, sizeof(checksum));
    start += sizeof(checksum);
    if (crc32(bytes.data() + start, bytes.size() - start) != checksum)
        throw damaged("a wrong checksum");
    Checkpoint checkpoint;
    checkpoint.identity = header.at("identity");
    checkpoint.numSteps = header.at("numSteps");
    checkpoint.numSamples = header.at("numSamples");
    checkpoint.numSkipped = header.value("numSkipped", 0LL);
    checkpoint.minutes = header.at("minutes");
    checkpoint.loss = header.value("loss", 0.0);
    checkpoint.position = {header.at("pool"), header.at("batch"), header.value("repeat", std::int64_t(0))};
    for (const json& entry : header.at("tensors")) {
        Tensor tensor = at::empty(entry.at("shape").get<std::vector<int64_t>>(), at::kFloat);
        std::size_t length = tensor.numel() * sizeof(float);
        if (bytes.size() - start < length)
            throw damaged("missing tensors");
        std::memcpy(tensor.data_ptr<float>(), bytes.data() + start, length);
        start += length;
        checkpoint.tensors[entry.at("name")] = tensor;
    }
    return checkpoint;
}

} // namespace torchimpl
} // namespace OrbitPlugin
