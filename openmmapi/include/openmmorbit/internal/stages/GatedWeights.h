// SPDX-License-Identifier: MIT
// Views of all weights of the gated transformer, and how they are bound to a model's tensors.
#ifndef OPENMM_ORBIT_STAGES_GATEDWEIGHTS_H_
#define OPENMM_ORBIT_STAGES_GATEDWEIGHTS_H_

#include "openmmorbit/internal/stages/BinnedPairs.h"
#include "openmmorbit/internal/stages/DenoiserWeights.h"
#include "openmmorbit/internal/stages/GatedAttention.h"
#include "openmmorbit/internal/stages/PairUpdate.h"

namespace OrbitPlugin {

/** The weights of one layer. */
template <class T>
struct GatedLayerWeights {
    GatedModulationWeights<T> modulation;
    GatedAttentionWeights<T> attention;
    TransitionWeights<T> transition;
    PairUpdateWeights<T> pairs;         ///< empty if pairs are not updated behind the layer
};

/** The weights of the whole network, grouped by the stage that reads them. */
template <class T>
struct GatedWeights {
    FlowConditioningWeights<T> time;
    TokenEmbeddingWeights<T> token;
    ArrayView<const T> registers;
    BinnedPairsWeights<T> pair;
    PairModulationWeights<T> pairModulation;
    std::vector<GatedLayerWeights<T>> layers;
    NormWeights<T> headNorm;
    ArrayView<const T> head;
};

/** Makes views of tensors by their names. */
template <class T>
class GatedBinder {
public:
    explicit GatedBinder(const TensorMap<T>& tensors) : tensors(tensors) {
    }
    ArrayView<const T> view(const std::string& name) const {
        return ArrayView<const T>(tensors.at(name));
    }
    LinearWeights<T> linear(const std::string& name) const {
        return {view(name + ".weight"), view(name + ".bias")};
    }
    NormWeights<T> norm(const std::string& name) const {
        return {view(name + ".norm.weight"), view(name + ".norm.bias")};
    }
    ModulationWeights<T> modulation(const std::string& name) const {
        return {norm(name), linear(name + ".scale"), view(name + ".shift.weight")};
    }
    GatedLayerWeights<T> layer(const std::string& prefix) const {
        const std::string attention = prefix + "attention", transition = prefix + "transition";
        GatedLayerWeights<T> views;
        views.modulation = {modulation(attention + ".modulation"), modulation(transition + ".modulation"),
            linear(attention + ".modulation.gate"), linear(transition + ".modulation.gate")};
        views.attention = {norm(attention), norm(attention + ".query"), norm(attention + ".key"),
            linear(attention + ".qkv"), linear(attention + ".gate"), linear(attention + ".output")};
        views.transition = {{view(transition + ".up.weight"), {}}, {view(transition + ".down.weight"), {}}};
        return views;
    }
    TriangleWeights<T> triangle(const std::string& name) const {
        return {norm(name), norm(name + ".product"), linear(name + ".left"), linear(name + ".leftGate"),
            linear(name + ".right"), linear(name + ".rightGate"), linear(name + ".output"), linear(name + ".gate")};
    }
    PairUpdateWeights<T> pairUpdate(const std::string& prefix, bool hasTriangles) const {
        PairUpdateWeights<T> views;
        views.tokenNorm = norm(prefix + "tokens");
        views.tokens = view(prefix + "tokens.weight");
        if (hasTriangles) {
            views.outgoing = triangle(prefix + "outgoing");
            views.incoming = triangle(prefix + "incoming");
        }
        views.transitionNorm = norm(prefix + "transition");
        views.up = linear(prefix + "transition.up");
        views.down = linear(prefix + "transition.down");
        return views;
    }
private:
    const TensorMap<T>& tensors;
};

/** Bind views to tensors, which must outlive them. The model they come from must be valid. */
template <class T>
GatedWeights<T> bindGatedWeights(const TensorMap<T>& tensors, int numLayers, const GatedTransformerSettings& gated) {
    const GatedBinder<T> bind(tensors);
    GatedWeights<T> weights;
    weights.time.time = bind.view("time.weight");
    weights.time.conditionEmbedding = bind.view("condition.embedding");
    for (int k = 0; k < 2; k++) {
        const std::string name = "time.transition." + std::to_string(k) + ".";
        weights.time.up[k] = bind.view(name + "up.weight");
        weights.time.down[k] = bind.view(name + "down.weight");
    }
    weights.token = {bind.view("token.embedding"), bind.view("token.coordinates.weight")};
    weights.registers = bind.view("registers");
    weights.pair.embedding = bind.view("pair.embedding");
    weights.pair.bins = bind.view("pair.bins");
    weights.pair.binsBefore = bind.view("pair.binsBefore");
    weights.pair.norm = bind.norm("pair");
    weights.pairModulation = {bind.view("pair.time.weight"), bind.norm("pair.time"),
        bind.modulation("pair.modulation")};
    for (int layer = 0; layer < numLayers; layer++) {
        const std::string prefix = "layer." + std::to_string(layer) + ".";
        weights.layers.push_back(bind.layer(prefix));
        if (gated.updatesPairs(layer, numLayers))
            weights.layers.back().pairs = bind.pairUpdate(prefix + "pairs.", gated.triangleWidth > 0);
        weights.pair.layers.push_back({bind.norm(prefix + "attention.pair"),
            bind.view(prefix + "attention.pair.weight")});
    }
    weights.headNorm = bind.norm("head");
    weights.head = bind.view("head.weight");
    return weights;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_GATEDWEIGHTS_H_
