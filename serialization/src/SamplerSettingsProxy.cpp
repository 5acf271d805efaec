// SPDX-License-Identifier: MIT
// Turns the SamplerSettings of a generation into XML and back.
#include "openmmorbit/serialization/SamplerSettingsProxy.h"
#include "ModelReference.h"
#include "openmmorbit/SamplerSettings.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

SamplerSettingsProxy::SamplerSettingsProxy() : SerializationProxy("OrbitSamplerSettings") {
}

void SamplerSettingsProxy::serialize(const void* object, SerializationNode& node) const {
    const SamplerSettings& settings = *static_cast<const SamplerSettings*>(object);
    node.setIntProperty("version", 5);
    node.setIntProperty("method", (int) settings.method);
    node.setIntProperty("schedule", (int) settings.schedule);
    node.setIntProperty("numSteps", settings.numSteps);
    node.setDoubleProperty("sigmaMax", settings.sigmaMax);
    node.setDoubleProperty("sigmaMin", settings.sigmaMin);
    node.setDoubleProperty("rho", settings.rho);
    node.setDoubleProperty("renewal", settings.renewal);
    node.setIntProperty("renewalRule", (int) settings.renewalRule);
    node.setDoubleProperty("noiseScale", settings.noiseScale);
    node.setDoubleProperty("stereoGuidance", settings.stereoGuidance);
    node.setDoubleProperty("guidanceScale", settings.guidanceScale);
}

void* SamplerSettingsProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, getTypeName(), 5);
    auto settings = std::make_unique<SamplerSettings>();
    settings->method = (SamplerMethod) node.getIntProperty("method");
    settings->schedule = (NoiseSchedule) node.getIntProperty("schedule");
    settings->numSteps = node.getIntProperty("numSteps");
    settings->sigmaMax = node.getDoubleProperty("sigmaMax");
    settings->sigmaMin = node.getDoubleProperty("sigmaMin");
    settings->rho = node.getDoubleProperty("rho");

    // Version 1 knew the probability-flow ODE only, version 2 no stereo guidance, version 3 neither rates nor a noise
    // scale, version 4 no classifier-free guidance.

    settings->renewal = node.getDoubleProperty("renewal", 0.0);
    settings->renewalRule = (RenewalRule) node.getIntProperty("renewalRule", 0);
    settings->noiseScale = node.getDoubleProperty("noiseScale", 1.0);
    settings->stereoGuidance = node.getDoubleProperty("stereoGuidance", 0.0);
    settings->guidanceScale = node.getDoubleProperty("guidanceScale", 1.0);
    settings->validate();

    // The caller takes ownership.

    return settings.release();
}

} // namespace OrbitPlugin
