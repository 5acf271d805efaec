// SPDX-License-Identifier: MIT
// Makes the kernels of one platform: each plugin of ours registers it with its own function.
#ifndef OPENMM_ORBIT_HOSTKERNELFACTORY_H_
#define OPENMM_ORBIT_HOSTKERNELFACTORY_H_

#include "openmm/KernelFactory.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <memory>
#include <string>

namespace OrbitPlugin {

class HostKernelFactory : public OpenMM::KernelFactory {
public:
    /** Makes the denoising kernel of a Context. */
    typedef std::unique_ptr<IntegrateOrbitDiffusionStepKernel> (*Maker)(
            const std::string& name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context);
    explicit HostKernelFactory(Maker maker) : maker(maker) {
    }
    OpenMM::KernelImpl* createKernelImpl(
            std::string name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context) const override;
    /** Register a factory on the platform of a name, if there is one, and on no platform that derives from it. */
    static void registerOn(const std::string& platformName, Maker maker);
private:
    Maker maker;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_HOSTKERNELFACTORY_H_
