// SPDX-License-Identifier: MIT
// The reflection that gives a generated conformer the requested hand.
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <string>

using namespace OrbitPlugin;

bool OrbitPlugin::restoreHandedness(const MolecularGraph& graph, std::vector<double>& positions) {
    if (positions.size() != 3 * graph.atoms.size())
        throw ArgumentError("restoreHandedness: expected " + std::to_string(3 * graph.atoms.size()) +
            " coordinates for the molecule " + graph.getLabel() + ", got " + std::to_string(positions.size()));
    if (isStereoCorrect(graph, positions))
        return false;
    std::vector<double> image(positions);
    for (double& x : image)
        x = -x;
    if (!isStereoCorrect(graph, image))
        return false;
    positions.swap(image);
    return true;
}
