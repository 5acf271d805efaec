// SPDX-License-Identifier: MIT
// What one core can do at most, and what the primitives of the CPU platform reach.
#include "Dispatch.h"
#include "PackedLinear.h"
#include "Timing.h"
#include "networks/PairBiasInputs.h"
#include "openmmorbit/DenoiserModel.h"
#include <cmath>
#include <string>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace OrbitPlugin;
using namespace OrbitPlugin::cpu;
using std::vector;

namespace {

const int ACCUMULATORS = 24, ROUNDS = 20000;

#if defined(__x86_64__)

// As many sums as a tile of the matrix products has, so that none waits for its last addition.

__attribute__((target("avx512f"))) float addFloats512() {
    __m512 sums[ACCUMULATORS], a = _mm512_set1_ps(1e-3f), b = _mm512_set1_ps(1e-3f);
    for (__m512& sum : sums)
        sum = _mm512_setzero_ps();
    for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 24
        for (int i = 0; i < ACCUMULATORS; i++)
            sums[i] = _mm512_fmadd_ps(a, b, sums[i]);
    for (int i = 1; i < ACCUMULATORS; i++)
        sums[0] = _mm512_add_ps(sums[0], sums[i]);
    return _mm512_cvtss_f32(sums[0]);
}

__attribute__((target("avx512f,avx512bf16"))) float addPairs512() {
    __m512 sums[ACCUMULATORS];
    const __m512bh a = (__m512bh) _mm512_set1_epi32(0x3a833a83), b = a;
    for (__m512& sum : sums)
        sum = _mm512_setzero_ps();
    for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 24
        for (int i = 0; i < ACCUMULATORS; i++)
            sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
    for (int i = 1; i < ACCUMULATORS; i++)
        sums[0] = _mm512_add_ps(sums[0], sums[i]);
    return _mm512_cvtss_f32(sums[0]);
}

__attribute__((target("avx2,fma"))) float addFloats256() {
    const int half = ACCUMULATORS / 2;
    __m256 sums[half], a = _mm256_set1_ps(1e-3f), b = _mm256_set1_ps(1e-3f);
    for (__m256& sum : sums)
        sum = _mm256_setzero_ps();
    for (int round = 0; round < 2 * ROUNDS; round++)
#pragma GCC unroll 12
        for (int i = 0; i < half; i++)
            sums[i] = _mm256_fmadd_ps(a, b, sums[i]);
    for (int i = 1; i < half; i++)
        sums[0] = _mm256_add_ps(sums[0], sums[i]);
    return _mm256_cvtss_f32(sums[0]);
}

#endif

/** Time a loop of ROUNDS times ACCUMULATORS instructions of so many operations each. */
void benchPeak(benchmark::State& state, float (*loop)(), int operations) {
    const double seconds = benchSupport::measureShortest(state, [&] {
        benchmark::DoNotOptimize(loop());
    });
    state.counters["GFLOPs"] = 1e-9 * operations * ROUNDS * ACCUMULATORS / seconds;
}

/** Pseudo-random words that are small numbers in both precisions. */
AlignedBuffer makeWords(const KernelTable& table, int numRows, int depth, int stride) {
    vector<float> values((std::size_t) numRows * depth);
    for (std::size_t i = 0; i < values.size(); i++)
        values[i] = 0.01f * (float) ((i * 7919) % 201) - 1.0f;
    const AlignedBuffer packed = packRows(table, values, numRows, depth);
    const int words = table.bf16 ? (depth + 1) / 2 : depth;
    AlignedBuffer result((std::size_t) (numRows + TILE_SIZE) * stride);
    for (int row = 0; row < numRows; row++)
        std::copy(packed.data() + row * words, packed.data() + (row + 1) * words, result.data() + row * stride);
    return result;
}

/** A linear layer of the network: columns, depth and epilogue. */
struct LayerShape {
    const char* name;
    int columns, depth;
    Epilogue epilogue;
};

vector<LayerShape> getLayers() {
    const PairBiasTransformerSettings s;
    const int hidden = s.transitionFactor * s.width;
    return {{"qkv", 3 * s.width, s.width, Epilogue::Store},
            {"output", s.width, s.width + 3 * s.numHeads, Epilogue::Residual},
            {"up", 2 * hidden, s.width, Epilogue::SwiGlu}, {"down", s.width, hidden, Epilogue::Residual}};
}

void benchLinear(benchmark::State& state, const KernelTable* table, LayerShape shape) {
    const int numRows = (int) state.range(0), stride = roundUp(shape.depth, ROW_PADDING);
    DenseLayer layer(shape.columns, shape.depth);
    for (std::size_t i = 0; i < layer.weight.size(); i++)
        layer.weight[i] = (float) ((i * 4241) % 101) / 1024 - 0.0625f;      // BF16 numbers, as those of a model file
    const PackedLinear packed = packLinear(*table, layer, shape.epilogue);
    const AlignedBuffer a = makeWords(*table, numRows, shape.depth, stride);
    AlignedBuffer gate(shape.columns + ROW_PADDING), out((std::size_t) numRows * roundUp(shape.columns, ROW_PADDING));
    const LinearTask task{a.data(), stride, numRows, packed.panels.data(), packed.bias.data(), packed.numPanels,
        packed.depth, gate.data(), out.data(), roundUp(shape.columns, ROW_PADDING),
        shape.epilogue == Epilogue::Residual, packed.halves};
    const int repeats = 20;
    const double seconds = benchSupport::measureShortest(state, [&] {
        for (int i = 0; i < repeats; i++)
            table->linear(task, shape.epilogue);
        benchmark::DoNotOptimize(out.data());
    }) / repeats;
    state.counters["us"] = 1e6 * seconds;
    state.counters["GFLOPs"] = 2e-9 * numRows * shape.columns * shape.depth / seconds;
}

void benchLayerNorm(benchmark::State& state, const KernelTable* table) {
    const int numRows = (int) state.range(0), width = PairBiasTransformerSettings().width;
    const int stride = roundUp(width, ROW_PADDING);
    AlignedBuffer x = makeWords(*getAvailableTables().front(), numRows, width, stride), scale(stride), shift(stride),
            out((std::size_t) numRows * stride);
    const LayerNormTask task{x.data(), stride, numRows, width, scale.data(), shift.data(), out.data(), stride};
    const int repeats = 20;
    state.counters["us"] = 1e6 / repeats * benchSupport::measureShortest(state, [&] {
        for (int i = 0; i < repeats; i++)
            table->layerNorm(task);
        benchmark::DoNotOptimize(out.data());
    });
}

void benchAttention(benchmark::State& state, const KernelTable* table) {
    const PairBiasTransformerSettings s;
    const int numAtoms = (int) state.range(0), padded = roundUp(numAtoms, 16), headWidth = s.width / s.numHeads;
    const int qkvStride = roundUp(3 * s.width, ROW_PADDING), outStride = roundUp(s.width + 3 * s.numHeads, ROW_PADDING);
    const AlignedBuffer qkv = makeWords(*table, numAtoms, 3 * s.width, qkvStride);
    const AlignedBuffer coordinates = makeWords(*getAvailableTables().front(), 3, padded, padded);
    AlignedBuffer bias((std::size_t) s.numHeads * numAtoms * padded), out((std::size_t) numAtoms * outStride),
            scratch(table->attentionScratch(numAtoms, headWidth));
    for (int row = 0; row < s.numHeads * numAtoms; row++)
        for (int j = numAtoms; j < padded; j++)
            bias.data()[(std::size_t) row * padded + j] = PADDED_BIAS;
    const AttentionTask task{numAtoms, padded, s.numHeads, headWidth, 0, numAtoms, qkv.data(), qkvStride,
        coordinates.data(), bias.data(), (long) numAtoms * padded, out.data(), outStride, scratch.data(),
        1, 0};
    const int repeats = 20;
    const double seconds = benchSupport::measureShortest(state, [&] {
        for (int i = 0; i < repeats; i++)
            table->attention(task);
        benchmark::DoNotOptimize(out.data());
    }) / repeats;
    state.counters["us"] = 1e6 * seconds;
    state.counters["GFLOPs"] = 2e-9 * numAtoms * numAtoms * (2.0 * s.width + 3 * s.numHeads) / seconds;
}

/** All pairs of a molecule, or half of them where features have no direction. */
void benchPairs(benchmark::State& state, const KernelTable* table, bool halved) {
    const PairBiasTransformerSettings s;
    const int numAtoms = (int) state.range(0), padded = roundUp(numAtoms, 16), numBias = s.numLayers * s.numHeads;
    const AlignedBuffer coordinates = makeWords(*getAvailableTables().front(), 4, padded, padded);
    auto pack = [&](int rows, int depth) {
        return makeWords(*table, rows, depth, table->bf16 ? (depth + 1) / 2 : depth);
    };
    const long radialStride = table->bf16 ? (s.numRadial + 1) / 2 : s.numRadial;
    const AlignedBuffer radial = pack(s.pairWidth, s.numRadial), hidden = pack(s.pairWidth, s.pairWidth),
            biasWeight = pack(numBias, s.pairWidth);
    const long numPairs = halved ? numAtoms * (numAtoms + 1) / 2 : numAtoms * numAtoms;
    const long pairStride = getPairStride(numPairs);
    AlignedBuffer embedding(s.pairWidth * pairStride), zeros(numBias + s.pairWidth + ROW_PADDING),
            bias((std::size_t) numBias * numAtoms * padded),
            scratch(table->pairScratch(numAtoms, s.pairWidth, s.numRadial, numBias));
    const PairTask task{0, numAtoms, halved, numAtoms, padded, s.pairWidth, s.numRadial, numBias, coordinates.data(),
        nullptr, 3.0f, embedding.data(), pairStride, zeros.data(), radial.data(), radialStride, hidden.data(),
        zeros.data(), biasWeight.data(), zeros.data(), bias.data(), (long) numAtoms * padded, scratch.data()};
    const double seconds = benchSupport::measureShortest(state, [&] {
        table->pairs(task);
        benchmark::DoNotOptimize(bias.data());
    });
    state.counters["us"] = 1e6 * seconds;
    const double depths = s.numRadial + s.pairWidth + numBias;
    state.counters["GFLOPs"] = 2e-9 * numPairs * s.pairWidth * depths / seconds;
}

/** Register the peaks, and the primitives of every instruction set for all sizes. */
const bool registered = [] {
#if defined(__x86_64__)
    for (const KernelTable* table : getAvailableTables()) {
        const std::string name = table->instructionSet;
        if (name == "avx2")
            benchmark::RegisterBenchmark("peak/avx2", benchPeak, addFloats256, 16)->UseManualTime();
        if (name == "avx512")
            benchmark::RegisterBenchmark("peak/avx512", benchPeak, addFloats512, 32)->UseManualTime();
        if (name == "avx512bf16")
            benchmark::RegisterBenchmark("peak/avx512bf16", benchPeak, addPairs512, 64)->UseManualTime();
    }
#endif
    auto addSizes = [](benchmark::internal::Benchmark* added) {
        for (int numAtoms : {10, 20, 44, 100})
            added->Arg(numAtoms);
        added->UseManualTime()->Unit(benchmark::kMicrosecond);
    };
    for (const KernelTable* table : getAvailableTables()) {
        const std::string name = std::string("/") + table->instructionSet;
        for (const LayerShape& shape : getLayers())
            addSizes(benchmark::RegisterBenchmark((std::string("linear.") + shape.name + name).c_str(), benchLinear,
                    table, shape));
        addSizes(benchmark::RegisterBenchmark(("layerNorm" + name).c_str(), benchLayerNorm, table));
        addSizes(benchmark::RegisterBenchmark(("attention" + name).c_str(), benchAttention, table));
        addSizes(benchmark::RegisterBenchmark(("pairFeatures" + name).c_str(), benchPairs, table, true));
        addSizes(benchmark::RegisterBenchmark(("pairFeatures.directed" + name).c_str(), benchPairs, table, false));
    }
    return true;
}();

} // namespace
