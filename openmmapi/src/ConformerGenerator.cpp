// SPDX-License-Identifier: MIT
// The object that turns molecular graphs into ensembles of conformers: settings and calls.
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ConformerGeneratorImpl.h"
#include "openmmorbit/internal/Features.h"
#include "openmmorbit/internal/RandomSeed.h"
#include <algorithm>

namespace OrbitPlugin {

namespace {

void checkCount(const std::string& method, const std::string& what, int value, int minimum) {
    if (value < minimum)
        throw ArgumentError("ConformerGenerator::" + method + ": expected at least " + std::to_string(minimum) + " " +
                            what + ", got " + std::to_string(value));
}

} // namespace

ConformerGenerator::ConformerGenerator(const DenoiserModel& newModel) :
        model(std::make_shared<DenoiserModel>(newModel)) {
    model->validate();
    settings = model->getSamplerSettings();
}

ConformerGenerator::ConformerGenerator(const std::string& modelPath) :
        ConformerGenerator(DenoiserModel::load(modelPath)) {
}

ConformerGenerator::~ConformerGenerator() = default;

void ConformerGenerator::setPlatformName(const std::string& name) {
    platformName = name;
    impl.reset();
}

void ConformerGenerator::setPlatformProperties(const std::map<std::string, std::string>& properties) {
    platformProperties = properties;
    impl.reset();
}

void ConformerGenerator::setNumThreads(int threads) {
    checkCount("setNumThreads", "threads", threads, 0);
    numThreads = threads;
    impl.reset();
}

void ConformerGenerator::setSamplerSettings(const SamplerSettings& newSettings) {
    newSettings.validate();
    settings = newSettings;
}

void ConformerGenerator::setMaxResamplings(int resamplings) {
    checkCount("setMaxResamplings", "resamplings", resamplings, 0);
    maxResamplings = resamplings;
}

void ConformerGenerator::setCondition(const std::string& name) {
    const std::vector<std::string>& names = model->getConditions();
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
        std::string list;
        for (const std::string& known : names)
            list += (list.empty() ? "\"" : ", \"") + known + "\"";
        throw ArgumentError("ConformerGenerator::setCondition: expected one of the model's conditions (" +
                            (list.empty() ? "it has none" : list) + "), got \"" + name + "\"");
    }
    condition = name;
}

ConformerGeneratorImpl& ConformerGenerator::getImpl() {
    if (!impl)
        impl = std::make_unique<ConformerGeneratorImpl>(model, platformName, platformProperties, numThreads);
    return *impl;
}

std::string ConformerGenerator::getKernelDescription() {
    return getImpl().getKernelDescription();
}

Ensemble ConformerGenerator::generate(const MolecularGraph& graph, int numConformers, int seed, int record) {
    // What is wrong with the molecule itself is an error of its own type.

    graph.validate();
    computeFeatures(graph, model->getAtomVocabularies(), model->getPairVocabularies());
    Ensemble ensemble = generateBatch({graph}, {numConformers}, seed, record)[0];
    if (ensemble.getNumConformers() == 0)
        throw ConformerGenerationError(ensemble.getMessage());
    return ensemble;
}

std::vector<Ensemble> ConformerGenerator::generateBatch(const std::vector<MolecularGraph>& graphs,
        const std::vector<int>& numConformers, int seed, int firstRecord) {
    if (graphs.size() != numConformers.size())
        throw ArgumentError("ConformerGenerator::generateBatch: expected " + std::to_string(graphs.size()) +
                " numbers of conformers, one for each molecule, got " + std::to_string(numConformers.size()));
    checkCount("generateBatch", "as record", firstRecord, 0);
    std::vector<GenerationRequest> requests(graphs.size());
    for (int i = 0; i < (int) graphs.size(); i++) {
        checkCount("generateBatch", "conformer", numConformers[i], 1);
        requests[i].graph = &graphs[i];
        requests[i].numConformers = numConformers[i];
        requests[i].record = firstRecord + i;
    }
    GenerationSettings call;
    call.sampler = settings;
    call.seed = seed != 0 ? seed : chooseRandomSeed();
    const std::vector<std::string>& names = model->getConditions();
    if (!condition.empty())
        call.condition = (int) (std::find(names.begin(), names.end(), condition) - names.begin());
    call.maxResamplings = maxResamplings;
    call.checkConformers = checkConformers;
    call.returnFailed = returnFailed;
    call.progress = progress;
    return getImpl().generate(requests, call);
}

} // namespace OrbitPlugin
