// SPDX-License-Identifier: MIT
// What all generators share: a model, a platform, a sampler, inspection and redraws.
#ifndef OPENMM_ORBIT_GENERATOR_H_
#define OPENMM_ORBIT_GENERATOR_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/Ensemble.h"
#include "openmmorbit/ProgressCallback.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {

class GenerationJob;
class GeneratorImpl;
class IntegrateOrbitDiffusionStepKernel;
struct GenerationSettings;

/**
 * The settings of a generator, and what runs its calls. A class for each kind of subject derives from it.
 *
 * Several threads may use one generator: their calls wait for each other, and a call keeps the settings that it began
 * with. After a fork the child process may use it too, and creates its own kernels, unless the platform is a GPU's.
 */
class OPENMM_EXPORT_ORBIT Generator {
public:
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;
    virtual ~Generator();
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
     * matrix products, the default where these are faster on the processor) or "single".
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
    /** Get whether copies are inspected; default true. */
    bool getCheckCopies() const {
        return checkCopies;
    }
    /** Set whether copies are inspected. Without inspection every copy with finite coordinates is accepted. */
    void setCheckCopies(bool check);
    /** Get whether copies that fail after the last redraw are returned with the others; default false. */
    bool getReturnFailed() const {
        return returnFailed;
    }
    /** Set whether copies that fail after the last redraw are returned with the others; their status tells. */
    void setReturnFailed(bool give);
    /** Get the name of the condition; empty means the model's first one. */
    const std::string& getCondition() const {
        return condition;
    }
    /**
     * Set the condition by name, e.g. a level of theory or a temperature. @throws ArgumentError listing the model's
     * conditions
     */
    void setCondition(const std::string& name);
    /** Get whether the serialized form holds the model itself instead of its path and checksum; default false. */
    bool getEmbedModel() const {
        return embedModel;
    }
    void setEmbedModel(bool embed) {
        embedModel = embed;
    }
    /** Get the time limit for one subject in seconds; 0 for no limit. */
    double getTimeLimit() const {
        return timeLimit;
    }
    /**
     * Set the time limit for one subject. Copies that were accepted by then are returned, and getMessage() of the
     * ensemble says that time was up.
     *
     * @param seconds   for up to 100 copies of a subject, proportionally more for more of them; 0 for no limit
     */
    void setTimeLimit(double seconds);
    /**
     * Get the name of the implementation, its instruction set and precision, e.g. "CPU (avx512bf16, bf16)". Creates the
     * Context.
     */
    std::string getKernelDescription();
protected:
    /**
     * Begin with a copy of a model and its sampler.
     *
     * @param className   of the derived class, for messages
     * @param timeLimit   the default, seconds
     */
    Generator(const std::string& className, const DenoiserModel& model, double timeLimit);
    /** Refuse a number below a minimum. @throws ArgumentError naming class and method */
    void checkCount(const std::string& method, const std::string& what, int value, int minimum) const;
    /** Get the settings for a call. @param seed   0 chooses one */
    GenerationSettings getCallSettings(int seed, ProgressCallback* progress);
    /** Use the kernel of the platform for something else, in single precision at least; other calls wait. */
    void useKernel(const std::function<void(IntegrateOrbitDiffusionStepKernel&)>& use);
    /** Get what the provenance of all copies of a call says. */
    ConformerProvenance makeProvenance(const GenerationSettings& call);
    /** Run jobs to their end, and get what the provenance of all their copies says. */
    ConformerProvenance run(const std::vector<GenerationJob*>& jobs, const GenerationSettings& call);
    std::shared_ptr<const DenoiserModel> model;
private:
    struct Engine;
    Engine& getEngine();
    std::shared_ptr<GeneratorImpl> getImpl();
    std::string className, platformName, condition;
    std::map<std::string, std::string> platformProperties;
    SamplerSettings settings;
    int numThreads = 0, maxRedraws = 10;
    bool checkCopies = true, returnFailed = false, embedModel = false;
    double timeLimit = 0;
    std::atomic<Engine*> engine;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GENERATOR_H_
