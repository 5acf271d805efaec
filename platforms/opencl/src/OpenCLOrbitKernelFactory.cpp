// SPDX-License-Identifier: MIT
// Registers the common kernels on the platform named "OpenCL", if there is one.
#include "OpenCLContext.h"
#include "OpenCLPlatform.h"
#include "CommonIntegrateOrbitDiffusionStepKernel.h"
#include "host/HostKernelFactory.h"
#include "openmmorbit/internal/windowsExportOrbit.h"

using namespace OrbitPlugin;

static std::unique_ptr<IntegrateOrbitDiffusionStepKernel> makeKernel(
        const std::string& name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context) {
    auto* data = static_cast<OpenMM::OpenCLPlatform::PlatformData*>(context.getPlatformData());
    return std::make_unique<CommonIntegrateOrbitDiffusionStepKernel>(name, platform, *data->contexts[0]);
}

extern "C" OPENMM_EXPORT_ORBIT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT_ORBIT void registerKernelFactories() {
    HostKernelFactory::registerOn("OpenCL", makeKernel);
}
