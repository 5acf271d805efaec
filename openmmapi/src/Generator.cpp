// SPDX-License-Identifier: MIT
// Settings of a generator, and its engine through threads and forks.
#include "openmmorbit/Generator.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/GeneratorImpl.h"
#include "openmmorbit/internal/ModelSubject.h"
#include "openmmorbit/internal/RandomSeed.h"
#include "openmmorbit/internal/SamplerPlan.h"
#include <algorithm>
#include <cmath>
#include <mutex>
#include <unistd.h>

namespace OrbitPlugin {

/** What runs the generations of one process. */
struct Generator::Engine {
    const int process = (int) getpid();
    bool used = false;                              ///< a kernel was made, here or before the fork that led here
    bool forked = false;                            ///< it replaces the engine of the process that was forked
    std::mutex mutex;                               ///< held for the members and settings, never while copies are made
    std::shared_ptr<GeneratorImpl> impl;            ///< null until it is needed
};

Generator::Generator(const std::string& className, const DenoiserModel& newModel, double timeLimit) :
        model(std::make_shared<DenoiserModel>(newModel)), className(className), timeLimit(timeLimit),
        engine(std::make_unique<Engine>().release()) {
    // The destructor owns the engine.

    std::unique_ptr<Engine> owner(engine.load());
    model->validate();
    settings = model->getSamplerSettings();
    owner.release();
}

void Generator::checkCount(const std::string& method, const std::string& what, int value, int minimum) const {
    if (value < minimum)
        throw ArgumentError(className + "::" + method + ": expected at least " + std::to_string(minimum) + " " + what +
                ", got " + std::to_string(value));
}

Generator::~Generator() {
    // A forked process leaves its parent's engine alone: whoever waits for threads that are not there waits for ever.

    std::unique_ptr<Engine> owner(engine.load());
    if (owner->process != (int) getpid())
        owner.release();
}

Generator::Engine& Generator::getEngine() {
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

void Generator::setPlatformName(const std::string& name) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    platformName = name;
    getEngine().impl.reset();
}

void Generator::setPlatformProperties(const std::map<std::string, std::string>& properties) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    platformProperties = properties;
    getEngine().impl.reset();
}

void Generator::setNumThreads(int threads) {
    checkCount("setNumThreads", "threads", threads, 0);
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    numThreads = threads;
    getEngine().impl.reset();
}

void Generator::setSamplerSettings(const SamplerSettings& newSettings) {
    newSettings.validate();
    checkGuidance(className, newSettings, knowsStructure(*model));
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    settings = newSettings;
}

void Generator::setTimeLimit(double seconds) {
    if (!(seconds >= 0) || !std::isfinite(seconds))
        throw ArgumentError(className + "::setTimeLimit: expected at least 0 seconds, got " +
                            std::to_string(seconds) + "; 0 is no limit");
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    timeLimit = seconds;
}

void Generator::setCheckCopies(bool check) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    checkCopies = check;
}

void Generator::setReturnFailed(bool give) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    returnFailed = give;
}

void Generator::setMaxRedraws(int redraws) {
    checkCount("setMaxRedraws", "redraws", redraws, 0);
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    maxRedraws = redraws;
}

void Generator::setCondition(const std::string& name) {
    const std::vector<std::string>& names = model->getConditions();
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
        std::string list;
        for (const std::string& known : names)
            list += (list.empty() ? "\"" : ", \"") + known + "\"";
        throw ArgumentError(className + "::setCondition: expected one of the model's conditions (" +
                            (list.empty() ? "it has none" : list) + "), got \"" + name + "\"");
    }
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    condition = name;
}

std::shared_ptr<GeneratorImpl> Generator::getImpl() {
    Engine& current = getEngine();
    const std::lock_guard<std::mutex> lock(current.mutex);
    const bool isHost = platformName.empty() || platformName == "CPU" || platformName == "Reference";
    if (current.forked && current.used && !isHost)
        throw OpenMM::OpenMMException(className + "::generate: expected a process of its own for platform \"" +
                platformName + "\", got one that was forked after the device was used; start it with "
                "multiprocessing.get_context(\"spawn\"), or use the platform CPU");
    current.used = true;
    if (!current.impl)
        current.impl =
                std::make_shared<GeneratorImpl>(model, className, platformName, platformProperties, numThreads);
    return current.impl;
}

std::string Generator::getKernelDescription() {
    return getImpl()->getKernelDescription();
}

GenerationSettings Generator::getCallSettings(int seed, ProgressCallback* progress) {
    const std::lock_guard<std::mutex> lock(getEngine().mutex);
    GenerationSettings call;
    call.caller = className;
    call.sampler = settings;
    const std::vector<std::string>& names = model->getConditions();
    if (!condition.empty())
        call.condition = (int) (std::find(names.begin(), names.end(), condition) - names.begin());
    call.maxRedraws = maxRedraws;
    call.checkCopies = checkCopies;
    call.returnFailed = returnFailed;
    call.timeLimit = timeLimit;
    call.seed = seed != 0 ? seed : chooseRandomSeed();
    call.progress = progress;
    return call;
}

void Generator::useKernel(const std::function<void(IntegrateOrbitDiffusionStepKernel&)>& use) {
    getImpl()->useKernel(use);
}

ConformerProvenance Generator::makeProvenance(const GenerationSettings& call) {
    return getImpl()->makeProvenance(call);
}

ConformerProvenance Generator::run(const std::vector<GenerationJob*>& jobs, const GenerationSettings& call) {
    const std::shared_ptr<GeneratorImpl> impl = getImpl();
    impl->run(jobs, call);
    return impl->makeProvenance(call);
}

} // namespace OrbitPlugin
