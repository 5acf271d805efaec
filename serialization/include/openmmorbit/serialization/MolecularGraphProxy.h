// SPDX-License-Identifier: MIT
// Turns a MolecularGraph into XML and back.
#ifndef OPENMM_ORBIT_MOLECULARGRAPHPROXY_H_
#define OPENMM_ORBIT_MOLECULARGRAPHPROXY_H_

#include "openmm/serialization/SerializationProxy.h"

namespace OrbitPlugin {

class MolecularGraphProxy : public OpenMM::SerializationProxy {
public:
    MolecularGraphProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULARGRAPHPROXY_H_
