// SPDX-License-Identifier: MIT
// The packed set of molecules and copies that a kernel denoises together.
#ifndef OPENMM_ORBIT_BATCH_H_
#define OPENMM_ORBIT_BATCH_H_

#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/internal/Features.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include <cstdint>
#include <vector>

namespace OrbitPlugin {

/** One copy (one conformer to be) in a Batch. */
struct BatchCopy {
    int graph = 0;              ///< index into Batch::graphs
    std::uint32_t record = 0;   ///< key of the noise: input record
    std::uint32_t copy = 0;     ///< key of the noise: copy within the record
    std::uint32_t draw = 0;     ///< key of the noise: attempt
    int condition = 0;          ///< row of condition.embedding
    int firstAtom = 0;          ///< first row of this copy in the arrays of all copies
};

/** Everything a kernel needs besides the model. Positions are in the model unit, in original atom order. */
struct OPENMM_EXPORT_ORBIT Batch {
    std::vector<GraphFeatures> graphs;      ///< different molecules
    std::vector<BatchCopy> copies;          ///< copies of them; firstAtom is filled by addCopy()
    std::vector<int> particles;             ///< Context particle of every row [numAtoms]; empty for a private Context
    std::uint64_t seed = 0;                 ///< key of the noise
    SamplerMethod method = SamplerMethod::Heun;
    std::vector<double> noiseLevels;        ///< [numSteps + 1], model unit, the last one 0
    std::vector<double> renewedLevels;      ///< [numSteps], model unit: noise that a step draws anew; empty: none
    double stereoGuidance = 0;              ///< gain of (5.11), model unit; 0: none

    /** Take over method, noise levels and guidance. */
    void setSampler(const SamplerSettings& settings);
    /** Get the levels of a step; the previous one only if historyStep, the step of the history, is the one before. */
    StepLevels getLevels(int step, int historyStep) const;
    /** Whether a step guides a molecule's denoised positions (5.11): not the last one, and only several volumes. */
    bool isGuided(const GraphFeatures& graph, const StepLevels& levels) const {
        return stereoGuidance > 0 && levels.nextSigma > 0 && !graph.handedVolumes.empty();
    }
    /** Whether a step guides any molecule. */
    bool isGuided(const StepLevels& levels) const;
    /** Get the key of a step's noise: each step has random numbers of its own. */
    std::uint64_t getStepSeed(int step) const;
    /** Append a copy and place its rows behind those of the others. */
    void addCopy(BatchCopy copy);
    /** Get the number of rows of all copies. */
    int getNumAtoms() const;
    /** Get the number of atoms of one copy. */
    int getNumAtoms(int copy) const {
        return graphs[copies[copy].graph].numAtoms;
    }
    /** Get the number of steps of a generation. */
    int getNumSteps() const {
        return (int) noiseLevels.size() - 1;
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BATCH_H_
