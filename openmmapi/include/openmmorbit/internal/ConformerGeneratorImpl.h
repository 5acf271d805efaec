// SPDX-License-Identifier: MIT
// The planning room of ConformerGenerator: requests become batches on a private Context, positions become ensembles.
#ifndef OPENMM_ORBIT_CONFORMERGENERATORIMPL_H_
#define OPENMM_ORBIT_CONFORMERGENERATORIMPL_H_

#include "openmm/Context.h"
#include "openmm/System.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/ProgressCallback.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/internal/Features.h"
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace OrbitPlugin {

class KernelHolder;

/** Conformers of one molecule, as asked for. */
struct GenerationRequest {
    const MolecularGraph* graph = nullptr;  ///< the molecule
    int numConformers = 0;                  ///< how many
    int record = 0;                         ///< key of the noise
};

/** What holds for all requests of a call. */
struct GenerationSettings {
    SamplerSettings sampler;
    int seed = 1;                           ///< key of the noise, not 0
    int condition = 0;                      ///< row of condition.embedding
    int maxResamplings = 10;                ///< how often a wrong copy is drawn again
    bool checkConformers = true;            ///< inspect copies, beyond being finite
    bool returnFailed = false;              ///< hand out wrong copies too
    double timeLimit = 0;                   ///< seconds for up to 100 conformers of a molecule, more for more; 0: none
    ProgressCallback* progress = nullptr;   ///< may be null
};

/**
 * Owns a private Context with one particle, whose Integrator only holds the kernel. Copies are packed into batches of
 * bounded memory, wrong ones are drawn again in later rounds.
 */
class ConformerGeneratorImpl {
public:
    /**
     * Create the Context.
     *
     * @param platformName   empty means CPU if its kernel is loaded, else Reference
     * @param properties     properties of the platform
     * @param numThreads     0 means the platform's default; used by platforms that have the property "Threads"
     */
    ConformerGeneratorImpl(std::shared_ptr<const DenoiserModel> model, const std::string& platformName,
            std::map<std::string, std::string> properties, int numThreads);
    ~ConformerGeneratorImpl();
    /**
     * Answer requests. A molecule that cannot be answered gives an ensemble without conformers, with a message. Calls
     * of several threads wait for each other.
     */
    std::vector<Ensemble> generate(const std::vector<GenerationRequest>& requests, const GenerationSettings& settings);
    /** Get the name of the implementation and its instruction set. */
    std::string getKernelDescription() const;
private:
    struct Copy {
        int request = 0;
        std::vector<OpenMM::Vec3> positions;
        ConformerStatus status;
        ConformerProvenance provenance;
    };
    struct Call {
        const std::vector<GenerationRequest>& requests;
        const GenerationSettings& settings;
        std::vector<Copy> copies;
        std::vector<std::string> messages;
        int numFinished = 0, draw = 0;
        std::vector<double> seconds;                // that every request has taken
        std::map<int, GraphFeatures> features;      // of requests that have copies to draw yet, once they were needed
    };
    void addCopies(Call& call) const;
    int packBatch(Call& call, const std::vector<int>& pending, int first, Batch& batch, std::vector<int>& packed) const;
    /** Move the features of a molecule that the batch still needs to it; false, with a message, if it has none. */
    bool packGraph(Call& call, int request, Batch& batch) const;
    /** Take the features of molecules with copies to draw out of a batch that is done. */
    void keepFeatures(Call& call, Batch& batch, const std::vector<int>& packed) const;
    /** Denoise and inspect a batch; false if the time of all its molecules was over before it ended. */
    bool runBatch(Call& call, const Batch& batch, const std::vector<int>& packed);
    /** Whether a molecule's time is over, or would be after some seconds more. */
    bool isOverdue(const Call& call, int request, double more = 0) const;
    /** Share the time of a batch among its molecules, by atoms; whether the time of all of them is over. */
    bool areOverdue(const Call& call, const Batch& batch, const std::vector<int>& packed, double more) const;
    void inspect(
            Call& call, const Batch& batch, const std::vector<int>& packed, const std::vector<double>& positions) const;
    void report(const Call& call, double fraction) const;
    std::vector<Ensemble> collect(Call& call) const;
    std::mutex running;
    std::shared_ptr<const DenoiserModel> model;
    OpenMM::System system;
    std::unique_ptr<KernelHolder> integrator;
    std::unique_ptr<OpenMM::Context> context;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERGENERATORIMPL_H_
