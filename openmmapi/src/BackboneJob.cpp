// SPDX-License-Identifier: MIT
// The inputs and the inspection of a backbone's copies.
#include "BackboneJob.h"
#include "openmmorbit/BackboneCheck.h"
#include "openmmorbit/BackboneInputs.h"

namespace OrbitPlugin {

BackboneJob::BackboneJob(const BackboneSubject& backbone, int numCopies, int record,
        const GenerationSettings& settings, const DenoiserModel& model) :
        BackboneJob(backbone, std::make_unique<const MolecularGraph>(
                makeBackboneGraph(backbone, model.getSettings().pointsPerToken)), numCopies, record, settings, model) {
}

BackboneJob::BackboneJob(const BackboneSubject& backbone, std::unique_ptr<const MolecularGraph> newAtoms,
        int numCopies, int record, const GenerationSettings& settings, const DenoiserModel& model) :
        EnsembleJob(*newAtoms, numCopies, record, settings, model), backbone(backbone), atoms(std::move(newAtoms)) {
}

int BackboneJob::getNumTokens() const {
    return backbone.getNumResidues();
}

TokenInputs BackboneJob::describe() const {
    return describeBackbone(backbone, model);
}

bool BackboneJob::isGuided() const {
    return settings.sampler.guidanceScale != 1 && backbone.structure.find_first_not_of('?') != std::string::npos;
}

TokenInputs BackboneJob::describeContrast() const {
    BackboneSubject open = backbone;
    open.structure.assign(open.structure.size(), '?');
    return describeBackbone(open, model);
}

EnsembleJob::Inspector BackboneJob::makeInspector() const {
    return [&](const std::vector<double>& positions) {
        return checkBackbone(backbone, model.getBackbones(), positions);
    };
}

bool BackboneJob::isReflected() const {
    return false;
}

std::string BackboneJob::describeCopies() const {
    return "copies of the " + backbone.getLabel();
}

} // namespace OrbitPlugin
