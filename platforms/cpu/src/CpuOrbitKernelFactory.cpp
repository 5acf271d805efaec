// SPDX-License-Identifier: MIT
// Registers the kernels on the platform named "CPU".
#include "CpuOrbitKernelFactory.h"
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "CpuPlatform.h"
#include "openmm/OpenMMException.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <memory>

using namespace OpenMM;
using namespace OrbitPlugin;

extern "C" OPENMM_EXPORT_ORBIT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT_ORBIT void registerKernelFactories() {
    for (int i = 0; i < Platform::getNumPlatforms(); i++) {
        Platform& platform = Platform::getPlatform(i);
        if (platform.getName() == "CPU")
            // OpenMM's Platform owns the factory from here on.
            platform.registerKernelFactory(IntegrateOrbitDiffusionStepKernel::Name(),
                std::make_unique<CpuOrbitKernelFactory>().release());
    }
}

KernelImpl* CpuOrbitKernelFactory::createKernelImpl(std::string name, const Platform& platform,
        ContextImpl& context) const {
    if (name == IntegrateOrbitDiffusionStepKernel::Name())
        // OpenMM's Kernel owns the implementation from here on.
        return std::make_unique<CpuIntegrateOrbitDiffusionStepKernel>(name, platform,
            CpuPlatform::getPlatformData(context).threads).release();
    throw OpenMMException("CpuOrbitKernelFactory::createKernelImpl: expected the name of a kernel of this plugin, "
        "got \"" + name + "\"");
}
