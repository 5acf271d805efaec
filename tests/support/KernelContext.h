// SPDX-License-Identifier: MIT
// A Context that gives tests the denoising kernel of the platform under test.
#ifndef OPENMM_ORBIT_TESTS_KERNELCONTEXT_H_
#define OPENMM_ORBIT_TESTS_KERNELCONTEXT_H_

#include "Options.h"
#include "Systems.h"
#include "openmm/Context.h"
#include "openmm/Integrator.h"
#include "openmm/System.h"
#include "openmm/internal/ContextImpl.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <memory>
#include <string>
#include <vector>

namespace testSupport {

/** An Integrator that creates the kernel and does nothing else. */
class KernelIntegrator : public OpenMM::Integrator {
public:
    explicit KernelIntegrator(const OrbitPlugin::DenoiserModel& model) : model(model) {
        setStepSize(0.0);
        setConstraintTolerance(1e-5);
    }
    void step(int steps) override {
    }
    OpenMM::ContextImpl& getContext() {
        return *context;
    }
    OrbitPlugin::IntegrateOrbitDiffusionStepKernel& getKernel() {
        return kernel.getAs<OrbitPlugin::IntegrateOrbitDiffusionStepKernel>();
    }
protected:
    void initialize(OpenMM::ContextImpl& newContext) override {
        context = &newContext;
        kernel = newContext.getPlatform().createKernel(
                OrbitPlugin::IntegrateOrbitDiffusionStepKernel::Name(), newContext);
        getKernel().initialize(newContext.getSystem(), model);
    }
    void cleanup() override {
        kernel = OpenMM::Kernel();
    }
    std::vector<std::string> getKernelNames() override {
        return {OrbitPlugin::IntegrateOrbitDiffusionStepKernel::Name()};
    }
    double computeKineticEnergy() override {
        return 0;
    }
    bool kineticEnergyRequiresForce() const override {
        return false;
    }
private:
    OrbitPlugin::DenoiserModel model;
    OpenMM::ContextImpl* context = nullptr;
    OpenMM::Kernel kernel;
};

/** System, Integrator and Context on testSupport::platform(), in the order in which they must live. */
class KernelContext {
public:
    explicit KernelContext(const OrbitPlugin::DenoiserModel& model, int numParticles = 1) :
            system(makeSystem(numParticles)), integrator(model), context(*system, integrator, platform()) {
    }
    OrbitPlugin::IntegrateOrbitDiffusionStepKernel& getKernel() {
        return integrator.getKernel();
    }
    OpenMM::ContextImpl& getImpl() {
        return integrator.getContext();
    }
    OpenMM::Context& getContext() {
        return context;
    }
private:
    std::unique_ptr<OpenMM::System> system;
    KernelIntegrator integrator;
    OpenMM::Context context;
};

/** Get the inputs of a graph for a model. With several points a token, each atom becomes a token of so many points. */
inline OrbitPlugin::TokenInputs makeFeatures(const OrbitPlugin::MolecularGraph& graph,
        const OrbitPlugin::DenoiserModel& model) {
    OrbitPlugin::TokenInputs inputs = OrbitPlugin::describeMolecule(graph, model);
    inputs.pointsPerToken = model.getSettings().pointsPerToken;
    return inputs;
}

/** Different molecules and conditions: water, ethanol twice, benzene, water again; 5 copies, 36 rows. */
inline OrbitPlugin::Batch makeMixedBatch(const OrbitPlugin::DenoiserModel& model,
        OrbitPlugin::SamplerMethod method = OrbitPlugin::SamplerMethod::Heun, int numSteps = 5, double renewal = 0) {
    OrbitPlugin::Batch batch;
    batch.inputs = {
            makeFeatures(makeWater(), model), makeFeatures(makeEthanol(), model), makeFeatures(makeBenzene(), model)};
    batch.seed = 0x123456789abcdefULL;
    OrbitPlugin::SamplerSettings settings;
    settings.method = method;
    settings.numSteps = numSteps;
    settings.sigmaMin = 0.01;
    settings.renewal = renewal;
    batch.plan = makeSamplerPlan(settings);
    const int graphs[] = {0, 1, 1, 2, 0};
    for (int i = 0; i < 5; i++) {
        OrbitPlugin::BatchCopy copy;
        copy.input = graphs[i];
        copy.record = 10 + graphs[i];
        copy.copy = i;
        copy.condition = i % 3;
        batch.addCopy(copy);
    }
    return batch;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_KERNELCONTEXT_H_
