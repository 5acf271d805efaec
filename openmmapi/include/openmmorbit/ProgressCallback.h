// SPDX-License-Identifier: MIT
// A callback by which a long generation reports its progress, and can be stopped.
#ifndef OPENMM_ORBIT_PROGRESSCALLBACK_H_
#define OPENMM_ORBIT_PROGRESSCALLBACK_H_

#include "openmm/OpenMMException.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>

namespace OrbitPlugin {

/** Derive from this class to follow, or to stop, a generation. It is called by the thread that called generate(). */
class OPENMM_EXPORT_ORBIT ProgressCallback {
public:
    virtual ~ProgressCallback() = default;
    /**
     * Called before the first step and after every step of a generation.
     *
     * @param numFinished   copies of the current call that are finished (accepted or given up)
     * @param numCopies     copies that the current call asks for
     * @param fraction      finished part of the current attempt of the remaining copies, 0 to 1
     * @return false to stop: the call then throws GenerationStopped
     */
    virtual bool report(int numFinished, int numCopies, double fraction) = 0;
};

/** Thrown when a ProgressCallback stopped a generation. */
class OPENMM_EXPORT_ORBIT GenerationStopped : public OpenMM::OpenMMException {
public:
    explicit GenerationStopped(const std::string& message) : OpenMM::OpenMMException(message) {
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PROGRESSCALLBACK_H_
