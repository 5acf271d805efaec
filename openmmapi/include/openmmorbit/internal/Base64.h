// SPDX-License-Identifier: MIT
// Bytes as text: how weights and coordinates enter XML.
#ifndef OPENMM_ORBIT_BASE64_H_
#define OPENMM_ORBIT_BASE64_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Encode bytes as base64 (RFC 4648, padded, no line breaks). */
OPENMM_EXPORT_ORBIT std::string encodeBase64(const std::string& bytes);
/** Decode base64. @throws ArgumentError if the text is not base64 */
OPENMM_EXPORT_ORBIT std::string decodeBase64(const std::string& text);
/** Encode doubles bit by bit, least significant byte first. */
OPENMM_EXPORT_ORBIT std::string encodeDoubles(const std::vector<double>& values);
/** Decode what encodeDoubles() returned. @throws ArgumentError if the text holds no whole number of doubles */
OPENMM_EXPORT_ORBIT std::vector<double> decodeDoubles(const std::string& text);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BASE64_H_
