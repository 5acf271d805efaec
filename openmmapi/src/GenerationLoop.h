// SPDX-License-Identifier: MIT
// From jobs to finished copies, for every kind of subject: rounds of bounded batches, redraws, progress, time limits.
#ifndef OPENMM_ORBIT_GENERATIONLOOP_H_
#define OPENMM_ORBIT_GENERATIONLOOP_H_

#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/internal/GeneratorImpl.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** One copy of a job, after its last draw. */
struct GeneratedCopy {
    int index = 0;                      ///< within its job; with the first copy of the call, key of the noise
    std::vector<double> positions;      ///< [numPoints][3], model unit, centred; empty if none was finished
    bool accepted = false;              ///< what the job's inspection said of it
    int numRedraws = 0;                 ///< wrong copies that were drawn before this one: key of the noise
    int numEvaluations = 0;             ///< of the network, redraws included
    double wallSeconds = 0;             ///< share of the wall clock time by points, redraws included
};

/** Copies of one subject. A kind of subject adds what it is and what a right copy looks like. */
class GenerationJob {
public:
    GenerationJob(int numCopies, int record, const GenerationSettings& settings);
    virtual ~GenerationJob() = default;
    /** Get the number of tokens, before describe() is called. */
    virtual int getNumTokens() const = 0;
    /** Make the inputs of the network. @throws ArgumentError if the model cannot describe the subject */
    virtual TokenInputs describe() const = 0;
    /** Whether copies are guided away from other inputs (5.14). */
    virtual bool isGuided() const {
        return false;
    }
    /** Make these other inputs. */
    virtual TokenInputs describeContrast() const {
        return describe();
    }
    /** Inspect finished copies, of one batch: set `accepted`, and repair by a symmetry what may be repaired so. */
    virtual void inspect(const std::vector<GeneratedCopy*>& drawn) = 0;

    std::vector<GeneratedCopy> copies;
    int record = 0;                     ///< key of the noise
    int condition = 0;                  ///< row of condition.embedding
    double timeLimit = 0;               ///< seconds; 0: none
    double seconds = 0;                 ///< that its copies have taken
    std::string message;                ///< why the subject could not be described; empty if it could
    std::exception_ptr error;           ///< the same as it was thrown
    std::vector<double> start;          ///< [numPoints][3], model unit: what noise is added to; empty: zeros
    std::vector<char> fixed;            ///< [numPoints] 1: keeps its place to the others in start; empty: none does
    std::vector<int> leaders;           ///< [numPoints] whose motion free points make (5.17); empty: they do not follow
    bool isHandKnown = false;           ///< whether the fixed points show the hand of the copies
    std::vector<TurnedTorsion> torsions;    ///< turned into their ranges (5.20)
    AvoidedPocket pocket;                   ///< what stands around the copies (5.22)
    std::unique_ptr<TokenInputs> inputs;    ///< kept while copies are left to draw, once they were needed

    /** Whether the time is over, or would be after some seconds more. */
    bool isOverdue(double more = 0) const {
        return timeLimit > 0 && seconds + more > timeLimit;
    }
};

/** Denoises the copies of jobs with a kernel. Wrong copies of all jobs meet again in the next round. */
class GenerationLoop {
public:
    GenerationLoop(IntegrateOrbitDiffusionStepKernel& kernel, const SamplerPlan& plan,
            const GenerationSettings& settings, std::vector<GenerationJob*> jobs);
    /** Run to the end. @throws GenerationStopped if the progress callback says so */
    void run();
private:
    struct Place {
        int job, copy;
    };
    GenerationJob& getJob(const Place& place) const {
        return *jobs[place.job];
    }
    GeneratedCopy& getCopy(const Place& place) const {
        return jobs[place.job]->copies[place.copy];
    }
    /** Pack copies from `first` on, up to a number of pairs. @return the first one that was left */
    int pack(const std::vector<Place>& pending, int first, int round, Batch& batch, std::vector<Place>& packed);
    /** Give the copies of a batch what their jobs start from. */
    void packStarts(Batch& batch, const std::vector<Place>& packed) const;
    /** Append the contrasts of copies that are guided, behind all copies. */
    void packContrasts(Batch& batch, const std::vector<Place>& packed) const;
    /** Move the inputs of a job to a batch; false, with a message, if the subject has none. */
    bool packInputs(GenerationJob& job, Batch& batch) const;
    /** Get the share of a batch's time that one of its packed copies takes. */
    static double getShare(const Batch& batch, const std::vector<Place>& packed, int copy);
    /** Take the inputs of jobs with copies to draw out of a batch that is done. */
    void keepInputs(Batch& batch, const std::vector<Place>& packed) const;
    /** Denoise and inspect a batch; false if the time of all its jobs was over before it ended. */
    bool runBatch(const Batch& batch, const std::vector<Place>& packed);
    void inspect(const Batch& batch, const std::vector<Place>& packed) const;
    /** Whether the time of all jobs of a batch is over, after some seconds shared among them by points. */
    bool areOverdue(const Batch& batch, const std::vector<Place>& packed, double more) const;
    void report(double fraction) const;
    IntegrateOrbitDiffusionStepKernel& kernel;
    const SamplerPlan& plan;
    const GenerationSettings& settings;
    std::vector<GenerationJob*> jobs;
    int numCopies = 0, numFinished = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GENERATIONLOOP_H_
