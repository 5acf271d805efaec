// SPDX-License-Identifier: MIT
// Loading the plugins that a C++ program needs: OpenMM's platforms, and the denoising kernels for them.
#ifndef OPENMM_ORBIT_PLUGINS_H_
#define OPENMM_ORBIT_PLUGINS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/**
 * Load OpenMM's own plugins, then those of this package. Both are looked for beside the libraries that this program
 * runs with, so that no path is needed; the environment variable OPENMM_PLUGIN_DIR, if set, names OpenMM's. What is
 * loaded already stays as it is: a second call does nothing. Plugins of devices that are not there are left out
 * (OpenMM::Platform::getPluginLoadFailures() says why).
 *
 * @return the names of the platforms that conformers can be generated on
 * @throws OpenMMException if there is none, with the reasons
 */
OPENMM_EXPORT_ORBIT std::vector<std::string> loadPlugins();

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PLUGINS_H_
