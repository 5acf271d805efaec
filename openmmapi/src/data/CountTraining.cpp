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
        ShardSubject subject;
        FrameBlockHead head;
        while (reader.nextSubject(subject))
            if (subject.kind == SubjectKind::Molecule && reader.nextHead(head))
                counts.addMolecule(subject.graph, subject.splitKey);
    }
    return counts;
}

} // namespace OrbitPlugin
