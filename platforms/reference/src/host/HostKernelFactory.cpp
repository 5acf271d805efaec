// SPDX-License-Identifier: MIT
// Registers a platform's kernels by the name of the platform.
#include "HostKernelFactory.h"
#include "openmm/OpenMMException.h"

using namespace OpenMM;
using namespace OrbitPlugin;

void HostKernelFactory::registerOn(const std::string& platformName, Maker maker) {
    for (int i = 0; i < Platform::getNumPlatforms(); i++) {
        Platform& platform = Platform::getPlatform(i);
        if (platform.getName() == platformName)
            // OpenMM's Platform owns the factory from here on.
            platform.registerKernelFactory(
                    IntegrateOrbitDiffusionStepKernel::Name(), std::make_unique<HostKernelFactory>(maker).release());
    }
}

KernelImpl* HostKernelFactory::createKernelImpl(
        std::string name, const Platform& platform, ContextImpl& context) const {
    if (name == IntegrateOrbitDiffusionStepKernel::Name())
        // OpenMM's Kernel owns the implementation from here on.
        return maker(name, platform, context).release();
    throw OpenMMException("HostKernelFactory::createKernelImpl: expected the name of a kernel of this plugin, got \"" +
            name + "\"");
}
