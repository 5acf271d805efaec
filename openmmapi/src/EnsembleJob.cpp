// SPDX-License-Identifier: MIT
// Inspection of copies, and what is said about those whose redraws were wrong too.
#include "EnsembleJob.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

using OpenMM::Vec3;

namespace OrbitPlugin {

EnsembleJob::EnsembleJob(const MolecularGraph& graph, int numCopies, int record,
        const GenerationSettings& settings, const DenoiserModel& model) :
        GenerationJob(numCopies, record, settings), graph(graph), settings(settings), model(model),
        statuses(numCopies), mirrored(numCopies, 0) {
}

void EnsembleJob::setStart(const GenerationStart& given) {
    const std::string where = settings.caller + "::generate: ";
    if (given.positions.empty() && given.fixed.empty()) {
        if (given.level != 0)
            throw ArgumentError(where + "expected positions to start from beside a level of " +
                    std::to_string(given.level) + ", got none");
        return;
    }
    const int numAtoms = graph.getNumAtoms();
    if (given.positions.size() != 3 * (std::size_t) numAtoms)
        throw ArgumentError(where + "expected positions of " + std::to_string(numAtoms) + " atoms to start from, got " +
                std::to_string(given.positions.size()) + " coordinates");
    const double unit = model.getUnitInNanometers();
    for (std::size_t k = 0; k < given.positions.size(); k++) {
        if (!std::isfinite(given.positions[k]))
            throw ArgumentError(where + "expected finite positions to start from, got others for atom " +
                    std::to_string(k / 3));
        start.push_back(given.positions[k] / unit);
    }
    if (given.fixed.empty())
        return;
    fixed.assign(numAtoms, 0);
    fixedAtoms = given.fixed;
    for (int atom : given.fixed) {
        if (atom < 0 || atom >= numAtoms || fixed[atom])
            throw ArgumentError(where + "expected fixed atoms below " + std::to_string(numAtoms) + ", each once, got " +
                    std::to_string(atom));
        fixed[atom] = 1;
    }
    if (given.fixed.size() == (std::size_t) numAtoms)
        throw ArgumentError(where + "expected an atom that is not fixed, got all " + std::to_string(numAtoms) +
                " atoms as fixed");
    checkFixed();
}

void EnsembleJob::checkFixed() const {
    if (isReflected())
        throw ArgumentError(settings.caller + "::generate: expected a model that knows its hand for fixed atoms, got "
                "one whose copies are reflected");
}

void EnsembleJob::moveToStart(std::vector<double>& positions) const {
    typedef Eigen::Matrix3Xd Points;
    const Eigen::Map<const Points> known(start.data(), 3, start.size() / 3);
    Eigen::Map<Points> found(positions.data(), 3, positions.size() / 3);
    if (fixed.empty()) {
        found.colwise() += known.rowwise().mean() - found.rowwise().mean();
        return;
    }
    Points from = found(Eigen::all, fixedAtoms), to = known(Eigen::all, fixedAtoms);
    const Eigen::Vector3d fromCenter = from.rowwise().mean(), toCenter = to.rowwise().mean();

    // The rotation that brings the fixed atoms to their places, which are the same but for rounding.

    from.colwise() -= fromCenter;
    to.colwise() -= toCenter;
    const Eigen::Matrix3d rotation = Eigen::umeyama(from, to, false).topLeftCorner<3, 3>();
    found = ((rotation * (found.colwise() - fromCenter)).colwise() + toCenter).eval();
}

int EnsembleJob::getNumTokens() const {
    return graph.getNumAtoms();
}

void EnsembleJob::inspect(const std::vector<GeneratedCopy*>& drawn) {
    const double angstrom = model.getUnitInNanometers() / 0.1;
    const bool reflects = isReflected();
    Inspector inspector;
    for (GeneratedCopy* copy : drawn) {
        // The hand is part of what was asked for, inspected or not. Without inspection only coordinates that are not
        // finite are wrong.

        std::vector<double>& positions = copy->positions;
        const bool finite = std::all_of(positions.begin(), positions.end(), [](double x) { return std::isfinite(x); });
        mirrored[copy->index] = finite && reflects && restoreHandedness(graph, positions);
        if (finite && !start.empty())
            moveToStart(positions);
        ConformerStatus& status = statuses[copy->index];
        status = ConformerStatus();
        if (settings.checkCopies || !finite) {
            if (!inspector)
                inspector = makeInspector();
            std::vector<double> scaled = positions;
            for (double& value : scaled)
                value *= angstrom;
            status = inspector(scaled);
        }
        copy->accepted = status.isAccepted();
    }
}

std::vector<Vec3> EnsembleJob::toNanometers(const std::vector<double>& positions, double unit) {
    std::vector<Vec3> result(positions.size() / 3);
    for (std::size_t k = 0; k < positions.size(); k++)
        result[k / 3][k % 3] = positions[k] * unit;
    return result;
}

Ensemble EnsembleJob::collect(const ConformerProvenance& common) {
    const double unit = model.getUnitInNanometers();
    Ensemble ensemble(graph);
    ensemble.setMessage(message);
    if (!message.empty())
        return ensemble;
    std::vector<ConformerStatus> wrong;
    for (GeneratedCopy& copy : copies) {
        ConformerStatus& status = statuses[copy.index];
        if (copy.positions.empty() && status.isAccepted()) {
            status.finished = false;
            status.message = "the time limit was over before it was generated";
        }
        ConformerProvenance provenance = common;
        provenance.record = record;
        provenance.copy = settings.firstCopy + copy.index;
        provenance.numResamplings = copy.numRedraws;
        provenance.numEvaluations = copy.numEvaluations;
        provenance.mirrored = mirrored[copy.index];
        provenance.wallSeconds = copy.wallSeconds;
        if (!status.isAccepted())
            wrong.push_back(status);
        if (status.isAccepted() || (settings.returnFailed && status.finished)) {
            ensemble.addConformer(toNanometers(copy.positions, unit), status, provenance);
        }
        else
            ensemble.addFailure({status, provenance});
        copy.positions = {};
    }
    if (!wrong.empty())
        ensemble.setMessage(describeWrong(wrong));
    return ensemble;
}

// A sentence about the copies that are wrong after all redraws, with the most frequent fault and one example of it.

std::string EnsembleJob::describeWrong(const std::vector<ConformerStatus>& wrong) const {
    std::array<int, 10> counts{};
    std::array<std::string, 10> examples;
    for (const ConformerStatus& status : wrong) {
        const std::array<bool, 10> flags = {status.finite, status.centersInside, status.ringsClear,
                status.bondsCorrect, status.anglesCorrect, status.planar, status.clashFree, status.stereoCorrect,
                status.constraintsKept, status.finished};
        const auto fault = std::find(flags.begin(), flags.end(), false) - flags.begin();
        counts[fault]++;
        if (examples[fault].empty())
            examples[fault] = status.message;
    }
    const int worst = (int) (std::max_element(counts.begin(), counts.end()) - counts.begin());
    const int numCopies = (int) copies.size();
    std::ostringstream text;
    text << settings.caller << "::generate: expected " << numCopies << " correct " << describeCopies() << ", got "
         << numCopies - (int) wrong.size();
    if (isOverdue())
        text << " when its time limit of " << timeLimit << " s was over";
    else
        text << " after " << settings.maxRedraws << " redraws";
    text << "; most frequent fault (" << counts[worst] << (counts[worst] == 1 ? " copy): " : " copies): ") <<
        examples[worst];
    return text.str();
}

} // namespace OrbitPlugin
