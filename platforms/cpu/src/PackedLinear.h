// SPDX-License-Identifier: MIT
// Linear layers in the layouts that the primitives of one kernel table read.
#ifndef OPENMM_ORBIT_CPU_PACKEDLINEAR_H_
#define OPENMM_ORBIT_CPU_PACKEDLINEAR_H_

#include "AlignedBuffer.h"
#include "KernelTable.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {
namespace cpu {

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
 * A linear layer in panels [depth][panelColumns]. In single precision, weights that are BF16 numbers, as those of a
 * file usually are, stay as short: the products are the same, and they come from the caches in half the time. With
 * tiles a panel is [depth / 16][2][16][16] words: two tiles for each step in depth, whose last rows are zero.
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

/** Pack a layer into panels; with swiGlu, column 2k is a gate and 2k + 1 its value. */
OPENMM_EXPORT_ORBIT PackedLinear packLinear(const KernelTable& table, const DenseLayer& layer, Epilogue epilogue);

/** Pack rows [numRows][depth] into rows of operand words. */
OPENMM_EXPORT_ORBIT AlignedBuffer packRows(const KernelTable& table, const std::vector<float>& rows, int numRows,
        int depth);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PACKEDLINEAR_H_
