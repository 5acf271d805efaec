// SPDX-License-Identifier: MIT
// Turns the settings of a TopologyGenerator into XML and back.
#ifndef OPENMM_ORBIT_TOPOLOGYGENERATORPROXY_H_
#define OPENMM_ORBIT_TOPOLOGYGENERATORPROXY_H_

#include "openmm/serialization/SerializationProxy.h"

namespace OrbitPlugin {

class TopologyGeneratorProxy : public OpenMM::SerializationProxy {
public:
    TopologyGeneratorProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYGENERATORPROXY_H_
