// SPDX-License-Identifier: MIT
// How the settings that all generators have stand in XML.
#include "GeneratorSettings.h"
#include "ModelReference.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

void writeGenerator(SerializationNode& node, const Generator& generator) {
    node.setStringProperty("platform", generator.getPlatformName());
    node.setIntProperty("threads", generator.getNumThreads());
    node.setIntProperty("maxRedraws", generator.getMaxRedraws());
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

void readGenerator(const SerializationNode& node, Generator& generator) {
    generator.setPlatformName(node.getStringProperty("platform"));
    generator.setNumThreads(node.getIntProperty("threads"));

    // Files of earlier versions have the former name, and no time limit.

    const bool isNamed = node.hasProperty("maxRedraws");
    generator.setMaxRedraws(node.getIntProperty(isNamed ? "maxRedraws" : "maxResamplings"));
    generator.setTimeLimit(node.getDoubleProperty("timeLimit", generator.getTimeLimit()));
    generator.setReturnFailed(node.getBoolProperty("returnFailed"));
    generator.setCondition(node.getStringProperty("condition"));
    generator.setEmbedModel(node.getBoolProperty("embedModel"));
    std::map<std::string, std::string> properties;
    for (const SerializationNode& child : node.getChildNode("PlatformProperties").getChildren())
        properties[child.getStringProperty("name")] = child.getStringProperty("value");
    generator.setPlatformProperties(properties);
    std::unique_ptr<SamplerSettings> sampler(node.getChildNode("Sampler").decodeObject<SamplerSettings>());
    generator.setSamplerSettings(*sampler);
}

} // namespace OrbitPlugin
