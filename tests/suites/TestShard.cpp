// SPDX-License-Identifier: MIT
// Shards: round trip, and damaged or truncated records that are skipped and named.
#include "Matchers.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Shard.h"
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <unistd.h>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

ShardRecord makeRecord(const MolecularGraph& graph, int numConformers) {
    ShardRecord record;
    record.graph = graph;
    record.flatSmiles = "flat of " + graph.name;
    record.condition = "GFN2-xTB";
    for (int k = 0; k < numConformers; k++) {
        for (double value : makePositions(graph.getNumAtoms(), 3 + k))
            record.positions.push_back((float) value);
        record.energies.push_back(0.5f * k);
        record.weights.push_back(1.0f / numConformers);
    }
    return record;
}

class ShardTest : public testing::Test {
protected:
    ShardTest() :
            path((std::filesystem::temp_directory_path() / ("orbit-" + std::to_string(getpid()) + ".shard")).string()) {
        ShardWriter writer(path);
        for (const MolecularGraph& graph :
                {makeEthanol(), makeBenzene(), makeDifluoroethene(), makeBromochlorofluoromethane()}) {
            records.push_back(makeRecord(graph, 1 + (int) records.size()));
            writer.add(records.back());
        }
        EXPECT_EQ(writer.getNumRecords(), 4);
        std::ifstream file(path, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        bytes = text.str();
    }
    ~ShardTest() override {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
    /** Replace the file, and read the names of what is left. */
    std::vector<std::string> readNames(const std::string& newBytes) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << newBytes;
        ShardReader reader(path);
        ShardRecord record;
        std::vector<std::string> names;
        while (reader.next(record))
            names.push_back(record.graph.name);
        messages = reader.getMessages();
        return names;
    }
    std::string path, bytes;
    std::vector<ShardRecord> records;
    std::vector<std::string> messages;
};

} // namespace

TEST_F(ShardTest, roundTrip) {
    ShardReader reader(path);
    ShardRecord actual;
    for (const ShardRecord& expected : records) {
        ASSERT_TRUE(reader.next(actual));
        EXPECT_EQ(actual.positions, expected.positions);
        EXPECT_EQ(actual.energies, expected.energies);
        EXPECT_EQ(actual.weights, expected.weights);
        EXPECT_EQ(actual.flatSmiles, expected.flatSmiles);
        EXPECT_EQ(actual.condition, expected.condition);
        EXPECT_EQ(actual.getNumConformers(), expected.getNumConformers());
        EXPECT_EQ(actual.graph.name, expected.graph.name);
        EXPECT_EQ(actual.graph.rings, expected.graph.rings);
        ASSERT_EQ(actual.graph.getNumAtoms(), expected.graph.getNumAtoms());
        for (int i = 0; i < expected.graph.getNumAtoms(); i++) {
            const GraphAtom& a = actual.graph.atoms[i], & b = expected.graph.atoms[i];
            EXPECT_TRUE(a.element == b.element && a.formalCharge == b.formalCharge && a.isotope == b.isotope &&
                    a.hybridization == b.hybridization && a.aromatic == b.aromatic && a.name == b.name) << i;
        }
        ASSERT_EQ(actual.graph.getNumBonds(), expected.graph.getNumBonds());
        for (int i = 0; i < expected.graph.getNumBonds(); i++) {
            const GraphBond& a = actual.graph.bonds[i], & b = expected.graph.bonds[i];
            EXPECT_TRUE(a.atom1 == b.atom1 && a.atom2 == b.atom2 && a.order == b.order) << i;
        }
        ASSERT_EQ(actual.graph.tetrahedral.size(), expected.graph.tetrahedral.size());
        for (std::size_t i = 0; i < expected.graph.tetrahedral.size(); i++)
            EXPECT_EQ(actual.graph.tetrahedral[i].neighbors, expected.graph.tetrahedral[i].neighbors);
        ASSERT_EQ(actual.graph.torsional.size(), expected.graph.torsional.size());
        for (std::size_t i = 0; i < expected.graph.torsional.size(); i++)
            EXPECT_EQ(actual.graph.torsional[i].atoms, expected.graph.torsional[i].atoms);
    }
    EXPECT_FALSE(reader.next(actual));
    EXPECT_TRUE(reader.getMessages().empty());
}

TEST_F(ShardTest, truncatedShardsAreReadToTheirEnd) {
    std::size_t third = bytes.find("difluoroethene");
    EXPECT_EQ(readNames(bytes.substr(0, third + 40)), (std::vector<std::string>{"ethanol", "benzene"}));
    ASSERT_FALSE(messages.empty());
    EXPECT_NE(messages[0].find("difluoroethene"), std::string::npos) << messages[0];
    for (std::size_t size = 8; size < bytes.size(); size += 37)
        EXPECT_LE(readNames(bytes.substr(0, size)).size(), 3u);
}

TEST_F(ShardTest, damagedRecordsAreSkippedAndNamed) {
    std::string damaged = bytes;
    damaged[bytes.find("flat of benzene") + 200] ^= 1;
    EXPECT_EQ(readNames(damaged), (std::vector<std::string>{"ethanol", "difluoroethene", "bromochlorofluoromethane"}));
    ASSERT_FALSE(messages.empty());
    EXPECT_NE(messages[0].find("record 1, molecule \"benzene\""), std::string::npos) << messages[0];
}

TEST_F(ShardTest, recordsAreFoundAfterOtherBytes) {
    // The start of the next record lies at every place around the end of a block of the search.

    std::size_t second = bytes.find("SUBJECT\n", 40);
    const std::vector<std::string> names = {"ethanol", "benzene", "difluoroethene", "bromochlorofluoromethane"};
    for (int length = (1 << 16) - 10; length < (1 << 16) + 20; length++) {
        std::string longer = bytes;
        EXPECT_EQ(readNames(longer.insert(second, std::string(length, 'R'))), names) << length;
        ASSERT_EQ(messages.size(), 1u);
        EXPECT_NE(messages[0].find("got other bytes"), std::string::npos) << messages[0];
    }
}

TEST_F(ShardTest, recordsAreReadAgainAtTheirPlace) {
    ShardReader reader(path);
    ShardRecord record;
    std::vector<long long> places;
    while (reader.next(record))
        places.push_back(reader.getOffset());
    ASSERT_EQ(places.size(), records.size());
    for (int k : {2, 0, 3, 1}) {
        reader.read(places[k], record);
        EXPECT_EQ(record.graph.name, records[k].graph.name);
        EXPECT_EQ(record.positions, records[k].positions);
    }
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.graph.name, records[2].graph.name);
    EXPECT_THROW(reader.read(places[1] + 1, record), ArgumentError);
    bytes[places[1] + 100] ^= 1;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    ShardReader changed(path);
    try {
        changed.read(places[1], record);
        FAIL();
    }
    catch (const ArgumentError& error) {
        EXPECT_NE(std::string(error.what()).find("wrong checksum"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("benzene"), std::string::npos) << error.what();
    }
}

TEST_F(ShardTest, refusals) {
    ShardWriter writer(path);
    writer.add(records[0]);
    ShardRecord record = records[1];
    record.positions[5] = std::numeric_limits<float>::quiet_NaN();
    try {
        writer.add(record);
        FAIL();
    }
    catch (const ArgumentError& error) {
        EXPECT_NE(std::string(error.what()).find("record 1"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("benzene"), std::string::npos) << error.what();
    }
    record = records[1];
    record.positions.pop_back();
    EXPECT_THROW(writer.add(record), ArgumentError);
    record = records[1];
    record.weights.pop_back();
    EXPECT_THROW(writer.add(record), ArgumentError);
    EXPECT_EQ(writer.getNumRecords(), 1);
    EXPECT_THROW(ShardReader("/nowhere/missing.shard"), ArgumentError);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << "something else";
    EXPECT_THROW(ShardReader{path}, ArgumentError);
}
