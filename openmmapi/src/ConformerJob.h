// SPDX-License-Identifier: MIT
// The conformers of one molecule as a job of the generation loop.
#ifndef OPENMM_ORBIT_CONFORMERJOB_H_
#define OPENMM_ORBIT_CONFORMERJOB_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/internal/ConformerGeneratorImpl.h"
#include "GenerationLoop.h"
#include <vector>

namespace OrbitPlugin {

/** Describes a molecule, and inspects its conformers. */
class ConformerJob : public GenerationJob {
public:
    /** Takes the inputs of the request. Its graph and the model must outlive the job. */
    ConformerJob(GenerationRequest& request, const GenerationSettings& settings, const DenoiserModel& model);
    int getNumTokens() const override;
    TokenInputs describe() const override;
    void inspect(const std::vector<GeneratedCopy*>& drawn) override;
    /** Turn the copies into an ensemble. @param common   what the provenance of all conformers of a call says */
    Ensemble collect(const ConformerProvenance& common);
private:
    std::string describeWrong(const std::vector<ConformerStatus>& wrong) const;
    const MolecularGraph& graph;
    const DenoiserModel& model;
    bool checkConformers, returnFailed;
    std::vector<ConformerStatus> statuses;  // of every copy
    std::vector<char> mirrored;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERJOB_H_
