// SPDX-License-Identifier: MIT
// The object that turns molecular graphs into ensembles of conformers.
#include "openmmorbit/ConformerGenerator.h"
#include "ConformerJob.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ModelSubject.h"

namespace OrbitPlugin {

/** Seconds for a molecule. */
static const double DEFAULT_TIME_LIMIT = 60;

/** Refuse constraints of another number of molecules, and starts at several levels. */
static void checkConstraints(std::size_t numGraphs, const std::vector<ConformerConstraints>& constraints) {
    if (!constraints.empty() && constraints.size() != numGraphs)
        throw ArgumentError("ConformerGenerator::generateBatch: expected " + std::to_string(numGraphs) +
                " constraints, one for each molecule, got " + std::to_string(constraints.size()));
    for (const ConformerConstraints& each : constraints)
        if (each.start.level != constraints[0].start.level)
            throw ArgumentError("ConformerGenerator::generateBatch: expected starts of one level, got " +
                    std::to_string(constraints[0].start.level) + " and " + std::to_string(each.start.level));
}

ConformerGenerator::ConformerGenerator(const DenoiserModel& newModel) :
        Generator("ConformerGenerator", newModel, DEFAULT_TIME_LIMIT) {
    requireSubject("ConformerGenerator", *model, SubjectKind::Molecule);
}

ConformerGenerator::ConformerGenerator(const std::string& modelPath) :
        ConformerGenerator(DenoiserModel::load(modelPath)) {
}

Ensemble ConformerGenerator::generate(
        const MolecularGraph& graph, int numConformers, int seed, int record, ProgressCallback* progress,
        const ConformerConstraints& constraints) {
    checkCount("generate", "conformer", numConformers, 1);
    checkCount("generate", "as record", record, 0);
    GenerationSettings call = getCallSettings(seed, progress);
    call.sampler = call.sampler.startAt(constraints.start.level);
    ConformerJob job(graph, numConformers, record, call, *model);
    job.setConstraints(constraints);
    const ConformerProvenance common = run({&job}, call);

    // What is wrong with the molecule itself is an error of its own type.

    if (job.error != nullptr)
        std::rethrow_exception(job.error);
    Ensemble ensemble = job.collect(common);
    if (ensemble.getNumConformers() == 0)
        throw ConformerGenerationError(ensemble.getMessage());
    return ensemble;
}

std::vector<Ensemble> ConformerGenerator::generateBatch(const std::vector<MolecularGraph>& graphs,
        const std::vector<int>& numConformers, int seed, int firstRecord, ProgressCallback* progress,
        const std::vector<ConformerConstraints>& constraints) {
    if (graphs.size() != numConformers.size())
        throw ArgumentError("ConformerGenerator::generateBatch: expected " + std::to_string(graphs.size()) +
                " numbers of conformers, one for each molecule, got " + std::to_string(numConformers.size()));
    checkCount("generateBatch", "as record", firstRecord, 0);
    checkConstraints(graphs.size(), constraints);
    GenerationSettings call = getCallSettings(seed, progress);
    if (!constraints.empty())
        call.sampler = call.sampler.startAt(constraints[0].start.level);
    std::vector<std::unique_ptr<ConformerJob>> jobs;
    std::vector<GenerationJob*> ofLoop;
    for (int i = 0; i < (int) graphs.size(); i++) {
        checkCount("generateBatch", "conformer", numConformers[i], 1);
        jobs.push_back(std::make_unique<ConformerJob>(graphs[i], numConformers[i], firstRecord + i, call, *model));
        if (!constraints.empty())
            jobs.back()->tryConstraints(constraints[i]);
        ofLoop.push_back(jobs.back().get());
    }
    const ConformerProvenance common = run(ofLoop, call);
    std::vector<Ensemble> ensembles;
    for (const auto& job : jobs)
        ensembles.push_back(job->collect(common));
    return ensembles;
}

} // namespace OrbitPlugin
