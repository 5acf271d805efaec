// SPDX-License-Identifier: MIT
// The planning room of the generators: jobs run in a private Context.
#ifndef OPENMM_ORBIT_GENERATORIMPL_H_
#define OPENMM_ORBIT_GENERATORIMPL_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/ProgressCallback.h"
#include "openmmorbit/SamplerSettings.h"
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace OrbitPlugin {

class GenerationJob;
class IntegrateOrbitDiffusionStepKernel;
class PrivateContext;

/** What holds for all jobs of a call. */
struct GenerationSettings {
    std::string caller;                     ///< class, for messages
    SamplerSettings sampler;
    int seed = 1;                           ///< key of the noise, not 0
    int condition = 0;                      ///< row of condition.embedding
    int firstCopy = 0;                      ///< number of the first copy of each subject
    int maxRedraws = 10;                    ///< how often a wrong copy is redrawn
    bool checkCopies = true;                ///< inspect copies, beyond being finite
    bool returnFailed = false;              ///< hand out wrong copies too
    double timeLimit = 0;                   ///< seconds for up to 100 copies of a subject, more for more; 0: none
    ProgressCallback* progress = nullptr;   ///< may be null
};

/** Runs jobs with the kernel of a private Context. */
class GeneratorImpl {
public:
    /** Create the Context. See PrivateContext for the parameters. */
    GeneratorImpl(std::shared_ptr<const DenoiserModel> model, const std::string& caller,
            const std::string& platformName, std::map<std::string, std::string> properties, int numThreads);
    ~GeneratorImpl();
    /**
     * Use the kernel for something else, in single precision at least. Other calls wait.
     *
     * @param use   receives the kernel
     */
    void useKernel(const std::function<void(IntegrateOrbitDiffusionStepKernel&)>& use);
    /** Run jobs to their end. Calls of several threads wait for each other. */
    void run(const std::vector<GenerationJob*>& jobs, const GenerationSettings& settings);
    /** Get what the provenance of all copies of a call says. */
    ConformerProvenance makeProvenance(const GenerationSettings& settings) const;
    /** Get the name of the implementation and its instruction set. */
    std::string getKernelDescription() const;
private:
    std::unique_ptr<PrivateContext> createContext(const std::string& precision) const;
    std::mutex running;
    std::shared_ptr<const DenoiserModel> model;
    std::string caller, platformName;
    std::map<std::string, std::string> properties;
    int numThreads;
    std::unique_ptr<PrivateContext> context, preciseContext;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GENERATORIMPL_H_
