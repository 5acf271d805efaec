// SPDX-License-Identifier: MIT
// Contract of the scatter stage: from the batch's coordinates to positions in a Context.
#ifndef OPENMM_ORBIT_STAGES_SCATTER_H_
#define OPENMM_ORBIT_STAGES_SCATTER_H_

#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/**
 * Place every copy around the centroid its particles had.
 *
 *   in   positions          [numAtoms][3]    model unit, every copy centred
 *   in   particles          [numAtoms]       Context particle of every row of the batch
 *   in   firstAtoms         [numCopies + 1]  first row of every copy, then the number of rows
 *   in   centroids          [numCopies][3]   nm, from gather
 *   out  contextPositions   [numParticles]   nm; other particles are left untouched
 *
 * A batch without particles (a private Context) is not written.
 * Implementations: scatter(shape, inputs, contextPositions).
 */

struct ScatterShape {
    int numCopies = 0;
    double unitInNanometers = 0.1;  ///< length of the model unit
};

/** What scatter() reads. */
template <class T>
struct ScatterInputs {
    ArrayView<const T> positions;
    ArrayView<const int> particles, firstAtoms;
    ArrayView<const double> centroids;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_SCATTER_H_
