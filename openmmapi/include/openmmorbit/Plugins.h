// SPDX-License-Identifier: MIT
// Loading the plugins that a C++ program needs: OpenMM's platforms, and the denoising kernels for them.
#ifndef OPENMM_ORBIT_PLUGINS_H_
#define OPENMM_ORBIT_PLUGINS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/**
 * Load OpenMM's own plugins, then those of this package. Both are searched beside the libraries that the program uses,
 * so that no path is needed; the environment variable OPENMM_PLUGIN_DIR, if set, is the folder of OpenMM's plugins. A
 * second call does nothing. Plugins for devices that this machine lacks are left out
 * (OpenMM::Platform::getPluginLoadFailures() says why).
 *
 * @return the names of the platforms that conformers can be generated on
 * @throws OpenMMException if there is none, with the reasons
 */
OPENMM_EXPORT_ORBIT std::vector<std::string> loadPlugins();

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PLUGINS_H_
