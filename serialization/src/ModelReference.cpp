// SPDX-License-Identifier: MIT
// How a model stands in XML: by path and checksum, or embedded.
#include "ModelReference.h"
#include "openmm/OpenMMException.h"
#include "openmmorbit/internal/Base64.h"
#include <cstdint>
#include <cstring>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

// BF16 halves the text; it is used if it loses nothing.

TensorStorage chooseStorage(const DenoiserModel& model) {
    for (const std::string& name : model.getTensorNames())
        for (float value : model.getTensor(name).values) {
            std::uint32_t bits;
            std::memcpy(&bits, &value, 4);
            if ((bits & 0xffff) != 0)
                return TensorStorage::Float32;
        }
    return TensorStorage::BFloat16;
}

} // namespace

void writeModel(SerializationNode& node, const DenoiserModel& model, bool embed) {
    SerializationNode& child = node.createChildNode("Model");
    child.setStringProperty("path", model.getPath());
    if (embed) {
        std::string bytes = model.toBytes(chooseStorage(model));
        child.setStringProperty("sha256", DenoiserModel::fromBytes(bytes).getChecksum());
        child.setStringProperty("data", encodeBase64(bytes));
        return;
    }
    if (model.getPath().empty())
        throw OpenMMException("XmlSerializer::serialize: expected a model that was read from a file, got one without a "
                              "path; call setEmbedModel(true) or save the model and load it");
    child.setStringProperty("sha256", model.getChecksum());
}

DenoiserModel readModel(const SerializationNode& node) {
    const SerializationNode& child = node.getChildNode("Model");
    const std::string path = child.getStringProperty("path"), expected = child.getStringProperty("sha256");
    DenoiserModel model = child.hasProperty("data") ?
            DenoiserModel::fromBytes(decodeBase64(child.getStringProperty("data")), "XML") : DenoiserModel::load(path);
    if (model.getChecksum() != expected)
        throw OpenMMException("XmlSerializer::deserialize: expected the model \"" + path + "\" with SHA-256 " +
                expected + ", got " + model.getChecksum() + "; the file has changed since the XML was written");
    return model;
}

void checkVersion(const SerializationNode& node, const std::string& typeName, int newest) {
    int version = node.getIntProperty("version");
    if (version < 1 || version > newest)
        throw OpenMMException("XmlSerializer::deserialize: expected a " + typeName + " of version 1 to " +
                              std::to_string(newest) + ", got version " + std::to_string(version) +
                              "; read it with the version of OpenMM-Orbit that wrote it");
}

} // namespace OrbitPlugin
