// SPDX-License-Identifier: MIT
// The stages of the CPU platform, in the order in which one copy passes through them.
#ifndef OPENMM_ORBIT_CPU_CPUSTAGES_H_
#define OPENMM_ORBIT_CPU_CPUSTAGES_H_

#include "Workspace.h"
#include "openmm/Vec3.h"
#include "openmmorbit/internal/stages/Gather.h"
#include "openmmorbit/internal/stages/Noise.h"
#include "openmmorbit/internal/stages/Prior.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include "openmmorbit/internal/stages/Scatter.h"

namespace OrbitPlugin {
namespace cpu {

/** The modulation of every layer at one noise level and condition, shared by all copies of a step. */
struct Conditioning {
    std::vector<float> cond;        ///< [c]
    AlignedBuffer values;           ///< [numModulations][widthStride], then W_t cond [pairWidth]
    AlignedBuffer scratch;
    /** Get shift1, 1 + scale1, gate1, shift2, 1 + scale2, gate2 of a layer for part = 0 ... 5. */
    const float* layer(const PackedModel& model, int layer, int part) const {
        return values.data() + (std::size_t) (6 * layer + part) * model.widthStride;
    }
    /** Get shift (part 0) or 1 + scale (part 1) of the head. */
    const float* head(const PackedModel& model, int part) const {
        return layer(model, model.settings.numLayers, part);
    }
    /** Get W_t cond. */
    const float* pair(const PackedModel& model) const {
        return values.data() + (std::size_t) model.numModulations * model.widthStride;
    }
};

/** A block of the attention biases: some channels (rows of pair.bias.weight) of some atoms i. */
struct BiasBlock {
    int firstChannel, numChannels;
    int firstRow, numRows;
};

/** Equations (4.1) to (4.4). */
void timeConditioning(const PackedModel& model, double logSigma, int condition, Conditioning& conditioning);
/** Equation (4.5): workspace.coordinates → workspace.x. */
void tokenEmbedding(const PackedModel& model, const PackedGraph& graph, Workspace& workspace);
/** Equations (4.6) to (4.9): workspace.coordinates → workspace.bias [numChannels][numRows][paddedAtoms]. */
void pairFeatures(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning, BiasBlock block,
        Workspace& workspace);
/** Equations (4.10) to (4.14): adds to workspace.x. */
void pairBiasAttention(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning, int layer,
        Workspace& workspace);
/** Equations (4.15) to (4.17): adds to workspace.x. */
void transition(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning, int layer,
        Workspace& workspace);
/** Equation (4.18): workspace.x → workspace.output. */
void coordinateHead(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning,
        Workspace& workspace);

/** Equation (6.1), in double precision: the same numbers as on every platform. */
void noise(const NoiseKey& key, ArrayView<double> noise);
/** Equation (6.2). */
void prior(const PriorShape& shape, double sigma, ArrayView<const double> noise, ArrayView<double> positions);
/** Equation (5.2). */
void eulerStep(const StepLevels& levels, ArrayView<const double> positions, ArrayView<const double> denoised,
        ArrayView<double> next);
/** Equation (5.3). */
void heunStep(const StepLevels& levels, const HeunInputs<double>& inputs, ArrayView<double> next);
/** Equation (5.4). */
void multistepStep(const StepLevels& levels, ArrayView<const double> positions, ArrayView<const double> denoised,
        ArrayView<const double> previousDenoised, ArrayView<double> next);
/** The centroid of the particles of every copy [numCopies][3], nm. */
void gather(const GatherShape& shape, ArrayView<const OpenMM::Vec3> contextPositions, ArrayView<const int> particles,
        ArrayView<const int> firstAtoms, ArrayView<double> centroids);
/** Place every copy around its centroid. */
void scatter(const ScatterShape& shape, const ScatterInputs<double>& inputs, ArrayView<OpenMM::Vec3> contextPositions);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_CPUSTAGES_H_
