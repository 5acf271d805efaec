// SPDX-License-Identifier: MIT
// The training loop: batches, loss, updates, validation, log, checkpoints and exports.
#include "openmmorbit/Trainer.h"
#include "BatchQueue.h"
#include "CachingAllocator.h"
#include "Checkpoint.h"
#include "Distillation.h"
#include "Optimizer.h"
#include "SignalGuard.h"
#include "TrainingLog.h"
#include "TrainingModel.h"
#include "ValidationEnsembles.h"
#include "WorkerGroup.h"
#include "openmmorbit/ArgumentError.h"
#include <ATen/Parallel.h>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <memory>
#include <sstream>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Steps in a row without a finite loss and gradient that end a run. */
const int MAX_BAD_STEPS = 10;

typedef std::chrono::steady_clock Clock;

double minutesSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count() / 60;
}

/** One run, from its first or a later step to its end. */
class Run {
public:
    Run(const TrainingSettings& settings, std::ostream* progress);
    TrainingResult execute();
private:
    void describeData(const std::string& exchange);
    std::unique_ptr<BatchQueue> startQueue();
    void takeNewFrames(std::unique_ptr<BatchQueue>& queue);
    void resume();
    bool goesOn();
    void prepare(HostBatch batch);
    void step();
    void skip(double loss, double norm);
    void validate();
    void measure();
    void saveState();
    void exportModel();
    void writePeriodically();
    /** Whether a run that ends here goes on exactly: where a student went on policy is not in the checkpoint. */
    bool canPause() const {
        return position.repeat == 0 || settings.distillation.onPolicyShare == 0;
    }
    RunPosition getPosition() const {
        return {numSteps, numSamples, earlierMinutes + (finished ? 0 : minutesSince(start))};
    }
    double getProgress() const {
        double share = numSteps / (double) settings.maxSteps;
        return settings.maxMinutes > 0 ? std::max(share, agreedMinutes / settings.maxMinutes) : share;
    }
    std::string getPath(const std::string& name) const {
        return (std::filesystem::path(settings.outputDirectory) / name).string();
    }
    TrainingSettings settings;
    WorkerGroup group;
    TrainingLog log;
    TrainingDevice device;
    DenoiserModel model;
    TrainingData data;
    std::unique_ptr<ModelTables> tables;
    std::unique_ptr<Teacher> teacher;
    std::unique_ptr<Validation> validation;
    std::unique_ptr<ValidationEnsembles> ensembles;
    std::unique_ptr<Optimizer> optimizer;
    HostBatch batch;
    DeviceBatch inputs;
    BatchPosition position;
    Clock::time_point start = Clock::now(), lastCheckpoint = start, lastExport = start;
    double earlierMinutes = 0, agreedMinutes = 0, lastLoss = 0, validationLoss = 0;
    long long numSteps = 0, numSamples = 0, numSkipped = 0, measuredStep = -1;
    int numBadSteps = 0;
    bool finished = false;      ///< the last step was taken: the clock stands still
    EnsembleMetrics metrics;
};

Run::Run(const TrainingSettings& given, std::ostream* progress) : settings(given),
        log(group.isFirst() ? progress : nullptr), data(settings) {
    settings.validate();
    device = findDevice(settings);
    const std::string exchange = group.connectGpus(device.device);
    model = createInitialModel(settings);
    settings.network = model.getSettings();     // That of the initial model, if there is one.
    for (const TrainingDataset& dataset : settings.datasets)
        readTrainingSet(dataset.shards, dataset.weight, model, settings.maxAutomorphisms, data);
    for (const std::string& message : prepareSettings(settings))
        log.say(message);
    describeData(exchange);
    for (const std::string& message : addCounts(settings, data, model))
        log.say(message);
    if (settings.initialModel.empty())
        clearUnusedRows(data.tables, model);
    tables = std::make_unique<ModelTables>(data.tables, model, device);
    if (!settings.distillation.teacher.empty())
        teacher = std::make_unique<Teacher>(settings, model);
    if (!settings.validationShards.empty() && group.isFirst()) {
        validation = std::make_unique<Validation>(settings, model, data.forces, teacher.get());
        if (settings.validationMolecules > 0)
            ensembles = std::make_unique<ValidationEnsembles>(settings, model);
        for (const std::string& message : ensembles ? ensembles->getMessages() : std::vector<std::string>())
            log.say("validation: " + message);
    }
    optimizer = std::make_unique<Optimizer>(settings, toDevice(getTensors(model), device.device));
    std::error_code error;
    std::filesystem::create_directories(settings.outputDirectory, error);
    if (error)
        throw ArgumentError("train: expected an outputDirectory that can be made, got \"" + settings.outputDirectory +
                "\": " + error.message());
    resume();
}

void Run::describeData(const std::string& exchange) {
    if (group.getSize() > 1)
        log.say("data parallel over " + std::to_string(group.getSize()) + " processes, " + exchange);
    for (const std::string& line : describeTrainingData(settings, data))
        log.say(line);
}

void Run::resume() {
    const std::string path = getPath("checkpoint.bin");
    if (group.isFirst() && std::filesystem::exists(path)) {
        Checkpoint checkpoint = loadCheckpoint(path);
        if (checkpoint.identity != getIdentity(settings))
            throw ArgumentError("train: expected a checkpoint of the same network, conditions and seed, got \"" + path +
                    "\" of another run; choose another outputDirectory");
        numSteps = checkpoint.numSteps;
        numSamples = checkpoint.numSamples;
        numSkipped = checkpoint.numSkipped;
        earlierMinutes = checkpoint.minutes;
        lastLoss = checkpoint.loss;
        position = checkpoint.position;
        optimizer->setState(checkpoint.tensors, numSteps - numSkipped);
        finished = numSteps >= settings.maxSteps ||
                (settings.maxMinutes > 0 && earlierMinutes >= settings.maxMinutes);
        log.say(finished ? "the run is finished after " + std::to_string(numSteps) + " steps; larger maxSteps or "
                               "maxMinutes continue it" : "continuing at step " + std::to_string(numSteps));
    }
    if (group.isFirst())
        log.open(settings.outputDirectory, getPosition(), finished);
    if (group.getSize() == 1)
        return;

    // All processes start from the state of the first one.

    Tensor numbers = at::tensor({(double) numSteps, (double) numSamples, (double) numSkipped, earlierMinutes,
            (double) position.pool, (double) position.batch, (double) position.repeat}, at::kDouble);
    group.copyFromFirst({numbers});
    const double* values = numbers.data_ptr<double>();
    numSteps = (long long) values[0];
    numSamples = (long long) values[1];
    numSkipped = (long long) values[2];
    earlierMinutes = values[3];
    position = {(std::int64_t) values[4], (std::int64_t) values[5], (std::int64_t) values[6]};
    NamedTensors state = optimizer->getState();
    std::vector<Tensor> tensors;
    for (const auto& [name, tensor] : state)
        tensors.push_back(tensor);
    group.copyFromFirst(tensors);
    optimizer->setState(state, numSteps - numSkipped);
}

/** Agree with the other processes on the time that has passed, and on whether one of them was asked to stop. */
bool Run::goesOn() {
    Tensor numbers =
            at::tensor({group.isFirst() ? getPosition().minutes : 0.0, stopRequested ? 1.0 : 0.0}, at::kDouble);
    group.sum({numbers});
    agreedMinutes = numbers.data_ptr<double>()[0];
    return numbers.data_ptr<double>()[1] == 0 && getProgress() < 1;
}

/** Take a batch, and for all of its repeats the student's own way to it and the teacher's targets. */
void Run::prepare(HostBatch newBatch) {
    batch = std::move(newBatch);
    if (batch.numSamples == 0)
        return;
    inputs = toTensors(batch, *tables);
    if (batch.onPolicy)
        rollOut(settings, cast(optimizer->getAverage(), device.productType), batch, inputs.inputs);
    if (teacher)
        inputs.target = teacher->computeTarget(batch, inputs.inputs);
}

void Run::step() {
    Tensor total = at::zeros({1}, at::device(device.device).dtype(at::kDouble));
    if (batch.numSamples > 0) {
        NamedTensors weights = cast(optimizer->getWeights(), device.productType);
        DeviceBatch rotated = inputs;
        if (position.repeat > 0)
            rotateBatch(settings, batch, (int) position.repeat, rotated);
        addEstimate(settings, weights, numSteps, rotated.inputs);
        Tensor output = pairBiasTransformer(settings.network, weights, rotated.inputs);

        // The mean over the tokens of all processes.

        Tensor loss = denoisingLoss(output, rotated.target, rotated.inputs.mask);
        if (group.getSize() > 1)
            loss = loss * (batch.numTokens / (double) batch.totalTokens);
        total += loss.detach();
        loss.backward();
    }
    if (group.getSize() > 1) {
        group.sum({total});
        group.sum(optimizer->getGradients());
    }
    const double loss = total.item<double>();
    const double norm = std::isfinite(loss) ? optimizer->update(getProgress()) : loss;
    numSteps++;
    numSamples += batch.totalSamples;
    position.repeat++;
    if (!teacher || position.repeat >= settings.distillation.repeats)
        position = batch.next;
    if (!std::isfinite(norm)) {
        skip(loss, norm);
        return;
    }
    lastLoss = loss;
    numBadSteps = 0;
    log.addStep(batch, loss, norm);
}

/** A batch that gives no finite gradient changes nothing; several in a row end the run. */
void Run::skip(double loss, double norm) {
    optimizer->clearGradients();
    numSkipped++;
    numBadSteps++;
    const std::string what = "train: expected a finite loss and gradient at step " + std::to_string(numSteps - 1) +
            ", got " + std::to_string(loss) + " and " + std::to_string(norm);
    if (numBadSteps >= MAX_BAD_STEPS)
        throw OpenMM::OpenMMException(what + ", as in the " + std::to_string(MAX_BAD_STEPS - 1) +
                " steps before; lower learningRate; the last checkpoint is \"" + getPath("checkpoint.bin") + "\"");
    log.say(what + "; skipped the batch");
}

std::unique_ptr<BatchQueue> Run::startQueue() {
    return std::make_unique<BatchQueue>(settings, data, BatchShare{group.getRank(), group.getSize()},
            BatchPosition{position.pool, position.batch, 0});
}

/** Take in what a simulation has added to the shards. Frames that validate are younger than those that train. */
void Run::takeNewFrames(std::unique_ptr<BatchQueue>& queue) {
    if (model.getTopology().getNumAtoms() == 0 || group.getSize() > 1 || teacher || !data.haveShardsGrown())
        return;
    queue.reset();
    const long long number = addNewFrames(settings, data, model);
    if (validation)
        validation = std::make_unique<Validation>(settings, model, data.forces);
    log.say("took in " + std::to_string(number) + " new frames for training");
    queue = startQueue();
}

void Run::validate() {
    if (!validation)
        return;
    std::string details;
    validationLoss = validation->evaluate(cast(optimizer->getAverage(), device.productType), details);
    log.writeValidation(getPosition(), validationLoss, details);
}

void Run::measure() {
    if (!ensembles || ensembles->getNumMolecules() == 0 || measuredStep == numSteps)
        return;
    measuredStep = numSteps;
    Clock::time_point begin = Clock::now();
    std::vector<ShardMetrics> found = ensembles->evaluate(cast(optimizer->getAverage(), device.productType));
    metrics = joinMetrics(found);
    log.writeMetrics(getPosition(), found, 60 * minutesSince(begin));
}

void Run::saveState() {
    if (!group.isFirst())
        return;
    Checkpoint checkpoint;
    checkpoint.identity = getIdentity(settings);
    checkpoint.numSteps = numSteps;
    checkpoint.numSamples = numSamples;
    checkpoint.numSkipped = numSkipped;
    checkpoint.minutes = getPosition().minutes;
    checkpoint.loss = lastLoss;
    checkpoint.position = position;
    checkpoint.tensors = optimizer->getState();
    saveCheckpoint(getPath("checkpoint.bin"), checkpoint);
}

void Run::exportModel() {
    if (!group.isFirst())
        return;
    setTensors(optimizer->getAverage(), model);
    for (std::size_t k = 0; k + 1 < settings.metadata.size(); k += 2)
        model.setMetadata(settings.metadata[k], settings.metadata[k + 1]);
    std::ostringstream text, quality;
    text << std::setprecision(4) << numSteps << " steps, " << numSamples << " samples, " << getPosition().minutes
         << " minutes";
    model.setMetadata("training", text.str());
    quality << std::setprecision(5) << "validation loss " << validationLoss;
    if (metrics.numMolecules > 0)
        quality << "; " << metrics.numMolecules << " validation molecules, raw output: " << describeMetrics(metrics);
    if (validation)
        model.setMetadata("metrics", quality.str());
    std::string path = getPath("model.safetensors");
    model.save(path + ".new", TensorStorage::BFloat16);
    std::filesystem::rename(path + ".new", path);
}

/**
 * Write checkpoint and model if it is time. A full disk is no reason to lose what is in memory: the next time may do.
 */
void Run::writePeriodically() {
    try {
        if (numBadSteps == 0 && minutesSince(lastCheckpoint) >= settings.checkpointMinutes) {
            lastCheckpoint = Clock::now();
            saveState();
        }
        if (numBadSteps == 0 && minutesSince(lastExport) >= settings.exportMinutes) {
            lastExport = Clock::now();
            exportModel();
        }
    }
    catch (const std::exception& error) {
        log.say(std::string("going on without a new file, the old one stays: ") + error.what());
    }
}

TrainingResult Run::execute() {
    SignalGuard signals;
    std::unique_ptr<BatchQueue> queue = startQueue();
    for (bool first = true; !canPause() || goesOn(); first = false) {
        if (first || position.repeat == 0)
            prepare(queue->next());
        step();
        if (numSteps % settings.logSteps == 0)
            lastLoss = log.writeSteps(getPosition(), optimizer->getLearningRate(getProgress()));
        if (settings.validationSteps > 0 && numSteps % settings.validationSteps == 0) {
            takeNewFrames(queue);
            validate();
        }
        if (settings.metricSteps > 0 && numSteps % settings.metricSteps == 0)
            measure();
        if (canPause())
            writePeriodically();
    }
    earlierMinutes = getPosition().minutes;
    finished = true;
    saveState();
    validate();
    measure();
    exportModel();
    TrainingResult result;
    result.numSteps = numSteps;
    result.numSamples = numSamples;
    result.loss = lastLoss;
    result.validationLoss = validationLoss;
    result.minutes = getPosition().minutes;
    result.modelPath = group.isFirst() ? getPath("model.safetensors") : std::string();
    result.metrics = metrics;
    result.numSkipped = numSkipped;
    return result;
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
