// SPDX-License-Identifier: MIT
// Conformers in a pocket: they are guided away from its atoms, and what is no pocket is refused.
#include "ConstrainedConformers.h"
#include <algorithm>
#include <cmath>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** The carbon atoms 0 to 2 of pentane are fixed, and an atom of the pocket stands near the place of carbon 4. */
ConformerConstraints makePocket(const Ensemble& free) {
    const vector<Vec3> positions = free.getPositions(0);
    ConformerConstraints constraints;
    for (const Vec3& x : positions)
        constraints.start.positions.insert(constraints.start.positions.end(), {x[0], x[1], x[2]});
    constraints.start.fixed = {0, 1, 2};
    constraints.pocket.positions = {positions[4][0], positions[4][1], positions[4][2] + 0.02};
    constraints.pocket.radii = {0.12};
    constraints.pocket.atomRadii.assign(positions.size(), 0);
    std::fill_n(constraints.pocket.atomRadii.begin(), 5, 0.12);
    return constraints;
}

} // namespace

TEST(PocketConstraints, copiesLeaveThePlaceOfAPocket) {
    // The same noise without the pocket ends 0.02 nm away from it; 0.24 is wanted.

    const MolecularGraph graph = readSmiles("CCCCC");
    const auto generator = makeGenerator();
    ConformerConstraints constraints = makePocket(generator->generate(graph, 1, 5));
    const Pocket pocket = constraints.pocket;
    constraints.pocket = Pocket();
    const Ensemble free = generator->generate(graph, 1, 7, 0, nullptr, constraints);
    constraints.pocket = pocket;
    for (int k = 0; k < 3; k++)
        constraints.pocket.positions[k] = free.getPositions(0)[4][k] + (k == 2 ? 0.02 : 0);
    const Ensemble guided = generator->generate(graph, 1, 7, 0, nullptr, constraints);
    expectCore(guided, constraints, 1);
    const vector<double>& place = constraints.pocket.positions;
    const Vec3 away = guided.getPositions(0)[4] - Vec3(place[0], place[1], place[2]);
    EXPECT_GT(std::sqrt(away.dot(away)), 0.2);
}

TEST(PocketConstraints, refusesWhatIsNoPocket) {
    const MolecularGraph graph = readSmiles("CCCCC");
    const ConformerConstraints good = makePocket(makeGenerator()->generate(graph, 1, 5));
    ConformerConstraints bad = good;
    bad.start = GenerationStart();
    expectRefusal("expected a start beside a pocket, which says where in it the molecule is, got none", bad, graph);
    bad = good;
    bad.pocket.positions.pop_back();
    expectRefusal("expected a pocket of 1 positions and 17 radii of the molecule, got 2 coordinates", bad, graph);
    bad = good;
    bad.pocket.atomRadii.pop_back();
    expectRefusal("got 3 coordinates and 16 radii", bad, graph);
    bad = good;
    bad.pocket.radii[0] = -1;
    expectRefusal("none of them negative, got -1", bad, graph);
    bad = good;
    bad.pocket.positions[2] = std::nan("");
    expectRefusal("expected finite positions and radii of a pocket", bad, graph);
}
