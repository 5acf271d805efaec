// SPDX-License-Identifier: MIT
// How the GPU kernel drives the stages.
#include "CommonIntegrateOrbitDiffusionStepKernel.h"
#include "openmm/OpenMMException.h"
#include "openmm/common/ContextSelector.h"
#include "openmmorbit/internal/stages/DenoiserWeights.h"

using namespace OpenMM;

namespace OrbitPlugin {

using std::string;
using std::vector;

static void checkSize(const string& where, std::size_t expected, std::size_t got) {
    if (expected != got)
        throw OpenMMException("IntegrateOrbitDiffusionStepKernel::" + where + ": expected " + std::to_string(expected) +
            " values for this batch, got " + std::to_string(got));
}

CommonIntegrateOrbitDiffusionStepKernel::~CommonIntegrateOrbitDiffusionStepKernel() {
    ContextSelector selector(context);
    order.reset();
    arrays.reset();
    network.reset();
}

void CommonIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& newModel) {
    if (context.getNumContexts() > 1)
        throw OpenMMException(
                "IntegrateOrbitDiffusionStepKernel::initialize: expected a Context on 1 device, got one on " +
                std::to_string(context.getNumContexts()) + "; name a single device in DeviceIndex");
    newModel.validate();
    context.initializeContexts();
    ContextSelector selector(context);

    // OpenMM leaves the low parts of positions that were never set undefined; like the high parts they count as zeros.

    if (context.getUseMixedPrecision())
        context.clearBuffer(context.getPosqCorrection());
    network = common::makeNetwork(context, newModel);
    arrays = std::make_unique<common::DeviceBatch>();
    order = std::make_unique<common::ContextOrder>();
    unitInNanometers = newModel.getUnitInNanometers();
    dataScale = newModel.getSettings().dataScale;
    parametrization = getParametrization(newModel);
    pointsPerToken = newModel.getSettings().pointsPerToken;
}

void CommonIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
    ContextSelector selector(context);
    newBatch.validate(pointsPerToken);
    batch = newBatch;
    arrays->set(network->getDevice(), batch, pointsPerToken);
    network->setBatch(batch, *arrays);
    const vector<double> zeros(3 * batch.getNumPoints(), 0.0);
    const bool asDouble = network->getDevice().precision.mixedIsDouble;
    arrays->positions.uploadNumbers(context, zeros, asDouble);
    arrays->previousDenoised.uploadNumbers(context, zeros, asDouble);
    arrays->centroids.uploadNumbers(context, vector<double>(3 * batch.copies.size(), 0.0), asDouble);
    historyStep = -1;
}

void CommonIntegrateOrbitDiffusionStepKernel::start() {
    ContextSelector selector(context);
    const double sigma = batch.plan.noiseLevels[0];
    if (!batch.start.empty())
        centerPositions(batch.start);
    common::noise(network->getDevice(), *arrays, batch.seed);
    if (batch.start.empty())
        common::prior(network->getDevice(), *arrays, sigma);
    else
        common::addNoise(network->getDevice(), *arrays, sigma);
    historyStep = -1;
}

void CommonIntegrateOrbitDiffusionStepKernel::centerPositions(const vector<double>& values) {
    arrays->noise.uploadNumbers(context, values, network->getDevice().precision.mixedIsDouble);

    // The prior stage with a noise level of 1 subtracts the centroid.

    common::prior(network->getDevice(), *arrays, 1.0);
}

void CommonIntegrateOrbitDiffusionStepKernel::execute(int step) {
    ContextSelector selector(context);
    const StepLevels levels = batch.plan.getLevels(step, historyStep);
    common::Buffer* before = historyStep == step - 1 ? findBefore() : nullptr;
    common::Buffer* last = &arrays->denoised;
    denoiseAndGuide(levels, {levels.sigma, arrays->positions, before}, arrays->denoised);
    if (batch.plan.method == SamplerMethod::Multistep) {
        common::multistepStep(network->getDevice(), *arrays, levels);
        historyStep = step;
        last = nullptr;
    }
    else if (levels.stageSigma > 0) {
        common::eulerStep(network->getDevice(), *arrays, levels.toStage(), arrays->predicted);
        before = network->usesBefore() ? &arrays->denoised : nullptr;
        denoiseAndGuide(levels, {levels.stageSigma, arrays->predicted, before}, arrays->predictedDenoised);
        common::twoStageStep(network->getDevice(), *arrays, levels);
        last = &arrays->predictedDenoised;
    }
    else
        common::eulerStep(network->getDevice(), *arrays, levels, arrays->positions);
    if (network->usesBefore() && last != nullptr) {
        last->getArray().copyTo(arrays->previousDenoised.getArray());
        historyStep = step;
    }
    if (levels.drawn > 0) {
        // (5.8)
        common::noise(network->getDevice(), *arrays, batch.getStepSeed(step));
        common::addNoise(network->getDevice(), *arrays, levels.drawn);
    }
    context.flushQueue();
}

void CommonIntegrateOrbitDiffusionStepKernel::denoiseAndGuide(
        const StepLevels& levels, const DenoiserInput& input, common::Buffer& denoised) {
    const bool isSteered = batch.isGuided(levels);
    common::Buffer& first = isSteered ? arrays->unguided : denoised;
    denoise(input, first, nullptr);
    if (batch.hasContrasts())
        common::classifierFreeGuidance(network->getDevice(), *arrays, batch.plan.guidanceScale, first);
    if (isSteered) {
        const StereoGuidanceShape shape = {batch.getNumPoints(), input.sigma, batch.plan.stereoGuidance,
            batch.plan.fadingSigma};
        common::stereoGuidance(network->getDevice(), *arrays, shape, denoised);
    }
    if (!batch.leaders.empty())
        common::followFixed(network->getDevice(), *arrays,
                {batch.getNumPoints(), batch.plan.nearDistance, input.sigma, batch.plan.bodySigma}, denoised);
    else if (!batch.fixed.empty())
        common::clampFixed(network->getDevice(), *arrays, denoised);
    if (!batch.pockets.empty())
        common::avoidPocket(network->getDevice(), *arrays,
                {batch.getNumPoints(), input.sigma, batch.plan.fadingSigma}, denoised);
    if (!batch.torsions.empty())
        common::turnTorsions(network->getDevice(), *arrays, denoised);
}

common::Buffer* CommonIntegrateOrbitDiffusionStepKernel::findBefore() {
    return network->usesBefore() && historyStep >= 0 ? &arrays->previousDenoised : nullptr;
}

void CommonIntegrateOrbitDiffusionStepKernel::denoise(
        const DenoiserInput& input, common::Buffer& denoised, StageTaps* taps) {
    if (batch.copies.empty())
        return;

    // (3.1)
    const Preconditioning factors = getPreconditioning(input.sigma, dataScale, parametrization);
    common::scaleInput(network->getDevice(), *arrays, input.y, factors.input, arrays->u);
    network->evaluate(batch, *arrays, factors.logSigma, input.before, taps);

    // (3.2)
    common::scaleOutput(network->getDevice(), *arrays, input.y, denoised, factors.skip, factors.output);
}

void CommonIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    ContextSelector selector(context);
    if (taps != nullptr)
        taps->clear();
    denoise({sigma, arrays->positions, findBefore()}, arrays->denoised, taps);
    denoised = arrays->denoised.downloadNumbers(3 * batch.getNumPoints());
}

vector<double> CommonIntegrateOrbitDiffusionStepKernel::getPositions() const {
    ContextSelector selector(context);
    return arrays->positions.downloadNumbers(3 * batch.getNumPoints());
}

void CommonIntegrateOrbitDiffusionStepKernel::setPositions(const vector<double>& positions) {
    checkSize("setPositions", 3 * batch.getNumPoints(), positions.size());
    ContextSelector selector(context);
    centerPositions(positions);
    historyStep = -1;
}

vector<double> CommonIntegrateOrbitDiffusionStepKernel::getSamplerState() const {
    ContextSelector selector(context);
    const int size = 3 * batch.getNumPoints();
    vector<double> state = {(double) historyStep};
    for (const common::Buffer* buffer : {&arrays->positions, &arrays->previousDenoised}) {
        const vector<double> values = buffer->downloadNumbers(size);
        state.insert(state.end(), values.begin(), values.end());
    }
    return state;
}

void CommonIntegrateOrbitDiffusionStepKernel::setSamplerState(const vector<double>& state) {
    const int size = 3 * batch.getNumPoints();
    checkSize("setSamplerState", 1 + 2 * size, state.size());
    ContextSelector selector(context);
    const bool asDouble = network->getDevice().precision.mixedIsDouble;
    const auto middle = state.begin() + 1 + size;
    arrays->positions.uploadNumbers(context, {state.begin() + 1, middle}, asDouble);
    arrays->previousDenoised.uploadNumbers(context, {middle, state.end()}, asDouble);
    historyStep = (int) state[0];
}

void CommonIntegrateOrbitDiffusionStepKernel::gather(ContextImpl&) {
    if (batch.particles.empty())
        return;
    ContextSelector selector(context);
    common::gather(network->getDevice(), *arrays, *order);
}

void CommonIntegrateOrbitDiffusionStepKernel::scatter(ContextImpl&) {
    if (batch.particles.empty())
        return;
    ContextSelector selector(context);
    common::scatter(network->getDevice(), *arrays, *order, unitInNanometers);
}

string CommonIntegrateOrbitDiffusionStepKernel::getDescription() const {
    const string precision = context.getUseDoublePrecision() ? "double"
            : context.getUseMixedPrecision()                 ? "mixed"
                                                             : "single";
    const string products = network != nullptr && network->getDevice().tiles.tensorCores ? ", tf32" : "";
    return platformName + " (" + precision + products + ")";
}

} // namespace OrbitPlugin
