// SPDX-License-Identifier: MIT
// Makes the kernels of the CPU platform.
#ifndef OPENMM_ORBIT_CPUORBITKERNELFACTORY_H_
#define OPENMM_ORBIT_CPUORBITKERNELFACTORY_H_

#include "openmm/KernelFactory.h"

namespace OrbitPlugin {

class CpuOrbitKernelFactory : public OpenMM::KernelFactory {
public:
    OpenMM::KernelImpl* createKernelImpl(std::string name, const OpenMM::Platform& platform,
            OpenMM::ContextImpl& context) const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPUORBITKERNELFACTORY_H_
