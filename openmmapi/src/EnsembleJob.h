// SPDX-License-Identifier: MIT
// Copies of one subject that become an ensemble: the part that conformers and states share.
#ifndef OPENMM_ORBIT_ENSEMBLEJOB_H_
#define OPENMM_ORBIT_ENSEMBLEJOB_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/GenerationStart.h"
#include "openmmorbit/internal/GeneratorImpl.h"
#include "GenerationLoop.h"
#include <functional>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Inspects copies and collects them. A kind of subject adds its inputs and its inspection. */
class EnsembleJob : public GenerationJob {
public:
    /**
     * Ask for copies. Graph, settings and model must outlive the job.
     *
     * @param graph    atoms, names and hands of the ensemble
     * @param record   key of the noise
     */
    EnsembleJob(const MolecularGraph& graph, int numCopies, int record, const GenerationSettings& settings,
            const DenoiserModel& model);
    /**
     * Start from known positions. The level is a matter of the sampler, which all jobs share.
     *
     * @throws ArgumentError for a number of positions other than that of the atoms, positions that are not finite, and
     *         fixed atoms that are out of range, given twice, or all atoms
     */
    void setStart(const GenerationStart& start);
    int getNumTokens() const override;
    void inspect(const std::vector<GeneratedCopy*>& drawn) override;
    /** Turn coordinates in a unit, nm, into positions in nm. */
    static std::vector<OpenMM::Vec3> toNanometers(const std::vector<double>& positions, double unit);
    /** Turn the copies into an ensemble. @param common   what the provenance of all copies of a call says */
    Ensemble collect(const ConformerProvenance& common);
protected:
    /** Inspects positions in Angstrom. */
    typedef std::function<ConformerStatus(const std::vector<double>&)> Inspector;
    /** Make the inspector of the subject. */
    virtual Inspector makeInspector() const = 0;
    /** Whether a copy with the wrong hand is as probable as its mirror image, which replaces it. */
    virtual bool isReflected() const = 0;
    /** Refuse fixed atoms that copies cannot keep: here, those of copies that are reflected. @throws ArgumentError */
    virtual void checkFixed() const;
    /** What the copies are, for messages: "conformers of "CCO"". */
    virtual std::string describeCopies() const = 0;
    const MolecularGraph& graph;
    const GenerationSettings& settings;
    const DenoiserModel& model;
    std::vector<int> fixedAtoms;            // indices of the flags in `fixed`
private:
    /** Move a copy to where it started. */
    void moveToStart(std::vector<double>& positions) const;
    std::string describeWrong(const std::vector<ConformerStatus>& wrong) const;
    std::vector<ConformerStatus> statuses;  // of every copy
    std::vector<char> mirrored;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ENSEMBLEJOB_H_
