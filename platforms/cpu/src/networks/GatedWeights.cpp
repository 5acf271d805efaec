// SPDX-License-Identifier: MIT
// Packs the weights of the gated transformer.
#include "GatedWeights.h"

namespace OrbitPlugin {
namespace cpu {

namespace {

/** Packs tensors of one model for one table. */
class Packer {
public:
    Packer(const DenoiserModel& model, const KernelTable& table) : model(model), table(table) {
    }
    const std::vector<float>& values(const std::string& name) const {
        return model.getTensor(name).values;
    }
    PackedNorm norm(const std::string& name) const {
        return {values(name + ".norm.weight"), values(name + ".norm.bias")};
    }
    /** A layer by the name of its weight, and that of its bias if it has one. */
    PackedLinear linear(const std::string& name, const std::string& bias = "") const {
        const ModelTensor& weight = model.getTensor(name);
        DenseLayer layer(weight.shape[0], weight.shape[1]);
        layer.addRows(weight, 0, weight.shape[0], 0);
        if (!bias.empty())
            layer.addBias(model.getTensor(bias), 0, weight.shape[0], 0);
        return packLinear(table, layer, Epilogue::Store);
    }
    /** Gates and values of a hidden layer alternate. */
    PackedLinear gated(const std::string& name) const {
        const ModelTensor& weight = model.getTensor(name);
        const int hidden = weight.shape[0] / 2;
        DenseLayer layer(2 * hidden, weight.shape[1]);
        for (int k = 0; k < hidden; k++)
            for (int part = 0; part < 2; part++)
                layer.addRows(weight, part * hidden + k, 1, 2 * k + part);
        return packLinear(table, layer, Epilogue::SwiGlu);
    }
    PackedModulation modulation(const std::string& name, int stride) const {
        const ModelTensor& scale = model.getTensor(name + ".scale.weight");
        DenseLayer layer(2 * stride, scale.shape[1]);
        layer.addRows(model.getTensor(name + ".shift.weight"), 0, scale.shape[0], 0);
        layer.addRows(scale, 0, scale.shape[0], stride);
        layer.addBias(model.getTensor(name + ".scale.bias"), 0, scale.shape[0], stride);
        return {norm(name), packLinear(table, layer, Epilogue::Store)};
    }
    PackedGatedLayer layer(const std::string& prefix, int stride) const {
        const std::string attention = prefix + "attention", transition = prefix + "transition";
        PackedGatedLayer packed;
        int half = 0;
        for (const std::string& part : {attention, transition}) {
            const std::string gate = part + ".modulation.gate.";
            packed.modulations[half] = modulation(part + ".modulation", stride);
            packed.modulationGates[half++] = linear(gate + "weight", gate + "bias");
        }
        packed.norm = norm(attention);
        packed.queryNorm = norm(attention + ".query");
        packed.keyNorm = norm(attention + ".key");
        packed.qkv = linear(attention + ".qkv.weight", attention + ".qkv.bias");
        packed.gate = linear(attention + ".gate.weight", attention + ".gate.bias");
        packed.output = linear(attention + ".output.weight", attention + ".output.bias");
        packed.up = gated(transition + ".up.weight");
        packed.down = linear(transition + ".down.weight");
        return packed;
    }
    PackedTriangle triangle(const std::string& name) const {
        auto layer = [&](const char* part) { return linear(name + part + ".weight", name + part + ".bias"); };
        return {norm(name), norm(name + ".product"), layer(".left"), layer(".leftGate"), layer(".right"),
            layer(".rightGate"), layer(".output"), layer(".gate")};
    }
    PackedPairUpdate pairUpdate(const std::string& name, bool hasTriangles) const {
        PackedPairUpdate packed;
        packed.tokenNorm = norm(name + "tokens");
        packed.tokens = linear(name + "tokens.weight");
        if (hasTriangles) {
            packed.outgoing = triangle(name + "outgoing");
            packed.incoming = triangle(name + "incoming");
        }
        packed.transitionNorm = norm(name + "transition");
        packed.up = linear(name + "transition.up.weight", name + "transition.up.bias");
        packed.down = linear(name + "transition.down.weight", name + "transition.down.bias");
        return packed;
    }
    /** W_lh (n w_l + b_l) of some layers as one layer of n. */
    PackedLinear pairBias(int firstLayer, int numLayers, int numHeads, int pairWidth) const {
        DenseLayer layer(numLayers * numHeads, pairWidth);
        for (int l = 0; l < numLayers; l++) {
            const std::string name = "layer." + std::to_string(firstLayer + l) + ".attention.pair";
            const std::vector<float>& weight = values(name + ".weight");
            const PackedNorm of = norm(name);
            for (int h = 0; h < numHeads; h++) {
                double bias = 0;
                for (int c = 0; c < pairWidth; c++) {
                    const double w = weight[(std::size_t) h * pairWidth + c];
                    layer.weight[((std::size_t) l * numHeads + h) * pairWidth + c] = (float) (w * of.weight[c]);
                    bias += w * of.bias[c];
                }
                layer.bias[l * numHeads + h] = (float) bias;
            }
        }
        return packLinear(table, layer, Epilogue::Store);
    }
private:
    const DenoiserModel& model;
    const KernelTable& table;
};

} // namespace

PackedGatedWeights::PackedGatedWeights(const DenoiserModel& model, const KernelTable& table) : table(table),
        settings(model.getSettings()), gated(model.getGatedSettings()),
        widthStride(roundUp(settings.width, ROW_PADDING)), pairStride(roundUp(settings.pairWidth, ROW_PADDING)),
        biasStride(roundUp(settings.numLayers * settings.numHeads, ROW_PADDING)),
        triangleStride(roundUp(gated.triangleWidth, ROW_PADDING)),
        projectedStride(roundUp(2 * settings.pairWidth, ROW_PADDING)) {
    model.validate();
    const Packer pack(model, table);
    time = pack.linear("time.weight");
    for (int k = 0; k < 2; k++) {
        const std::string name = "time.transition." + std::to_string(k) + ".";
        timeUp[k] = pack.gated(name + "up.weight");
        timeDown[k] = pack.linear(name + "down.weight");
    }
    pairTime = pack.linear("pair.time.weight");
    conditionEmbedding = pack.values("condition.embedding");
    pairTimeNorm = pack.norm("pair.time");
    pairNorm = pack.norm("pair");
    headNorm = pack.norm("head");
    pairModulation = pack.modulation("pair.modulation", pairStride);
    registers = pack.values("registers");
    tokenEmbedding = pack.values("token.embedding");
    const std::vector<float>& coordinates = pack.values("token.coordinates.weight");
    coordinateWeight.resize(coordinates.size());
    for (int c = 0; c < settings.width; c++)
        for (int k = 0; k < 6; k++)
            coordinateWeight[k * settings.width + c] = coordinates[6 * c + k];
    pairEmbedding = pack.values("pair.embedding");
    bins = pack.values("pair.bins");
    binsBefore = pack.values("pair.binsBefore");
    if (!keepsPairs())
        pairBias = pack.pairBias(0, settings.numLayers, settings.numHeads, settings.pairWidth);
    for (int l = 0; l < settings.numLayers; l++) {
        const std::string prefix = "layer." + std::to_string(l) + ".";
        layers.push_back(pack.layer(prefix, widthStride));
        if (keepsPairs())
            layers.back().pairBias = pack.pairBias(l, 1, settings.numHeads, settings.pairWidth);
        if (gated.updatesPairs(l, settings.numLayers))
            layers.back().pairs = pack.pairUpdate(prefix + "pairs.", gated.triangleWidth > 0);
    }
    head = pack.linear("head.weight");
    ones.assign(settings.pairWidth, 1.0f);
    zeros.assign(settings.pairWidth, 0.0f);
}

} // namespace cpu
} // namespace OrbitPlugin
