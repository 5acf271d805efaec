// SPDX-License-Identifier: MIT
// The turnTorsions stage: torsions come into their ranges by the shorter way, and nothing else changes.
#include "KernelRuns.h"
#include "Models.h"
#include "ReferenceStages.h"
#include "openmmorbit/internal/StereoGeometry.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

const double DEGREE = M_PI / 180;

/** Four points with a torsion in degrees, and a fifth one that turns with the fourth. */
vector<double> makeChain(double torsion) {
    const double y = std::cos(torsion * DEGREE), z = std::sin(torsion * DEGREE);
    return {-0.5, 1, 0, 0, 0, 0, 1.5, 0, 0, 2, y, z, 3, y, z};
}

vector<double> turn(const vector<double>& chain, double lower, double upper) {
    vector<double> denoised = chain;
    reference::turnTorsions({5}, vector<TurnedTorsion>{{{{0, 1, 2, 3}}, lower * DEGREE, upper * DEGREE, {3, 4}}},
        denoised);
    return denoised;
}

double getTorsion(const vector<double>& chain) {
    return getDihedral({{0, 1, 2, 3}}, chain) / DEGREE;
}

/** Distances that a turn leaves as they are. */
vector<double> listDistances(const vector<double>& chain) {
    vector<double> distances;
    for (const auto& [i, j] : vector<std::pair<int, int>>{{0, 1}, {1, 2}, {0, 2}, {2, 3}, {1, 3}, {3, 4}, {2, 4}}) {
        double squared = 0;
        for (int k = 0; k < 3; k++)
            squared += std::pow(chain[3 * i + k] - chain[3 * j + k], 2);
        distances.push_back(std::sqrt(squared));
    }
    return distances;
}

void checkKernel(const DenoiserModel& model) {
    // The only step of a generation ends at the denoised positions.

    Batch batch = makeMixedBatch(model, SamplerMethod::Euler, 1);
    const int P = model.getSettings().pointsPerToken;
    batch.torsions.resize(2);
    batch.torsions[1] = {{{{0, 1, 2 * P, 3 * P}}, 1, 1.5, {3 * P, 3 * P + P - 1, 5}},
        {{{4, 2, 1, 0}}, -4, -3.5, {0, 7 * P}}};
    KernelContext context(model);
    IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
    kernel.setBatch(batch);
    kernel.start();
    vector<double> expected;
    kernel.evaluate(batch.plan.noiseLevels[0], expected, nullptr);
    for (int c = 0; c < (int) batch.copies.size(); c++)
        reference::turnTorsions({batch.getNumPoints(c)}, batch.getTorsions(c),
            ArrayView<double>(expected).slice(3 * batch.copies[c].firstPoint, 3 * batch.getNumPoints(c)));
    kernel.execute(0);
    expectClose("turnTorsions", kernel.getPositions(), expected, tolerance("generation", precisionName()));
}

} // namespace

TEST(TurnTorsions, theShorterWayIntoTheRange) {
    for (const auto& [torsion, lower, upper, end] : vector<std::array<double, 4>>{{0, 30, 60, 30}, {100, 30, 60, 60},
            {-140, 30, 60, 60}, {-130, 30, 60, 30}, {-170, 150, 170, 170}, {170, 190, 200, -170}, {10, -60, -30, -30},
            {-20, 150, 330, -30}, {0, 700, 740, 0}, {45, 40, 50, 45}}) {
        const vector<double> chain = makeChain(torsion), turned = turn(chain, lower, upper);
        EXPECT_NEAR(std::remainder(getTorsion(turned) - end, 360), 0, 1e-9) << torsion;
        expectClose("distances", listDistances(turned), listDistances(chain), tolerance("prior", "double"));
        for (int k = 0; k < 3; k++)
            EXPECT_NEAR(turned[k] + turned[3 + k] + turned[6 + k] + turned[9 + k] + turned[12 + k], 0, 1e-12);
    }
}

TEST(TurnTorsions, aLineIsNotTurned) {
    const vector<double> turned = turn({-2, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0}, 30, 60);
    expectClose("line", turned, vector<double>{-2, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0},
        tolerance("prior", "double"));
    expectFinite("point", turn(vector<double>(15, 1.0), 30, 60));
}

TEST(TurnTorsions, platformsAgree) {
    checkKernel(makeSmallModel());
    checkKernel(makeSmallModel(1, 3));
}
