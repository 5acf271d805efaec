// SPDX-License-Identifier: MIT
// Tests of the geometry of frames and of the inspection of states against it.
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/FrameStatistics.h"
#include "openmmorbit/StateCheck.h"
#include <gtest/gtest.h>
#include <cmath>
#include <random>

using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

TopologySubject makeSubject(const vector<int>& elements, const vector<std::pair<int, int>>& bonds) {
    TopologyRecord topology;
    topology.residueNames = {"MOL"};
    for (int i = 0; i < (int) elements.size(); i++)
        topology.atoms.push_back({"A" + std::to_string(i), elements[i], 0, 0});
    for (const auto& [i, j] : bonds)
        topology.bonds.push_back({i, j, 0});
    return makeTopologySubject(topology);
}

/** CHFClBr: the centre is atom 0. */
TopologySubject makeHaloform() {
    return makeSubject({6, 1, 9, 17, 35}, {{0, 1}, {0, 2}, {0, 3}, {0, 4}});
}

const vector<double> HALOFORM = {0, 0, 0, 0.63, 0.63, 0.63, 0.8, -0.8, -0.8, -1.0, 1.0, -1.0, -1.1, -1.1, 1.1};

/** H-N=N-H, planar and trans. */
TopologySubject makeDiazene() {
    return makeSubject({1, 7, 7, 1}, {{0, 1}, {1, 2}, {2, 3}});
}

const vector<double> DIAZENE = {-0.9, 0.9, 0, -0.6, 0, 0, 0.6, 0, 0, 0.9, -0.9, 0};

/** A random walk around positions. */
vector<vector<double>> shake(const vector<double>& positions, double deviation, int numFrames) {
    std::mt19937 generator(7);
    std::normal_distribution<double> noise(0, deviation);
    vector<vector<double>> frames(numFrames, positions);
    for (vector<double>& frame : frames)
        for (double& x : frame)
            x += noise(generator);
    return frames;
}

TopologySubject gather(TopologySubject subject, const vector<vector<double>>& frames) {
    FrameStatistics statistics(subject);
    for (const vector<double>& frame : frames)
        statistics.add(frame);
    statistics.finish(subject);
    return subject;
}

vector<double> mirror(vector<double> positions) {
    for (size_t k = 0; k < positions.size(); k += 3)
        positions[k] = -positions[k];
    return positions;
}

} // namespace

TEST(TestStateCheck, RangesAreMeanAndDeviationOfTheFrames) {
    const vector<vector<double>> frames = {{0, 0, 0, 1, 0, 0, 1, 1, 0}, {0, 0, 0, 1.2, 0, 0, 1.2, 1, 0}};
    const TopologySubject subject = gather(makeSubject({6, 8, 7}, {{0, 1}, {1, 2}}), frames);
    ASSERT_EQ(subject.bonds.size(), 2u);
    EXPECT_EQ(subject.numFrames, 2);
    for (const GeometryRange& bond : subject.bonds)
        if (bond.atoms[0] == 0) {
            EXPECT_NEAR(bond.mean, 1.1, 1e-12);
            EXPECT_NEAR(bond.deviation, 0.1, 1e-12);
            EXPECT_NEAR(bond.lowest, 1.0, 1e-12);
            EXPECT_NEAR(bond.highest, 1.2, 1e-12);
        }
    ASSERT_EQ(subject.angles.size(), 1u);
    EXPECT_NEAR(subject.angles[0].mean, 90, 1e-9);
}

TEST(TestStateCheck, AtomsThatASymmetryExchangesShareTheirRange) {
    // Water whose hydrogens differ: both bonds get the range of both.

    const TopologySubject water = gather(makeSubject({8, 1, 1}, {{0, 1}, {0, 2}}), {{0, 0, 0, 0.9, 0, 0, 0, 1.1, 0}});
    ASSERT_EQ(water.bonds.size(), 2u);
    for (const GeometryRange& bond : water.bonds) {
        EXPECT_NEAR(bond.mean, 1.0, 1e-12);
        EXPECT_NEAR(bond.lowest, 0.9, 1e-12);
    }
}

TEST(TestStateCheck, FramesPassTheirOwnInspection) {
    const vector<vector<double>> frames = shake(HALOFORM, 0.03, 200);
    const TopologySubject subject = gather(makeHaloform(), frames);
    for (const vector<double>& frame : frames)
        EXPECT_TRUE(checkState(subject, frame).isAccepted()) << checkState(subject, frame).message;
}

TEST(TestStateCheck, HandOfTheFramesIsKept) {
    const TopologySubject subject = gather(makeHaloform(), shake(HALOFORM, 0.03, 100));
    ASSERT_EQ(subject.graph.tetrahedral.size(), 1u);
    EXPECT_EQ(subject.graph.tetrahedral[0].center, 0);
    const ConformerStatus status = checkState(subject, mirror(HALOFORM));
    EXPECT_FALSE(status.stereoCorrect);
    EXPECT_EQ(status.message, "the centre 0 (A0) is inverted");

    // Frames of the other image show the other hand.

    const TopologySubject image = gather(makeHaloform(), shake(mirror(HALOFORM), 0.03, 100));
    EXPECT_TRUE(checkState(image, mirror(HALOFORM)).isAccepted());
    EXPECT_FALSE(checkState(image, HALOFORM).stereoCorrect);
}

TEST(TestStateCheck, CentersThatInvertAreNone) {
    vector<vector<double>> frames = shake(HALOFORM, 0.03, 50);
    frames.push_back(mirror(HALOFORM));
    EXPECT_TRUE(gather(makeHaloform(), frames).graph.tetrahedral.empty());
    EXPECT_TRUE(gather(makeSubject({6, 1, 1, 17, 35}, {{0, 1}, {0, 2}, {0, 3}, {0, 4}}), shake(HALOFORM, 0.03, 50))
                        .graph.tetrahedral.empty())
            << "two hydrogens are alike";
}

TEST(TestStateCheck, AxesKeepTheirSide) {
    const TopologySubject subject = gather(makeDiazene(), shake(DIAZENE, 0.05, 100));
    ASSERT_EQ(subject.graph.torsional.size(), 1u);
    EXPECT_EQ(subject.graph.torsional[0].kind, TorsionStereoKind::Trans);
    vector<double> cis = DIAZENE;
    cis[10] = 0.9;
    const ConformerStatus status = checkState(subject, cis);
    EXPECT_FALSE(status.stereoCorrect);
    EXPECT_NE(status.message.find("the bond of atoms 1 (A1) and 2 (A2) is not trans"), string::npos) << status.message;

    // Where both sides were seen, both are right.

    vector<vector<double>> frames = shake(DIAZENE, 0.05, 100);
    frames.push_back(cis);
    const TopologySubject both = gather(makeDiazene(), frames);
    EXPECT_TRUE(both.graph.torsional.empty());
    EXPECT_TRUE(checkState(both, cis).isAccepted()) << checkState(both, cis).message;
}

TEST(TestStateCheck, NamesWrongBondsAnglesAndClashes) {
    const TopologySubject subject = gather(makeDiazene(), shake(DIAZENE, 0.02, 100));
    vector<double> state = DIAZENE;
    state[0] -= 0.5;
    ConformerStatus status = checkState(subject, state);
    EXPECT_FALSE(status.bondsCorrect);
    EXPECT_NE(status.message.find("atoms 0 (A0) and 1 (A1) at 1.2"), string::npos) << status.message;
    state = DIAZENE;
    state[0] = -1.5;
    state[1] = 0.3;
    status = checkState(subject, state);
    EXPECT_FALSE(status.anglesCorrect);
    EXPECT_TRUE(status.bondsCorrect);
    EXPECT_GT(status.maxDeviation, 5);
    const TopologySubject pair = gather(makeSubject({18, 18}, {}), {{0, 0, 0, 3, 0, 0}, {0, 0, 0, 4, 0, 0}});
    EXPECT_TRUE(checkState(pair, {0, 0, 0, 2.8, 0, 0}).isAccepted());
    status = checkState(pair, {0, 0, 0, 2.6, 0, 0});
    EXPECT_FALSE(status.clashFree);
    EXPECT_EQ(status.message, "atoms 0 (A0) and 1 (A1) at 2.6 Angstrom, expected at least 2.7");
    status = checkState(pair, {0, 0, NAN, 2.6, 0, 0});
    EXPECT_FALSE(status.finite);
}

TEST(TestStateCheck, ConstrainedBondsHaveAMargin) {
    const TopologySubject subject =
            gather(makeSubject({6, 1}, {{0, 1}}), vector<vector<double>>(5, {0, 0, 0, 1.09, 0, 0}));
    EXPECT_TRUE(checkState(subject, {0, 0, 0, 1.1, 0, 0}).isAccepted());
    EXPECT_FALSE(checkState(subject, {0, 0, 0, 1.12, 0, 0}).isAccepted());
}

TEST(TestStateCheck, RefusesWrongSizes) {
    FrameStatistics statistics(makeDiazene());
    expectMentions<ArgumentError>("expected 12 coordinates, got 3", [&] { statistics.add({0, 0, 0}); });
    expectMentions<ArgumentError>("expected finite coordinates", [&] { statistics.add(vector<double>(12, NAN)); });
    TopologySubject subject = makeDiazene();
    expectMentions<ArgumentError>("expected at least 1 frame, got none", [&] { statistics.finish(subject); });
    expectMentions<ArgumentError>("expected 12 coordinates, got 0", [&] { checkState(subject, {}); });
}
