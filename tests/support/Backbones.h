// SPDX-License-Identifier: MIT
// Backbones with known geometry, and small models of backbones.
#ifndef OPENMM_ORBIT_TESTS_BACKBONES_H_
#define OPENMM_ORBIT_TESTS_BACKBONES_H_

#include "Models.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/BackboneSurvey.h"
#include <cmath>
#include <vector>

namespace testSupport {

/** An alpha helix: CA, or N, CA and C, in Angstrom. Right-handed for a hand of 1, left-handed for -1. */
inline std::vector<double> makeHelix(int numResidues, int pointsPerToken = 1, double hand = 1) {
    // Radius, angle in degrees and height of N, CA and C.

    const double places[3][3] = {{1.55, -27.6, -0.88}, {2.29, 0, 0}, {1.61, 26.5, 1.11}};
    const double degree = 3.14159265358979323846 / 180;
    std::vector<double> positions;
    for (int i = 0; i < numResidues; i++)
        for (int k = 0; k < pointsPerToken; k++) {
            const double* place = places[pointsPerToken == 1 ? 1 : k];
            const double angle = (100.0 * i + place[1]) * degree;
            positions.push_back(place[0] * std::cos(angle));
            positions.push_back(hand * place[0] * std::sin(angle));
            positions.push_back(1.5 * i + place[2]);
        }
    return positions;
}

/** What helices of 20 to 40 residues show. */
inline OrbitPlugin::BackboneStatistics makeHelixStatistics(int pointsPerToken = 1) {
    OrbitPlugin::BackboneSurvey survey(pointsPerToken);
    for (int n = 20; n <= 40; n++)
        survey.add(OrbitPlugin::makeBackbone({n}), makeHelix(n, pointsPerToken));
    return survey.finish();
}

/** A small model of backbones with pseudo-random weights. */
inline OrbitPlugin::DenoiserModel makeBackboneModel(int pointsPerToken = 1) {
    const OrbitPlugin::BackboneVocabularies vocabularies = OrbitPlugin::makeBackboneVocabularies(40);
    OrbitPlugin::DenoiserModel model = OrbitPlugin::DenoiserModel::createRandom(
        makeSmallSettings(pointsPerToken), 1, vocabularies.residues, vocabularies.pairs);
    model.setConditions({"native"});
    OrbitPlugin::ModelTensor embedding = model.getTensor("condition.embedding");
    embedding.shape[0] = 1;
    embedding.values.resize(embedding.shape[1]);
    model.setTensor("condition.embedding", embedding);
    model.setRotations(OrbitPlugin::OrbitRotations::Proper);
    model.setBackbones(makeHelixStatistics(pointsPerToken));
    return model;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_BACKBONES_H_
