// SPDX-License-Identifier: MIT
// The stages on a device: each binds arguments and queues its kernels (src/kernels). Contracts:
// internal/stages/<Stage>.h.
#ifndef OPENMM_ORBIT_COMMONSTAGES_H_
#define OPENMM_ORBIT_COMMONSTAGES_H_

#include "DeviceBatch.h"
#include "openmm/internal/ContextImpl.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include "openmmorbit/internal/stages/StereoGuidance.h"
#include <cstdint>

namespace OrbitPlugin {
namespace common {

/** How a matrix product reads and writes rows; see linear.cc. */
struct LinearShape {
    int inputWidth = 0;         ///< true width of a normalised input, 0 if it is not normalised
    int numColumns = 0;         ///< columns of the output
    int modulationOffset = 0;   ///< of shift and scale, or of the gate
};

void noise(Device& device, DeviceBatch& batch, std::uint64_t seed);
/** Centre batch.noise, times sigma, into batch.positions. */
void prior(Device& device, DeviceBatch& batch, double sigma);
/** The same, added to batch.positions. */
void addNoise(Device& device, DeviceBatch& batch, double sigma);
void timeConditioning(DeviceModel& model, DeviceBatch& batch, double logSigma);
void tokenEmbedding(DeviceModel& model, DeviceBatch& batch);
/** Sum the embeddings of all pairs of the batch's graphs, once a batch. */
void embedPairs(DeviceModel& model, DeviceBatch& batch);
/** Fill batch.bias for numLayers layers from firstLayer on. */
void pairFeatures(DeviceModel& model, DeviceBatch& batch, int firstLayer, int numLayers);
/** firstBias is the row of batch.bias that belongs to the layer's first head. */
void pairBiasAttention(DeviceModel& model, DeviceBatch& batch, int layer, int firstBias);
void transition(DeviceModel& model, DeviceBatch& batch, int layer);
void coordinateHead(DeviceModel& model, DeviceBatch& batch);
/** Queue a matrix product over all rows of the batch. */
void linear(DeviceModel& model, DeviceBatch& batch, const std::string& kernel, const Matrix& matrix, Buffer& input,
        Buffer& output, const LinearShape& shape);

/** u from coordinates, (3.2). */
void scaleInput(Device& device, DeviceBatch& batch, Buffer& y, double factor);
/** D = skip y + output F, (3.2). */
void scaleOutput(Device& device, DeviceBatch& batch, Buffer& y, Buffer& denoised, double skip, double output);
/** Move batch.unguided, the denoised positions of every copy, into guided. */
void stereoGuidance(Device& device, DeviceBatch& batch, const StereoGuidanceShape& shape, Buffer& guided);
/** Clamp the fixed points of every copy, batch.fixed and batch.start, in denoised positions. */
void clampFixed(Device& device, DeviceBatch& batch, Buffer& denoised);
void eulerStep(Device& device, DeviceBatch& batch, const StepLevels& levels, Buffer& next);
void heunStep(Device& device, DeviceBatch& batch, const StepLevels& levels);
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

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONSTAGES_H_
