// SPDX-License-Identifier: MIT
// The object that generates backbones of proteins.
#ifndef OPENMM_ORBIT_BACKBONEGENERATOR_H_
#define OPENMM_ORBIT_BACKBONEGENERATOR_H_

#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/GenerationStart.h"
#include "openmmorbit/Generator.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/**
 * Generates backbones on an OpenMM platform, with a model that was trained on backbones. Every copy is inspected
 * (checkBackbone()). A copy that fails is generated again from other noise (a redraw), up to a limit. Copies that still
 * fail are not among the result, unless setReturnFailed() asks for them.
 *
 * A copy depends on the model, the condition, the sampler settings, the seed, its record and its number. It does not
 * depend on the other backbones of a call, the batch or the number of threads.
 */
class OPENMM_EXPORT_ORBIT BackboneGenerator : public Generator {
public:
    /**
     * Create a generator with a copy of a model. There is no time limit.
     *
     * @throws ArgumentError if the model is not one of backbones
     */
    explicit BackboneGenerator(const DenoiserModel& model);
    /** Create a generator with a model file. @throws ArgumentError as DenoiserModel::load(), or as above */
    explicit BackboneGenerator(const std::string& modelPath);
    /** Get what the model was trained on. */
    const BackboneStatistics& getStatistics() const {
        return getModel().getBackbones();
    }
    /** Get the number of atoms of a residue: 1 for CA, 3 for N, CA and C. */
    int getAtomsPerResidue() const {
        return getModel().getSettings().pointsPerToken;
    }
    /**
     * Check that a backbone is like those that the model was trained on: its length, its chains and breaks. A chain has
     * at least two residues.
     *
     * @throws ArgumentError naming what is not
     */
    void checkBackbone(const BackboneSubject& backbone) const;
    /**
     * Generate copies of one backbone.
     *
     * @param backbone    chains, and secondary structure as far as it is wanted
     * @param numCopies   how many, at least 1
     * @param seed        random seed; 0 chooses one, which the provenance tells
     * @param record      number of the backbone in a larger input; the noise depends on it
     * @param progress    follows the generation, may be null
     * @param start       positions to start from, and atoms that stay as they are; default: neither
     * @return the accepted copies, in order of their number, with CA atoms, or N, CA and C; copies that failed are
     *         among its failures. If none was accepted the ensemble has none, and getMessage() says why
     * @throws ArgumentError as checkBackbone(), or if a number is out of range
     * @throws GenerationStopped if the progress callback asked for it
     */
    Ensemble generate(const BackboneSubject& backbone, int numCopies, int seed = 0, int record = 0,
            ProgressCallback* progress = nullptr, const GenerationStart& start = GenerationStart());
    /**
     * Generate copies of several backbones together, which need not be equally long.
     *
     * @param backbones     chains and secondary structures
     * @param numCopies     how many of each, at least 1
     * @param seed          random seed; 0 chooses one, which the provenance tells
     * @param firstRecord   record of the first backbone; the others follow
     * @param progress      follows the generation, may be null
     * @param starts        where each backbone starts, see generate(), all at one level; empty: nowhere
     * @return one ensemble for every backbone
     * @throws ArgumentError, GenerationStopped as above
     */
    std::vector<Ensemble> generateBatch(const std::vector<BackboneSubject>& backbones,
            const std::vector<int>& numCopies, int seed = 0, int firstRecord = 0,
            ProgressCallback* progress = nullptr, const std::vector<GenerationStart>& starts = {});
private:
    std::vector<Ensemble> makeEnsembles(const std::vector<BackboneSubject>& backbones,
            const std::vector<int>& numCopies, int seed, int firstRecord, ProgressCallback* progress,
            const std::vector<GenerationStart>& starts);
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONEGENERATOR_H_
