// SPDX-License-Identifier: MIT
// The stages on a device: each binds arguments and queues its kernels (src/kernels). Contracts:
// internal/stages/<Stage>.h.
#ifndef OPENMM_ORBIT_COMMONSTAGES_H_
#define OPENMM_ORBIT_COMMONSTAGES_H_

#include "networks/PairBiasArrays.h"
#include "openmm/internal/ContextImpl.h"
#include "openmmorbit/internal/stages/AvoidPocket.h"
#include "openmmorbit/internal/stages/FollowFixed.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include "openmmorbit/internal/stages/StereoGuidance.h"
#include "openmmorbit/internal/stages/TurnTorsions.h"
#include <cstdint>

namespace OrbitPlugin {
namespace common {

void noise(Device& device, DeviceBatch& batch, std::uint64_t seed);
/** Centre batch.noise, times sigma, into batch.positions. */
void prior(Device& device, DeviceBatch& batch, double sigma);
/** The same, added to batch.positions. */
void addNoise(Device& device, DeviceBatch& batch, double sigma);
/** u from coordinates, (3.2), an array as long as batch.u. */
void scaleInput(Device& device, DeviceBatch& batch, Buffer& y, double factor, Buffer& u);
/** D = skip y + output F, (3.2). */
void scaleOutput(Device& device, DeviceBatch& batch, Buffer& y, Buffer& denoised, double skip, double output);
/** Move batch.unguided, the denoised positions of every copy, into guided. */
void stereoGuidance(Device& device, DeviceBatch& batch, const StereoGuidanceShape& shape, Buffer& guided);
/** Clamp the fixed points of every copy, batch.fixed and batch.start, in denoised positions. */
void clampFixed(Device& device, DeviceBatch& batch, Buffer& denoised);
/** Put the fixed points of every copy to their places, batch.fixed and batch.start, and let the others follow. */
void followFixed(Device& device, DeviceBatch& batch, const FollowFixedShape& shape, Buffer& denoised);
/** Move the points of every copy away from what stands around it, batch.obstacles. */
void avoidPocket(Device& device, DeviceBatch& batch, const AvoidPocketShape& shape, Buffer& denoised);
/** Turn the torsions of every copy, batch.torsions, into their ranges. */
void turnTorsions(Device& device, DeviceBatch& batch, Buffer& denoised);
/** Guide the copies that have a contrast, batch.contrasts, in denoised positions. */
void classifierFreeGuidance(Device& device, DeviceBatch& batch, double scale, Buffer& denoised);
void eulerStep(Device& device, DeviceBatch& batch, const StepLevels& levels, Buffer& next);
void twoStageStep(Device& device, DeviceBatch& batch, const StepLevels& levels);
void multistepStep(Device& device, DeviceBatch& batch, const StepLevels& levels);

/** The order of a Context's particles on the device, and the periodic cells they were moved by. */
class ContextOrder {
public:
    /** Bring slots and cell offsets up to date. */
    void update(Device& device);
    Buffer slots{"slots"}, cellOffsets{"cellOffsets"};
private:
    std::vector<OpenMM::mm_int4> offsets;
};

void gather(Device& device, DeviceBatch& batch, ContextOrder& order);
void scatter(Device& device, DeviceBatch& batch, ContextOrder& order, double unitInNanometers);

/** What the stages of the pair-bias transformer read and fill. */
struct PairBiasPass {
    Device& device;
    PairBiasWeights& weights;
    PairBiasArrays& arrays;
    DeviceBatch& batch;
    bool hasBefore = false;     ///< whether there is an estimate of before, in arrays.before
};

void timeConditioning(const PairBiasPass& pass, double logSigma);
void tokenEmbedding(const PairBiasPass& pass);
/** Sum the embeddings of all pairs of the batch's inputs, once a batch. */
void embedPairs(const PairBiasPass& pass);
/** Fill arrays.bias for numLayers layers from firstLayer on. */
void pairFeatures(const PairBiasPass& pass, int firstLayer, int numLayers);
/** firstBias is the row of arrays.bias that belongs to the layer's first head. */
void pairBiasAttention(const PairBiasPass& pass, int layer, int firstBias);
void transition(const PairBiasPass& pass, int layer);
/** From arrays.x to batch.output. */
void coordinateHead(const PairBiasPass& pass);
/** How a matrix product reads and writes rows; see linear.cc. */
struct LinearShape {
    int inputWidth = 0;         ///< true width of a normalised input, 0 if it is not normalised
    int numColumns = 0;         ///< columns of the output
    int modulationOffset = 0;   ///< of shift and scale, or of the gate
};
/** One matrix product over all rows of the batch. */
struct LinearTask {
    const Matrix& matrix;
    Buffer& input;
    Buffer& output;
    LinearShape shape;
};
/** The rows of a pass, and the modulations that they have. */
struct ModulatedRows {
    Device& device;
    Buffer& weights;
    Buffer& rows;               ///< [numRows] y: row of the modulation
    int numRows;
    Buffer& modulation;
    int modulationSize;
};
/** How a product is divided into work-groups, and the blocks of columns that one goes through. */
struct ProductLaunch {
    Launch launch;
    int span;
};
ProductLaunch launchProduct(Device& device, const Matrix& matrix, int numRows);
/** Queue a matrix product. */
void linear(const ModulatedRows& rows, const std::string& kernel, const LinearTask& task);
void linear(const PairBiasPass& pass, const std::string& kernel, const LinearTask& task);

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONSTAGES_H_
