// SPDX-License-Identifier: MIT
// The planning room of ConformerGenerator: packs requests into batches, runs them, and draws wrong copies again.
#include "openmmorbit/internal/ConformerGeneratorImpl.h"
#include "KernelHolder.h"
#include "openmm/Platform.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/internal/ConformerInspector.h"
#include "openmmorbit/internal/Features.h"
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>
#include <sstream>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

// One batch holds at most this many atom pairs, unless a single copy has more: its memory is some 100 bytes a pair.

const long long MAX_PAIRS = 1 << 19;

Platform& choosePlatform(const std::string& name) {
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
    throw ArgumentError("ConformerGenerator::setPlatformName: expected a platform with a denoising kernel (loaded: " +
                        (available.empty() ? "none" : available) + "), got \"" + name +
                        "\"; load the plugins with Platform::loadPluginsFromDirectory()");
}

// The time that a molecule may take, s; 0 for no limit.

double getTimeLimit(const GenerationSettings& settings, const GenerationRequest& request) {
    return settings.timeLimit * std::max(1.0, request.numConformers / 100.0);
}

std::string formatSeconds(double seconds) {
    std::ostringstream text;
    text << seconds << " s";
    return text.str();
}

// A sentence about the copies of one molecule that stayed wrong, with the most frequent fault and one example of it.

std::string describeWrong(
        const GenerationRequest& request, const std::vector<ConformerStatus>& wrong, const std::string& end) {
    std::array<int, 9> counts{};
    std::array<std::string, 9> examples;
    for (const ConformerStatus& status : wrong) {
        const std::array<bool, 9> flags = {status.finite, status.centersInside, status.ringsClear, status.bondsCorrect,
                status.anglesCorrect, status.planar, status.clashFree, status.stereoCorrect, status.finished};
        const auto fault = std::find(flags.begin(), flags.end(), false) - flags.begin();
        counts[fault]++;
        if (examples[fault].empty())
            examples[fault] = status.message;
    }
    int worst = (int) (std::max_element(counts.begin(), counts.end()) - counts.begin());
    return "ConformerGenerator::generate: expected " + std::to_string(request.numConformers) +
           " correct conformers of " + request.graph->getLabel() + ", got " +
           std::to_string(request.numConformers - (int) wrong.size()) + " " + end + "; most frequent fault (" +
            std::to_string(counts[worst]) + " copies): " + examples[worst];
}

} // namespace

ConformerGeneratorImpl::ConformerGeneratorImpl(std::shared_ptr<const DenoiserModel> newModel,
        const std::string& platformName, std::map<std::string, std::string> properties, int numThreads) :
        model(std::move(newModel)) {
    Platform& platform = choosePlatform(platformName);
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
    integrator = std::make_unique<KernelHolder>(model, precision);
    context = std::make_unique<Context>(system, *integrator, platform, properties);
}

ConformerGeneratorImpl::~ConformerGeneratorImpl() = default;

std::string ConformerGeneratorImpl::getKernelDescription() const {
    return integrator->getKernel().getDescription();
}

std::vector<Ensemble> ConformerGeneratorImpl::generate(const std::vector<GenerationRequest>& requests,
        const GenerationSettings& settings) {
    const std::lock_guard<std::mutex> lock(running);
    Call call{requests, settings, {}, std::vector<std::string>(requests.size()), 0, 0,
            std::vector<double>(requests.size(), 0.0), {}};
    addCopies(call);
    std::vector<int> pending(call.copies.size());
    std::iota(pending.begin(), pending.end(), 0);

    // One round for every draw; the copies that are still wrong meet again in the next one.

    for (int draw = 0; draw <= settings.maxResamplings && !pending.empty(); draw++) {
        call.draw = draw;
        std::vector<int> wrong;
        for (int first = 0; first < (int) pending.size();) {
            Batch batch;
            std::vector<int> packed;
            first = packBatch(call, pending, first, batch, packed);
            if (packed.empty())
                continue;
            const bool finished = runBatch(call, batch, packed);
            keepFeatures(call, batch, packed);
            for (int index : packed)
                if (call.copies[index].status.isAccepted() || draw == settings.maxResamplings || !finished)
                    call.numFinished++;
                else
                    wrong.push_back(index);
        }
        pending = wrong;
    }
    return collect(call);
}

void ConformerGeneratorImpl::addCopies(Call& call) const {
    const GenerationSettings& settings = call.settings;
    ConformerProvenance common;
    common.modelName = model->getMetadata("name");
    common.modelChecksum = model->getChecksum();
    common.kernel = getKernelDescription();
    common.seed = settings.seed;
    if (settings.condition < (int) model->getConditions().size())
        common.condition = model->getConditions()[settings.condition];
    for (int request = 0; request < (int) call.requests.size(); request++)
        for (int i = 0; i < call.requests[request].numConformers; i++) {
            Copy copy;
            copy.request = request;
            copy.provenance = common;
            copy.provenance.record = call.requests[request].record;
            copy.provenance.copy = i;
            call.copies.push_back(copy);
        }
}

int ConformerGeneratorImpl::packBatch(Call& call, const std::vector<int>& pending, int first, Batch& batch,
        std::vector<int>& packed) const {
    batch.seed = (unsigned int) call.settings.seed;
    batch.setSampler(call.settings.sampler);
    long long numPairs = 0;
    int lastRequest = -1, next = first;
    for (; next < (int) pending.size(); next++) {
        Copy& copy = call.copies[pending[next]];
        const GenerationRequest& request = call.requests[copy.request];
        long long pairs = (long long) request.graph->getNumAtoms() * request.graph->getNumAtoms();
        if (!packed.empty() && numPairs + pairs > MAX_PAIRS)
            break;

        if (copy.request != lastRequest && packGraph(call, copy.request, batch))
            lastRequest = copy.request;
        if (!call.messages[copy.request].empty() || isOverdue(call, copy.request)) {
            call.numFinished++;
            continue;
        }
        copy.provenance.numResamplings = call.draw;
        BatchCopy row;
        row.graph = (int) batch.graphs.size() - 1;
        row.record = request.record;
        row.copy = copy.provenance.copy;
        row.draw = copy.provenance.numResamplings;
        row.condition = call.settings.condition;
        batch.addCopy(row);
        packed.push_back(pending[next]);
        numPairs += pairs;
    }
    return next;
}

bool ConformerGeneratorImpl::packGraph(Call& call, int request, Batch& batch) const {
    // A molecule the model cannot describe is a message, not the end of the others.

    if (!call.messages[request].empty())
        return false;
    const auto kept = call.features.find(request);
    if (kept != call.features.end()) {
        batch.graphs.push_back(std::move(kept->second));
        call.features.erase(kept);
        return true;
    }
    const MolecularGraph& graph = *call.requests[request].graph;
    try {
        graph.validate();
        batch.graphs.push_back(computeFeatures(graph, model->getAtomVocabularies(), model->getPairVocabularies()));
    }
    catch (const ArgumentError& error) {
        call.messages[request] = error.what();
        return false;
    }
    return true;
}

void ConformerGeneratorImpl::keepFeatures(Call& call, Batch& batch, const std::vector<int>& packed) const {
    for (int i = 0; i < (int) packed.size(); i++) {
        const Copy& copy = call.copies[packed[i]];
        const int graph = batch.copies[i].graph;

        // The copies of the last molecule may go on in the next batch.

        const bool isNeeded = !copy.status.isAccepted() || graph == (int) batch.graphs.size() - 1;
        if (isNeeded && call.features.count(copy.request) == 0)
            call.features[copy.request] = std::move(batch.graphs[graph]);
    }
}

bool ConformerGeneratorImpl::isOverdue(const Call& call, int request, double more) const {
    const double limit = getTimeLimit(call.settings, call.requests[request]);
    return limit > 0 && call.seconds[request] + more > limit;
}

bool ConformerGeneratorImpl::areOverdue(
        const Call& call, const Batch& batch, const std::vector<int>& packed, double more) const {
    if (call.settings.timeLimit == 0)
        return false;
    std::map<int, int> numAtoms;
    for (int i = 0; i < (int) packed.size(); i++)
        numAtoms[call.copies[packed[i]].request] += batch.getNumAtoms(i);
    return std::all_of(numAtoms.begin(), numAtoms.end(), [&](const auto& entry) {
        return isOverdue(call, entry.first, more * entry.second / batch.getNumAtoms());
    });
}

bool ConformerGeneratorImpl::runBatch(Call& call, const Batch& batch, const std::vector<int>& packed) {
    auto start = std::chrono::steady_clock::now();
    auto getSeconds = [&]() { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
    IntegrateOrbitDiffusionStepKernel& kernel = integrator->getKernel();
    report(call, 0.0);
    kernel.setBatch(batch);
    kernel.drawPrior();
    bool finished = true;
    for (int step = 0; step < batch.getNumSteps() && finished; step++) {
        kernel.execute(step);
        report(call, (step + 1.0) / batch.getNumSteps());
        finished = step + 1 == batch.getNumSteps() || !areOverdue(call, batch, packed, getSeconds());
    }
    if (finished)
        inspect(call, batch, packed, kernel.getPositions());
    const double seconds = getSeconds();
    for (int i = 0; i < (int) packed.size(); i++) {
        Copy& copy = call.copies[packed[i]];
        const double share = seconds * batch.getNumAtoms(i) / batch.getNumAtoms();
        copy.provenance.wallSeconds += share;
        call.seconds[copy.request] += share;
        if (finished)
            copy.provenance.numEvaluations += call.settings.sampler.getNumEvaluations();
    }
    return finished;
}

void ConformerGeneratorImpl::report(const Call& call, double fraction) const {
    if (call.settings.progress == nullptr)
        return;
    if (!call.settings.progress->report(call.numFinished, (int) call.copies.size(), fraction))
        throw GenerationStopped("ConformerGenerator::generate: expected to finish " +
                std::to_string(call.copies.size()) + " copies, got a stop after " + std::to_string(call.numFinished));
}

void ConformerGeneratorImpl::inspect(Call& call, const Batch& batch, const std::vector<int>& packed,
        const std::vector<double>& positions) const {
    const double unit = model->getUnitInNanometers();
    std::unique_ptr<const ConformerInspector> inspector;
    int inspected = -1;
    for (int i = 0; i < (int) packed.size(); i++) {
        Copy& copy = call.copies[packed[i]];
        const double* rows = positions.data() + 3 * batch.copies[i].firstAtom;
        copy.positions.resize(batch.getNumAtoms(i));
        for (int atom = 0; atom < batch.getNumAtoms(i); atom++)
            copy.positions[atom] = Vec3(rows[3 * atom], rows[3 * atom + 1], rows[3 * atom + 2]) * unit;

        // The hand is part of what was asked for, inspected or not. Without inspection only coordinates that are not
        // finite are wrong.

        std::vector<double> coordinates(rows, rows + 3 * batch.getNumAtoms(i));
        const MolecularGraph& graph = *call.requests[copy.request].graph;
        const bool finite =
                std::all_of(coordinates.begin(), coordinates.end(), [](double x) { return std::isfinite(x); });
        const bool labelled = !graph.tetrahedral.empty() || !graph.torsional.empty();
        copy.provenance.mirrored = finite && labelled && restoreHandedness(graph, coordinates);
        if (copy.provenance.mirrored)
            for (Vec3& position : copy.positions)
                position = -position;
        copy.status = ConformerStatus();
        if (!call.settings.checkConformers && finite)
            continue;
        if (inspected != copy.request)
            inspector = std::make_unique<const ConformerInspector>(graph);
        inspected = copy.request;
        copy.status = inspector->inspect(coordinates);
    }
}

std::vector<Ensemble> ConformerGeneratorImpl::collect(Call& call) const {
    std::vector<Ensemble> ensembles;
    for (const GenerationRequest& request : call.requests)
        ensembles.emplace_back(*request.graph);
    std::vector<std::vector<ConformerStatus>> wrong(call.requests.size());
    for (Copy& copy : call.copies) {
        if (!call.messages[copy.request].empty())
            continue;
        if (copy.positions.empty() && copy.status.isAccepted()) {
            copy.status.finished = false;
            copy.status.message = "the time limit was over before it was generated";
        }
        bool accepted = copy.status.isAccepted();
        if (!accepted)
            wrong[copy.request].push_back(copy.status);
        if (accepted || (call.settings.returnFailed && copy.status.finished))
            ensembles[copy.request].addConformer(copy.positions, copy.status, copy.provenance);
        else
            ensembles[copy.request].addFailure({copy.status, copy.provenance});
        copy.positions = {};
    }
    for (int i = 0; i < (int) ensembles.size(); i++) {
        ensembles[i].setMessage(call.messages[i]);
        if (!wrong[i].empty())
            ensembles[i].setMessage(describeWrong(call.requests[i], wrong[i], isOverdue(call, i)
                ? "when its time limit of " + formatSeconds(getTimeLimit(call.settings, call.requests[i])) + " was over"
                : "after " + std::to_string(call.settings.maxResamplings) + " resamplings"));
    }
    return ensembles;
}

} // namespace OrbitPlugin
