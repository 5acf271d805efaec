// SPDX-License-Identifier: MIT
// Symmetries of the denoising kernel of a platform: copies, batches, translations, the numbering of atoms.
#include "KernelRuns.h"
#include "Matchers.h"
#include "Models.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(DenoiserSymmetry, copiesDoNotDependOnTheBatch) {
    for (SamplerMethod method : {SamplerMethod::Heun, SamplerMethod::Multistep}) {
        const DenoiserModel model = makeSmallModel(1, method == SamplerMethod::Heun ? 1 : 3);
        checkCopiesAlone(model, makeMixedBatch(model, method, 4, 0.8));
    }
}

TEST(DenoiserSymmetry, manyCopiesAreTheSameAsOneByOne) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model, SamplerMethod::Euler, 2);
    for (int i = 0; i < 60; i++) {
        BatchCopy copy = batch.copies[i % 5];
        copy.copy = 100 + i;
        batch.addCopy(copy);
    }
    KernelContext context(model);
    const vector<double> all = generate(context.getKernel(), batch);
    const BatchCopy last = batch.copies.back();
    Batch single = batch;
    single.copies.clear();
    single.addCopy(last);
    expectClose("generation", vector<double>(all.begin() + 3 * last.firstPoint, all.end()),
        generate(context.getKernel(), single), tolerance("exact", precisionName()));
}

TEST(DenoiserSymmetry, translationDoesNotMatter) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    vector<double> positions = makeBatchPositions(batch, 2);
    const vector<double> base = denoise(context.getKernel(), positions, 0.7);
    for (int i = 0; i < (int) positions.size(); i++)
        positions[i] += 3 - i % 3;
    expectClose("denoiser", denoise(context.getKernel(), positions, 0.7), base,
        tolerance("equivariance", precisionName()));
}

TEST(DenoiserSymmetry, denoisedPositionsAreCentred) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    const vector<double> denoised = denoise(context.getKernel(), makeBatchPositions(batch, 2), 0.7);
    for (int c = 0; c < (int) batch.copies.size(); c++)
        for (int k = 0; k < 3; k++) {
            double mean = 0;
            for (int i = 0; i < batch.getNumPoints(c); i++)
                mean += denoised[3 * (batch.copies[c].firstPoint + i) + k] / batch.getNumPoints(c);
            expectClose("mean", mean, 0.0, tolerance("coordinateHead", precisionName()));
        }
}

TEST(DenoiserSymmetry, renumberedAtomsGiveRenumberedPositions) {
    const DenoiserModel model = makeSmallModel();
    const MolecularGraph graph = makeEthanol();
    const int n = graph.getNumAtoms();
    const vector<int> order = {4, 0, 7, 2, 8, 1, 3, 6, 5}; // new atom i is the old atom order[i]
    vector<int> place(n);
    for (int i = 0; i < n; i++)
        place[order[i]] = i;
    MolecularGraph renumbered = graph;
    for (int i = 0; i < n; i++)
        renumbered.atoms[i] = graph.atoms[order[i]];
    for (GraphBond& bond : renumbered.bonds) {
        bond.atom1 = place[bond.atom1];
        bond.atom2 = place[bond.atom2];
    }
    Batch batch;
    batch.inputs = {makeFeatures(graph, model), makeFeatures(renumbered, model)};
    batch.plan.noiseLevels = {1.0, 0.0};
    batch.plan.renewedLevels.clear();
    batch.addCopy(BatchCopy());
    BatchCopy second;
    second.input = 1;
    batch.addCopy(second);
    vector<double> positions = makePositions(n, 3);
    for (int i = 0; i < n; i++)
        positions.insert(positions.end(), positions.begin() + 3 * order[i], positions.begin() + 3 * order[i] + 3);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    const vector<double> denoised = denoise(context.getKernel(), positions, 0.7);
    vector<double> expected;
    for (int i = 0; i < n; i++)
        expected.insert(expected.end(), denoised.begin() + 3 * order[i], denoised.begin() + 3 * order[i] + 3);
    expectClose("denoiser", vector<double>(denoised.begin() + 3 * n, denoised.end()), expected,
        tolerance("equivariance", precisionName()));
}

TEST(DenoiserSymmetry, conditionAndNoiseLevelMatter) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    const vector<double> positions = makeBatchPositions(batch, 2);
    const vector<double> base = denoise(context.getKernel(), positions, 0.7);
    EXPECT_FALSE(isClose("sigma", denoise(context.getKernel(), positions, 0.8), base, tolerance("denoiser", "single")));
    for (BatchCopy& copy : batch.copies)
        copy.condition = 1 - copy.condition % 2;
    context.getKernel().setBatch(batch);
    EXPECT_FALSE(isClose("condition", denoise(context.getKernel(), positions, 0.7), base,
        tolerance("denoiser", "single")));
}

TEST(DenoiserSymmetry, oneAtom) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model);
    batch.inputs = {makeFeatures(makeGraph("bromide", {35}, {}), model)};
    batch.copies.clear();
    batch.addCopy(BatchCopy());
    KernelContext context(model);
    expectClose("positions", generate(context.getKernel(), batch), vector<double>(3, 0.0),
        tolerance("coordinateHead", precisionName()));
}
