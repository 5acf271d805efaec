// SPDX-License-Identifier: MIT
// Choice of the platform, and the Integrator that owns the kernel.
#include "PrivateContext.h"
#include "openmm/Integrator.h"
#include "openmm/Kernel.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/internal/ContextImpl.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <vector>

using namespace OpenMM;

namespace OrbitPlugin {

class KernelHolder : public Integrator {
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
        throw OpenMMException("KernelHolder::step: expected no call, got " + std::to_string(steps) + " steps");
    }
protected:
    void initialize(ContextImpl& newContext) override {
        context = &newContext;
        owner = &newContext.getOwner();
        kernel = newContext.getPlatform().createKernel(IntegrateOrbitDiffusionStepKernel::Name(), newContext);
        getKernel().setPrecision(precision);
        getKernel().initialize(newContext.getSystem(), *model);
    }
    void cleanup() override {
        kernel = Kernel();
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
    Kernel kernel;
};

namespace {

Platform& choosePlatform(const std::string& caller, const std::string& name) {
    const std::string kernelName = IntegrateOrbitDiffusionStepKernel::Name();
    std::string available;
    std::vector<std::string> candidates = {"CPU", "Reference"};
    if (!name.empty())
        candidates = {name};
    for (const std::string& candidate : candidates)
        for (int i = 0; i < Platform::getNumPlatforms(); i++)
            if (Platform::getPlatform(i).getName() == candidate &&
                    Platform::getPlatform(i).supportsKernels({kernelName}))
                return Platform::getPlatform(i);
    for (int i = 0; i < Platform::getNumPlatforms(); i++)
        if (Platform::getPlatform(i).supportsKernels({kernelName}))
            available += (available.empty() ? "" : ", ") + Platform::getPlatform(i).getName();
    throw ArgumentError(caller + "::setPlatformName: expected a platform with a denoising kernel (loaded: " +
                        (available.empty() ? "none" : available) + "), got \"" + name +
                        "\"; load the plugins with Platform::loadPluginsFromDirectory()");
}

} // namespace

PrivateContext::PrivateContext(std::shared_ptr<const DenoiserModel> model, const std::string& caller,
        const std::string& platformName, std::map<std::string, std::string> properties, int numThreads) {
    Platform& platform = choosePlatform(caller, platformName);
    const std::vector<std::string>& names = platform.getPropertyNames();
    auto hasProperty = [&](const char* name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (numThreads > 0 && hasProperty("Threads"))
        properties["Threads"] = std::to_string(numThreads);

    // OpenMM's CPU platform has no property "Precision": the kernel takes it.

    std::string precision;
    auto wish = properties.find("Precision");
    if (wish != properties.end() && !hasProperty("Precision")) {
        precision = wish->second;
        properties.erase(wish);
    }
    system.addParticle(1.0);
    integrator = std::make_unique<KernelHolder>(std::move(model), precision);
    context = std::make_unique<Context>(system, *integrator, platform, properties);
}

PrivateContext::~PrivateContext() = default;

IntegrateOrbitDiffusionStepKernel& PrivateContext::getKernel() const {
    return integrator->getKernel();
}

} // namespace OrbitPlugin
