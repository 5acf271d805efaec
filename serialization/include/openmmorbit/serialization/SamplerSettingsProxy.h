// SPDX-License-Identifier: MIT
// Turns the SamplerSettings of a generation into XML and back.
#ifndef OPENMM_ORBIT_SAMPLERSETTINGSPROXY_H_
#define OPENMM_ORBIT_SAMPLERSETTINGSPROXY_H_

#include "openmm/serialization/SerializationProxy.h"

namespace OrbitPlugin {

class SamplerSettingsProxy : public OpenMM::SerializationProxy {
public:
    SamplerSettingsProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SAMPLERSETTINGSPROXY_H_
