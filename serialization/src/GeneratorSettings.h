// SPDX-License-Identifier: MIT
// How the settings that all generators have stand in XML.
#ifndef OPENMM_ORBIT_GENERATORSETTINGS_H_
#define OPENMM_ORBIT_GENERATORSETTINGS_H_

#include "openmm/serialization/SerializationNode.h"
#include "openmmorbit/Generator.h"

namespace OrbitPlugin {

/**
 * Write a generator's settings and model; whether it inspects copies is left to its proxy.
 *
 * @throws OpenMMException if the model was not read from a file and is not to be embedded
 */
void writeGenerator(OpenMM::SerializationNode& node, const Generator& generator);
/** Read what writeGenerator() wrote, but for the model, with which a generator is created. */
void readGenerator(const OpenMM::SerializationNode& node, Generator& generator);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GENERATORSETTINGS_H_
