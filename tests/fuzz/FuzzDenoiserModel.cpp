// SPDX-License-Identifier: MIT
// Model files. See README.md beside it.
#include "Fuzz.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/Sha256.h"

using namespace OrbitPlugin;

/** Put the checksum of the tensors into the header, so that what lies behind it is reached. */
static std::string repair(std::string bytes) {
    std::uint64_t size = 0;
    for (std::size_t k = 0; k < 8 && k < bytes.size(); k++)
        size |= (std::uint64_t) (unsigned char) bytes[k] << (8 * k);
    const std::string key = "\"sha256\":\"";
    const std::size_t place = bytes.find(key);
    if (bytes.size() < 8 || size > bytes.size() - 8 || place == std::string::npos || place + key.size() + 64 > 8 + size)
        return bytes;
    const char* tensors = bytes.data() + 8 + size;
    return bytes.replace(place + key.size(), 64, sha256(tensors, bytes.size() - 8 - size));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes((const char*) data, size);
    for (const std::string& input : {bytes, repair(bytes)})
        expectOnly<ArgumentError>([&] {
            const DenoiserModel model = DenoiserModel::fromBytes(input, "fuzz");
            model.validate();
            DenoiserModel::fromBytes(model.toBytes(TensorStorage::BFloat16));
        });
    return 0;
}
