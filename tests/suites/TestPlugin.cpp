// SPDX-License-Identifier: MIT
// The plugins as a program meets them: they load without failure, and each platform runs its own kernel.
#include "Options.h"
#include "Systems.h"
#include "openmm/Context.h"
#include "openmm/OpenMMException.h"
#include "openmm/VerletIntegrator.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <gtest/gtest.h>
#include <string>

using namespace testSupport;

TEST(Plugin, loadsWithoutFailure) {
    // Plugins of GPUs need their drivers; all others must load.

    for (const std::string& failure : OpenMM::Platform::getPluginLoadFailures())
        EXPECT_TRUE(failure.find("libOpenMMOrbitCUDA") != std::string::npos ||
            failure.find("libOpenMMOrbitHIP") != std::string::npos ||
            (failure.find("libOpenMMOrbitOpenCL") != std::string::npos && platformName() != "OpenCL")) << failure;
    EXPECT_EQ(platform().getName(), platformName());
    EXPECT_TRUE(platform().supportsKernels({OrbitPlugin::IntegrateOrbitDiffusionStepKernel::Name()}));
}

TEST(Plugin, runsThePlatformsOwnKernel) {
    // Reference plugins of others register on CPU too, since it derives from Reference; ours must not.

    OrbitPlugin::PairBiasTransformerSettings settings;
    settings.width = 16;
    settings.numHeads = 2;
    settings.numLayers = 1;
    OrbitPlugin::ConformerGenerator generator(OrbitPlugin::DenoiserModel::createRandom(settings, 1));
    generator.setPlatformName(platformName());
    const std::string description = generator.getKernelDescription();
    EXPECT_EQ(description.substr(0, platformName().size()), platformName()) << description;
}

TEST(Plugin, refusesAPlatformThatDoesNotExist) {
    OrbitPlugin::ConformerGenerator generator(OrbitPlugin::DenoiserModel::createRandom({}, 1));
    try {
        generator.setPlatformName("Abacus");
        generator.getKernelDescription();
        FAIL() << "expected an exception";
    }
    catch (const OpenMM::OpenMMException& error) {
        EXPECT_NE(std::string(error.what()).find("Abacus"), std::string::npos) << error.what();
    }
}

TEST(Plugin, leavesOrdinarySimulationsAlone) {
    const auto system = makeSystem(3);
    OpenMM::VerletIntegrator integrator(0.001);
    OpenMM::Context context(*system, integrator, platform());
    context.setPositions(std::vector<OpenMM::Vec3>(3, OpenMM::Vec3(1, 2, 3)));
    integrator.step(2);
    EXPECT_EQ(context.getStepCount(), 2);

    // Reading waits for the device: PoCL compiles when a kernel runs, and must not do so while the program ends.

    const std::vector<OpenMM::Vec3> positions = context.getState(OpenMM::State::Positions).getPositions();
    EXPECT_EQ(positions.at(2), OpenMM::Vec3(1, 2, 3));
}
