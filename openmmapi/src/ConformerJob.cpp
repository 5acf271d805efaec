// SPDX-License-Identifier: MIT
// The inputs and the inspection of a molecule's copies, and what they have to keep.
#include "ConformerJob.h"
#include "check/FixedCore.h"
#include "check/TorsionRanges.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/ConformerInspector.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include <algorithm>
#include <cmath>
#include <memory>

namespace OrbitPlugin {

/** Put atoms that are not fixed to the middle of those that are: what is given for them says nothing. */
static void gatherFreeAtoms(GenerationStart& start) {
    const int numAtoms = (int) start.positions.size() / 3;
    std::vector<char> isFixed(numAtoms, 0);
    double middle[3] = {0, 0, 0};
    int numFixed = 0;
    for (int atom : start.fixed)
        if (atom >= 0 && atom < numAtoms) {
            isFixed[atom] = 1;
            numFixed++;
            for (int k = 0; k < 3; k++)
                middle[k] += start.positions[3 * atom + k];
        }
    for (int i = 0; i < 3 * numAtoms; i++)
        if (!isFixed[i / 3])
            start.positions[i] = std::isfinite(middle[i % 3]) ? middle[i % 3] / std::max(numFixed, 1) : 0;
}

void ConformerJob::setConstraints(const ConformerConstraints& constraints) {
    GenerationStart given = constraints.start;
    if (!given.fixed.empty() || !constraints.torsions.empty())
        graph.validate();
    if (!given.fixed.empty() && given.level == 0)
        gatherFreeAtoms(given);
    setStart(given);
    followsFixed = !fixed.empty();
    ranges = constraints.torsions;
    for (const TorsionRange& range : ranges)
        addTorsion(range);
    const double tolerance = FLAT_CORE_NANOMETERS / model.getUnitInNanometers();
    isHandKnown = !ranges.empty() || (!fixed.empty() && !isFlat(start, fixedAtoms, tolerance));
}

void ConformerJob::addTorsion(const TorsionRange& range) {
    const std::string where = settings.caller + "::generate: ";
    std::string fault = findRangeFault(graph, range);
    if (fault.empty())
        fault = findContradiction(graph, range, ranges);
    if (!fault.empty())
        throw ArgumentError(where + fault);
    const auto isFixed = [&](int atom) { return !fixed.empty() && fixed[atom]; };
    if (std::all_of(range.atoms.begin(), range.atoms.end(), isFixed)) {
        ConformerStatus status;
        inspectTorsions(graph, {range}, start, status);
        if (!status.constraintsKept)
            throw ArgumentError(where + "expected fixed atoms with torsions in their ranges, got others: " +
                    status.message);
        return;
    }
    const std::optional<TurnedTorsion> turn = planTurn(graph, range, fixed);
    if (turn)
        torsions.push_back(*turn);
}

void ConformerJob::tryConstraints(const ConformerConstraints& constraints) {
    try {
        setConstraints(constraints);
    }
    catch (const ArgumentError& fault) {
        message = fault.what();
        error = std::current_exception();
    }
}

void ConformerJob::checkFixed() const {
    std::vector<double> positions = start;
    for (double& x : positions)
        x *= model.getUnitInNanometers() / 0.1;
    const std::string fault = findCoreFault(graph, positions, fixed, settings.checkCopies);
    if (!fault.empty())
        throw ArgumentError(settings.caller + "::generate: expected fixed atoms as conformers of " + graph.getLabel() +
                " have them, got " + fault + "; correct their positions or the molecule, or fix fewer atoms");
}

TokenInputs ConformerJob::describe() const {
    graph.validate();
    TokenInputs inputs = describeMolecule(graph, model);

    // Without a reflection at the end, a single centre too must be guided.

    if (isHandKnown && model.getRotations() == OrbitRotations::WithReflections)
        inputs.handedVolumes = findHandedVolumes(graph, model.getUnitInNanometers(), 1);
    return inputs;
}

EnsembleJob::Inspector ConformerJob::makeInspector() const {
    const auto inspector = std::make_shared<const ConformerInspector>(graph);
    return [this, inspector](const std::vector<double>& positions) {
        ConformerStatus status = inspector->inspect(positions);
        if (status.finite)
            inspectTorsions(graph, ranges, positions, status);
        return status;
    };
}

bool ConformerJob::isReflected() const {
    return !isHandKnown && (!graph.tetrahedral.empty() || !graph.torsional.empty());
}

std::string ConformerJob::describeCopies() const {
    return "conformers of " + graph.getLabel();
}

} // namespace OrbitPlugin
