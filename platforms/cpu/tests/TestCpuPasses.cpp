// SPDX-License-Identifier: MIT
// How a batch is divided into passes: every copy once, about as many rows for each thread, conditions never mixed.
#include "CpuTestSupport.h"
#include "Models.h"
#include "Pass.h"
#include <algorithm>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

struct Passes {
    Passes(const DenoiserModel& denoiser, const vector<int>& sizes, int numThreads, int numConditions = 1) :
            model(denoiser, cpu::chooseKernels("", "single")) {
        for (int size : sizes) {
            BatchCopy copy;
            copy.input = (int) batch.inputs.size();
            batch.inputs.push_back(makeFeatures(denoiser, size, 3));
            graphs.emplace_back(model, batch.inputs.back());
            conditions.push_back((int) batch.copies.size() % numConditions);
            batch.addCopy(copy);
        }
        passes = cpu::makePasses(model, graphs, batch, conditions, numThreads);
    }
    /** Every copy is in one pass, and no two of a pass overlap in any array. */
    void check() const {
        vector<int> copies;
        for (const cpu::Pass& pass : passes) {
            ASSERT_EQ(pass.copies.size(), pass.places.size());
            int numRows = 0, numCoordinates = 0;
            long numBias = 0;
            for (std::size_t i = 0; i < pass.copies.size(); i++) {
                const int copy = pass.copies[i];
                const cpu::PassCopy& place = pass.places[i];
                copies.push_back(copy);
                EXPECT_EQ(pass.condition, conditions[copy]);
                EXPECT_EQ(place.graph, &graphs[copy]);
                EXPECT_EQ(place.firstPoint, batch.copies[copy].firstPoint);
                EXPECT_EQ(place.firstRow, numRows);
                EXPECT_EQ(place.firstCoordinate, numCoordinates);
                EXPECT_EQ(place.firstBias, numBias);
                numRows += place.graph->numTokens;
                numCoordinates += 3 * place.graph->paddedTokens;
                numBias += cpu::countBiasWords(model, *place.graph);
            }
            EXPECT_EQ(pass.numRows, numRows);
            EXPECT_EQ(pass.numCoordinates, numCoordinates);
            EXPECT_EQ(pass.numBias, numBias);
            EXPECT_TRUE(pass.copies.size() == 1 || numBias <= cpu::MAX_BIAS_WORDS);
        }
        std::sort(copies.begin(), copies.end());
        for (int i = 0; i < (int) copies.size(); i++)
            EXPECT_EQ(copies[i], i);
        EXPECT_EQ(copies.size(), batch.copies.size());
    }
    vector<int> getRows() const {
        vector<int> rows;
        for (const cpu::Pass& pass : passes)
            rows.push_back(pass.numRows);
        return rows;
    }
    cpu::PackedModel model;
    Batch batch;
    vector<cpu::PackedGraph> graphs;
    vector<int> conditions;
    vector<cpu::Pass> passes;
};

TEST(CpuPasses, smallCopiesAreTogether) {
    const DenoiserModel model = makeSmallModel();
    const Passes one(model, vector<int>(64, 10), 1), two(model, vector<int>(64, 10), 2), alone(model, {10}, 1);
    one.check();
    two.check();
    alone.check();
    EXPECT_EQ(one.passes.size(), 10u);
    for (int rows : one.getRows()) {
        EXPECT_LE(rows, cpu::PASS_ROWS + 10);
        EXPECT_GE(rows, cpu::PASS_ROWS - 10);
    }
    EXPECT_EQ(two.getRows(), one.getRows());
    EXPECT_EQ(alone.getRows(), vector<int>{10});
}

TEST(CpuPasses, everyThreadHasOne) {
    const DenoiserModel model = makeSmallModel();
    const Passes eight(model, vector<int>(8, 5), 4), three(model, {9, 9, 9}, 7);
    eight.check();
    three.check();
    EXPECT_EQ(eight.getRows(), (vector<int>{10, 10, 10, 10}));
    EXPECT_EQ(three.getRows(), (vector<int>{9, 9, 9}));
}

TEST(CpuPasses, largeOnesComeFirst) {
    const DenoiserModel model = makeSmallModel();
    const Passes passes(model, {3, 200, 4, 90, 5, 6, 100, 2, 7}, 2);
    passes.check();
    const vector<int> rows = passes.getRows();
    EXPECT_TRUE(std::is_sorted(rows.rbegin(), rows.rend()));
    EXPECT_EQ(rows, (vector<int>{200, 100, 90, 27}));
}

TEST(CpuPasses, conditionsAreNotMixed) {
    const DenoiserModel model = makeSmallModel();
    const Passes passes(model, vector<int>(31, 12), 2, 2);
    passes.check();
    EXPECT_GE(passes.passes.size(), 6u);
    EXPECT_LE(passes.passes.size(), 9u);
}

TEST(CpuPasses, biasesOfAPassFit) {
    PairBiasTransformerSettings settings = makeSmallModel().getSettings();
    settings.numHeads = settings.width = 64;
    settings.numLayers = 140;
    settings.pairWidth = settings.transitionFactor = 1;
    const DenoiserModel model = DenoiserModel::createRandom(settings, 1);
    const Passes passes(model, vector<int>(6, 20), 1);
    passes.check();
    EXPECT_EQ(passes.getRows(), (vector<int>{40, 40, 20, 20}));
}

} // namespace
