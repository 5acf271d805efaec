// SPDX-License-Identifier: MIT
// Turns the settings of a ConformerGenerator into XML and back.
#ifndef OPENMM_ORBIT_CONFORMERGENERATORPROXY_H_
#define OPENMM_ORBIT_CONFORMERGENERATORPROXY_H_

#include "openmm/serialization/SerializationProxy.h"

namespace OrbitPlugin {

class ConformerGeneratorProxy : public OpenMM::SerializationProxy {
public:
    ConformerGeneratorProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERGENERATORPROXY_H_
