// SPDX-License-Identifier: MIT
// Turns the settings of a ConformerGenerator into XML and back.
#include "openmmorbit/serialization/ConformerGeneratorProxy.h"
#include "ModelReference.h"
#include "openmmorbit/ConformerGenerator.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

ConformerGeneratorProxy::ConformerGeneratorProxy() : SerializationProxy("OrbitConformerGenerator") {
}

void ConformerGeneratorProxy::serialize(const void* object, SerializationNode& node) const {
    const ConformerGenerator& generator = *static_cast<const ConformerGenerator*>(object);
    node.setIntProperty("version", 2);
    node.setStringProperty("platform", generator.getPlatformName());
    node.setIntProperty("threads", generator.getNumThreads());
    node.setIntProperty("maxRedraws", generator.getMaxRedraws());
    node.setBoolProperty("checkConformers", generator.getCheckConformers());
    node.setDoubleProperty("timeLimit", generator.getTimeLimit());
    node.setBoolProperty("returnFailed", generator.getReturnFailed());
    node.setStringProperty("condition", generator.getCondition());
    node.setBoolProperty("embedModel", generator.getEmbedModel());
    SerializationNode& properties = node.createChildNode("PlatformProperties");
    for (const auto& [name, value] : generator.getPlatformProperties())
        properties.createChildNode("Property").setStringProperty("name", name).setStringProperty("value", value);
    node.createChildNode("Sampler", &generator.getSamplerSettings());
    writeModel(node, generator.getModel(), generator.getEmbedModel());
}

void* ConformerGeneratorProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, getTypeName(), 2);
    auto generator = std::make_unique<ConformerGenerator>(readModel(node));
    generator->setPlatformName(node.getStringProperty("platform"));
    generator->setNumThreads(node.getIntProperty("threads"));

    // Files of earlier versions have the former name.

    const bool isNamed = node.hasProperty("maxRedraws");
    generator->setMaxRedraws(node.getIntProperty(isNamed ? "maxRedraws" : "maxResamplings"));
    generator->setCheckConformers(node.getBoolProperty("checkConformers"));
    generator->setReturnFailed(node.getBoolProperty("returnFailed"));
    generator->setTimeLimit(node.getDoubleProperty("timeLimit", generator->getTimeLimit()));
    generator->setCondition(node.getStringProperty("condition"));
    generator->setEmbedModel(node.getBoolProperty("embedModel"));
    std::map<std::string, std::string> properties;
    for (const SerializationNode& child : node.getChildNode("PlatformProperties").getChildren())
        properties[child.getStringProperty("name")] = child.getStringProperty("value");
    generator->setPlatformProperties(properties);
    std::unique_ptr<SamplerSettings> sampler(node.getChildNode("Sampler").decodeObject<SamplerSettings>());
    generator->setSamplerSettings(*sampler);

    // The caller takes ownership.

    return generator.release();
}

} // namespace OrbitPlugin
