// SPDX-License-Identifier: MIT
// Turns the settings and molecules of an OrbitDiffusionIntegrator into XML and back.
#ifndef OPENMM_ORBIT_ORBITDIFFUSIONINTEGRATORPROXY_H_
#define OPENMM_ORBIT_ORBITDIFFUSIONINTEGRATORPROXY_H_

#include "openmm/serialization/SerializationProxy.h"

namespace OrbitPlugin {

class OrbitDiffusionIntegratorProxy : public OpenMM::SerializationProxy {
public:
    OrbitDiffusionIntegratorProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITDIFFUSIONINTEGRATORPROXY_H_
