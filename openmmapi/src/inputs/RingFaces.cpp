// SPDX-License-Identifier: MIT
// Which substituents of the specified centres of a ring stand on the same face of it: stereochemistry without
// handedness.
#include "RingFaces.h"
#include "openmmorbit/internal/PermutationSign.h"
#include <algorithm>
#include <array>
#include <map>

using namespace OrbitPlugin;
using std::vector;

namespace {

const int SAME = 1, OPPOSITE = 2;

/** One substituent of a ring atom, and the face of the ring on which it stands (1 or -1) in the ring's atom order. */
struct Substituent {
    int center, atom, face;
};

/** Append the substituents of one centre of a ring; a lone pair, which is no atom, only takes part in the sign. */
void addSubstituents(const TetrahedralStereo& stereo, int previous, int next, vector<Substituent>& substituents) {
    // The lone pair of a centre of three neighbours stands first, where the centre is seen from the neighbours.

    const bool lonePair = stereo.neighbors[3] < 0;
    std::array<int, 4> order = stereo.neighbors;
    if (lonePair)
        order = {-1, stereo.neighbors[0], stereo.neighbors[1], stereo.neighbors[2]};
    std::array<int, 4> places = {-1, -1, -1, -1};
    int numOthers = 0;
    for (int k = 0; k < 4; k++) {
        if (order[k] == previous)
            places[0] = k;
        else if (order[k] == next)
            places[1] = k;
        else if (numOthers < 2)
            places[2 + numOthers++] = k;
    }
    if (places[0] < 0 || places[1] < 0)
        return;
    const int sign = isOddPermutation(places) ? -1 : 1;
    for (int k = 0; k < 2; k++)
        if (order[places[2 + k]] >= 0)
            substituents.push_back({stereo.center, order[places[2 + k]], k == 0 ? sign : -sign});
}

} // namespace

vector<int> OrbitPlugin::computeRingFaces(const MolecularGraph& graph) {
    const size_t n = graph.atoms.size();
    vector<int> faces(n * n, 0);
    std::map<int, const TetrahedralStereo*> centers;
    for (const TetrahedralStereo& stereo : graph.tetrahedral)
        centers[stereo.center] = &stereo;
    for (const vector<int>& ring : graph.rings) {
        vector<Substituent> substituents;
        for (size_t k = 0; k < ring.size(); k++) {
            const auto center = centers.find(ring[k]);
            if (center != centers.end())
                addSubstituents(*center->second, ring[(k + ring.size() - 1) % ring.size()],
                    ring[(k + 1) % ring.size()], substituents);
        }
        for (const Substituent& a : substituents)
            for (const Substituent& b : substituents)
                if (a.center != b.center && a.atom != b.atom)
                    faces[a.atom * n + b.atom] |= (a.face == b.face ? SAME : OPPOSITE);
    }

    // Two rings may contradict each other; then nothing is said.

    std::replace(faces.begin(), faces.end(), SAME | OPPOSITE, 0);
    return faces;
}
