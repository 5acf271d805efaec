// SPDX-License-Identifier: MIT
// The states of one system as a job of the generation loop.
#ifndef OPENMM_ORBIT_TOPOLOGYJOB_H_
#define OPENMM_ORBIT_TOPOLOGYJOB_H_

#include "EnsembleJob.h"

namespace OrbitPlugin {

/** Describes the system that a model was trained for, and inspects its states. */
class TopologyJob : public EnsembleJob {
public:
    /** Ask for states. Settings and model must outlive the job. */
    TopologyJob(int numStates, const GenerationSettings& settings, const DenoiserModel& model);
    TokenInputs describe() const override;
protected:
    Inspector makeInspector() const override;
    bool isReflected() const override;
    std::string describeCopies() const override;
};

/** Whether a model knows no hand, so that a state with the wrong one is replaced by its mirror image. */
bool areStatesReflected(const DenoiserModel& model);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYJOB_H_
