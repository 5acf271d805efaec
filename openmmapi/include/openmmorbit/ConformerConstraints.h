// SPDX-License-Identifier: MIT
// What the conformers of one molecule have to keep.
#ifndef OPENMM_ORBIT_CONFORMERCONSTRAINTS_H_
#define OPENMM_ORBIT_CONFORMERCONSTRAINTS_H_

#include "openmmorbit/GenerationStart.h"

namespace OrbitPlugin {

/** What is wanted of the conformers of one molecule besides being right; nothing by default. */
struct ConformerConstraints {
    /**
     * Positions to start from, and atoms of a core that stay where they are. Finished copies lie where the core lies,
     * and have the hand that it shows; a flat core shows none. Without a level of its own, positions of atoms that are
     * not fixed are not read: any will do, nan too.
     */
    GenerationStart start;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERCONSTRAINTS_H_
