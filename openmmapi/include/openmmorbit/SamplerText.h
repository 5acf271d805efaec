// SPDX-License-Identifier: MIT
// The sampler as JSON text: metadata "sampler" of model files, and "sampler" in the settings of a training run.
#ifndef OPENMM_ORBIT_SAMPLERTEXT_H_
#define OPENMM_ORBIT_SAMPLERTEXT_H_

#include "openmmorbit/SamplerSettings.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Get the settings as a JSON object; names are those of the members, enums are words. */
OPENMM_EXPORT_ORBIT std::string formatSampler(const SamplerSettings& settings);

/**
 * Read what formatSampler() wrote. Members that are missing have their defaults.
 *
 * @param text    the JSON object
 * @param where   start of every message, up to "expected"
 * @throws ArgumentError if the text is no JSON object, for unknown members, and for values out of range
 */
OPENMM_EXPORT_ORBIT SamplerSettings parseSampler(const std::string& text, const std::string& where);

/**
 * Get the words that a member may have, in the order of its enum; none for a number.
 *
 * @param name    name of a member, as formatSampler() writes it
 * @throws ArgumentError for another name
 */
OPENMM_EXPORT_ORBIT std::vector<std::string> getSamplerWords(const std::string& name);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SAMPLERTEXT_H_
