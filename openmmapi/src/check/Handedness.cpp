// SPDX-License-Identifier: MIT
// The reflection that gives a generated conformer the requested hand.
#include "openmmorbit/ConformerCheck.h"

using namespace OrbitPlugin;

bool OrbitPlugin::restoreHandedness(const MolecularGraph& graph, std::vector<double>& positions) {
    if (checkConformer(graph, positions).stereoCorrect)
        return false;
    std::vector<double> image(positions);
    for (double& x : image)
        x = -x;
    if (!checkConformer(graph, image).stereoCorrect)
        return false;
    positions.swap(image);
    return true;
}
