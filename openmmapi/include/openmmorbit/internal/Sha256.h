// SPDX-License-Identifier: MIT
// SHA-256, by which model files are recognised and their corruption is found.
#ifndef OPENMM_ORBIT_SHA256_H_
#define OPENMM_ORBIT_SHA256_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <cstddef>
#include <string>

namespace OrbitPlugin {

/** Get the SHA-256 of a block of bytes as 64 lower-case hex digits. Source: FIPS 180-4, section 6.2. */
OPENMM_EXPORT_ORBIT std::string sha256(const char* data, std::size_t size);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SHA256_H_
