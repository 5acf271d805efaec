// SPDX-License-Identifier: MIT
// A small system and models of it with pseudo-random weights.
#ifndef OPENMM_ORBIT_TESTS_SYSTEMMODELS_H_
#define OPENMM_ORBIT_TESTS_SYSTEMMODELS_H_

#include "Models.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/TopologySubject.h"
#include <string>
#include <vector>

namespace testSupport {

/** CHFClBr with an arm of two beads. */
inline OrbitPlugin::TopologyRecord makeArmedHalide() {
    OrbitPlugin::TopologyRecord topology;
    topology.residueNames = {"HAL"};
    for (int element : {6, 1, 9, 17, 35, 0, 0})
        topology.atoms.push_back({"A" + std::to_string(topology.atoms.size()), element, 0, 0});
    topology.bonds = {{0, 1, 0}, {0, 2, 0}, {0, 3, 0}, {0, 4, 0}, {4, 5, 0}, {5, 6, 0}};
    return topology;
}

/** Its states are finite, but no molecules. */
inline OrbitPlugin::DenoiserModel makeArmedHalideModel(
        OrbitPlugin::OrbitRotations rotations, const std::vector<int>& selection = {}) {
    const OrbitPlugin::TopologySubject subject = makeTopologySubject(makeArmedHalide(), selection);
    const OrbitPlugin::TopologyVocabularies vocabularies = makeTopologyVocabularies(subject);
    OrbitPlugin::DenoiserModel model =
            OrbitPlugin::DenoiserModel::createRandom(makeSmallSettings(), 1, vocabularies.atoms, vocabularies.pairs);
    model.setRotations(rotations);
    OrbitPlugin::TopologySubject known = subject;
    if (selection.empty())
        known.graph.tetrahedral.push_back({0, {{1, 2, 3, 4}}});
    model.setTopology(known);
    return model;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_SYSTEMMODELS_H_
