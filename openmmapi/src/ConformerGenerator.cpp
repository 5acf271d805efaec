// SPDX-License-Identifier: MIT
// The object that turns molecular graphs into ensembles of conformers: settings and calls.
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ConformerGeneratorImpl.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/RandomSeed.h"
#include <algorithm>
#include <cmath>
#include <mutex>
#include <unistd.h>

namespace OrbitPlugin {

/** What runs the generations of one process. */
struct ConformerGenerator::Engine {
    const int process = (int) getpid();
    bool used = false;                              ///< a kernel was made, here or before the fork that led here
    bool forked = false;                            ///< it replaces the engine of the process that was forked
    std::mutex mutex;                               ///< held for the members and settings, never while copies are made
    std::shared_ptr<ConformerGeneratorImpl> impl;   ///< null until it is needed
};

namespace {

void checkCount(const std::string& method, const std::string& what, int value, int minimum) {
    if (value < minimum)
        throw ArgumentError("ConformerGenerator::" + method + ": expected at least " + std::to_string(minimum) + " " +
                            what + ", got " + std::to_string(value));
}

} // namespace

ConformerGenerator::ConformerGenerator(const DenoiserModel& newModel) :
        model(std::make_shared<DenoiserModel>(newModel)), engine(std::make_unique<Engine>().release()) {
    // The destructor owns the engine.

    std::unique_ptr<Engine> owner(engine.load());
    model->validate();
    settings = model->getSamplerSettings();
    owner.release();
}

ConformerGenerator::ConformerGenerator(const std::string& modelPath) :
        ConformerGenerator(DenoiserModel::load(modelPath)) {
}

ConformerGenerator::~ConformerGenerator() {
    // A forked process leaves its parent's engine alone: whoever waits for threads that are not there waits for ever.

    std::unique_ptr<Engine> owner(engine.load());
    if (owner->process != (int) getpid())
        owner.release();
}

ConformerGenerator::Engine& ConformerGenerator::getEngine() {
    Engine* current = engine.load();
    if (current->process == (int) getpid())
        return *current;
    auto fresh = std::make_unique<Engine>();
    fresh->used = current->used;
    fresh->forked = true;

    // The first thread of a forked process to come here replaces the engine; the old one stays, as above.

    if (engine.compare_exchange_strong(current, fresh.get()))
        return *fresh.release();
    return *current;
}

void ConformerGenerator::setPlatformName(const std::string& name) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    platformName = name;
    getEngine().impl.reset();
}

void ConformerGenerator::setPlatformProperties(const std::map<std::string, std::string>& properties) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    platformProperties = properties;
    getEngine().impl.reset();
}

void ConformerGenerator::setNumThreads(int threads) {
    checkCount("setNumThreads", "threads", threads, 0);
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    numThreads = threads;
    getEngine().impl.reset();
}

void ConformerGenerator::setSamplerSettings(const SamplerSettings& newSettings) {
    newSettings.validate();
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    settings = newSettings;
}

void ConformerGenerator::setTimeLimit(double seconds) {
    if (!(seconds >= 0) || !std::isfinite(seconds))
        throw ArgumentError("ConformerGenerator::setTimeLimit: expected at least 0 seconds, got " +
                            std::to_string(seconds) + "; 0 is no limit");
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    timeLimit = seconds;
}

void ConformerGenerator::setCheckConformers(bool check) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    checkConformers = check;
}

void ConformerGenerator::setReturnFailed(bool give) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    returnFailed = give;
}

void ConformerGenerator::setMaxRedraws(int redraws) {
    checkCount("setMaxRedraws", "redraws", redraws, 0);
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    maxRedraws = redraws;
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
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    condition = name;
}

std::shared_ptr<ConformerGeneratorImpl> ConformerGenerator::getImpl() {
    Engine& current = getEngine();
    const std::lock_guard<std::mutex> lock(current.mutex);
    const bool isHost = platformName.empty() || platformName == "CPU" || platformName == "Reference";
    if (current.forked && current.used && !isHost)
        throw OpenMM::OpenMMException("ConformerGenerator::generate: expected a process of its own for platform \"" +
                platformName + "\", got one that was forked after the device was used; start it with "
                "multiprocessing.get_context(\"spawn\"), or use the platform CPU");
    current.used = true;
    if (!current.impl)
        current.impl = std::make_shared<ConformerGeneratorImpl>(model, platformName, platformProperties, numThreads);
    return current.impl;
}

std::string ConformerGenerator::getKernelDescription() {
    return getImpl()->getKernelDescription();
}

Ensemble ConformerGenerator::generate(
        const MolecularGraph& graph, int numConformers, int seed, int record, ProgressCallback* progress) {
    // What is wrong with the molecule itself is an error of its own type.

    graph.validate();
    std::vector<GenerationRequest> requests(1);
    requests[0].graph = &graph;
    requests[0].numConformers = numConformers;
    requests[0].inputs = std::make_unique<TokenInputs>(describeMolecule(graph, *model));
    Ensemble ensemble = answer(std::move(requests), seed, record, progress)[0];
    if (ensemble.getNumConformers() == 0)
        throw ConformerGenerationError(ensemble.getMessage());
    return ensemble;
}

std::vector<Ensemble> ConformerGenerator::generateBatch(const std::vector<MolecularGraph>& graphs,
        const std::vector<int>& numConformers, int seed, int firstRecord, ProgressCallback* progress) {
    if (graphs.size() != numConformers.size())
        throw ArgumentError("ConformerGenerator::generateBatch: expected " + std::to_string(graphs.size()) +
                " numbers of conformers, one for each molecule, got " + std::to_string(numConformers.size()));
    std::vector<GenerationRequest> requests(graphs.size());
    for (int i = 0; i < (int) graphs.size(); i++) {
        requests[i].graph = &graphs[i];
        requests[i].numConformers = numConformers[i];
    }
    return answer(std::move(requests), seed, firstRecord, progress);
}

std::vector<Ensemble> ConformerGenerator::answer(std::vector<GenerationRequest> requests, int seed, int firstRecord,
        ProgressCallback* progress) {
    checkCount("generateBatch", "as record", firstRecord, 0);
    for (GenerationRequest& request : requests) {
        checkCount("generateBatch", "conformer", request.numConformers, 1);
        request.record = firstRecord + (int) (&request - requests.data());
    }
    const std::shared_ptr<ConformerGeneratorImpl> impl = getImpl();
    GenerationSettings call;
    {
        const std::lock_guard<std::mutex> lock(getEngine().mutex);
        call = getCallSettings();
    }
    call.seed = seed != 0 ? seed : chooseRandomSeed();
    call.progress = progress;
    return impl->generate(std::move(requests), call);
}

GenerationSettings ConformerGenerator::getCallSettings() const {
    GenerationSettings call;
    call.sampler = settings;
    const std::vector<std::string>& names = model->getConditions();
    if (!condition.empty())
        call.condition = (int) (std::find(names.begin(), names.end(), condition) - names.begin());
    call.maxRedraws = maxRedraws;
    call.checkConformers = checkConformers;
    call.returnFailed = returnFailed;
    call.timeLimit = timeLimit;
    return call;
}

} // namespace OrbitPlugin
