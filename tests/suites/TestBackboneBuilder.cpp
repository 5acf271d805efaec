// SPDX-License-Identifier: MIT
// Tests of the builder of backbones: natives from their CA atoms, ideal shapes, hands, chains, and what it refuses.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/BackboneBuilder.h"
#include <gtest/gtest.h>
#include <cmath>
#include <functional>
#include <random>
#include <set>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

/** A domain that was not fitted: N, CA, C and O of its residues. */
struct Native {
    string kind, sequence;
    vector<double> positions;   ///< [numResidues][4][3] Angstrom

    int size() const {
        return (int) sequence.size();
    }
    Vec3 get(int residue, int atom) const {
        const double* p = &positions[12 * residue + 3 * atom];
        return Vec3(p[0], p[1], p[2]);
    }
    BackboneTrace getTrace() const {
        BackboneTrace trace;
        for (int i = 0; i < size(); i++)
            for (int k = 0; k < 3; k++)
                trace.positions.push_back(get(i, 1)[k]);
        return trace;
    }
};

vector<Native> readNatives() {
    vector<Native> natives;
    for (const auto& entry : readGolden("backbones.json"))
        natives.push_back({entry.at("kind"), entry.at("sequence"), goldenNumbers(entry.at("positions"))});
    return natives;
}

Vec3 find(const BuiltBackbone& built, int residue, const string& name) {
    for (size_t i = 0; i < built.topology.atoms.size(); i++)
        if (built.topology.atoms[i].residue == residue && built.topology.atoms[i].name == name)
            return Vec3(built.positions[3 * i], built.positions[3 * i + 1], built.positions[3 * i + 2]);
    throw std::out_of_range("no atom " + name);
}

double distance(const Vec3& a, const Vec3& b) {
    return std::sqrt((a - b).dot(a - b));
}

BackboneTrace makeTrace(int numResidues, const std::function<Vec3(int)>& place) {
    BackboneTrace trace;
    for (int i = 0; i < numResidues; i++)
        for (int k = 0; k < 3; k++)
            trace.positions.push_back(place(i)[k]);
    return trace;
}

/** CA atoms of an alpha helix; sign -1: left-handed. */
BackboneTrace makeHelix(int numResidues, double sign = 1) {
    return makeTrace(numResidues, [=](int i) {
        const double angle = 100 * i * M_PI / 180;
        return Vec3(2.29 * std::cos(angle), sign * 2.29 * std::sin(angle), 1.5 * i);
    });
}

/** CA atoms of an extended chain, 3.8 Angstrom apart. */
BackboneTrace makeStrand(int numResidues) {
    return makeTrace(numResidues, [](int i) { return Vec3(3.3 * i, i % 2 == 0 ? 0.94 : -0.94, 0.05 * i * i); });
}

BackboneTrace mirror(BackboneTrace trace) {
    for (size_t k = 0; k < trace.positions.size(); k += 3)
        trace.positions[k] = -trace.positions[k];
    return trace;
}

/** Everything that is promised: L, trans, lengths, angles. */
void expectSound(const BuiltBackbone& built, int numCis = 0) {
    EXPECT_EQ(built.report.getNumD(), 0);
    EXPECT_EQ((int) built.report.cisPeptides.size(), numCis);
    for (size_t i = 0; i < built.report.phi.size(); i++) {
        if (std::isfinite(built.report.peptideLengths[i])) {
            EXPECT_NEAR(built.report.peptideLengths[i], 1.33, 0.05) << i;
            const double turn = std::abs(built.report.omega[i]);
            EXPECT_LT(std::min(turn, 180 - turn), 1) << i;
        }
        EXPECT_GT(built.report.angles[i], 85) << i;
        EXPECT_LT(built.report.angles[i], 145) << i;
        EXPECT_FALSE(built.report.chirality[i] < 0.45) << i;
        EXPECT_NEAR(distance(find(built, (int) i, "C"), find(built, (int) i, "O")), 1.23, 0.01);
    }
}

string refusal(const BackboneTrace& trace, BackboneFault fault, int residue, const BuilderSettings& settings = {}) {
    try {
        buildBackbone(trace, settings);
    }
    catch (const BackboneError& error) {
        EXPECT_EQ(error.getFault(), fault) << error.what();
        EXPECT_EQ(error.getResidue(), residue) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return "";
}

} // namespace

TEST(TestBackboneBuilder, NativesComeBackFromTheirCAAtoms) {
    double sumC = 0, sumN = 0;
    int number = 0, numTurned = 0;
    for (const Native& native : readNatives()) {
        BuilderSettings settings;
        settings.keepCis = true;
        const BuiltBackbone built = buildBackbone(native.getTrace(), settings);
        expectSound(built, native.kind == "cis" ? 1 : 0);
        for (int i = 1; i + 1 < native.size(); i++) {
            EXPECT_LT(distance(find(built, i, "CA"), native.get(i, 1)), 1e-12);
            const Vec3 c = find(built, i, "C");
            sumC += std::pow(distance(c, native.get(i, 2)), 2);
            sumN += std::pow(distance(find(built, i, "N"), native.get(i, 0)), 2);
            numTurned += distance(find(built, i, "O"), native.get(i, 3)) > 2;
            number++;
        }
        EXPECT_GT(built.report.handedness, 1);
        EXPECT_LE(built.report.getNumInRegion(RamachandranRegion::Outlier), 3) << native.kind;
    }
    EXPECT_LT(std::sqrt(sumC / number), 0.23);
    EXPECT_LT(std::sqrt(sumN / number), 0.17);
    EXPECT_LE(numTurned, 0.035 * number);
}

TEST(TestBackboneBuilder, HelicesAndStrandsHaveTheirAngles) {
    const BuiltBackbone helix = buildBackbone(makeHelix(16)), strand = buildBackbone(makeStrand(12));
    for (int i = 1; i < 15; i++) {
        EXPECT_NEAR(helix.report.phi[i], -62, 8) << i;
        EXPECT_NEAR(helix.report.psi[i], -43, 8) << i;
        EXPECT_EQ(helix.report.regions[i], (int) RamachandranRegion::Favoured) << i;
    }
    for (int i = 1; i < 11; i++) {
        EXPECT_LT(strand.report.phi[i], -70) << i;
        EXPECT_GT(strand.report.psi[i], 100) << i;
    }
    // In a helix O takes the hydrogen of the fourth residue after it.
    for (int i = 0; i + 4 < 16; i++)
        EXPECT_NEAR(distance(find(helix, i, "O"), find(helix, i + 4, "N")), 2.95, 0.25) << i;
    expectSound(helix);
    expectSound(strand);
    EXPECT_EQ(std::set<string>(helix.topology.residueNames.begin(), helix.topology.residueNames.end()),
        std::set<string>{"ALA"});
    EXPECT_TRUE(helix.report.describeFaults(helix.topology).empty());
}

TEST(TestBackboneBuilder, MirrorImagesAreRefused) {
    for (const Native& native : readNatives()) {
        const BackboneTrace trace = mirror(native.getTrace());
        BuilderSettings settings;
        settings.keepCis = true;
        try {
            buildBackbone(trace, settings);
            ADD_FAILURE() << native.kind;
        }
        catch (const BackboneError& error) {
            EXPECT_EQ(error.getFault(), BackboneFault::Mirrored);
        }
        settings.keepLeftHanded = true;
        const BuiltBackbone built = buildBackbone(trace, settings);
        expectSound(built, native.kind == "cis" ? 1 : 0);
        EXPECT_LT(built.report.handedness, -1);
    }
    EXPECT_NE(refusal(makeHelix(12, -1), BackboneFault::Mirrored, 1).find("residue 2"), string::npos);
}

TEST(TestBackboneBuilder, GlycineStandsWherePhiIsPositive) {
    for (const Native& native : readNatives()) {
        BuilderSettings settings;
        settings.keepCis = true;
        const BuiltBackbone built = buildBackbone(native.getTrace(), settings);
        for (int i = 0; i < native.size(); i++)
            EXPECT_EQ(built.topology.residueNames[i], built.report.phi[i] > 0 ? "GLY" : "ALA");
    }
}

TEST(TestBackboneBuilder, TurnsWithTheTrace) {
    const BackboneTrace trace = readNatives()[1].getTrace();
    BackboneTrace turned = trace;
    for (size_t k = 0; k < trace.positions.size(); k += 3) {
        turned.positions[k] = 7 - trace.positions[k + 1];
        turned.positions[k + 1] = trace.positions[k] + 1;
        turned.positions[k + 2] = trace.positions[k + 2] - 30;
    }
    const BuiltBackbone a = buildBackbone(trace), b = buildBackbone(turned);
    ASSERT_EQ(a.positions.size(), b.positions.size());
    for (size_t k = 0; k < a.positions.size(); k += 3) {
        EXPECT_NEAR(b.positions[k], 7 - a.positions[k + 1], 1e-9);
        EXPECT_NEAR(b.positions[k + 1], a.positions[k] + 1, 1e-9);
        EXPECT_NEAR(b.positions[k + 2], a.positions[k + 2] - 30, 1e-9);
    }
}

TEST(TestBackboneBuilder, NoiseGivesASoundProteinOrAnError) {
    std::mt19937 generator(5);
    const vector<Native> natives = readNatives();
    int numBuilt = 0, numTried = 0;
    for (double deviation : {0.1, 0.2, 0.3, 0.5, 0.8})
        for (const Native& native : natives) {
            BackboneTrace trace = native.getTrace();
            std::normal_distribution<double> noise(0, deviation);
            for (double& x : trace.positions)
                x += noise(generator);
            numTried += deviation < 0.15;
            try {
                expectSound(buildBackbone(trace));
                numBuilt += deviation < 0.15;
            }
            catch (const BackboneError& error) {
                EXPECT_NE(string(error.what()).find("residue"), string::npos);
            }
        }
    EXPECT_GE(numBuilt, numTried - 1);  // one domain has a cis peptide
}

TEST(TestBackboneBuilder, ChainsEndWithOXT) {
    BackboneTrace trace = makeHelix(20);
    for (int i = 10; i < 20; i++) {
        trace.positions[3 * i] += 15;
        trace.residueChains.resize(20, 0);
        trace.residueChains[i] = 1;
    }
    const BuiltBackbone built = buildBackbone(trace);
    expectSound(built);
    EXPECT_EQ(built.topology.residueChains, trace.residueChains);
    EXPECT_NO_THROW(find(built, 9, "OXT"));
    EXPECT_NO_THROW(find(built, 19, "OXT"));
    EXPECT_THROW(find(built, 8, "OXT"), std::out_of_range);
    EXPECT_TRUE(std::isnan(built.report.psi[9]) && std::isnan(built.report.phi[10]));
    EXPECT_EQ(built.topology.atoms.size(), 20 * 5 + 2u);
    EXPECT_EQ(built.topology.bonds.size(), 20 * 4 + 18 + 2u);

    // The same break inside of one chain.
    trace.residueChains.clear();
    const string text = refusal(trace, BackboneFault::Break, 9);
    EXPECT_NE(text.find("residue 10"), string::npos) << text;
    EXPECT_NE(text.find("splitAtBreaks"), string::npos) << text;
    BuilderSettings settings;
    settings.splitAtBreaks = true;
    const BuiltBackbone split = buildBackbone(trace, settings);
    EXPECT_EQ(split.positions, built.positions);
    EXPECT_EQ(split.report.chainBreaks, vector<int>{9});
}

TEST(TestBackboneBuilder, ShortChainsAreBuilt) {
    for (int n : {2, 3, 4, 5}) {
        const BuiltBackbone built = buildBackbone(makeStrand(n));
        expectSound(built);
        EXPECT_EQ(built.topology.atoms.size(), 5u * n + 1);
    }
    // CA atoms on a line leave the plane open, but no residue fits between them.
    refusal(makeTrace(5, [](int i) { return Vec3(3.8 * i, 0, 0); }), BackboneFault::Distorted, 1);
}

TEST(TestBackboneBuilder, CisPeptidesAreBuiltOnRequest) {
    for (const Native& native : readNatives()) {
        if (native.kind != "cis")
            continue;
        int place = -1;
        for (int i = 0; i + 1 < native.size(); i++)
            if (distance(native.get(i, 1), native.get(i + 1, 1)) < 3.3)
                place = i;
        const string text = refusal(native.getTrace(), BackboneFault::Cis, place);
        EXPECT_NE(text.find("residue " + std::to_string(place + 1)), string::npos) << text;
        EXPECT_NE(text.find("keepCis"), string::npos) << text;
        BuilderSettings settings;
        settings.keepCis = true;
        const BuiltBackbone built = buildBackbone(native.getTrace(), settings);
        EXPECT_EQ(built.report.cisPeptides, vector<int>{place});
        EXPECT_LT(distance(find(built, place, "C"), native.get(place, 2)), 0.5);
        EXPECT_LT(distance(find(built, place + 1, "N"), native.get(place + 1, 0)), 0.5);
    }
}

TEST(TestBackboneBuilder, RefusesWhatIsNoTrace) {
    const BackboneTrace good = makeHelix(6);
    const auto expectRefused = [](const BackboneTrace& trace, const string& words) {
        try {
            buildBackbone(trace);
            ADD_FAILURE() << words;
        }
        catch (const ArgumentError& error) {
            EXPECT_NE(string(error.what()).find(words), string::npos) << error.what();
            EXPECT_EQ(string(error.what()).find("buildBackbone: expected "), 0u) << error.what();
        }
    };
    BackboneTrace trace;
    expectRefused(trace, "got 0 coordinates");
    trace.positions = {0, 0, 0, 1};
    expectRefused(trace, "got 4 coordinates");
    trace.positions = {0, 0, 0};
    expectRefused(trace, "residue 1 alone");
    trace = good;
    trace.positions[7] = std::nan("");
    expectRefused(trace, "CA of residue 3");
    trace = good;
    trace.positions[7] = std::numeric_limits<double>::infinity();
    expectRefused(trace, "CA of residue 3");
    trace = good;
    trace.residueNames = {"ALA", "GLY"};
    expectRefused(trace, "expected 6 names of residues, one for each CA atom, got 2");
    trace.residueNames = {"ALA", "GLY", "XYZ", "ALA", "ALA", "ALA"};
    expectRefused(trace, "\"XYZ\"");
    trace = good;
    trace.residueChains = {0, 0, 0, 1, 1, 0};
    expectRefused(trace, "sorted by chain");
    trace.residueChains = {0, 0, 0, 0, 0, 1};
    expectRefused(trace, "residue 6 of chain 2 alone");
    trace.chainNames = {"H", "L"};
    trace.residueIds = {"1", "2", "3", "4", "5", "52A"};
    expectRefused(trace, "residue 52A of chain L alone");
    trace.chainNames = {"H"};
    expectRefused(trace, "a name of every chain, got 1 names, and chain 1");
    trace = good;
    for (int k = 0; k < 3; k++)
        trace.positions[6 + k] = trace.positions[3 + k];
    refusal(trace, BackboneFault::Break, 1);
}
