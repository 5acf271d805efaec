// SPDX-License-Identifier: MIT
// The object that turns molecular graphs into ensembles of conformers.
#ifndef OPENMM_ORBIT_CONFORMERGENERATOR_H_
#define OPENMM_ORBIT_CONFORMERGENERATOR_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/ProgressCallback.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {

class ConformerGeneratorImpl;
struct GenerationRequest;
struct GenerationSettings;

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
class OPENMM_EXPORT_ORBIT ConformerGenerator {
public:
    /** Create a generator with a copy of a model. */
    explicit ConformerGenerator(const DenoiserModel& model);
    /** Create a generator with a model file. @throws ArgumentError as DenoiserModel::load() */
    explicit ConformerGenerator(const std::string& modelPath);
    ConformerGenerator(const ConformerGenerator&) = delete;
    ConformerGenerator& operator=(const ConformerGenerator&) = delete;
    ~ConformerGenerator();
    /** Get the model. */
    const DenoiserModel& getModel() const {
        return *model;
    }
    /** Get the name of the platform; empty means CPU if its kernel is loaded, else Reference. */
    const std::string& getPlatformName() const {
        return platformName;
    }
    /** Set the name of the platform; empty means CPU if its kernel is loaded, else Reference. */
    void setPlatformName(const std::string& name);
    /** Get the properties of the platform. */
    const std::map<std::string, std::string>& getPlatformProperties() const {
        return platformProperties;
    }
    /**
     * Set the properties of the platform, as for a Context. The CPU platform takes "Precision" too: "bf16" (operands of
     * matrix products, the default where the processor has AVX512-BF16) or "single".
     */
    void setPlatformProperties(const std::map<std::string, std::string>& properties);
    /** Get the number of threads; 0 means the platform's default. */
    int getNumThreads() const {
        return numThreads;
    }
    /** Set the number of threads of the CPU platform (other platforms ignore it); 0 means the platform's default. */
    void setNumThreads(int threads);
    /** Get how the probability flow is integrated. */
    const SamplerSettings& getSamplerSettings() const {
        return settings;
    }
    /** Set how the probability flow is integrated. @throws ArgumentError */
    void setSamplerSettings(const SamplerSettings& newSettings);
    /** Get the largest number of redraws of a copy that fails the inspection; default 10. */
    int getMaxRedraws() const {
        return maxRedraws;
    }
    /** Set the largest number of redraws of a copy that fails the inspection, 0 or more. */
    void setMaxRedraws(int redraws);
    /** @deprecated   the former name of getMaxRedraws() */
    int getMaxResamplings() const {
        return getMaxRedraws();
    }
    /** @deprecated   the former name of setMaxRedraws() */
    void setMaxResamplings(int redraws) {
        setMaxRedraws(redraws);
    }
    /** Get whether copies are inspected; default true. */
    bool getCheckConformers() const {
        return checkConformers;
    }
    /** Set whether copies are inspected. Without inspection every copy with finite coordinates is accepted. */
    void setCheckConformers(bool check);
    /** Get whether copies that fail after the last redraw are returned as conformers; default false. */
    bool getReturnFailed() const {
        return returnFailed;
    }
    /** Set whether copies that fail after the last redraw are returned as conformers; their status tells. */
    void setReturnFailed(bool give);
    /** Get the name of the condition; empty means the model's first one. */
    const std::string& getCondition() const {
        return condition;
    }
    /** Set the condition by name, e.g. a level of theory. @throws ArgumentError listing the model's conditions */
    void setCondition(const std::string& name);
    /** Get whether the serialized form holds the model itself instead of its path and checksum; default false. */
    bool getEmbedModel() const {
        return embedModel;
    }
    void setEmbedModel(bool embed) {
        embedModel = embed;
    }
    /** Get the time limit for a molecule in seconds; default 60, 0 for no limit. */
    double getTimeLimit() const {
        return timeLimit;
    }
    /**
     * Set the time limit for a molecule. Conformers that were accepted by then are returned, and getMessage() of the
     * ensemble says that time was up.
     *
     * @param seconds   for up to 100 conformers of a molecule, proportionally more for more of them; 0 for no limit
     */
    void setTimeLimit(double seconds);
    /**
     * Generate conformers of one molecule.
     *
     * @param graph           the molecule
     * @param numConformers   how many, at least 1
     * @param seed            random seed; 0 chooses one, which the provenance tells
     * @param record          number of the molecule in a larger input; the noise depends on it
     * @param progress        follows the generation, may be null
     * @return the accepted conformers, in order of their copy; copies that failed are among its failures
     * @throws ConformerGenerationError if not one conformer was accepted, naming the molecule and the most frequent
     *         fault
     * @throws ArgumentError if the model lacks an atom of the molecule, or a number is out of range
     * @throws GenerationStopped if the progress callback asked for it
     */
    Ensemble generate(const MolecularGraph& graph, int numConformers, int seed = 0, int record = 0,
            ProgressCallback* progress = nullptr);
    /**
     * Generate conformers of several molecules together. A molecule that cannot be answered gives an ensemble without
     * conformers whose getMessage() says why.
     *
     * @param graphs          the molecules
     * @param numConformers   how many of each, at least 1
     * @param seed            random seed; 0 chooses one, which the provenance tells
     * @param firstRecord     record of the first molecule; the others follow
     * @param progress        follows the generation, may be null
     * @return one ensemble for every molecule
     */
    std::vector<Ensemble> generateBatch(const std::vector<MolecularGraph>& graphs,
            const std::vector<int>& numConformers, int seed = 0, int firstRecord = 0,
            ProgressCallback* progress = nullptr);
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
    /**
     * Get the name of the implementation, its instruction set and precision, e.g. "CPU (avx512bf16, bf16)". Creates the
     * Context.
     */
    std::string getKernelDescription();
private:
    struct Engine;
    Engine& getEngine();
    std::shared_ptr<ConformerGeneratorImpl> getImpl();
    GenerationSettings getCallSettings() const;
    /** Check, number and answer requests. */
    std::vector<Ensemble> answer(std::vector<GenerationRequest> requests, int seed, int firstRecord,
            ProgressCallback* progress);
    std::shared_ptr<const DenoiserModel> model;
    std::string platformName, condition;
    std::map<std::string, std::string> platformProperties;
    SamplerSettings settings;
    int numThreads = 0, maxRedraws = 10;
    bool checkConformers = true, returnFailed = false, embedModel = false;
    double timeLimit = 60;
    std::atomic<Engine*> engine;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERGENERATOR_H_
