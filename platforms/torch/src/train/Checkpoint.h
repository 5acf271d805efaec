// SPDX-License-Identifier: MIT
// Checkpoints of a training run: written beside the old one, then renamed, so that one complete file always exists.
#ifndef OPENMM_ORBIT_TORCH_CHECKPOINT_H_
#define OPENMM_ORBIT_TORCH_CHECKPOINT_H_

#include "../Stages.h"
#include "BatchSampler.h"
#include <string>

namespace OrbitPlugin {
namespace torchimpl {

/** Everything that is needed to go on exactly. */
struct Checkpoint {
    std::string identity;           ///< what must not change between the parts of a run
    long long numSteps = 0, numSamples = 0, numSkipped = 0;
    double minutes = 0;             ///< wall time of all parts
    double loss = 0;                ///< mean of the last steps
    BatchPosition position;         ///< next batch
    NamedTensors tensors;           ///< Optimizer::getState()
};

/** @throws OpenMMException if the file cannot be written */
void saveCheckpoint(const std::string& path, const Checkpoint& checkpoint);
/** @throws ArgumentError naming the file if it is truncated or damaged */
Checkpoint loadCheckpoint(const std::string& path);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_CHECKPOINT_H_
