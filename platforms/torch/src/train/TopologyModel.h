// SPDX-License-Identifier: MIT
// The start of a model of one system.
#ifndef OPENMM_ORBIT_TORCH_TOPOLOGYMODEL_H_
#define OPENMM_ORBIT_TORCH_TOPOLOGYMODEL_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/TrainingSettings.h"

namespace OrbitPlugin {
namespace torchimpl {

/** Find the system that the training shards hold; it has no atoms if they hold molecules. @throws ArgumentError */
TopologySubject findTopology(const TrainingSettings& settings);

/** Get a system with the geometry of its training frames, of at most 10,000 of them. @throws ArgumentError */
TopologySubject gatherGeometry(const TrainingSettings& settings, const TopologySubject& topology);

/**
 * Create a model of a system with random weights. It knows the geometry of training frames, of at most 10,000 of them.
 *
 * @throws ArgumentError if there is no frame for training
 */
DenoiserModel createTopologyModel(const TrainingSettings& settings, const TopologySubject& topology);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_TOPOLOGYMODEL_H_
