// SPDX-License-Identifier: MIT
// Views of all weights of the pair-bias transformer, how they are bound to a model's tensors, and what it predicts.
#ifndef OPENMM_ORBIT_STAGES_DENOISERWEIGHTS_H_
#define OPENMM_ORBIT_STAGES_DENOISERWEIGHTS_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/stages/PairBiasAttention.h"
#include "openmmorbit/internal/stages/PairFeatures.h"
#include "openmmorbit/internal/stages/Preconditioning.h"
#include "openmmorbit/internal/stages/TimeConditioning.h"
#include "openmmorbit/internal/stages/TokenEmbedding.h"
#include "openmmorbit/internal/stages/Transition.h"
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Get what the network of a model predicts. */
inline Parametrization getParametrization(const DenoiserModel& model) {
    return model.getNetwork() == NetworkKind::GatedTransformer ? Parametrization::Flow : Parametrization::Edm;
}

/** The tensors of a model in the number type of an implementation, by name. */
template <class T>
using TensorMap = std::map<std::string, std::vector<T>>;

/** Copy the tensors of a validated model. */
template <class T>
TensorMap<T> copyTensors(const DenoiserModel& model) {
    TensorMap<T> tensors;
    for (const std::string& name : model.getTensorNames()) {
        const std::vector<float>& values = model.getTensor(name).values;
        tensors[name].assign(values.begin(), values.end());
    }
    return tensors;
}

/** The weights of one layer. */
template <class T>
struct LayerWeights {
    LinearWeights<T> modulation;
    PairBiasAttentionWeights<T> attention;
    TransitionWeights<T> transition;
};

/** The weights of the whole network, grouped by the stage that reads them. */
template <class T>
struct DenoiserWeights {
    TimeConditioningWeights<T> time;
    TokenEmbeddingWeights<T> token;
    PairFeaturesWeights<T> pair;
    std::vector<LayerWeights<T>> layers;
    LinearWeights<T> headModulation;
    ArrayView<const T> head;
};

/** Bind views to tensors, which must outlive them. The model they come from must be valid. */
template <class T>
DenoiserWeights<T> bindWeights(const TensorMap<T>& tensors, int numLayers) {
    auto view = [&](const std::string& name) {
        return ArrayView<const T>(tensors.at(name));
    };
    auto linear = [&](const std::string& name) {
        return LinearWeights<T>{view(name + ".weight"), view(name + ".bias")};
    };
    DenoiserWeights<T> weights;
    weights.time = {view("time.frequencies"), linear("time.hidden"), linear("time.output"),
        view("condition.embedding")};
    weights.token = {view("token.embedding"), view("token.coordinates.weight")};
    weights.pair = {view("pair.radial.weight"), view("pair.embedding"), view("pair.time.weight"), linear("pair.hidden"),
        linear("pair.bias"), {}};
    if (tensors.count("pair.radialBefore.weight") != 0)
        weights.pair.radialBefore = view("pair.radialBefore.weight");
    for (int layer = 0; layer < numLayers; layer++) {
        const std::string prefix = "layer." + std::to_string(layer) + ".";
        LayerWeights<T> views;
        views.modulation = linear(prefix + "modulation");
        views.attention = {linear(prefix + "attention.qkv"), linear(prefix + "attention.output"),
            view(prefix + "attention.relative.weight")};
        views.transition = {linear(prefix + "transition.up"), linear(prefix + "transition.down")};
        weights.layers.push_back(views);
    }
    weights.headModulation = linear("head.modulation");
    weights.head = view("head.weight");
    return weights;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_DENOISERWEIGHTS_H_
