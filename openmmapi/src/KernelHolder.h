// SPDX-License-Identifier: MIT
// An Integrator that does nothing but own the denoising kernel of a private Context.
#ifndef OPENMM_ORBIT_KERNELHOLDER_H_
#define OPENMM_ORBIT_KERNELHOLDER_H_

#include "openmm/Integrator.h"
#include "openmm/Kernel.h"
#include "openmm/OpenMMException.h"
#include "openmm/internal/ContextImpl.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {

class KernelHolder : public OpenMM::Integrator {
public:
    KernelHolder(std::shared_ptr<const DenoiserModel> model, std::string precision) :
            model(std::move(model)), precision(std::move(precision)) {
        setStepSize(0.0);
        setConstraintTolerance(1e-5);
    }
    IntegrateOrbitDiffusionStepKernel& getKernel() {
        return kernel.getAs<IntegrateOrbitDiffusionStepKernel>();
    }
    void step(int steps) override {
        throw OpenMM::OpenMMException("KernelHolder::step: expected no call, got " + std::to_string(steps) + " steps");
    }
protected:
    void initialize(OpenMM::ContextImpl& newContext) override {
        context = &newContext;
        owner = &newContext.getOwner();
        kernel = newContext.getPlatform().createKernel(IntegrateOrbitDiffusionStepKernel::Name(), newContext);
        getKernel().setPrecision(precision);
        getKernel().initialize(newContext.getSystem(), *model);
    }
    void cleanup() override {
        kernel = OpenMM::Kernel();
    }
    std::vector<std::string> getKernelNames() override {
        return {IntegrateOrbitDiffusionStepKernel::Name()};
    }
    double computeKineticEnergy() override {
        return 0;
    }
    bool kineticEnergyRequiresForce() const override {
        return false;
    }
private:
    std::shared_ptr<const DenoiserModel> model;
    std::string precision;
    OpenMM::Kernel kernel;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_KERNELHOLDER_H_
