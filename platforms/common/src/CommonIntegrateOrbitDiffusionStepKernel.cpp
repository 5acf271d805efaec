// SPDX-License-Identifier: MIT
// How the GPU kernel drives the stages.
#include "CommonIntegrateOrbitDiffusionStepKernel.h"
#include "DeviceTaps.h"
#include "openmm/OpenMMException.h"
#include "openmm/common/ContextSelector.h"
#include "openmmorbit/internal/stages/Preconditioning.h"

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
    model.reset();
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
    model = std::make_unique<common::DeviceModel>(context, newModel);
    arrays = std::make_unique<common::DeviceBatch>();
    order = std::make_unique<common::ContextOrder>();
    unitInNanometers = newModel.getUnitInNanometers();
}

void CommonIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
    ContextSelector selector(context);
    newBatch.validate(model->settings.pointsPerToken);
    batch = newBatch;
    arrays->set(*model, batch);
    const vector<double> zeros(3 * batch.getNumPoints(), 0.0);
    const bool asDouble = model->device.precision.mixedIsDouble;
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
    common::noise(*model, *arrays, batch.seed);
    if (batch.start.empty())
        common::prior(*model, *arrays, sigma);
    else
        common::addNoise(*model, *arrays, sigma);
    historyStep = -1;
}

void CommonIntegrateOrbitDiffusionStepKernel::centerPositions(const vector<double>& values) {
    arrays->noise.uploadNumbers(context, values, model->device.precision.mixedIsDouble);

    // The prior stage with a noise level of 1 subtracts the centroid.

    common::prior(*model, *arrays, 1.0);
}

void CommonIntegrateOrbitDiffusionStepKernel::execute(int step) {
    ContextSelector selector(context);
    const StepLevels levels = batch.plan.getLevels(step, historyStep);
    denoiseAndGuide(levels, levels.sigma, arrays->positions, arrays->denoised);
    if (batch.plan.method == SamplerMethod::Multistep) {
        common::multistepStep(*model, *arrays, levels);
        historyStep = step;
    }
    else if (batch.plan.method == SamplerMethod::Heun && levels.nextSigma > 0) {
        common::eulerStep(*model, *arrays, levels, arrays->predicted);
        denoiseAndGuide(levels, levels.nextSigma, arrays->predicted, arrays->predictedDenoised);
        common::heunStep(*model, *arrays, levels);
    }
    else
        common::eulerStep(*model, *arrays, levels, arrays->positions);
    if (levels.drawn > 0) {
        // (5.8)
        common::noise(*model, *arrays, batch.getStepSeed(step));
        common::addNoise(*model, *arrays, levels.drawn);
    }
    context.flushQueue();
}

void CommonIntegrateOrbitDiffusionStepKernel::denoiseAndGuide(
        const StepLevels& levels, double sigma, common::Buffer& y, common::Buffer& denoised) {
    if (batch.isGuided(levels)) {
        denoise(sigma, y, arrays->unguided, nullptr);
        const StereoGuidanceShape shape = {0, sigma, batch.plan.stereoGuidance, batch.plan.fadingSigma};
        common::stereoGuidance(*model, *arrays, shape, denoised);
    }
    else
        denoise(sigma, y, denoised, nullptr);
    if (!batch.fixed.empty())
        common::clampFixed(*model, *arrays, denoised);
}

void CommonIntegrateOrbitDiffusionStepKernel::denoise(double sigma, common::Buffer& y, common::Buffer& denoised,
        StageTaps* taps) {
    const int numLayers = model->settings.numLayers, numHeads = model->settings.numHeads;
    if (batch.copies.empty())
        return;

    // (3.1)
    const Preconditioning factors = getPreconditioning(sigma, model->settings.dataScale);
    common::scaleInput(*model, *arrays, y, factors.input);

    common::timeConditioning(*model, *arrays, factors.logSigma);
    if (taps != nullptr)
        common::tapConditioning(*model, *arrays, batch, *taps);
    common::tokenEmbedding(*model, *arrays);
    if (taps != nullptr)
        common::tapTokens(*model, *arrays, "tokenEmbedding", *taps);

    vector<vector<double>> biases;
    for (int layer = 0; layer < numLayers; layer++) {
        const int layerOfPart = layer % arrays->layersAtOnce;
        if (layerOfPart == 0) {
            const int numLayersOfPart = std::min(arrays->layersAtOnce, numLayers - layer);
            common::pairFeatures(*model, *arrays, layer, numLayersOfPart);
            if (taps != nullptr)
                common::tapPairFeatures(*model, *arrays, batch, numLayersOfPart, biases);
        }
        common::pairBiasAttention(*model, *arrays, layer, layerOfPart * numHeads);
        if (taps != nullptr)
            common::tapTokens(*model, *arrays, "pairBiasAttention." + std::to_string(layer), *taps);
        common::transition(*model, *arrays, layer);
        if (taps != nullptr)
            common::tapTokens(*model, *arrays, "transition." + std::to_string(layer), *taps);
    }

    common::coordinateHead(*model, *arrays);
    if (taps != nullptr) {
        for (const vector<double>& bias : biases)
            (*taps)["pairFeatures"].insert((*taps)["pairFeatures"].end(), bias.begin(), bias.end());
        (*taps)["coordinateHead"] = arrays->output.downloadNumbers(3 * arrays->getNumPoints());
    }

    // (3.2)
    common::scaleOutput(*model, *arrays, y, denoised, factors.skip, factors.output);
}

void CommonIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    ContextSelector selector(context);
    if (taps != nullptr)
        taps->clear();
    denoise(sigma, arrays->positions, arrays->denoised, taps);
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
    const bool asDouble = model->device.precision.mixedIsDouble;
    const auto middle = state.begin() + 1 + size;
    arrays->positions.uploadNumbers(context, {state.begin() + 1, middle}, asDouble);
    arrays->previousDenoised.uploadNumbers(context, {middle, state.end()}, asDouble);
    historyStep = (int) state[0];
}

void CommonIntegrateOrbitDiffusionStepKernel::gather(ContextImpl&) {
    if (batch.particles.empty())
        return;
    ContextSelector selector(context);
    common::gather(*model, *arrays, *order);
}

void CommonIntegrateOrbitDiffusionStepKernel::scatter(ContextImpl&) {
    if (batch.particles.empty())
        return;
    ContextSelector selector(context);
    common::scatter(*model, *arrays, *order, unitInNanometers);
}

string CommonIntegrateOrbitDiffusionStepKernel::getDescription() const {
    const string precision = context.getUseDoublePrecision() ? "double"
            : context.getUseMixedPrecision()                 ? "mixed"
                                                             : "single";
    const string products = model != nullptr && model->device.tiles.tensorCores ? ", tf32" : "";
    return platformName + " (" + precision + products + ")";
}

} // namespace OrbitPlugin
