// SPDX-License-Identifier: MIT
// The main function of every test binary: reads the options and loads the plugins as a user's program would.
#include "Options.h"
#include "openmm/Platform.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

using OpenMM::Platform;

/** Read one option of the form --name=value. */
static bool readOption(const std::string& argument, const std::string& name, std::string& value) {
    const std::string start = "--"+name+"=";
    if (argument.compare(0, start.size(), start) != 0)
        return false;
    value = argument.substr(start.size());
    return true;
}

// What ctest takes for "skipped".
static const int SKIPPED = 77;

static bool isGpuPlatform(const std::string& name) {
    return name == "OpenCL" || name == "CUDA" || name == "HIP";
}

/** Whether a plugin that could not be loaded is that of a GPU platform other than the one under test. */
static bool concernsOtherGpu(const std::string& failure, const std::string& name) {
    for (const std::string other : {"OpenCL", "CUDA", "HIP"})
        if (other != name && failure.find("libOpenMMOrbit"+other+".") != std::string::npos)
            return true;
    return false;
}

/** Whether a platform is missing because this machine has no driver or device for it; all else is a fault. */
static bool lacksDevice(const std::string& platform, const std::string& failure) {
    return isGpuPlatform(platform) && (failure.find("cannot open shared object file") != std::string::npos ||
        failure.find("OpenMM has no platform") == 0);
}

/** The precisions of a platform, its default first. */
static std::vector<std::string> getPrecisions(const std::string& platform) {
    if (isGpuPlatform(platform))
        return {"single", "mixed", "double", "tf32"};
    if (platform == "CPU")
        return {"single", "bfloat16"};
    return {"double"};
}

/** Tell the kernels of the CPU platform their precision; false if this processor lacks it. */
static bool chooseCpuPrecision(const std::string& precision) {
    setenv("ORBIT_CPU_PRECISION", precision == "bfloat16" ? "bf16" : precision.c_str(), 1);
#if defined(__x86_64__)
    return precision != "bfloat16" || __builtin_cpu_supports("avx512bf16");
#else
    return precision != "bfloat16";
#endif
}

/** Load OpenMM's platform and our plugins. Returns an empty text, or what went wrong. */
static std::string loadPlugins(const std::string& name) {
    // OpenMM's own library of the platform; Reference is built in.

    if (name != "Reference")
        Platform::loadPluginLibrary(std::string(ORBIT_OPENMM_PLUGIN_DIR)+"/libOpenMM"+name+".so");

    // All of ours, from the build tree.

    Platform::loadPluginsFromDirectory(ORBIT_TEST_PLUGIN_DIR);
    for (const std::string& failure : Platform::getPluginLoadFailures())
        if (!concernsOtherGpu(failure, name))
            return failure;
    for (int i = 0; i < Platform::getNumPlatforms(); i++)
        if (Platform::getPlatform(i).getName() == name)
            return "";
    return "OpenMM has no platform \""+name+"\"";
}

int main(int argc, char* argv[]) {
    testing::InitGoogleTest(&argc, argv);
    testSupport::Options& options = testSupport::options();
    std::string precision;
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        if (!readOption(argument, "platform", options.platform) && !readOption(argument, "precision", precision) &&
                !readOption(argument, "data", options.data)) {
            std::cerr << "Main: expected --platform=NAME, --precision=bfloat16|tf32|single|mixed|double or "
                      << "--data=FOLDER, got \"" << argument << "\"\n";
            return 2;
        }
    }
    const std::vector<std::string> known = getPrecisions(testSupport::platformName());
    if (precision.empty())
        precision = known.front();
    if (std::find(known.begin(), known.end(), precision) == known.end()) {
        std::cerr << "Main: expected a --precision of platform " << testSupport::platformName() << ", got \""
                  << precision << "\"\n";
        return 2;
    }
    if (testSupport::platformName() == "CPU" && !chooseCpuPrecision(precision)) {
        std::cerr << "Main: skipped, this processor has no BF16\n";
        return SKIPPED;
    }
    options.precision = precision;
    if (!options.platform.empty()) {
        try {
            const std::string fault = loadPlugins(options.platform);
            if (!fault.empty()) {
                std::cerr << "Main: the plugins could not be loaded: " << fault << "\n";
                return lacksDevice(options.platform, fault) ? SKIPPED : 2;
            }
            if (isGpuPlatform(options.platform)) {
                // Every Context of the tests has this precision.

                const bool tf32 = precision == "tf32";
                if (tf32)
                    setenv("ORBIT_GPU_PRODUCTS", "tf32", 1);
                const std::string ofContext = tf32 ? "single" : precision;
                Platform& platform = testSupport::platform();
                platform.setPropertyDefaultValue("Precision", ofContext);
                if (ofContext != "single" && !platform.supportsDoublePrecision()) {
                    std::cerr << "Main: skipped, the device has no double precision\n";
                    return SKIPPED;
                }
            }
        }
        catch (const std::exception& error) {
            std::cerr << "Main: the plugins could not be loaded: " << error.what() << "\n";
            return lacksDevice(options.platform, error.what()) ? SKIPPED : 2;
        }
    }
    return RUN_ALL_TESTS();
}
