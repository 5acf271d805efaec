// SPDX-License-Identifier: MIT
// How a model stands in XML: by path and checksum, or embedded.
#ifndef OPENMM_ORBIT_MODELREFERENCE_H_
#define OPENMM_ORBIT_MODELREFERENCE_H_

#include "openmm/serialization/SerializationNode.h"
#include "openmmorbit/DenoiserModel.h"
#include <string>

namespace OrbitPlugin {

/**
 * Write a child node "Model".
 *
 * @throws OpenMMException if the model was not read from a file and is not to be embedded
 */
void writeModel(OpenMM::SerializationNode& node, const DenoiserModel& model, bool embed);
/**
 * Read what writeModel() wrote, from the embedded bytes or the file at the path.
 *
 * @throws OpenMMException if the file is not the one that was referred to
 */
DenoiserModel readModel(const OpenMM::SerializationNode& node);
/** Refuse XML of a newer version. */
void checkVersion(const OpenMM::SerializationNode& node, const std::string& typeName, int newest);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MODELREFERENCE_H_
