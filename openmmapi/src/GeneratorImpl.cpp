// SPDX-License-Identifier: MIT
// Jobs of a call, handed to the generation loop.
#include "openmmorbit/internal/GeneratorImpl.h"
#include "GenerationLoop.h"
#include "PrivateContext.h"

namespace OrbitPlugin {

GeneratorImpl::GeneratorImpl(std::shared_ptr<const DenoiserModel> newModel, const std::string& caller,
        const std::string& platformName, std::map<std::string, std::string> newProperties, int numThreads) :
        model(std::move(newModel)), caller(caller), platformName(platformName), properties(std::move(newProperties)),
        numThreads(numThreads), context(createContext("")) {
}

/** @param precision   of the CPU platform, unless the properties say another; empty: its default */
std::unique_ptr<PrivateContext> GeneratorImpl::createContext(const std::string& precision) const {
    std::map<std::string, std::string> wanted = properties;
    if (!precision.empty() && (platformName.empty() || platformName == "CPU"))
        wanted.insert({"Precision", precision});
    return std::make_unique<PrivateContext>(model, caller, platformName, std::move(wanted), numThreads);
}

GeneratorImpl::~GeneratorImpl() = default;

std::string GeneratorImpl::getKernelDescription() const {
    return context->getKernel().getDescription();
}

ConformerProvenance GeneratorImpl::makeProvenance(const GenerationSettings& settings) const {
    ConformerProvenance common;
    common.modelName = model->getMetadata("name");
    common.modelChecksum = model->getChecksum();
    common.kernel = getKernelDescription();
    common.seed = settings.seed;
    if (settings.condition < (int) model->getConditions().size())
        common.condition = model->getConditions()[settings.condition];
    return common;
}

void GeneratorImpl::useKernel(const std::function<void(IntegrateOrbitDiffusionStepKernel&)>& use) {
    const std::lock_guard<std::mutex> lock(running);
    if (preciseContext == nullptr)
        preciseContext = createContext("single");
    use(preciseContext->getKernel());
}

void GeneratorImpl::run(const std::vector<GenerationJob*>& jobs, const GenerationSettings& settings) {
    const std::lock_guard<std::mutex> lock(running);
    const SamplerPlan plan = makeSamplerPlan(settings.sampler, model->getUnitInNanometers());
    GenerationLoop(context->getKernel(), plan, settings, jobs).run();
}

} // namespace OrbitPlugin
