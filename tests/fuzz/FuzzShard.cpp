// SPDX-License-Identifier: MIT
// Shards: damaged records are described, nothing else happens. See README.md beside it.
#include "Fuzz.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/TrainingCounts.h"
#include <algorithm>

using namespace OrbitPlugin;

namespace {

/** Read everything, whole molecules and single frames. */
void readAll(const std::string& path) {
    ShardReader reader(path), parts(path);
    ShardRecord record;
    TrainingCounts counts;
    while (reader.next(record)) {
        counts.addMolecule(record.graph, record.flatSmiles);
        reader.read(reader.getOffset(), record);
    }
    counts.findUnfamiliar(record.graph);
    ShardSubject subject;
    FrameBlockHead head;
    while (parts.nextSubject(subject))
        while (parts.nextHead(head)) {
            parts.readWeights(head);
            parts.readFrame(head, head.numFrames - 1);
        }
    ShardWriter(path, ShardMode::Append);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Checksums are made right, so that the records behind them are reached. The first byte chooses the format; a
    // payload of format 2 ends where its second byte says, and the description of a block of frames follows.

    if (size < 2)
        return 0;
    const std::string payload((const char*) data + 2, size - 2);
    const int choice = data[0] % 4;
    std::string bytes = choice % 2 == 0 ? "ORBSHRD1" : "ORBSHRD2";
    if (choice < 2)
        bytes += payload;
    else if (choice == 2)
        addRecord(bytes, "RECORD\r\n", payload);
    else {
        const std::size_t length = std::min<std::size_t>(payload.size(), 4 * (std::size_t) data[1]);
        addRecord(bytes, "SUBJECT\n", payload.substr(0, length));
        addFrames(bytes, payload.substr(0, length), payload.substr(length));
    }
    const std::string path = writeInput(bytes, ".shard");
    expectOnly<ArgumentError>([&] { readAll(path); });
    return 0;
}
