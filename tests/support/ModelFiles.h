// SPDX-License-Identifier: MIT
// A small model file, and how tests change its header or its data.
#ifndef OPENMM_ORBIT_TESTS_MODELFILES_H_
#define OPENMM_ORBIT_TESTS_MODELFILES_H_

#include "openmmorbit/DenoiserModel.h"
#include <nlohmann/json.hpp>
#include <cstdint>
#include <string>

namespace testSupport {

/** The smallest network: its file is a few kilobytes long. */
inline OrbitPlugin::DenoiserModel makeTinyModel() {
    OrbitPlugin::PairBiasTransformerSettings settings;
    settings.width = 2;
    settings.numLayers = 1;
    settings.numHeads = 1;
    settings.transitionFactor = 1;
    settings.pairWidth = 2;
    settings.numRadial = 2;
    settings.conditionWidth = 2;
    settings.numFrequencies = 2;
    OrbitPlugin::DenoiserModel model = OrbitPlugin::DenoiserModel::createRandom(settings, 11);
    model.setMetadata("name", "tiny \"quoted\" \xc3\xa5ngstr\xc3\xb6m");
    return model;
}

inline std::uint64_t getHeaderSize(const std::string& bytes) {
    std::uint64_t size = 0;
    for (int i = 0; i < 8; i++)
        size |= (std::uint64_t) (unsigned char) bytes[i] << (8 * i);
    return size;
}

/** Take a file apart, change its header or data, and put it together again. */
template <class Change>
std::string change(const std::string& bytes, Change&& apply) {
    const std::uint64_t size = getHeaderSize(bytes);
    nlohmann::json header = nlohmann::json::parse(bytes.substr(8, size));
    std::string data = bytes.substr(8 + size);
    apply(header, data);
    const std::string text = header.dump();
    std::string result;
    for (int i = 0; i < 8; i++)
        result.push_back((char) (text.size() >> (8 * i)));
    return result + text + data;
}

/** Change a text of the metadata that is itself JSON. */
template <class Change>
auto changeMetadata(const std::string& key, Change apply) {
    return [=](nlohmann::json& header, std::string&) {
        nlohmann::json value = nlohmann::json::parse(header["__metadata__"][key].get<std::string>());
        apply(value);
        header["__metadata__"][key] = value.dump();
    };
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_MODELFILES_H_
