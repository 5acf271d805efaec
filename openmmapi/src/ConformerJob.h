// SPDX-License-Identifier: MIT
// The conformers of one molecule as a job of the generation loop.
#ifndef OPENMM_ORBIT_CONFORMERJOB_H_
#define OPENMM_ORBIT_CONFORMERJOB_H_

#include "EnsembleJob.h"

namespace OrbitPlugin {

/** Describes a molecule, and inspects its conformers. */
class ConformerJob : public EnsembleJob {
public:
    using EnsembleJob::EnsembleJob;
    TokenInputs describe() const override;
protected:
    Inspector makeInspector() const override;
    bool isReflected() const override;
    std::string describeCopies() const override;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERJOB_H_
