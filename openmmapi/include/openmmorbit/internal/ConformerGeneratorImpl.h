// SPDX-License-Identifier: MIT
// The planning room of ConformerGenerator: requests become jobs of the generation loop, copies become ensembles.
#ifndef OPENMM_ORBIT_CONFORMERGENERATORIMPL_H_
#define OPENMM_ORBIT_CONFORMERGENERATORIMPL_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/ProgressCallback.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/TokenInputs.h"
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace OrbitPlugin {

class PrivateContext;

/** Conformers of one molecule, as asked for. */
struct GenerationRequest {
    const MolecularGraph* graph = nullptr;  ///< the molecule
    int numConformers = 0;                  ///< how many
    int record = 0;                         ///< key of the noise
    std::unique_ptr<TokenInputs> inputs;    ///< of the network; null: still to be made
};

/** What holds for all requests of a call. */
struct GenerationSettings {
    SamplerSettings sampler;
    int seed = 1;                           ///< key of the noise, not 0
    int condition = 0;                      ///< row of condition.embedding
    int maxRedraws = 10;                    ///< how often a wrong copy is drawn again
    bool checkConformers = true;            ///< inspect copies, beyond being finite
    bool returnFailed = false;              ///< hand out wrong copies too
    double timeLimit = 0;                   ///< seconds for up to 100 conformers of a molecule, more for more; 0: none
    ProgressCallback* progress = nullptr;   ///< may be null
};

/** Answers requests with a private Context. */
class ConformerGeneratorImpl {
public:
    /** Create the Context. See PrivateContext for the parameters. */
    ConformerGeneratorImpl(std::shared_ptr<const DenoiserModel> model, const std::string& platformName,
            std::map<std::string, std::string> properties, int numThreads);
    ~ConformerGeneratorImpl();
    /**
     * Answer requests. A molecule that cannot be answered gives an ensemble without conformers, with a message. Calls
     * of several threads wait for each other.
     */
    std::vector<Ensemble> generate(std::vector<GenerationRequest> requests, const GenerationSettings& settings);
    /** Get the name of the implementation and its instruction set. */
    std::string getKernelDescription() const;
private:
    ConformerProvenance makeProvenance(const GenerationSettings& settings) const;
    std::mutex running;
    std::shared_ptr<const DenoiserModel> model;
    std::unique_ptr<PrivateContext> context;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERGENERATORIMPL_H_
