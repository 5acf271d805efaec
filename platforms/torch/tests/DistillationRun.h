// SPDX-License-Identifier: MIT
// A small distillation for the tests of training runs.
#ifndef OPENMM_ORBIT_TORCH_TESTS_DISTILLATIONRUN_H_
#define OPENMM_ORBIT_TORCH_TESTS_DISTILLATIONRUN_H_

#include "TrainingRun.h"
#include "train/Distillation.h"

namespace testSupport {

/** A run that distils a random model into a sampler of two steps. */
class DistillationRunTest : public TrainingRunTest {
protected:
    DistillationRunTest() {
        OrbitPlugin::TrainingSettings settings = makeSettings("unused");
        settings.seed = 5;
        OrbitPlugin::torchimpl::createInitialModel(settings).save(path("teacher.safetensors"));
    }
    OrbitPlugin::TrainingSettings makeStudent(const std::string& output) const {
        OrbitPlugin::TrainingSettings settings = makeSettings(output);
        settings.initialModel = path("teacher.safetensors");
        settings.distillation.teacher = settings.initialModel;
        settings.distillation.sampler.method = OrbitPlugin::SamplerMethod::Euler;
        settings.distillation.sampler.numSteps = 2;
        settings.distillation.sampler.sigmaMin = 1;
        settings.distillation.teacherSteps = {3, 2};
        settings.distillation.repeats = 3;
        return settings;
    }
};

} // namespace testSupport

#endif // OPENMM_ORBIT_TORCH_TESTS_DISTILLATIONRUN_H_
