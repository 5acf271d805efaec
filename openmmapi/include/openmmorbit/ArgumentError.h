// SPDX-License-Identifier: MIT
// The exception for values that the caller can correct.
#ifndef OPENMM_ORBIT_ARGUMENTERROR_H_
#define OPENMM_ORBIT_ARGUMENTERROR_H_

#include "openmm/OpenMMException.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>

namespace OrbitPlugin {

/**
 * Thrown when an argument is wrong. The text reads "Class::method: expected <what>, got <value>; <what to do>".
 * Python sees it as ValueError.
 */
class OPENMM_EXPORT_ORBIT ArgumentError : public OpenMM::OpenMMException {
public:
    explicit ArgumentError(const std::string& message) : OpenMM::OpenMMException(message) {
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ARGUMENTERROR_H_
