// SPDX-License-Identifier: MIT
// Stage pairFeatures on the CPU: the attention biases of some layers for some atoms, one atom's neighbours at a time.
#include "CpuStages.h"

namespace OrbitPlugin {
namespace cpu {

void pairFeatures(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning, BiasBlock block,
        Workspace& workspace) {
    const PairBiasTransformerSettings& settings = model.settings;
    std::size_t rowWords = (std::size_t) settings.pairWidth * graph.paddedAtoms;
    bool keeps = (long) (graph.numAtoms * rowWords) <= MAX_EMBEDDING_WORDS;
    if (keeps && workspace.expanded != &graph) {
        for (int i = 0; i < graph.numAtoms; i++)
            graph.expandRow(i, settings.pairWidth, workspace.embedding.data() + i * rowWords);
        workspace.expanded = &graph;
    }
    if (!keeps)
        workspace.expanded = nullptr;
    PairRowTask task{};
    task.numAtoms = graph.numAtoms;
    task.paddedAtoms = graph.paddedAtoms;
    task.pairWidth = settings.pairWidth;
    task.numRadial = settings.numRadial;
    task.numBias = block.numChannels;
    task.coordinates = workspace.coordinates.data();
    task.inverseSpacing = (float) ((settings.numRadial - 1) / settings.radialMax);
    task.conditioning = conditioning.pair(model);
    task.radialWeight = model.radialWeight.data();
    task.hiddenWeight = model.pairHiddenWeight.data();
    task.hiddenBias = model.pairHiddenBias.data();
    task.biasWeight = model.biasWeight.data() + (std::size_t) block.firstChannel * model.pairDepth();
    task.biasBias = model.biasBias.data() + block.firstChannel;
    task.biasStride = (long) block.numRows * graph.paddedAtoms;
    task.scratch = workspace.scratch.data();

    // (4.6) to (4.9), atom by atom

    for (int row = 0; row < block.numRows; row++) {
        task.row = block.firstRow + row;
        if (!keeps)
            graph.expandRow(task.row, settings.pairWidth, workspace.embedding.data());
        task.embedding = workspace.embedding.data() + (keeps ? task.row * rowWords : 0);
        task.bias = workspace.bias.data() + (std::size_t) row * graph.paddedAtoms;
        model.kernels.operand->pairRow(task);
    }
}

} // namespace cpu
} // namespace OrbitPlugin
