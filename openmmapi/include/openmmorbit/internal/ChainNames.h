// SPDX-License-Identifier: MIT
// Names of the chains of a backbone, as the Topology of a generated one has them: A to Z, then A1, B1, ...
#ifndef OPENMM_ORBIT_CHAINNAMES_H_
#define OPENMM_ORBIT_CHAINNAMES_H_

#include <string>

namespace OrbitPlugin {

/** Get the name of a chain, which is counted from 0. */
inline std::string nameChain(int chain) {
    const int numLetters = 26, turn = chain / numLetters;
    return std::string(1, (char) ('A' + chain % numLetters)) + (turn > 0 ? std::to_string(turn) : "");
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CHAINNAMES_H_
