// SPDX-License-Identifier: MIT
// The inspection of a part of a molecule.
#include "openmmorbit/internal/FixedCore.h"
#include "Findings.h"
#include "Positions.h"
#include "openmmorbit/internal/ConformerInspector.h"
#include "openmmorbit/internal/GraphWalk.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <set>

using namespace OpenMM;
using namespace OrbitPlugin;
using std::string;
using std::vector;

bool OrbitPlugin::isFlat(ArrayView<const double> positions, const vector<int>& atoms, double tolerance) {
    Eigen::MatrixX3d points(atoms.size(), 3);
    for (int i = 0; i < (int) atoms.size(); i++)
        for (int k = 0; k < 3; k++)
            points(i, k) = positions[3 * atoms[i] + k];
    points.rowwise() -= points.colwise().mean().eval();
    const Eigen::Matrix3d axes = Eigen::JacobiSVD<Eigen::MatrixX3d>(points, Eigen::ComputeFullV).matrixV();
    return (points * axes.col(2)).cwiseAbs().maxCoeff() <= tolerance;
}

// The fourth neighbour of a centre stands opposite to the sum of the others.

static string findCenterFault(const MolecularGraph& graph, ArrayView<const double> positions,
        const vector<char>& known) {
    for (const TetrahedralStereo& stereo : graph.tetrahedral) {
        if (stereo.neighbors[3] < 0 || !known[stereo.center])
            continue;
        const Vec3 center = getPosition(positions, stereo.center);
        vector<double> completed(positions.begin(), positions.end());
        Vec3 sum;
        int unknown = -1, numUnknown = 0;
        for (int neighbor : stereo.neighbors) {
            const Vec3 arm = getPosition(positions, neighbor) - center;
            if (known[neighbor])
                sum += arm / std::sqrt(arm.dot(arm));
            else {
                unknown = neighbor;
                numUnknown++;
            }
        }
        if (numUnknown != 1)
            continue;
        for (int k = 0; k < 3; k++)
            completed[3 * unknown + k] = center[k] - sum[k];
        if (!isCorrect(stereo, completed))
            return "the tetrahedral centre " + nameAtom(graph, stereo.center) +
                (getSignedVolume(stereo, completed) < -MIN_SIGNED_VOLUME ? " inverted" : " flat");
    }
    return "";
}

string OrbitPlugin::findCoreFault(
        const MolecularGraph& graph, ArrayView<const double> positions, const vector<char>& known, bool all) {
    const string fault = findCenterFault(graph, positions, known);
    if (!fault.empty())
        return fault;
    const ConformerStatus status = ConformerInspector(graph, known).inspect(positions);
    return status.stereoCorrect && (!all || status.isAccepted()) ? "" : status.message;
}

vector<int> OrbitPlugin::listLeaders(const MolecularGraph& graph, const vector<char>& fixed) {
    const vector<vector<int>> neighbors = graph.getNeighbors();
    vector<int> leaders(graph.getNumAtoms());
    std::iota(leaders.begin(), leaders.end(), 0);
    vector<char> seen = fixed;
    for (int first = 0; first < graph.getNumAtoms(); first++) {
        if (seen[first])
            continue;
        const vector<int> body = listReached(neighbors, first, seen);
        std::set<int> holders;
        for (int atom : body)
            std::copy_if(neighbors[atom].begin(), neighbors[atom].end(), std::inserter(holders, holders.end()),
                [&](int next) { return fixed[next]; });
        if (holders.size() == 1)
            for (int atom : body)
                leaders[atom] = *holders.begin();
    }
    return leaders;
}
