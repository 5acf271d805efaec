// SPDX-License-Identifier: MIT
// The start of a model of backbones.
#ifndef OPENMM_ORBIT_TORCH_BACKBONEMODEL_H_
#define OPENMM_ORBIT_TORCH_BACKBONEMODEL_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/TrainingSettings.h"

namespace OrbitPlugin {
namespace torchimpl {

/** Whether the training shards hold backbones: the kind of the first subject decides. @throws ArgumentError */
bool haveBackbones(const TrainingSettings& settings);

/**
 * Create a model of backbones with random weights. It knows the geometry of the backbones of all training shards.
 *
 * @throws ArgumentError if there is no backbone for training
 */
DenoiserModel createBackboneModel(const TrainingSettings& settings);

/** Tell an initial model of the sizes and distances of the training backbones: it may generate such ones too. */
void widenBackbones(const TrainingSettings& settings, DenoiserModel& model);

/** Change settings to those that suit backbones; see TrainingSettings::suggest(). */
void suggestForBackbones(TrainingSettings& settings);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_BACKBONEMODEL_H_
