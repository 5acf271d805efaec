// SPDX-License-Identifier: MIT
// The inspection of one conformer.
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ConformerInspector.h"
#include <string>

using namespace OrbitPlugin;
using std::to_string;

ConformerStatus OrbitPlugin::checkConformer(const MolecularGraph& graph, const std::vector<double>& positions) {
    if (positions.size() != 3 * graph.atoms.size())
        throw ArgumentError("checkConformer: expected " + to_string(3 * graph.atoms.size()) +
                " coordinates for the molecule " + graph.getLabel() + ", got " + to_string(positions.size()));
    return ConformerInspector(graph).inspect(positions);
}
