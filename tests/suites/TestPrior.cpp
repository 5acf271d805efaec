// SPDX-License-Identifier: MIT
// The prior stage: centred noise of the first level, the same on every platform and in every batch.
#include "KernelContext.h"
#include "Matchers.h"
#include "Models.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(Prior, closedForm) {
    const vector<double> noise = {1, 2, 3, 3, 6, -1, 5, 1, 1};
    vector<double> positions(9);
    reference::prior({3}, 2.0, noise, positions);
    const vector<double> expected = {-4, -2, 4, 0, 6, -4, 4, -4, 0};
    expectClose("prior", positions, expected, tolerance("prior", "double"));
}

TEST(Prior, noiseIsAddedCentred) {
    const vector<double> noise = {1, 2, 3, 3, 6, -1, 5, 1, 1};
    vector<double> positions = {1, 0, 0, 0, 1, 0, -1, -1, 0};
    reference::addNoise({3}, 2.0, noise, positions);
    const vector<double> expected = {-3, -2, 4, 0, 7, -4, 3, -5, 0};
    expectClose("prior", positions, expected, tolerance("prior", "double"));
}

TEST(Prior, oneAtomStandsInTheCentre) {
    vector<double> positions(3, 1.0);
    reference::prior({1}, 5.0, vector<double>{0.3, -2, 7}, positions);
    expectClose("prior", positions, vector<double>{0, 0, 0}, tolerance("prior", "double"));
}

TEST(Prior, kernelAgreesWithReference) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    context.getKernel().start();
    const vector<double> actual = context.getKernel().getPositions();
    vector<double> expected(3 * batch.getNumPoints());
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const BatchCopy& copy = batch.copies[c];
        const int numAtoms = batch.getNumPoints(c);
        vector<double> noise(3 * numAtoms);
        reference::noise({batch.seed, copy.record, copy.copy, copy.draw}, noise);
        reference::prior({numAtoms}, batch.plan.noiseLevels[0], noise,
            ArrayView<double>(expected).slice(3 * copy.firstPoint, 3 * numAtoms));
    }
    expectClose("prior", actual, expected, tolerance("prior", precisionName()));
}

TEST(Prior, doesNotDependOnTheBatch) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    context.getKernel().start();
    const vector<double> all = context.getKernel().getPositions();
    for (const BatchCopy& copy : batch.copies) {
        Batch single = batch;
        single.copies.clear();
        single.addCopy(copy);
        context.getKernel().setBatch(single);
        context.getKernel().start();
        const vector<double> alone = context.getKernel().getPositions();
        const vector<double> slice(all.begin() + 3 * copy.firstPoint, all.begin() + 3 * copy.firstPoint + alone.size());
        expectClose("prior", alone, slice, tolerance("exact", precisionName()));
    }
}

TEST(Prior, drawChangesTheNoise) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    context.getKernel().start();
    const vector<double> first = context.getKernel().getPositions();
    batch.copies[1].draw = 1;
    context.getKernel().setBatch(batch);
    context.getKernel().start();
    const vector<double> second = context.getKernel().getPositions();
    for (int i = 0; i < (int) first.size(); i++) {
        const bool changed = i / 3 >= batch.copies[1].firstPoint && i / 3 < batch.copies[2].firstPoint;
        EXPECT_EQ(first[i] != second[i], changed) << i;
    }
}
