// SPDX-License-Identifier: MIT
// The inputs and the inspection of a molecule's copies, and what they have to keep.
#include "ConformerJob.h"
#include "check/TorsionRanges.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/ConformerInspector.h"
#include "openmmorbit/internal/FixedCore.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

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
    if (!given.positions.empty() || !constraints.torsions.empty())
        graph.validate();
    if (!given.fixed.empty() && given.level == 0)
        gatherFreeAtoms(given);
    setStart(given);
    if (!start.empty() && fixed.empty())
        checkStart();
    ranges = constraints.torsions;
    for (const TorsionRange& range : ranges)
        addTorsion(range);
    setPocket(constraints.pocket);
    setLeaders();
    const double tolerance = FLAT_CORE_NANOMETERS / model.getUnitInNanometers();
    std::vector<int> shown = fixedAtoms;
    if (fixed.empty() && !start.empty()) {
        shown.resize(graph.getNumAtoms());
        std::iota(shown.begin(), shown.end(), 0);
    }
    isHandKnown = !ranges.empty() || pocket.getNumObstacles() > 0 ||
            (!shown.empty() && !isFlat(start, shown, tolerance));
}

void ConformerJob::setLeaders() {
    if (fixed.empty())
        return;
    if (pocket.getNumObstacles() == 0) {
        leaders = listLeaders(graph, fixed);
        return;
    }

    // A pocket pushes atoms one by one, and bodies would take that back.

    leaders.resize(graph.getNumAtoms());
    std::iota(leaders.begin(), leaders.end(), 0);
}

void ConformerJob::setPocket(const Pocket& given) {
    if (given.radii.empty() && given.positions.empty())
        return;
    const std::string where = settings.caller + "::generate: ";
    const std::size_t numPocketAtoms = given.radii.size(), numAtoms = graph.getNumAtoms();
    if (start.empty())
        throw ArgumentError(
                where + "expected a start beside a pocket, which says where in it the molecule is, got none");
    if (given.positions.size() != 3 * numPocketAtoms || given.atomRadii.size() != numAtoms)
        throw ArgumentError(where + "expected a pocket of " + std::to_string(numPocketAtoms) + " positions and " +
                std::to_string(numAtoms) + " radii of the molecule, got " + std::to_string(given.positions.size()) +
                " coordinates and " + std::to_string(given.atomRadii.size()) + " radii");
    for (const std::vector<double>* values : {&given.positions, &given.radii, &given.atomRadii})
        for (double value : *values)
            if (!std::isfinite(value) || (values != &given.positions && value < 0))
                throw ArgumentError(where + "expected finite positions and radii of a pocket, none of them negative, " +
                        "got " + std::to_string(value));

    // Positions are relative to the first fixed atom, without one to the centroid, which copies keep.

    const double unit = model.getUnitInNanometers();
    double origin[3] = {0, 0, 0};
    pocket.anchor = fixed.empty() ? -1 : fixedAtoms[0];
    for (std::size_t i = 0; i < start.size(); i++)
        if (pocket.anchor < 0)
            origin[i % 3] += start[i] / numAtoms;
        else if ((int) i / 3 == pocket.anchor)
            origin[i % 3] = start[i];
    for (std::size_t i = 0; i < given.positions.size(); i++)
        pocket.positions.push_back(given.positions[i] / unit - origin[i % 3]);
    for (double radius : given.radii)
        pocket.radii.push_back(radius / unit);
    for (std::size_t i = 0; i < numAtoms; i++)
        pocket.pointRadii.push_back(!fixed.empty() && fixed[i] ? -1 : given.atomRadii[i] / unit);
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

std::string ConformerJob::findStartFault(const std::vector<char>& known, bool all) const {
    std::vector<double> positions = start;
    for (double& x : positions)
        x *= model.getUnitInNanometers() / 0.1;
    return findCoreFault(graph, positions, known, all);
}

void ConformerJob::checkStart() const {
    const std::string fault = findStartFault(std::vector<char>(graph.getNumAtoms(), 1), false);
    if (!fault.empty())
        throw ArgumentError(settings.caller + "::generate: expected a start that is an isomer of " + graph.getLabel() +
                ", got one in which " + fault + "; correct its positions or the labels of the molecule");
}

void ConformerJob::checkFixed() const {
    const std::string fault = findStartFault(fixed, settings.checkCopies);
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
