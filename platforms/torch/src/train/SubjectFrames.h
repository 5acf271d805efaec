// SPDX-License-Identifier: MIT
// The reference positions of a subject: few frames are kept in memory, of many each is read from its shard.
#ifndef OPENMM_ORBIT_TORCH_SUBJECTFRAMES_H_
#define OPENMM_ORBIT_TORCH_SUBJECTFRAMES_H_

#include "openmmorbit/Shard.h"
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** Which frames a run takes, and in which unit. */
struct FrameRules {
    std::vector<std::string> conditions;    ///< of the run; frames of others are left out
    bool isValidation = false;              ///< the side of subjects that are split by time
    double scale = 1;                       ///< model units in an Angstrom
};

/** One frame. */
struct Frame {
    std::vector<float> positions;   ///< [numPoints][3] in the model's unit, not centred
    std::vector<float> score;       ///< [numPoints][3] forces / kT in the model's unit; empty if they are unknown
    double temperature = 0;         ///< K; 0 if it is unknown
    int condition = 0;              ///< index of the run's condition
};

/** The frames of one subject that a run uses. Several threads may take frames. */
class SubjectFrames {
public:
    /** Larger sets of frames stay on disk; their blocks are listed in memory. In bytes. */
    static constexpr std::size_t MAX_BYTES = 8 << 20;

    SubjectFrames() = default;
    /**
     * List the frames of the subject that a reader has read, with all of them in memory if they are few.
     *
     * @param path      of the reader's shard
     * @param damaged   places of blocks that are left out. If `messages` is given, every frame is checked and those
     *                  that are damaged are added; otherwise the subject was listed before
     * @param messages  if not null, receives what was left out
     * @throws ArgumentError naming the subject if no frame is left
     */
    SubjectFrames(ShardReader& reader, const std::string& path, const ShardSubject& subject, const FrameRules& rules,
            std::set<long long>& damaged, std::vector<std::string>* messages);
    /** Get the number of frames. */
    int getNumFrames() const {
        return numFrames;
    }
    /** Get whether some of the frames have forces. */
    bool hasForces() const;
    /** Get whether frames have weights. */
    bool hasWeights() const {
        return totalWeight > 0;
    }
    /** Get the indices of the conditions that occur, ascending. */
    std::vector<int> getConditions() const;
    /** Get the number of the frame at which the cumulative weight reaches a share of the total, 0 < share < 1. */
    int chooseByWeight(double share) const;
    /** Get a frame. @throws ArgumentError if the shard was changed */
    Frame take(int frame) const;
    /** Get the memory that the frames take, in bytes. */
    std::size_t getNumBytes() const;
private:
    /** Frames in a row of one block. */
    struct Segment {
        FrameBlockHead head;
        int condition = 0, firstInBlock = 0, numFrames = 0;
        int first = 0;                  ///< its first frame among all of the subject
        double weightBefore = 0;        ///< sum of the weights of all frames before
        float weightAfter = 0;          ///< that with its own frames
        std::vector<float> positions;   ///< [numFrames][numPoints][3] Angstrom; empty: on disk
        std::vector<float> forces;      ///< [numFrames][numPoints][3]; empty if there are none, or on disk
        std::vector<float> weights;     ///< [numFrames]; empty if there are none, or on disk
    };
    void readSegments(ShardReader& reader, const ShardSubject& subject, std::set<long long>& damaged,
            std::vector<std::string>* messages);
    void keepConditions(const ShardSubject& subject, const FrameRules& rules, std::vector<std::string>* messages);
    void keepSide(bool isValidation);
    void finish(const ShardSubject& subject, bool inMemory);
    const Segment& findSegment(int frame) const;
    std::string path;
    double scale = 1;
    float totalWeight = 0;
    int numFrames = 0;
    std::vector<Segment> segments;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_SUBJECTFRAMES_H_
