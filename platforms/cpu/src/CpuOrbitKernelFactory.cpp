// SPDX-License-Identifier: MIT
// Registers the kernels on the platform named "CPU".
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "CpuPlatform.h"
#include "host/HostKernelFactory.h"
#include "openmmorbit/internal/windowsExportOrbit.h"

using namespace OrbitPlugin;

static std::unique_ptr<IntegrateOrbitDiffusionStepKernel> makeKernel(
        const std::string& name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context) {
    return std::make_unique<CpuIntegrateOrbitDiffusionStepKernel>(
            name, platform, OpenMM::CpuPlatform::getPlatformData(context).threads);
}

extern "C" OPENMM_EXPORT_ORBIT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT_ORBIT void registerKernelFactories() {
    HostKernelFactory::registerOn("CPU", makeKernel);
}
