// SPDX-License-Identifier: MIT
// From SD files to shards: grouping of conformers, the validation rule, and records that cannot be used.
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/EnsembleShards.h"
#include "openmmorbit/Shard.h"
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <unistd.h>

using namespace OrbitPlugin;

namespace {

/** Formaldehyde (or its thio analogue) whose second hydrogen is shifted a little. */
std::string makeBlock(const std::string& heteroatom, const std::string& id, double shift, const std::string& energy) {
    auto line = [](double x, double y, const std::string& symbol) {
        std::ostringstream text;
        text << std::fixed << std::setprecision(4) << std::setw(10) << x << std::setw(10) << y << std::setw(10) << 0.1
             << " " << std::left << std::setw(3) << symbol << " 0  0\n";
        return text.str();
    };
    return "record\n     test    3D\n\n  4  3  0  0  0  0  0  0  0  0999 V2000\n" + line(0, 0, "C") +
            line(1.21, 0, heteroatom) + line(-0.55, 0.94, "H") + line(-0.55, -0.94 + shift, "H") +
            "  1  2  2  0\n  1  3  1  0\n  1  4  1  0\nM  END\n>  <ID>\n" + id + "\n\n" +
            (energy.empty() ? "" : ">  <REL_E_KCAL>\n" + energy + "\n\n") + "$$$$\n";
}

class EnsembleShardsTest : public testing::Test {
protected:
    EnsembleShardsTest() :
            folder(std::filesystem::temp_directory_path() / ("orbit-ensembles-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder);
    }
    ~EnsembleShardsTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    EnsembleShardReport write(const std::string& text) {
        std::ofstream((folder / "in.sdf").string()) << text;
        return writeEnsembleShard({(folder / "in.sdf").string()}, getShard(), {"MMFF94s", false});
    }
    std::vector<ShardRecord> read() {
        ShardReader reader(getShard());
        std::vector<ShardRecord> records;
        ShardRecord record;
        while (reader.next(record))
            records.push_back(record);
        return records;
    }
    std::string getShard() const {
        return (folder / "out.shard").string();
    }
    std::filesystem::path folder;
};

} // namespace

TEST_F(EnsembleShardsTest, conformersAreGrouped) {
    EnsembleShardReport report = write(makeBlock("O", "0_0", 0, "0.0") + makeBlock("O", "0_1", 0.02, "1.5") +
            makeBlock("S", "1_0", 0, "0.0") + makeBlock("O", "2_0", 0, ""));
    EXPECT_EQ(report.numMolecules, 3);
    EXPECT_EQ(report.numConformers, 4);
    EXPECT_EQ(report.numFaults, 0);
    std::vector<ShardRecord> records = read();
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0].getNumConformers(), 2);
    EXPECT_EQ(records[0].energies, (std::vector<float>{0.0f, 1.5f}));
    EXPECT_EQ(records[0].flatSmiles, "C=O");
    EXPECT_EQ(records[0].condition, "MMFF94s");
    EXPECT_FLOAT_EQ(records[0].positions[12 + 10], -0.92f);
    EXPECT_EQ(records[1].flatSmiles, "C=S");
    EXPECT_TRUE(records[2].energies.empty());
}

TEST_F(EnsembleShardsTest, faultyRecordsAreNamedAndDoNotStopTheOthers) {
    EnsembleShardReport report = write("broken\n\n\n  9  9 nonsense\nM  END\n$$$$\n" + makeBlock("O", "0_0", 0, ""));
    EXPECT_EQ(report.numMolecules, 1);
    EXPECT_EQ(report.numFaults, 1);
    ASSERT_EQ(report.messages.size(), 1u);
    EXPECT_NE(report.messages[0].find("in.sdf"), std::string::npos);
}

TEST_F(EnsembleShardsTest, validationRule) {
    // Values of hashlib.sha256 in Python.

    EXPECT_FALSE(isValidationMolecule("CCO"));
    EXPECT_FALSE(isValidationMolecule("C=O"));
    EXPECT_TRUE(isValidationMolecule("CCC"));
    write(makeBlock("O", "0_0", 0, ""));
    EnsembleShardReport other = writeEnsembleShard({(folder / "in.sdf").string()}, getShard(), {"MMFF94s", true});
    EXPECT_EQ(other.numMolecules, 0);
    EXPECT_EQ(other.numOtherSide, 1);
}

TEST_F(EnsembleShardsTest, refusals) {
    EXPECT_THROW(writeEnsembleShard({}, getShard(), {"", false}), ArgumentError);
    EXPECT_THROW(writeEnsembleShard({"/nowhere/missing.sdf"}, getShard(), {"MMFF94s", false}), ArgumentError);
}
