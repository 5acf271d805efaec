// SPDX-License-Identifier: MIT
// The batched orbit posterior against the host's, over all noise levels and several groups.
#include "Matchers.h"
#include "Tolerances.h"
#include "TorchSystems.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/OrbitMean.h"

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

at::Tensor toTensor(const std::vector<double>& values, std::vector<int64_t> shape) {
    return at::from_blob(const_cast<double*>(values.data()), shape, at::kDouble).clone();
}

} // namespace

TEST(TorchOrbitPosterior, matrixFisherAgreesWithHost) {
    for (double scale : {0.0, 1e-3, 1.0, 30.0, 1e4}) {
        const int count = 20;
        std::vector<double> F = makeNumbers(9 * count, 3, scale), logC(count), rotation(9 * count);
        for (int k = 0; k < count; k++)
            logC[k] = matrixFisher(F.data() + 9 * k, rotation.data() + 9 * k);
        for (const std::string precision : {"double", "single"}) {
            const at::ScalarType type = precision == "double" ? at::kDouble : at::kFloat;
            auto [actualLogC, actualRotation] = torchimpl::matrixFisher(toTensor(F, {count, 3, 3}), type);
            EXPECT_EQ(actualRotation.scalar_type(), type);
            expectClose("log c", getValues(actualLogC), logC, tolerance("logNormalizer", precision));
            expectClose("E[R]", getValues(actualRotation), rotation, tolerance("meanRotation", precision));
        }
    }
}

TEST(TorchOrbitPosterior, meanAgreesWithHost) {
    DenoiserModel model = DenoiserModel::createRandom(makeSmallSettings(), 1);
    for (const MolecularGraph& graph : {makeEthanol(), makeBenzene(), makeDifluoroethene()}) {
        TokenInputs inputs = describeMolecule(graph, model);
        addSymmetryGroup(graph, inputs);
        std::vector<int> group = inputs.group.enumerate();
        int n = graph.getNumAtoms(), order = (int) group.size() / n;
        std::vector<double> sigmas = {0.02, 0.2, 1, 5, 50}, x1, y, mean, evidence;
        OrbitMeanWorkspace workspace;
        for (double sigma : sigmas) {
            std::vector<double> clean = makePositions(n, 7), noise = makePositions(n, 8, 1.7), scaled(3 * n),
                                row(3 * n);
            for (int k = 0; k < 3 * n; k++)
                scaled[k] = (clean[k] + sigma * noise[k]) / (sigma * sigma);
            evidence.push_back(orbitMean(clean, scaled, group, row, workspace));
            x1.insert(x1.end(), clean.begin(), clean.end());
            y.insert(y.end(), scaled.begin(), scaled.end());
            mean.insert(mean.end(), row.begin(), row.end());
        }
        int64_t B = (int64_t) sigmas.size();
        at::Tensor permutations = at::tensor(group, at::kLong).view({order, n});
        for (const std::string precision : {"double", "single"}) {
            auto [actual, actualEvidence] = torchimpl::orbitPosterior(toTensor(x1, {B, n, 3}), toTensor(y, {B, n, 3}),
                    permutations, precision == "double" ? at::kDouble : at::kFloat);
            expectClose(graph.name, getValues(actual), mean, tolerance("orbitMean", precision));
            expectClose(graph.name + " evidence", getValues(actualEvidence), evidence,
                    tolerance("logNormalizer", precision));
        }
    }
}
