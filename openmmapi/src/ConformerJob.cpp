// SPDX-License-Identifier: MIT
// The inputs and the inspection of a molecule's copies.
#include "ConformerJob.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/ConformerInspector.h"
#include <memory>

namespace OrbitPlugin {

TokenInputs ConformerJob::describe() const {
    graph.validate();
    return describeMolecule(graph, model);
}

EnsembleJob::Inspector ConformerJob::makeInspector() const {
    const auto inspector = std::make_shared<const ConformerInspector>(graph);
    return [inspector](const std::vector<double>& positions) { return inspector->inspect(positions); };
}

bool ConformerJob::isReflected() const {
    return !graph.tetrahedral.empty() || !graph.torsional.empty();
}

std::string ConformerJob::describeCopies() const {
    return "conformers of " + graph.getLabel();
}

} // namespace OrbitPlugin
