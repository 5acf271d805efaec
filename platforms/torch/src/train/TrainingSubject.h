// SPDX-License-Identifier: MIT
// What the trainer knows of the thing it trains on: its inputs, and its reference positions.
#ifndef OPENMM_ORBIT_TORCH_TRAININGSUBJECT_H_
#define OPENMM_ORBIT_TORCH_TRAININGSUBJECT_H_

#include "FeatureTables.h"
#include "SubjectFrames.h"
#include "openmmorbit/DenoiserModel.h"
#include <optional>
#include <string>

namespace OrbitPlugin {
namespace torchimpl {

/** How a sample shows the hand of its subject. */
enum class HandView { Given = 0, Mirrored = 1, Hidden = 2 };

/** One subject with its frames. */
struct TrainingSubject {
    std::string label;                  ///< for messages
    std::string splitKey;               ///< see ShardSubject::splitKey
    int numTokens = 0, pointsPerToken = 1;
    FeatureRows given;                  ///< its inputs
    std::optional<FeatureRows> mirrored;    ///< those of its mirror image, if they are others
    std::optional<FeatureRows> hidden;      ///< those that do not show its hand
    SubjectFrames frames;

    /** Whether samples may be reflected: the inputs know the mirror image, or are those of both. */
    bool allowsReflections() const {
        return mirrored || given.rotations == OrbitRotations::WithReflections;
    }
    /** Get the inputs of a sample; what does not change with the view is given. */
    const FeatureRows& getView(HandView view) const {
        if (view == HandView::Mirrored && mirrored)
            return *mirrored;
        return view == HandView::Hidden && hidden ? *hidden : given;
    }
};

/**
 * Describe a subject of a shard. This is the only place of the trainer that knows kinds of subjects.
 *
 * @param frames             its frames
 * @param maxAutomorphisms   larger groups are restricted
 * @param tables             grow by the combinations that are new
 * @throws ArgumentError if the model cannot take the subject
 */
TrainingSubject makeTrainingSubject(const ShardSubject& subject, SubjectFrames frames, const DenoiserModel& model,
        int maxAutomorphisms, FeatureTables& tables);

/** Get the memory that a subject takes, in bytes. */
std::size_t getNumBytes(const TrainingSubject& subject);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_TRAININGSUBJECT_H_
