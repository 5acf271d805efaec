// SPDX-License-Identifier: MIT
// Requests of a ConformerGenerator, answered by the generation loop.
#include "openmmorbit/internal/ConformerGeneratorImpl.h"
#include "ConformerJob.h"
#include "PrivateContext.h"

namespace OrbitPlugin {

static const char* const CALLER = "ConformerGenerator";

ConformerGeneratorImpl::ConformerGeneratorImpl(std::shared_ptr<const DenoiserModel> newModel,
        const std::string& platformName, std::map<std::string, std::string> properties, int numThreads) :
        model(std::move(newModel)),
        context(std::make_unique<PrivateContext>(CALLER, model, platformName, std::move(properties), numThreads)) {
}

ConformerGeneratorImpl::~ConformerGeneratorImpl() = default;

std::string ConformerGeneratorImpl::getKernelDescription() const {
    return context->getKernel().getDescription();
}

ConformerProvenance ConformerGeneratorImpl::makeProvenance(const GenerationSettings& settings) const {
    ConformerProvenance common;
    common.modelName = model->getMetadata("name");
    common.modelChecksum = model->getChecksum();
    common.kernel = getKernelDescription();
    common.seed = settings.seed;
    if (settings.condition < (int) model->getConditions().size())
        common.condition = model->getConditions()[settings.condition];
    return common;
}

std::vector<Ensemble> ConformerGeneratorImpl::generate(std::vector<GenerationRequest> requests,
        const GenerationSettings& settings) {
    const std::lock_guard<std::mutex> lock(running);
    std::vector<std::unique_ptr<ConformerJob>> jobs;
    std::vector<GenerationJob*> ofLoop;
    for (GenerationRequest& request : requests) {
        jobs.push_back(std::make_unique<ConformerJob>(request, settings, *model));
        ofLoop.push_back(jobs.back().get());
    }
    LoopSettings loop;
    loop.caller = CALLER;
    loop.plan = makeSamplerPlan(settings.sampler, model->getUnitInNanometers());
    loop.seed = settings.seed;
    loop.maxRedraws = settings.maxRedraws;
    loop.numEvaluations = settings.sampler.getNumEvaluations();
    loop.progress = settings.progress;
    GenerationLoop(context->getKernel(), loop, ofLoop).run();
    const ConformerProvenance common = makeProvenance(settings);
    std::vector<Ensemble> ensembles;
    for (const auto& job : jobs)
        ensembles.push_back(job->collect(common));
    return ensembles;
}

} // namespace OrbitPlugin
