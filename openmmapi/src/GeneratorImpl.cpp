// SPDX-License-Identifier: MIT
// Jobs of a call, handed to the generation loop.
#include "openmmorbit/internal/GeneratorImpl.h"
#include "GenerationLoop.h"
#include "PrivateContext.h"

namespace OrbitPlugin {

GeneratorImpl::GeneratorImpl(std::shared_ptr<const DenoiserModel> newModel, const std::string& caller,
        const std::string& platformName, std::map<std::string, std::string> properties, int numThreads) :
        model(std::move(newModel)),
        context(std::make_unique<PrivateContext>(model, caller, platformName, std::move(properties), numThreads)) {
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

void GeneratorImpl::run(const std::vector<GenerationJob*>& jobs, const GenerationSettings& settings) {
    const std::lock_guard<std::mutex> lock(running);
    const SamplerPlan plan = makeSamplerPlan(settings.sampler, model->getUnitInNanometers());
    GenerationLoop(context->getKernel(), plan, settings, jobs).run();
}

} // namespace OrbitPlugin
