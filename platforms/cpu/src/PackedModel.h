// SPDX-License-Identifier: MIT
// A model's weights in the layouts that the primitives of one kernel table read.
#ifndef OPENMM_ORBIT_CPU_PACKEDMODEL_H_
#define OPENMM_ORBIT_CPU_PACKEDMODEL_H_

#include "AlignedBuffer.h"
#include "KernelTable.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace cpu {

/** The two tables a model is packed for: matrix operands, and the few small layers that stay in single precision. */
struct KernelPair {
    const KernelTable* operand = nullptr;
    const KernelTable* single = nullptr;
};

/** A linear layer before packing: columns are outputs, in the order that the epilogue wants, zero where padded. */
class OPENMM_EXPORT_ORBIT DenseLayer {
public:
    DenseLayer(int numColumns, int depth);
    /** Add rows first ... first + count - 1 of a tensor [out][in] as columns from column on. */
    void addRows(const ModelTensor& weight, int first, int count, int column, int depthOffset = 0);
    /** Add entries of a bias tensor likewise, plus a constant. */
    void addBias(const ModelTensor& bias, int first, int count, int column, float constant = 0);
    int numColumns, depth;
    std::vector<float> weight;  ///< [numColumns][depth]
    std::vector<float> bias;    ///< [numColumns]
};

/**
 * A linear layer in panels. In single precision, weights that are BF16 numbers, as those of a file usually are, stay as
 * short: the products are the same, and they come from the caches in half the time.
 */
struct PackedLinear {
    AlignedBuffer panels, bias;
    bool halves = false;        ///< two BF16 numbers a word, of neighbouring vectors
    int numPanels = 0;
    int depth = 0;              ///< words
};

/** Start the task of a layer; rows, gate and output are the caller's. */
inline LinearTask startTask(const PackedLinear& layer) {
    LinearTask task{};
    task.panels = layer.panels.data();
    task.bias = layer.bias.data();
    task.numPanels = layer.numPanels;
    task.depth = layer.depth;
    task.halves = layer.halves;
    return task;
}

/** The layers of one transformer block. */
struct PackedLayer {
    PackedLinear qkv, output, up, down;
};

/** Everything of a model that kernels read. */
struct OPENMM_EXPORT_ORBIT PackedModel {
    /** Pack the weights. @throws ArgumentError if a tensor is missing or has the wrong shape */
    PackedModel(const DenoiserModel& model, KernelPair kernels);

    KernelPair kernels;
    PairBiasTransformerSettings settings;
    int widthStride;                                ///< d padded
    int numModulations;                             ///< 6 L + 2 vectors of widthStride, then the pair stage's
    std::vector<double> frequencies;                ///< (4.1) [T]
    PackedLinear timeHidden, timeOutput, modulation;
    std::vector<float> conditionEmbedding;          ///< [numConditions][c]
    std::vector<float> tokenEmbedding;              ///< [vocabulary][d]
    std::vector<float> coordinateWeight;            ///< [3P][d], transposed
    std::vector<float> pairEmbedding;               ///< [vocabulary][p]
    AlignedBuffer radialWeight, pairHiddenWeight, biasWeight;   ///< operand words
    AlignedBuffer pairHiddenBias, biasBias;
    std::vector<PackedLayer> layers;
    PackedLinear head;

    int radialDepth() const {
        return kernels.operand->bf16 ? (settings.numRadial + 1) / 2 : settings.numRadial;
    }
    int pairDepth() const {
        return kernels.operand->bf16 ? (settings.pairWidth + 1) / 2 : settings.pairWidth;
    }
};

/** Pack a layer into panels; with swiGlu, column 2k is a gate and 2k + 1 its value. */
OPENMM_EXPORT_ORBIT PackedLinear packLinear(const KernelTable& table, const DenseLayer& layer, Epilogue epilogue);

/** Pack rows [numRows][depth] into rows of operand words. */
OPENMM_EXPORT_ORBIT AlignedBuffer packRows(const KernelTable& table, const std::vector<float>& rows, int numRows,
        int depth);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PACKEDMODEL_H_
