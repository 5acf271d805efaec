// SPDX-License-Identifier: MIT
// Shards: damaged records are described, nothing else happens. See README.md beside it.
#include "Fuzz.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/TrainingCounts.h"

using namespace OrbitPlugin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Checksums are made right, so that the records behind them are reached.

    std::string bytes = "ORBSHRD1";
    const std::string payload((const char*) data, size);
    if (size % 4 == 0)
        bytes += payload;
    else
        addRecord(bytes, payload);
    const std::string path = writeInput(bytes, ".shard");
    expectOnly<ArgumentError>([&] {
        ShardReader reader(path);
        ShardRecord record;
        TrainingCounts counts;
        while (reader.next(record)) {
            counts.addMolecule(record.graph, record.flatSmiles);
            reader.read(reader.getOffset(), record);
        }
        counts.findUnfamiliar(record.graph);
    });
    return 0;
}
