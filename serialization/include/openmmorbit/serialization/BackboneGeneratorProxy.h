// SPDX-License-Identifier: MIT
// Turns the settings of a BackboneGenerator into XML and back.
#ifndef OPENMM_ORBIT_BACKBONEGENERATORPROXY_H_
#define OPENMM_ORBIT_BACKBONEGENERATORPROXY_H_

#include "openmm/serialization/SerializationProxy.h"

namespace OrbitPlugin {

class BackboneGeneratorProxy : public OpenMM::SerializationProxy {
public:
    BackboneGeneratorProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONEGENERATORPROXY_H_
