// SPDX-License-Identifier: MIT
// How a batch is divided into passes: every copy once, about as many rows for each thread, conditions never mixed.
#include "CpuTestSupport.h"
#include "Models.h"
#include "Network.h"
#include <algorithm>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

struct Passes {
    Passes(const DenoiserModel& denoiser, const vector<int>& sizes, int numThreads, int numConditions = 1) :
            network(cpu::makeNetwork(denoiser, "single")) {
        plan.numThreads = numThreads;
        for (int size : sizes) {
            BatchCopy copy;
            copy.input = (int) batch.inputs.size();
            batch.inputs.push_back(makeFeatures(denoiser, size, 3));
            plan.wordsOfInput.push_back(network->countWords(batch.inputs.back()));
            plan.conditionOfCopy.push_back((int) batch.copies.size() % numConditions);
            batch.addCopy(copy);
        }
        passes = cpu::makePasses(batch, plan);
    }
    /** Every copy is in one pass, and no two of a pass overlap in any array. */
    void check() const {
        vector<int> copies;
        for (const cpu::Pass& pass : passes) {
            ASSERT_EQ(pass.copies.size(), pass.places.size());
            int numRows = 0, numPaddedRows = 0;
            long numWords = 0;
            for (std::size_t i = 0; i < pass.copies.size(); i++) {
                const int copy = pass.copies[i];
                const cpu::PassCopy& place = pass.places[i];
                copies.push_back(copy);
                EXPECT_EQ(pass.condition, plan.conditionOfCopy[copy]);
                EXPECT_EQ(place.input, batch.copies[copy].input);
                EXPECT_EQ(place.numTokens, batch.getNumTokens(copy));
                EXPECT_EQ(place.firstPoint, batch.copies[copy].firstPoint);
                EXPECT_EQ(place.firstRow, numRows);
                EXPECT_EQ(place.firstPaddedRow, numPaddedRows);
                EXPECT_EQ(place.firstWord, numWords);
                numRows += place.numTokens;
                numPaddedRows += place.paddedTokens;
                numWords += plan.wordsOfInput[place.input];
            }
            EXPECT_EQ(pass.numRows, numRows);
            EXPECT_EQ(pass.numPaddedRows, numPaddedRows);
            EXPECT_EQ(pass.numWords, numWords);
            EXPECT_TRUE(pass.copies.size() == 1 || numWords <= cpu::MAX_PASS_WORDS);
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
    std::unique_ptr<cpu::Network> network;
    Batch batch;
    cpu::PassPlan plan;
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
        EXPECT_LE(rows, cpu::PassPlan().passRows + 10);
        EXPECT_GE(rows, cpu::PassPlan().passRows - 10);
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

TEST(CpuPasses, contrastsAreWithTheirCopies) {
    const DenoiserModel model = makeSmallModel();
    Passes found(model, {30, 20, 30, 20, 30, 7}, 2);
    for (int copy : {0, 3, 5}) {
        found.batch.addContrast(copy, found.batch.copies[copy].input);
        found.plan.conditionOfCopy.push_back(found.plan.conditionOfCopy[copy]);
    }
    found.passes = cpu::makePasses(found.batch, found.plan);
    found.check();
    for (const cpu::Pass& pass : found.passes)
        for (std::size_t i = 0; i < pass.copies.size(); i++) {
            const int contrast = found.batch.copies[pass.copies[i]].contrast;
            if (contrast >= 0) {
                EXPECT_EQ(pass.copies.at(i + 1), contrast);
            }
        }
}
