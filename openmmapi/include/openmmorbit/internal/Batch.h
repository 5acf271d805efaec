// SPDX-License-Identifier: MIT
// The packed set of subjects and copies that a kernel denoises together.
#ifndef OPENMM_ORBIT_BATCH_H_
#define OPENMM_ORBIT_BATCH_H_

#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/SamplerPlan.h"
#include "openmmorbit/internal/stages/AvoidPocket.h"
#include "openmmorbit/internal/stages/TurnTorsions.h"
#include <cstdint>
#include <vector>

namespace OrbitPlugin {

/** One copy (one conformer or state to be) in a Batch. */
struct BatchCopy {
    int input = 0;              ///< index into Batch::inputs
    std::uint32_t record = 0;   ///< key of the noise: input record
    std::uint32_t copy = 0;     ///< key of the noise: copy within the record
    std::uint32_t draw = 0;     ///< key of the noise: attempt
    int condition = 0;          ///< row of condition.embedding
    int firstPoint = 0;         ///< first row of this copy in the positions of all copies
    bool isHandKnown = false;   ///< fixed points show its hand: centres are guided without a vote (5.10)
    int contrast = -1;          ///< copy with other inputs that guides this one (5.14), see addContrast(); -1: none
};

/**
 * Everything a kernel needs besides the model. Positions are in the model unit, in original order, a row of three
 * numbers for each point; every copy is centred.
 */
struct OPENMM_EXPORT_ORBIT Batch {
    std::vector<TokenInputs> inputs;        ///< different subjects, of one number of points a token
    std::vector<BatchCopy> copies;          ///< copies of them; firstPoint is filled by addCopy()
    std::vector<int> particles;             ///< Context particle of every point [numPoints]; empty: a private Context
    std::uint64_t seed = 0;                 ///< key of the noise
    SamplerPlan plan;                       ///< how the copies are denoised
    std::vector<double> start;              ///< [numPoints][3] what the first noise is added to; empty: zeros
    std::vector<char> fixed;                ///< [numPoints] 1: keeps its place in `start` (5.12); empty: none is fixed
    /**
     * [numPoints] the point of the same copy, counted from its first one, whose motion a free point makes while the
     * others follow those that are fixed (5.17): itself or a fixed one. Empty: none follows, fixed ones are clamped.
     */
    std::vector<int> leaders;
    std::vector<std::vector<TurnedTorsion>> torsions;   ///< of the first inputs (5.20); others have none
    std::vector<AvoidedPocket> pockets;     ///< of the first inputs (5.22); others have none

    /** Whether any copy has a contrast. */
    bool hasContrasts() const;
    /** Whether a step guides any subject. */
    bool isGuided(const StepLevels& levels) const;
    /** Get the key of a step's noise: each step has random numbers of its own. */
    std::uint64_t getStepSeed(int step) const;
    /** Append a copy and place its rows behind those of the others. @throws ArgumentError if it has no inputs */
    void addCopy(BatchCopy copy);
    /**
     * Guide a copy away from what other inputs give (5.14): append its contrast, a copy with these inputs and the same
     * noise. Both have the same positions in all steps. Start and fixed points are the caller's, as for any copy.
     *
     * @param copy    index into copies
     * @param input   index into inputs, of as many tokens
     */
    void addContrast(int copy, int input);
    /**
     * Check that start, fixed and leaders have as many values as the copies have points, and that a token has as many
     * points as one of the model. @throws ArgumentError
     */
    void validate(int pointsPerToken) const;
    /** Get the inputs of a copy. */
    const TokenInputs& getInputs(int copy) const {
        return inputs[copies[copy].input];
    }
    /** Get the torsions of a copy that are turned into their ranges. */
    const std::vector<TurnedTorsion>& getTorsions(int copy) const;
    /** Get what stands around a copy. */
    const AvoidedPocket& getPocket(int copy) const;
    /** Get the number of points of all copies. */
    int getNumPoints() const;
    /** Get the number of points of one copy. */
    int getNumPoints(int copy) const {
        return getInputs(copy).getNumPoints();
    }
    /** Get the number of tokens of all copies. */
    int getNumTokens() const;
    /** Get the number of tokens of one copy. */
    int getNumTokens(int copy) const {
        return getInputs(copy).numTokens;
    }
    /** Get the first row of a copy in the tokens of all copies. */
    int getFirstToken(int copy) const {
        return copies[copy].firstPoint / getInputs(copy).pointsPerToken;
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BATCH_H_
