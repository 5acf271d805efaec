// SPDX-License-Identifier: MIT
// The object that turns molecular graphs into ensembles of conformers.
#ifndef OPENMM_ORBIT_CONFORMERGENERATOR_H_
#define OPENMM_ORBIT_CONFORMERGENERATOR_H_

#include "openmmorbit/ConformerConstraints.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/Generator.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Thrown when not one conformer of a molecule could be generated. */
class OPENMM_EXPORT_ORBIT ConformerGenerationError : public OpenMM::OpenMMException {
public:
    explicit ConformerGenerationError(const std::string& message) : OpenMM::OpenMMException(message) {
    }
};

/**
 * Generates conformers on an OpenMM platform. Every copy is inspected. A copy that fails is generated again from other
 * noise (a redraw), up to a limit. Copies that still fail are not among the conformers, unless setReturnFailed() asks
 * for them.
 *
 * A conformer depends on the model, the condition, the sampler settings, the seed, the record and the copy. It does not
 * depend on the other molecules of a call, the batch, or the number of threads.
 *
 * Several threads may use one generator: their calls wait for each other, and a call keeps the settings that it began
 * with. After a fork the child process may use it too, and creates its own kernels, unless the platform is a GPU's.
 */
class OPENMM_EXPORT_ORBIT ConformerGenerator : public Generator {
public:
    /** Create a generator with a copy of a model. The time limit for a molecule is 60 seconds. */
    explicit ConformerGenerator(const DenoiserModel& model);
    /** Create a generator with a model file. @throws ArgumentError as DenoiserModel::load() */
    explicit ConformerGenerator(const std::string& modelPath);
    /** Get whether conformers are inspected; the same as getCheckCopies(). */
    bool getCheckConformers() const {
        return getCheckCopies();
    }
    /** Set whether conformers are inspected; the same as setCheckCopies(). */
    void setCheckConformers(bool check) {
        setCheckCopies(check);
    }
    /** Get the largest number of redraws: the former name of getMaxRedraws(). */
    int getMaxResamplings() const {
        return getMaxRedraws();
    }
    /** Set the largest number of redraws: the former name of setMaxRedraws(). */
    void setMaxResamplings(int redraws) {
        setMaxRedraws(redraws);
    }
    /**
     * Generate conformers of one molecule.
     *
     * @param graph           the molecule
     * @param numConformers   how many, at least 1
     * @param seed            random seed; 0 chooses one, which the provenance tells
     * @param record          number of the molecule in a larger input; the noise depends on it
     * @param progress        follows the generation, may be null
     * @param constraints     a core that stays where it is, or positions to vary; default: none
     * @return the accepted conformers, in order of their copy; copies that failed are among its failures
     * @throws ConformerGenerationError if not one conformer was accepted, naming the molecule and the most frequent
     *         fault
     * @throws ArgumentError if the model lacks an atom of the molecule, a number is out of range, or the molecule
     *         cannot have the core: the inspection refuses its shape, or it shows another stereoisomer
     * @throws GenerationStopped if the progress callback asked for it
     */
    Ensemble generate(const MolecularGraph& graph, int numConformers, int seed = 0, int record = 0,
            ProgressCallback* progress = nullptr, const ConformerConstraints& constraints = ConformerConstraints());
    /**
     * Generate conformers of several molecules together. A molecule that cannot be answered gives an ensemble without
     * conformers whose getMessage() says why.
     *
     * @param graphs          the molecules
     * @param numConformers   how many of each, at least 1
     * @param seed            random seed; 0 chooses one, which the provenance tells
     * @param firstRecord     record of the first molecule; the others follow
     * @param progress        follows the generation, may be null
     * @param constraints     of each molecule, see generate(), all with starts at one level; empty: none
     * @return one ensemble for every molecule
     */
    std::vector<Ensemble> generateBatch(const std::vector<MolecularGraph>& graphs,
            const std::vector<int>& numConformers, int seed = 0, int firstRecord = 0,
            ProgressCallback* progress = nullptr, const std::vector<ConformerConstraints>& constraints = {});
    /**
     * List kinds of atoms, bonds and rings, and sizes, of a molecule that few training molecules had, see
     * TrainingCounts::findUnfamiliar(). Conformers of such a molecule may be wrong in ways that the inspection does not
     * find.
     *
     * @param graph     the molecule
     * @param minimum   list what fewer training molecules than this had
     * @return one phrase each; none if the model's file has no training counts
     */
    std::vector<std::string> findUnfamiliar(const MolecularGraph& graph, int minimum = 10) const {
        return model->getTrainingCounts().findUnfamiliar(graph, minimum);
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERGENERATOR_H_
