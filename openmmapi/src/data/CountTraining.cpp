// SPDX-License-Identifier: MIT
// What the molecules of shards are, counted.
#include "openmmorbit/Shard.h"
#include "openmmorbit/TrainingCounts.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

TrainingCounts countTraining(const std::vector<std::string>& shards) {
    TrainingCounts counts;
    for (const std::string& path : shards) {
        ShardReader reader(path);
        ShardRecord record;
        while (reader.next(record))
            counts.addMolecule(record.graph, record.flatSmiles);
    }
    return counts;
}

} // namespace OrbitPlugin
