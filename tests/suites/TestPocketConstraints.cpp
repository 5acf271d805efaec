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
    // The same noise ends 0.02 nm away from it if its atom and those of the molecule have no size; 0.24 is wanted. In
    // some copies that place is decided late, when the guidance has faded.

    const MolecularGraph graph = readSmiles("CCCCC");
    const auto generator = makeGenerator();
    ConformerConstraints guided = makePocket(generator->generate(graph, 1, 5)), unguided = guided;
    unguided.pocket.radii = {0};
    unguided.pocket.atomRadii.assign(graph.getNumAtoms(), 0);
    const int numSeeds = 12;
    int numAway = 0;
    for (int seed = 0; seed < numSeeds; seed++) {
        const Vec3 place = generator->generate(graph, 1, seed, 0, nullptr, unguided).getPositions(0)[4] +
            Vec3(0, 0, 0.02);
        guided.pocket.positions = {place[0], place[1], place[2]};
        const Ensemble copies = generator->generate(graph, 1, seed, 0, nullptr, guided);
        expectCore(copies, guided, 1);
        const Vec3 away = copies.getPositions(0)[4] - place;
        numAway += std::sqrt(away.dot(away)) > 0.2;
    }
    EXPECT_GE(numAway, 5);
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
