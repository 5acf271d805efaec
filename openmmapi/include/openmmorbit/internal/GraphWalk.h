// SPDX-License-Identifier: MIT
// A walk over a graph: which vertices are connected.
#ifndef OPENMM_ORBIT_GRAPHWALK_H_
#define OPENMM_ORBIT_GRAPHWALK_H_

#include <vector>

namespace OrbitPlugin {

/**
 * Get the vertices that are reached from one along edges, this one first, in the order of their distance.
 *
 * @param neighbors   of each vertex
 * @param first       where the walk begins
 * @param seen        1: is not entered; on return, also what was reached
 */
inline std::vector<int> listReached(
        const std::vector<std::vector<int>>& neighbors, int first, std::vector<char>& seen) {
    std::vector<int> reached = {first};
    seen[first] = 1;
    for (int k = 0; k < (int) reached.size(); k++)
        for (int next : neighbors[reached[k]])
            if (!seen[next]) {
                seen[next] = 1;
                reached.push_back(next);
            }
    return reached;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GRAPHWALK_H_
