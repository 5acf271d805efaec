// SPDX-License-Identifier: MIT
// The training loop: batches, loss, updates, validation, log, checkpoints and exports.
#include "openmmorbit/Trainer.h"
#include "BatchQueue.h"
#include "CachingAllocator.h"
#include "Checkpoint.h"
#include "Optimizer.h"
#include "TrainingModel.h"
#include "openmmorbit/ArgumentError.h"
#include <ATen/Parallel.h>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <memory>
#include <ostream>
#include <sstream>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

std::atomic<bool> stopRequested(false);

extern "C" void requestStop(int) {
    stopRequested = true;
}

/** Catches SIGINT and SIGTERM while it lives. */
class SignalGuard {
public:
    SignalGuard() {
        stopRequested = false;
        interrupt = std::signal(SIGINT, requestStop);
        terminate = std::signal(SIGTERM, requestStop);
    }
    ~SignalGuard() {
        std::signal(SIGINT, interrupt);
        std::signal(SIGTERM, terminate);
    }
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;
private:
    void (*interrupt)(int);
    void (*terminate)(int);
};

typedef std::chrono::steady_clock Clock;

double minutesSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count() / 60;
}

/** Sums between two lines of the log. */
struct LogWindow {
    double loss = 0, norm = 0, targetSeconds = 0, assemblySeconds = 0;
    int numSteps = 0;
    long long numSamples = 0, numAtoms = 0;
    Clock::time_point start = Clock::now();
};

/** One run, from its first or a later step to its end. */
class Run {
public:
    Run(const TrainingSettings& settings, std::ostream* progress);
    TrainingResult execute();
private:
    void resume();
    void step(const HostBatch& batch);
    void writeLine();
    void validate();
    void saveState();
    void exportModel();
    double getMinutes() const {
        return earlierMinutes + minutesSince(start);
    }
    double getProgress() const {
        double progress = numSteps / (double) settings.maxSteps;
        return settings.maxMinutes > 0 ? std::max(progress, getMinutes() / settings.maxMinutes) : progress;
    }
    std::string getPath(const std::string& name) const {
        return (std::filesystem::path(settings.outputDirectory) / name).string();
    }
    TrainingSettings settings;
    std::ostream* progress;
    DenoiserModel model;
    TrainingData data;
    std::unique_ptr<ModelTables> tables;
    std::unique_ptr<Validation> validation;
    std::unique_ptr<Optimizer> optimizer;
    BatchPosition position;
    Clock::time_point start = Clock::now();
    double earlierMinutes = 0, lastLoss = 0, validationLoss = 0;
    long long numSteps = 0, numSamples = 0;
    LogWindow window;
    std::ofstream log;
};

Run::Run(const TrainingSettings& settings, std::ostream* progress) : settings(settings), progress(progress) {
    settings.validate();
    model = createInitialModel(settings);
    for (const TrainingDataset& dataset : settings.datasets)
        readTrainingSet(dataset.shards, dataset.weight, model, settings.maxAutomorphisms, data);
    if (progress != nullptr) {
        for (const TrainingSet& set : data.sets)
            *progress << "data set of weight " << set.weight << ": " << set.molecules.size() << " molecules"
                      << std::endl;
        *progress << "left out " << data.messages.size() << " molecules; groups restricted for " << data.numRestricted
                  << std::endl;
        for (std::size_t k = 0; k < std::min<std::size_t>(data.messages.size(), 10); k++)
            *progress << "  " << data.messages[k] << std::endl;
    }
    if (settings.initialModel.empty())
        clearUnusedRows(data.tables, model);
    tables = std::make_unique<ModelTables>(data.tables, model, getProductType(settings));
    if (!settings.validationShards.empty())
        validation = std::make_unique<Validation>(settings, model);
    optimizer = std::make_unique<Optimizer>(settings, getTensors(model));
    std::filesystem::create_directories(settings.outputDirectory);
    resume();
}

void Run::resume() {
    std::string path = getPath("checkpoint.bin");
    bool found = std::filesystem::exists(path);
    if (found) {
        Checkpoint checkpoint = loadCheckpoint(path);
        if (checkpoint.identity != getIdentity(settings))
            throw ArgumentError("train: expected a checkpoint of the same network, conditions and seed, got \"" + path +
                    "\" of another run; choose another outputDirectory");
        optimizer->setState(checkpoint.tensors, checkpoint.numSteps);
        numSteps = checkpoint.numSteps;
        numSamples = checkpoint.numSamples;
        earlierMinutes = checkpoint.minutes;
        position = checkpoint.position;
        if (progress != nullptr)
            *progress << "continuing at step " << numSteps << std::endl;
    }
    log.open(getPath("log.csv"), found ? std::ios::app : std::ios::trunc);
    if (!log)
        throw OpenMM::OpenMMException("train: expected a writable file, got \"" + getPath("log.csv") + "\"");
    if (!found)
        log << "step,minutes,samples,loss,gradientNorm,learningRate,samplesPerSecond,atomsPerSecond,targetShare,"
               "validationLoss"
            << std::endl;
}

void Run::step(const HostBatch& batch) {
    NamedTensors weights = cast(optimizer->getWeights(), getProductType(settings));
    DeviceBatch inputs = toTensors(batch, *tables);
    Tensor output = pairBiasTransformer(settings.network, weights, inputs.inputs);
    Tensor loss = denoisingLoss(output, inputs.target, inputs.inputs.mask);
    lastLoss = loss.item<double>();
    loss.backward();
    double norm = std::isfinite(lastLoss) ? optimizer->update(getProgress()) : lastLoss;
    if (!std::isfinite(norm))
        throw OpenMM::OpenMMException("train: expected a finite loss and gradient at step " + std::to_string(numSteps) +
                ", got " + std::to_string(lastLoss) + " and " + std::to_string(norm) + "; the last checkpoint is \"" +
                getPath("checkpoint.bin") + "\"");
    numSteps++;
    numSamples += batch.numSamples;
    position = batch.next;
    window.loss += lastLoss;
    window.norm += norm;
    window.targetSeconds += batch.targetSeconds;
    window.assemblySeconds += batch.seconds;
    window.numSteps++;
    window.numSamples += batch.numSamples;
    window.numAtoms += batch.numAtoms;
}

void Run::writeLine() {
    double seconds = minutesSince(window.start) * 60;
    lastLoss = window.loss / window.numSteps;
    double rate = optimizer->getLearningRate(getProgress());
    log << numSteps << "," << getMinutes() << "," << numSamples << "," << lastLoss << ","
        << window.norm / window.numSteps << "," << rate << "," << window.numSamples / seconds << ","
        << window.numAtoms / seconds << "," << window.targetSeconds / seconds << "," << validationLoss << std::endl;
    if (progress != nullptr)
        *progress << std::setprecision(4) << "step " << numSteps << "  loss " << lastLoss << "  rate " << rate
                  << "  samples/s " << window.numSamples / seconds << "  minutes " << getMinutes() << "  target "
                  << 100 * window.targetSeconds / seconds << " %  assembly " << 100 * window.assemblySeconds / seconds
                  << " %" << std::endl;
    window = LogWindow();
}

void Run::validate() {
    if (!validation)
        return;
    std::string details;
    validationLoss = validation->evaluate(cast(optimizer->getAverage(), getProductType(settings)), details);
    if (progress != nullptr)
        *progress << "step " << numSteps << "  validation loss " << std::setprecision(5) << validationLoss << "  "
                  << details << std::endl;
}

void Run::saveState() {
    Checkpoint checkpoint;
    checkpoint.identity = getIdentity(settings);
    checkpoint.numSteps = numSteps;
    checkpoint.numSamples = numSamples;
    checkpoint.minutes = getMinutes();
    checkpoint.position = position;
    checkpoint.tensors = optimizer->getState();
    saveCheckpoint(getPath("checkpoint.bin"), checkpoint);
}

void Run::exportModel() {
    setTensors(optimizer->getAverage(), model);
    for (std::size_t k = 0; k + 1 < settings.metadata.size(); k += 2)
        model.setMetadata(settings.metadata[k], settings.metadata[k + 1]);
    std::ostringstream text;
    text << std::setprecision(4) << numSteps << " steps, " << numSamples << " samples, " << getMinutes() << " minutes";
    model.setMetadata("training", text.str());
    if (validation) {
        std::ostringstream metrics;
        metrics << std::setprecision(5) << "validation loss " << validationLoss;
        model.setMetadata("metrics", metrics.str());
    }
    std::string path = getPath("model.safetensors");
    model.save(path + ".new", TensorStorage::BFloat16);
    std::filesystem::rename(path + ".new", path);
}

TrainingResult Run::execute() {
    SignalGuard signals;
    BatchSampler sampler(settings, data);
    BatchQueue queue(sampler, position);
    Clock::time_point lastCheckpoint = Clock::now(), lastExport = lastCheckpoint;
    window = LogWindow();
    while (!stopRequested && getProgress() < 1) {
        HostBatch batch = queue.next();
        step(batch);
        if (numSteps % settings.logSteps == 0)
            writeLine();
        if (settings.validationSteps > 0 && numSteps % settings.validationSteps == 0)
            validate();
        if (minutesSince(lastCheckpoint) >= settings.checkpointMinutes) {
            saveState();
            lastCheckpoint = Clock::now();
        }
        if (minutesSince(lastExport) >= settings.exportMinutes) {
            exportModel();
            lastExport = Clock::now();
        }
    }
    saveState();
    validate();
    exportModel();
    return {numSteps, numSamples, lastLoss, validationLoss, getMinutes(), getPath("model.safetensors")};
}

TrainingResult runTraining(const TrainingSettings& settings, std::ostream* progress) {
    at::set_num_threads(settings.numThreads);
    try {
        CachingAllocatorGuard allocator;
        return Run(settings, progress).execute();
    }
    catch (const c10::Error& error) {
        throw OpenMM::OpenMMException(
                std::string("train: expected LibTorch to succeed, got: ") + error.what_without_backtrace());
    }
}

} // namespace

} // namespace torchimpl

TrainingResult train(const TrainingSettings& settings) {
    return torchimpl::runTraining(settings, nullptr);
}

TrainingResult train(const TrainingSettings& settings, std::ostream& progress) {
    return torchimpl::runTraining(settings, &progress);
}

} // namespace OrbitPlugin
