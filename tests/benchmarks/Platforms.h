// SPDX-License-Identifier: MIT
// The platforms that the benchmarks run on: OpenMM's and our plugins, loaded when one is first asked for.
#ifndef OPENMM_ORBIT_BENCHMARKS_PLATFORMS_H_
#define OPENMM_ORBIT_BENCHMARKS_PLATFORMS_H_

#include "openmm/Platform.h"
#include <string>

namespace benchSupport {

/** Get a platform that is not built in, with our kernels on it; null if there is no device. */
inline OpenMM::Platform* findPlatform(const std::string& name) {
    static bool loaded = false;
    if (!loaded) {
        OpenMM::Platform::loadPluginsFromDirectory(ORBIT_OPENMM_PLUGIN_DIR);
        OpenMM::Platform::loadPluginsFromDirectory(ORBIT_TEST_PLUGIN_DIR);
        loaded = true;
    }
    for (int i = 0; i < OpenMM::Platform::getNumPlatforms(); i++)
        if (OpenMM::Platform::getPlatform(i).getName() == name)
            return &OpenMM::Platform::getPlatform(i);
    return nullptr;
}

} // namespace benchSupport

#endif // OPENMM_ORBIT_BENCHMARKS_PLATFORMS_H_
