// SPDX-License-Identifier: MIT
// Tests of the survey and the inspection of backbones, on helices whose geometry is known.
#include "Backbones.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/BackboneCheck.h"
#include <gtest/gtest.h>
#include <limits>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

const DistanceRange& findRange(const BackboneStatistics& statistics, const std::string& name) {
    for (const DistanceRange& range : statistics.ranges)
        if (range.name == name)
            return range;
    throw std::runtime_error("no range " + name);
}

class BackboneCheckTest : public testing::TestWithParam<int> {
protected:
    ConformerStatus check(const vector<double>& positions) const {
        return checkBackbone(helix, statistics, positions);
    }
    const int points = GetParam();
    const BackboneSubject helix = makeBackbone({30});
    const BackboneStatistics statistics = makeHelixStatistics(points);
};

} // namespace

TEST_P(BackboneCheckTest, TheSurveyKnowsAHelix) {
    // Chords of a helix with radius 2.29 and rise 1.5 Angstrom: 2 r sin(turn/2) across, and the rise along.

    EXPECT_EQ(statistics.numBackbones, 21);
    EXPECT_NEAR(findRange(statistics, "CA-CA").mean, std::hypot(2 * 2.29 * 0.766044, 1.5), 1e-5);
    EXPECT_NEAR(findRange(statistics, "CA-CA-CA").mean, std::hypot(2 * 2.29 * 0.984808, 3.0), 1e-5);
    EXPECT_NEAR(findRange(statistics, "CA-CA").lowest, findRange(statistics, "CA-CA").mean, 0.01);
    EXPECT_NEAR(findRange(statistics, "CA-CA").highest, findRange(statistics, "CA-CA").mean, 0.01);
    EXPECT_NEAR(findRange(statistics, "CA-CA").deviation, 0, 1e-5);
    EXPECT_NEAR(statistics.closest, std::hypot(2 * 2.29 * 0.5, 4.5), 0.01);
    EXPECT_EQ(statistics.maxLeftTurns, 0);
    if (points == 3) {
        EXPECT_NEAR(findRange(statistics, "N-CA").mean, 1.46, 0.01);
        EXPECT_NEAR(findRange(statistics, "C-N").mean, 1.33, 0.01);
    }
    EXPECT_EQ(statistics.ranges.size(), points == 1 ? 2u : 8u);
}

TEST_P(BackboneCheckTest, AHelixIsAccepted) {
    const ConformerStatus status = check(makeHelix(30, points));
    EXPECT_TRUE(status.isAccepted()) << status.message;
    EXPECT_TRUE(status.message.empty());
    EXPECT_LT(status.maxDeviation, 0.1);
}

TEST_P(BackboneCheckTest, AMirroredHelixHasTheWrongHand) {
    const ConformerStatus status = check(makeHelix(30, points, -1));
    EXPECT_FALSE(status.stereoCorrect);
    EXPECT_TRUE(status.bondsCorrect && status.clashFree);
    EXPECT_NE(status.message.find("a left-handed helix of 27 turns begins at residue 1"), std::string::npos)
        << status.message;
}

TEST_P(BackboneCheckTest, AChainThatComesApartIsFound) {
    vector<double> positions = makeHelix(30, points);
    for (std::size_t k = 12 * 3 * points + 2; k < positions.size(); k += 3)
        positions[k] += 1;
    const ConformerStatus status = check(positions);
    EXPECT_FALSE(status.bondsCorrect);
    EXPECT_NE(status.message.find("the distance CA-CA from residue 12 is 4.3"), std::string::npos) << status.message;
    BackboneSubject broken = helix;
    for (int i = 12; i < 30; i++)
        broken.numbers[i] += 3;
    EXPECT_TRUE(checkBackbone(broken, statistics, positions).bondsCorrect);
}

TEST_P(BackboneCheckTest, AContactIsFound) {
    // Two helices side by side in one chain with a break between them.

    BackboneSubject pair = makeBackbone({30});
    for (int i = 15; i < 30; i++)
        pair.numbers[i] += 20;
    auto place = [&](double distance) {
        vector<double> positions = makeHelix(15, points);
        const vector<double> second = positions;
        for (std::size_t k = 0; k < second.size(); k++)
            positions.push_back(second[k] + (k % 3 == 0 ? distance : 0));
        return checkBackbone(pair, statistics, positions);
    };
    EXPECT_TRUE(place(10).isAccepted()) << place(10).message;
    const ConformerStatus near = place(3);
    EXPECT_FALSE(near.clashFree);
    EXPECT_NE(near.message.find("the CA of residues "), std::string::npos) << near.message;
    EXPECT_TRUE(near.bondsCorrect && near.stereoCorrect);
}

TEST_P(BackboneCheckTest, RefusesWhatIsNoPosition) {
    vector<double> positions = makeHelix(30, points);
    positions[3 * points * 7] = std::numeric_limits<double>::quiet_NaN();
    const ConformerStatus status = check(positions);
    EXPECT_FALSE(status.finite);
    EXPECT_NE(status.message.find("residue 8 has coordinates that are not finite"), std::string::npos);
    positions.pop_back();
    EXPECT_THROW(check(positions), ArgumentError);
    EXPECT_THROW(BackboneSurvey(points).finish(), ArgumentError);
    EXPECT_THROW(BackboneSurvey(points).add(helix, positions), ArgumentError);
    EXPECT_THROW(BackboneSurvey(2), ArgumentError);
}

TEST_P(BackboneCheckTest, CisPeptidesAreLeftOutOfTheSurvey) {
    // The second half of a helix comes along the edge between its halves, until that is 2.9 Angstrom long.

    vector<double> positions = makeHelix(30, points);
    const int before = 3 * (14 * points + points / 2), behind = before + 3 * points;
    const double length = findRange(statistics, "CA-CA").mean;
    double shift[3];
    for (int c = 0; c < 3; c++)
        shift[c] = (positions[behind + c] - positions[before + c]) * (2.9 / length - 1);
    for (std::size_t k = 15 * 3 * points; k < positions.size(); k++)
        positions[k] += shift[k % 3];
    BackboneSurvey survey(points);
    survey.add(helix, positions);
    EXPECT_NEAR(findRange(survey.finish(), "CA-CA").lowest, length, 0.01);
    const ConformerStatus status = check(positions);
    EXPECT_FALSE(status.bondsCorrect);
    EXPECT_NE(status.message.find("from residue 15 is 2.9 Angstrom"), std::string::npos) << status.message;
}

INSTANTIATE_TEST_SUITE_P(Points, BackboneCheckTest, testing::Values(1, 3));
