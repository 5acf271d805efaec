// SPDX-License-Identifier: MIT
// Settings of a run: reading the JSON file, and the checks.
#include "openmmorbit/TrainingSettings.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/OrbitTarget.h"
#include "openmmorbit/SamplerText.h"
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

using nlohmann::json;

namespace OrbitPlugin {

namespace {

const std::string WHERE = "TrainingSettings::load: ";

/** Reads the keys of one JSON object, and remembers which were asked for. */
class KeyReader {
public:
    KeyReader(const json& object, const std::string& name) : object(object), name(name) {
        if (!object.is_object())
            throw ArgumentError(WHERE + "expected an object for \"" + name + "\", got " + object.dump());
    }
    template <class T>
    void read(const std::string& key, T& value) {
        known.insert(key);
        if (!object.contains(key))
            return;
        try {
            value = object.at(key).get<T>();
        }
        catch (const json::exception&) {
            throw ArgumentError(WHERE + "expected a value of the right kind for \"" + key + "\" in \"" + name +
                    "\", got " + object.at(key).dump());
        }
    }
    void finish() const {
        for (const auto& item : object.items())
            if (known.count(item.key()) == 0)
                throw ArgumentError(WHERE + "expected a known key in \"" + name + "\", got \"" + item.key() +
                        "\"; docs/training.md lists them");
    }
private:
    const json& object;
    std::string name;
    std::set<std::string> known;
};

void readNetwork(const json& object, PairBiasTransformerSettings& network) {
    KeyReader reader(object, "network");
    reader.read("width", network.width);
    reader.read("numLayers", network.numLayers);
    reader.read("numHeads", network.numHeads);
    reader.read("transitionFactor", network.transitionFactor);
    reader.read("pairWidth", network.pairWidth);
    reader.read("numRadial", network.numRadial);
    reader.read("radialMax", network.radialMax);
    reader.read("conditionWidth", network.conditionWidth);
    reader.read("numFrequencies", network.numFrequencies);
    reader.read("dataScale", network.dataScale);
    reader.read("pointsPerToken", network.pointsPerToken);
    reader.read("selfConditioning", network.selfConditioning);
    reader.finish();
}

DistillationSettings readDistillation(const json& object) {
    DistillationSettings distillation;
    json sampler = json::object();
    KeyReader reader(object, "distillation");
    reader.read("teacher", distillation.teacher);
    reader.read("sampler", sampler);
    reader.read("teacherSteps", distillation.teacherSteps);
    reader.read("levelShares", distillation.levelShares);
    reader.read("repeats", distillation.repeats);
    reader.read("onPolicyShare", distillation.onPolicyShare);
    reader.finish();
    if (distillation.teacher.empty())
        throw ArgumentError(WHERE + "expected a model file as \"teacher\" in \"distillation\", got none");
    if (sampler.is_object()) {
        // The student learns the steps of an ODE.

        sampler.emplace("method", "euler");
        sampler.emplace("renewal", 0);
    }
    distillation.sampler = parseSampler(sampler.dump(), WHERE);
    return distillation;
}

TrainingDataset readDataset(const json& object) {
    TrainingDataset dataset;
    KeyReader reader(object, "datasets");
    reader.read("shards", dataset.shards);
    reader.read("weight", dataset.weight);
    reader.finish();
    return dataset;
}

void check(bool right, const std::string& what, const std::string& got) {
    if (!right)
        throw ArgumentError("TrainingSettings::validate: expected " + what + ", got " + got);
}

void checkDistillation(const DistillationSettings& distillation) {
    distillation.sampler.validate();
    const std::size_t numSteps = distillation.sampler.numSteps;
    check(distillation.sampler.method == SamplerMethod::Euler, "the method \"euler\" for a distilled sampler",
            "another one");
    check(distillation.teacherSteps.size() == numSteps,
            std::to_string(numSteps) + " teacherSteps, one for each step of the distilled sampler",
            std::to_string(distillation.teacherSteps.size()));
    for (int steps : distillation.teacherSteps)
        check(steps >= 1, "teacherSteps of at least 1", std::to_string(steps));
    check(distillation.levelShares.empty() || distillation.levelShares.size() == numSteps,
            std::to_string(numSteps) + " levelShares, or none", std::to_string(distillation.levelShares.size()));
    double total = distillation.levelShares.empty() ? 1 : 0;
    for (double share : distillation.levelShares) {
        check(share >= 0, "levelShares of at least 0", std::to_string(share));
        total += share;
    }
    check(total > 0, "a positive sum of the levelShares", std::to_string(total));
    check(distillation.repeats >= 1, "at least 1 of the repeats", std::to_string(distillation.repeats));
    check(distillation.onPolicyShare >= 0 && distillation.onPolicyShare <= 1, "an onPolicyShare between 0 and 1",
            std::to_string(distillation.onPolicyShare));
}

/** What a run trains on, and where it starts. */
void readStart(KeyReader& reader, TrainingSettings& settings) {
    reader.read("conditions", settings.conditions);
    reader.read("validationShards", settings.validationShards);
    reader.read("outputDirectory", settings.outputDirectory);
    reader.read("initialModel", settings.initialModel);
    reader.read("initialLayers", settings.initialLayers);
}

/** How long a run goes on, and the optimizer. */
void readSchedule(KeyReader& reader, TrainingSettings& settings) {
    reader.read("seed", settings.seed);
    reader.read("atomsPerBatch", settings.atomsPerBatch);
    reader.read("maxSteps", settings.maxSteps);
    reader.read("maxMinutes", settings.maxMinutes);
    reader.read("learningRate", settings.learningRate);
    reader.read("finalLearningRate", settings.finalLearningRate);
    reader.read("warmupSteps", settings.warmupSteps);
    reader.read("beta1", settings.beta1);
    reader.read("beta2", settings.beta2);
    reader.read("weightDecay", settings.weightDecay);
    reader.read("gradientClip", settings.gradientClip);
    reader.read("emaDecay", settings.emaDecay);
}

/** How samples and their targets are made. */
void readSamples(KeyReader& reader, TrainingSettings& settings) {
    reader.read("logSigmaMean", settings.logSigmaMean);
    reader.read("logSigmaDeviation", settings.logSigmaDeviation);
    reader.read("stereoDropout", settings.stereoDropout);
    reader.read("mirrorProbability", settings.mirrorProbability);
    reader.read("boltzmannShare", settings.boltzmannShare);
    reader.read("maxAutomorphisms", settings.maxAutomorphisms);
    reader.read("target", settings.target);
    reader.read("coupling", settings.coupling);
    reader.read("regression", settings.regression);
    reader.read("numRotations", settings.numRotations);
    reader.read("numAutomorphisms", settings.numAutomorphisms);
    reader.read("averageReflections", settings.averageReflections);
    reader.read("useForces", settings.useForces);
    reader.read("rotations", settings.rotations);
    reader.read("largeGroups", settings.largeGroups);
    reader.read("latticePoints", settings.latticePoints);
}

/** Where a run computes, and how often it reports. */
void readRun(KeyReader& reader, TrainingSettings& settings) {
    reader.read("precision", settings.precision);
    reader.read("device", settings.device);
    reader.read("numThreads", settings.numThreads);
    reader.read("numBatchThreads", settings.numBatchThreads);
    reader.read("cacheMegabytes", settings.cacheMegabytes);
    reader.read("checkpointMinutes", settings.checkpointMinutes);
    reader.read("exportMinutes", settings.exportMinutes);
    reader.read("logSteps", settings.logSteps);
    reader.read("validationSteps", settings.validationSteps);
    reader.read("validationMolecules", settings.validationMolecules);
    reader.read("validationCopies", settings.validationCopies);
    reader.read("metricSteps", settings.metricSteps);
}

bool isShare(double value) {
    return value >= 0 && value <= 1;
}

void checkData(const TrainingSettings& settings) {
    check(!settings.datasets.empty(), "at least one data set", "none");
    check(!settings.conditions.empty(), "at least one condition", "none");
    for (const std::string& name : settings.conditions)
        check(std::count(settings.conditions.begin(), settings.conditions.end(), name) == 1, "different conditions",
                "\"" + name + "\" twice");
    check(settings.initialLayers.empty() || !settings.initialModel.empty(),
            "an initialModel to take the initialLayers from", "none");
    double total = 0;
    for (const TrainingDataset& dataset : settings.datasets) {
        check(!dataset.shards.empty(), "at least one shard in every data set", "none");
        check(dataset.weight >= 0, "weights of data sets of at least 0", std::to_string(dataset.weight));
        total += dataset.weight;
    }
    check(total > 0, "a positive sum of the weights of the data sets", std::to_string(total));
}

void checkSchedule(const TrainingSettings& settings) {
    check(settings.atomsPerBatch >= 1, "at least 1 atom per batch", std::to_string(settings.atomsPerBatch));
    check(settings.maxSteps >= 1, "at least 1 step", std::to_string(settings.maxSteps));
    check(settings.maxMinutes >= 0, "minutes of at least 0", std::to_string(settings.maxMinutes));
    check(settings.learningRate > 0, "a positive learning rate", std::to_string(settings.learningRate));
    check(isShare(settings.finalLearningRate), "a final fraction of the learning rate between 0 and 1",
            std::to_string(settings.finalLearningRate));
    check(settings.warmupSteps >= 0, "at least 0 warm-up steps", std::to_string(settings.warmupSteps));
    check(settings.beta1 >= 0 && settings.beta1 < 1 && settings.beta2 >= 0 && settings.beta2 < 1,
            "beta1 and beta2 in [0, 1)",
            std::to_string(settings.beta1) + ", " + std::to_string(settings.beta2));
    check(settings.weightDecay >= 0, "a weight decay of at least 0", std::to_string(settings.weightDecay));
    check(settings.gradientClip > 0, "a positive largest gradient norm", std::to_string(settings.gradientClip));
    check(settings.emaDecay >= 0 && settings.emaDecay < 1, "an average decay in [0, 1)",
            std::to_string(settings.emaDecay));
    check(settings.logSigmaDeviation > 0, "a positive deviation of ln sigma",
            std::to_string(settings.logSigmaDeviation));
}

void checkSamples(const TrainingSettings& settings) {
    for (double value : {settings.stereoDropout, settings.mirrorProbability, settings.boltzmannShare})
        check(isShare(value), "shares of samples between 0 and 1", std::to_string(value));
    check(settings.maxAutomorphisms >= 1 && settings.maxAutomorphisms <= 5000, "1 to 5000 automorphisms",
            std::to_string(settings.maxAutomorphisms));
    OrbitTargetSettings orbit;
    orbit.target = parseOrbitTarget(settings.target);
    orbit.posterior.coupling = parseOrbitCoupling(settings.coupling);
    orbit.numRotations = settings.numRotations;
    orbit.numAutomorphisms = settings.numAutomorphisms;
    orbit.validate();
    check(settings.largeGroups == "lattice" || settings.largeGroups == "subgroup",
            "large groups by \"lattice\" or \"subgroup\"",
            "\"" + settings.largeGroups + "\"");
    check(settings.latticePoints >= 8 && (settings.latticePoints & (settings.latticePoints - 1)) == 0,
            "a power of 2 from 8 on as lattice points",
            std::to_string(settings.latticePoints));
    check(settings.rotations == "O3" || settings.rotations == "SO3", "rotations \"O3\" or \"SO3\"",
            "\"" + settings.rotations + "\"");
    check(settings.regression == "denoiser" || settings.regression == "velocity",
            "a regression of \"denoiser\" or \"velocity\"",
            "\"" + settings.regression + "\"");
}

void checkRun(const TrainingSettings& settings) {
    check(settings.precision == "auto" || settings.precision == "bfloat16" || settings.precision == "float32",
            "a precision of \"auto\", \"bfloat16\" or \"float32\"", "\"" + settings.precision + "\"");
    if (!settings.distillation.teacher.empty())
        checkDistillation(settings.distillation);
    check(settings.device == "auto" || settings.device == "cpu" || settings.device == "gpu",
            "a device of \"auto\", \"cpu\" or \"gpu\"",
            "\"" + settings.device + "\"");
    check(settings.numThreads >= 1, "at least 1 thread", std::to_string(settings.numThreads));
    check(settings.numBatchThreads >= 0, "at least 0 threads for batches", std::to_string(settings.numBatchThreads));
    check(settings.cacheMegabytes >= 0, "a cache of at least 0 MiB", std::to_string(settings.cacheMegabytes));
    check(settings.logSteps >= 1 && settings.validationSteps >= 0, "a log interval of at least 1 step",
            std::to_string(settings.logSteps));
    check(settings.validationMolecules >= 0, "at least 0 validation molecules",
            std::to_string(settings.validationMolecules));
    check(settings.validationCopies >= 1, "at least 1 copy of a validation molecule",
            std::to_string(settings.validationCopies));
    check(settings.metricSteps >= 0, "an interval of the metrics of at least 0 steps",
            std::to_string(settings.metricSteps));
    check(settings.metadata.size() % 2 == 0, "pairs of key and value in the metadata",
            std::to_string(settings.metadata.size()) + " texts");
}

} // namespace

TrainingSettings TrainingSettings::load(const std::string& path) {
    std::ifstream file(path);
    if (!file)
        throw ArgumentError(WHERE + "expected a settings file, got \"" + path + "\", which cannot be read");
    json document = json::parse(file, nullptr, false);
    if (document.is_discarded())
        throw ArgumentError(WHERE + "expected JSON, got \"" + path + "\", which does not parse");
    TrainingSettings settings;
    KeyReader reader(document, path);
    json network = json::object(), datasets = json::array(), distillation;
    std::map<std::string, std::string> metadata;
    reader.read("network", network);
    reader.read("datasets", datasets);
    reader.read("metadata", metadata);
    reader.read("distillation", distillation);
    readStart(reader, settings);
    readSchedule(reader, settings);
    readSamples(reader, settings);
    readRun(reader, settings);
    reader.finish();
    readNetwork(network, settings.network);
    if (document.contains("distillation"))
        settings.distillation = readDistillation(distillation);
    for (const json& dataset : datasets)
        settings.datasets.push_back(readDataset(dataset));
    for (const auto& [key, value] : metadata) {
        settings.metadata.push_back(key);
        settings.metadata.push_back(value);
    }
    settings.validate();
    return settings;
}

void TrainingSettings::validate() const {
    checkData(*this);
    checkSchedule(*this);
    checkSamples(*this);
    checkRun(*this);
}

} // namespace OrbitPlugin
