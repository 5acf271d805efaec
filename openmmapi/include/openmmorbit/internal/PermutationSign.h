// SPDX-License-Identifier: MIT
// The sign of a permutation, which relates orders of a centre's neighbours to its handedness.
#ifndef OPENMM_ORBIT_PERMUTATIONSIGN_H_
#define OPENMM_ORBIT_PERMUTATIONSIGN_H_

#include <cstddef>

namespace OrbitPlugin {

/**
 * Ask whether an odd number of exchanges sorts a list of distinct values.
 *
 * @param places   anything with size() and []
 */
template <class List>
bool isOddPermutation(const List& places) {
    bool odd = false;
    for (std::size_t i = 0; i < places.size(); i++)
        for (std::size_t j = i + 1; j < places.size(); j++)
            if (places[i] > places[j])
                odd = !odd;
    return odd;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PERMUTATIONSIGN_H_
