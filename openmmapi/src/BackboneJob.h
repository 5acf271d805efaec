// SPDX-License-Identifier: MIT
// The copies of one backbone as a job of the generation loop.
#ifndef OPENMM_ORBIT_BACKBONEJOB_H_
#define OPENMM_ORBIT_BACKBONEJOB_H_

#include "EnsembleJob.h"
#include "openmmorbit/BackboneSubject.h"
#include <memory>

namespace OrbitPlugin {

/** Describes a backbone, and inspects its copies. */
class BackboneJob : public EnsembleJob {
public:
    /** Ask for copies. Settings and model must outlive the job. @throws ArgumentError if the model cannot make them */
    BackboneJob(const BackboneSubject& backbone, int numCopies, int record, const GenerationSettings& settings,
            const DenoiserModel& model);
    int getNumTokens() const override;
    TokenInputs describe() const override;
    /** Whether a secondary structure is asked for, and guidance is set. */
    bool isGuided() const override;
    /** Those of the same chains whose secondary structure is open. */
    TokenInputs describeContrast() const override;
protected:
    Inspector makeInspector() const override;
    bool isReflected() const override;
    std::string describeCopies() const override;
private:
    BackboneJob(const BackboneSubject& backbone, std::unique_ptr<const MolecularGraph> atoms, int numCopies, int record,
            const GenerationSettings& settings, const DenoiserModel& model);
    BackboneSubject backbone;
    std::unique_ptr<const MolecularGraph> atoms;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONEJOB_H_
