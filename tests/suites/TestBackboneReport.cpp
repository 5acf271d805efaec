// SPDX-License-Identifier: MIT
// Tests of the report on a protein's geometry, of its side chains, and of Ramachandran regions.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/BackboneBuilder.h"
#include <gtest/gtest.h>
#include <cmath>
#include <map>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

const string LETTERS = "ARNDCQEGHILKMFPSTWYV";
const vector<string> NAMES{"ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE", "LEU", "LYS", "MET",
    "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL"};
/** Heavy atoms of residues inside of a chain. */
const vector<int> SIZES{5, 11, 8, 8, 6, 9, 9, 4, 10, 8, 8, 9, 8, 11, 7, 6, 7, 14, 12, 7};

/** The CA atoms of a native, with its sequence. */
BackboneTrace readTrace(int index) {
    const auto entry = readGolden("backbones.json").at(index);
    const vector<double> positions = goldenNumbers(entry.at("positions"));
    BackboneTrace trace;
    for (char letter : entry.at("sequence").get<string>()) {
        const size_t begin = 12 * trace.residueNames.size() + 3;
        trace.positions.insert(trace.positions.end(), &positions[begin], &positions[begin] + 3);
        trace.residueNames.push_back(NAMES[LETTERS.find(letter)]);
    }
    return trace;
}

vector<BuiltBackbone> buildAll() {
    vector<BuiltBackbone> result;
    BuilderSettings settings;
    settings.keepCis = true;
    for (int i = 0; i < (int) readGolden("backbones.json").size(); i++)
        result.push_back(buildBackbone(readTrace(i), settings));
    return result;
}

Vec3 getPoint(const BuiltBackbone& built, int atom) {
    return Vec3(built.positions[3 * atom], built.positions[3 * atom + 1], built.positions[3 * atom + 2]);
}

double distance(const BuiltBackbone& built, int a, int b) {
    const Vec3 edge = getPoint(built, a) - getPoint(built, b);
    return std::sqrt(edge.dot(edge));
}

/** A helix of one residue that repeats. */
BuiltBackbone buildHelix(const string& name, int numResidues) {
    BackboneTrace trace;
    for (int i = 0; i < numResidues; i++) {
        const double angle = 100 * i * M_PI / 180;
        trace.positions.insert(trace.positions.end(), {2.29 * std::cos(angle), 2.29 * std::sin(angle), 1.5 * i});
    }
    trace.residueNames.assign(numResidues, name);
    return buildBackbone(trace);
}

} // namespace

TEST(TestBackboneReport, EveryResidueHasItsAtomsAndBonds) {
    for (size_t k = 0; k < NAMES.size(); k++) {
        const BuiltBackbone built = buildHelix(NAMES[k], 8);
        EXPECT_EQ((int) built.topology.atoms.size(), 8 * SIZES[k] + 1) << NAMES[k];
        for (const TopologyBond& bond : built.topology.bonds) {
            const double length = distance(built, bond.atom1, bond.atom2);
            const bool closesProline = NAMES[k] == "PRO" && built.topology.atoms[bond.atom1].name == "CD";
            EXPECT_GT(length, 1.2) << NAMES[k] << " " << built.topology.atoms[bond.atom2].name;
            EXPECT_LT(length, closesProline ? 1.8 : 1.85) << NAMES[k] << " " << built.topology.atoms[bond.atom2].name;
        }
        EXPECT_EQ(built.report.getNumD(), 0);
    }
}

TEST(TestBackboneReport, BranchedSideChainsHaveTheRightHand) {
    // Neighbours of CB by falling priority, seen with hydrogen behind; positive volume is S.
    // CG1 of valine is the pro-R one.
    const std::map<string, std::pair<vector<string>, double>> centres{{"ILE", {{"CA", "CG1", "CG2"}, 1}},
        {"THR", {{"OG1", "CA", "CG2"}, -1}}, {"VAL", {{"CA", "CG1", "CG2"}, -1}}};
    for (const auto& [name, centre] : centres) {
        const BuiltBackbone built = buildHelix(name, 5);
        std::map<string, Vec3> atoms;
        for (size_t i = 0; i < built.topology.atoms.size(); i++)
            if (built.topology.atoms[i].residue == 2)
                atoms[built.topology.atoms[i].name] = getPoint(built, (int) i);
        const auto& [names, sign] = centre;
        const Vec3 cb = atoms["CB"];
        const double volume = (atoms[names[0]] - cb).dot((atoms[names[1]] - cb).cross(atoms[names[2]] - cb));
        EXPECT_GT(sign * volume, 1.5) << name;
    }
}

TEST(TestBackboneReport, SideChainsOfNativesHardlyClash) {
    int numResidues = 0, numClashes = 0;
    for (const BuiltBackbone& built : buildAll()) {
        numResidues += (int) built.report.phi.size();
        numClashes += (int) built.report.clashes.size();
        for (const auto& [a, b] : built.report.clashes)
            EXPECT_GT(distance(built, a, b), 1.2);
        for (double volume : built.report.chirality)
            EXPECT_FALSE(std::abs(volume - 0.65) > 0.15) << volume;
    }
    EXPECT_LT(numClashes, 0.2 * numResidues);
}

TEST(TestBackboneReport, FindsDResiduesAndNamesThem) {
    BuiltBackbone built = buildHelix("ALA", 6);
    vector<double> mirrored = built.positions;
    for (size_t k = 0; k < mirrored.size(); k += 3)
        mirrored[k] = -mirrored[k];
    const BackboneReport report = measureBackbone(built.topology, mirrored);
    EXPECT_EQ(report.getNumD(), 6);
    EXPECT_NEAR(report.phi[2], -built.report.phi[2], 1e-9);
    EXPECT_NEAR(report.handedness, -built.report.handedness, 1e-12);
    EXPECT_EQ(report.getNumInRegion(RamachandranRegion::Unknown), 2);
    const vector<string> faults = report.describeFaults(built.topology);
    ASSERT_GE(faults.size(), 6u);
    EXPECT_EQ(faults[0], "ALA 1 is D");
    EXPECT_TRUE(built.report.describeFaults(built.topology).empty());
}

TEST(TestBackboneReport, FindsBreaks) {
    BuiltBackbone built = buildHelix("ALA", 8);
    for (size_t i = 0; i < built.topology.atoms.size(); i++)
        built.positions[3 * i + 2] += built.topology.atoms[i].residue > 3 ? 8 : 0;
    const BackboneReport report = measureBackbone(built.topology, built.positions);
    EXPECT_EQ(report.chainBreaks, vector<int>{3});
    EXPECT_TRUE(std::isnan(report.peptideLengths[3]) && std::isnan(report.psi[3]) && std::isnan(report.phi[4]));
    EXPECT_TRUE(report.cisPeptides.empty());
    EXPECT_EQ(report.describeFaults(built.topology), vector<string>{"the chain is broken after ALA 4"});
}

TEST(TestBackboneReport, FindsClashes) {
    BuiltBackbone built = buildHelix("ALA", 12);
    int cb = -1, other = -1;
    for (int i = 0; i < (int) built.topology.atoms.size(); i++)
        if (built.topology.atoms[i].name == "CB") {
            cb = cb < 0 ? i : cb;
            other = i;
        }
    for (int k = 0; k < 3; k++)
        built.positions[3 * cb + k] = built.positions[3 * other + k] + (k == 0 ? 2.0 : 0);
    const BackboneReport report = measureBackbone(built.topology, built.positions);
    ASSERT_FALSE(report.clashes.empty());
    bool isFound = false;
    for (const auto& pair : report.clashes)
        isFound = isFound || pair == std::make_pair(cb, other);
    EXPECT_TRUE(isFound);
}

TEST(TestBackboneReport, RegionsAreThoseOfTheTop8000) {
    const auto find = [](const string& residue, double phi, double psi, const string& next = "ALA",
            bool isCis = false) {
        return findRamachandranRegion(residue, next, phi, psi, isCis);
    };
    EXPECT_EQ(find("ALA", -63, -42), RamachandranRegion::Favoured);
    EXPECT_EQ(find("LYS", -120, 130), RamachandranRegion::Favoured);
    EXPECT_EQ(find("ASN", 70, 0), RamachandranRegion::Favoured);
    EXPECT_EQ(find("ALA", 80, -120), RamachandranRegion::Outlier);
    EXPECT_EQ(find("ALA", 0, 0), RamachandranRegion::Outlier);
    EXPECT_EQ(find("GLY", 80, -170), RamachandranRegion::Favoured);
    EXPECT_EQ(find("GLY", 80, 10), RamachandranRegion::Favoured);
    EXPECT_EQ(find("VAL", 70, 0), RamachandranRegion::Outlier);
    EXPECT_EQ(find("PRO", -63, 150), RamachandranRegion::Favoured);
    EXPECT_EQ(find("PRO", -120, 130), RamachandranRegion::Outlier);
    EXPECT_EQ(find("PRO", -75, 160, "ALA", true), RamachandranRegion::Favoured);
    EXPECT_EQ(find("ALA", -63, -42, "PRO"), RamachandranRegion::Favoured);
    EXPECT_EQ(find("ALA", -95, 0), RamachandranRegion::Favoured);
    EXPECT_EQ(find("ALA", -95, 0, "PRO"), RamachandranRegion::Outlier);
    EXPECT_EQ(find("ALA", std::nan(""), 0), RamachandranRegion::Unknown);
    EXPECT_EQ(find("ALA", -63 + 360, -42 - 360), RamachandranRegion::Favoured);
}

TEST(TestBackboneReport, RefusesWhatItCannotMeasure) {
    const BuiltBackbone built = buildHelix("ALA", 4);
    const auto expectRefused = [](const TopologyRecord& topology, const vector<double>& positions,
            const string& words) {
        try {
            measureBackbone(topology, positions);
            ADD_FAILURE() << words;
        }
        catch (const ArgumentError& error) {
            EXPECT_NE(string(error.what()).find(words), string::npos) << error.what();
        }
    };
    expectRefused(built.topology, {0, 0, 0}, "got 3");
    vector<double> positions = built.positions;
    positions[4] = std::nan("");
    expectRefused(built.topology, positions, "ALA 1 CA");
    TopologyRecord topology = built.topology;
    topology.atoms[0].name = "N1";
    expectRefused(topology, built.positions, "ALA 1 without N");
    topology.residueNames.pop_back();
    EXPECT_THROW(built.report.describeFaults(topology), ArgumentError);
}
