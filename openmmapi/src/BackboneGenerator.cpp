// SPDX-License-Identifier: MIT
// The object that generates backbones of proteins.
#include "openmmorbit/BackboneGenerator.h"
#include "BackboneJob.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ChainNames.h"
#include "openmmorbit/internal/ModelSubject.h"
#include <algorithm>

namespace OrbitPlugin {

namespace {

/** Fewer residues have no peptide bond: they are no chain that a protein can be built on. */
const int SHORTEST_CHAIN = 2;

/** Refuse chains that are shorter than those of the training data. */
void checkChains(const BackboneSubject& backbone, int shortestKnown) {
    const int shortest = std::max(shortestKnown, SHORTEST_CHAIN);
    for (int chain = 0; chain < backbone.getNumChains(); chain++) {
        const int number = (int) std::count(backbone.chains.begin(), backbone.chains.end(), chain);
        if (number < shortest)
            throw ArgumentError("BackboneGenerator::checkBackbone: expected chains of at least " +
                    std::to_string(shortest) + " residues" + (shortest > SHORTEST_CHAIN ? " as in training" : "") +
                    ", got " + std::to_string(number) + " in chain " + nameChain(chain) + " of the " +
                    backbone.getLabel() + "; add its residues to another chain, or make it longer");
    }
}

} // namespace

BackboneGenerator::BackboneGenerator(const DenoiserModel& newModel) : Generator("BackboneGenerator", newModel, 0) {
    requireSubject("BackboneGenerator", *model, SubjectKind::Backbone);
}

BackboneGenerator::BackboneGenerator(const std::string& modelPath) :
        BackboneGenerator(DenoiserModel::load(modelPath)) {
}

void BackboneGenerator::checkBackbone(const BackboneSubject& backbone) const {
    backbone.validate();
    const BackboneStatistics& known = getStatistics();
    if (backbone.getNumResidues() < known.shortest || backbone.getNumResidues() > known.longest)
        throw ArgumentError("BackboneGenerator::checkBackbone: expected " + std::to_string(known.shortest) + " to " +
                std::to_string(known.longest) + " residues as in training, got the " + backbone.getLabel());
    if (backbone.getNumChains() > known.maxChains)
        throw ArgumentError("BackboneGenerator::checkBackbone: expected at most " + std::to_string(known.maxChains) +
                (known.maxChains == 1 ? " chain" : " chains") + " as in training, got " +
                std::to_string(backbone.getNumChains()) + " in the " + backbone.getLabel());
    checkChains(backbone, known.shortestChain);
    if (backbone.hasBreaks() && !known.hasBreaks)
        throw ArgumentError("BackboneGenerator::checkBackbone: expected chains without breaks as in training, got a "
                "break in the " + backbone.getLabel() + "; number its residues one after the other");
    const std::size_t asked = backbone.structure.find_first_not_of('?');
    if (asked != std::string::npos && !knowsStructure(*model))
        throw ArgumentError("BackboneGenerator::checkBackbone: expected an open secondary structure, which this model "
                "does not know, got " + std::string(1, backbone.structure[asked]) + " for " +
                backbone.getResidueLabel((int) asked) + " of the " + backbone.getLabel());
}

Ensemble BackboneGenerator::generate(
        const BackboneSubject& backbone, int numCopies, int seed, int record, ProgressCallback* progress,
        const GenerationStart& start) {
    return makeEnsembles({backbone}, {numCopies}, seed, record, progress, {start})[0];
}

std::vector<Ensemble> BackboneGenerator::generateBatch(const std::vector<BackboneSubject>& backbones,
        const std::vector<int>& numCopies, int seed, int firstRecord, ProgressCallback* progress,
        const std::vector<GenerationStart>& starts) {
    if (backbones.size() != numCopies.size())
        throw ArgumentError("BackboneGenerator::generateBatch: expected " + std::to_string(backbones.size()) +
                " numbers of copies, one for each backbone, got " + std::to_string(numCopies.size()));
    if (!starts.empty() && starts.size() != backbones.size())
        throw ArgumentError("BackboneGenerator::generateBatch: expected " + std::to_string(backbones.size()) +
                " starts, one for each backbone, got " + std::to_string(starts.size()));
    for (const GenerationStart& start : starts)
        if (start.level != starts[0].level)
            throw ArgumentError("BackboneGenerator::generateBatch: expected starts of one level, got " +
                    std::to_string(starts[0].level) + " and " + std::to_string(start.level));
    return makeEnsembles(backbones, numCopies, seed, firstRecord, progress, starts);
}

std::vector<Ensemble> BackboneGenerator::makeEnsembles(const std::vector<BackboneSubject>& backbones,
        const std::vector<int>& numCopies, int seed, int firstRecord, ProgressCallback* progress,
        const std::vector<GenerationStart>& starts) {
    checkCount("generate", "as record", firstRecord, 0);
    GenerationSettings call = getCallSettings(seed, progress);
    if (!starts.empty())
        call.sampler = call.sampler.startAt(starts[0].level);
    std::vector<std::unique_ptr<BackboneJob>> jobs;
    std::vector<GenerationJob*> ofLoop;
    for (int i = 0; i < (int) backbones.size(); i++) {
        checkCount("generate", "copy", numCopies[i], 1);
        checkBackbone(backbones[i]);
        jobs.push_back(std::make_unique<BackboneJob>(backbones[i], numCopies[i], firstRecord + i, call, *model));
        if (!starts.empty())
            jobs.back()->setStart(starts[i]);
        ofLoop.push_back(jobs.back().get());
    }
    const ConformerProvenance common = run(ofLoop, call);
    std::vector<Ensemble> ensembles;
    for (const auto& job : jobs) {
        if (job->error != nullptr)
            std::rethrow_exception(job->error);
        ensembles.push_back(job->collect(common));
    }
    return ensembles;
}

} // namespace OrbitPlugin
