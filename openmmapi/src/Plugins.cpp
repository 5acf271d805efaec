// SPDX-License-Identifier: MIT
// Where the plugins lie: beside the libraries of the running program.
#include "openmmorbit/Plugins.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>

using namespace OpenMM;
namespace fs = std::filesystem;

namespace OrbitPlugin {

namespace {

/** Get the folder of the library that holds an address. */
fs::path getLibraryFolder(const void* address) {
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == nullptr)
        throw OpenMMException("loadPlugins: expected the path of a loaded library, got none");
    return fs::absolute(info.dli_fname).parent_path();
}

std::vector<std::string> findPlatforms() {
    std::vector<std::string> names;
    for (int i = 0; i < Platform::getNumPlatforms(); i++)
        if (Platform::getPlatform(i).supportsKernels({IntegrateOrbitDiffusionStepKernel::Name()}))
            names.push_back(Platform::getPlatform(i).getName());
    return names;
}

bool hasPlatform(const std::string& name) {
    for (int i = 0; i < Platform::getNumPlatforms(); i++)
        if (Platform::getPlatform(i).getName() == name)
            return true;
    return false;
}

void loadFolder(const fs::path& folder) {
    if (fs::is_directory(folder))
        Platform::loadPluginsFromDirectory(folder.string());
}

} // namespace

std::vector<std::string> loadPlugins() {
    if (!hasPlatform("CPU")) {
        const char* variable = std::getenv("OPENMM_PLUGIN_DIR");
        loadFolder(variable != nullptr ? fs::path(variable) :
                getLibraryFolder((const void*) &Platform::getNumPlatforms) / "plugins");
    }
    const fs::path own = getLibraryFolder((const void*) &loadPlugins).parent_path() / "plugins";
    if (findPlatforms().empty())
        loadFolder(own);
    const std::vector<std::string> names = findPlatforms();
    if (names.empty()) {
        std::string reasons;
        for (const std::string& failure : Platform::getPluginLoadFailures())
            reasons += "; " + failure;
        throw OpenMMException("loadPlugins: expected plugins in \"" + own.string() + "\", got none that work" +
                reasons);
    }
    return names;
}

} // namespace OrbitPlugin
