// SPDX-License-Identifier: MIT
// The conformers of one molecule as a job of the generation loop.
#ifndef OPENMM_ORBIT_CONFORMERJOB_H_
#define OPENMM_ORBIT_CONFORMERJOB_H_

#include "EnsembleJob.h"
#include "openmmorbit/ConformerConstraints.h"

namespace OrbitPlugin {

/** Describes a molecule, and inspects its conformers. */
class ConformerJob : public EnsembleJob {
public:
    using EnsembleJob::EnsembleJob;
    /** Set what the copies have to keep. @throws ArgumentError as setStart(), and if the molecule cannot keep it */
    void setConstraints(const ConformerConstraints& constraints);
    /** The same, but what is wrong becomes the message of the job. */
    void tryConstraints(const ConformerConstraints& constraints);
    TokenInputs describe() const override;
protected:
    Inspector makeInspector() const override;
    bool isReflected() const override;
    void checkFixed() const override;
    std::string describeCopies() const override;
private:
    /** Say which centre, axis or, if all is asked for, shape of known atoms the molecule cannot have; "": none. */
    std::string findStartFault(const std::vector<char>& known, bool all) const;
    /** Refuse a start of another isomer: copies would have to turn over. @throws ArgumentError */
    void checkStart() const;
    /** Turn a torsion into its range, if it can be turned. @throws ArgumentError if no conformer has it there */
    void addTorsion(const TorsionRange& range);
    /** Take what stands around the copies. @throws ArgumentError for a pocket without a start or of wrong numbers */
    void setPocket(const Pocket& pocket);
    /** Choose which free atoms move as one body with a fixed one (5.17). */
    void setLeaders();
    std::vector<TorsionRange> ranges;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERJOB_H_
