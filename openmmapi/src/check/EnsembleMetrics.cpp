// SPDX-License-Identifier: MIT
// The coverage of one ensemble by another, of one molecule and as means over molecules.
#include "openmmorbit/EnsembleMetrics.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"

namespace OrbitPlugin {

namespace {

/** What an RMSD that is no number counts as, Angstrom. */
const double FAR = 10.0;

/** Distances to the nearest conformer of the other ensemble, Angstrom. */
struct NearestDistances {
    std::vector<double> ofCopies, ofReferences;
};

NearestDistances findNearest(const std::vector<double>& distances, int numCopies, int numReferences) {
    NearestDistances nearest = {std::vector<double>(numCopies, FAR), std::vector<double>(numReferences, FAR)};
    for (int i = 0; i < numCopies; i++)
        for (int j = 0; j < numReferences; j++) {
            const double distance = distances[i * numReferences + j];
            if (distance < nearest.ofCopies[i])
                nearest.ofCopies[i] = distance;
            if (distance < nearest.ofReferences[j])
                nearest.ofReferences[j] = distance;
        }
    return nearest;
}

} // namespace

EnsembleMetrics compareEnsembles(const MolecularGraph& graph, const std::vector<double>& copies,
        const std::vector<double>& references) {
    const std::size_t length = 3 * graph.atoms.size();
    EnsembleMetrics metrics;
    metrics.numMolecules = 1;
    metrics.numCopies = (int) (copies.size() / length);
    metrics.numReferences = (int) (references.size() / length);
    if (metrics.numCopies == 0 || metrics.numReferences == 0)
        throw ArgumentError("compareEnsembles: expected at least one copy and one reference of " + graph.getLabel() +
                ", got " + std::to_string(metrics.numCopies) + " and " + std::to_string(metrics.numReferences));
    const NearestDistances nearest = findNearest(
            computeSymmetricRmsd(graph, copies, references), metrics.numCopies, metrics.numReferences);
    for (double distance : nearest.ofCopies) {
        metrics.precision += distance / metrics.numCopies;
        metrics.coveragePrecision01 += (distance < 0.1) / (double) metrics.numCopies;
        metrics.coveragePrecision05 += (distance < 0.5) / (double) metrics.numCopies;
    }
    for (double distance : nearest.ofReferences) {
        metrics.recall += distance / metrics.numReferences;
        metrics.coverageRecall01 += (distance < 0.1) / (double) metrics.numReferences;
        metrics.coverageRecall05 += (distance < 0.5) / (double) metrics.numReferences;
    }
    for (int i = 0; i < metrics.numCopies; i++) {
        const auto first = copies.begin() + i * length;
        const ConformerStatus status = checkConformer(graph, std::vector<double>(first, first + length));
        metrics.stereoCorrect += (status.finite && status.stereoCorrect) / (double) metrics.numCopies;
        metrics.accepted += status.isAccepted() / (double) metrics.numCopies;
    }
    return metrics;
}

EnsembleMetrics averageMetrics(const std::vector<EnsembleMetrics>& metrics) {
    EnsembleMetrics mean;
    for (const EnsembleMetrics& entry : metrics) {
        const double share = 1.0 / metrics.size();
        mean.coverageRecall01 += share * entry.coverageRecall01;
        mean.coverageRecall05 += share * entry.coverageRecall05;
        mean.coveragePrecision01 += share * entry.coveragePrecision01;
        mean.coveragePrecision05 += share * entry.coveragePrecision05;
        mean.recall += share * entry.recall;
        mean.precision += share * entry.precision;
        mean.stereoCorrect += share * entry.stereoCorrect;
        mean.accepted += share * entry.accepted;
        mean.numMolecules += entry.numMolecules;
        mean.numReferences += entry.numReferences;
        mean.numCopies += entry.numCopies;
    }
    return mean;
}

} // namespace OrbitPlugin
