// SPDX-License-Identifier: MIT
// Contract of the scatter stage: from the batch's coordinates to positions in a Context.
#ifndef OPENMM_ORBIT_STAGES_SCATTER_H_
#define OPENMM_ORBIT_STAGES_SCATTER_H_

#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/**
 * This stage writes the positions of each copy into a Context. It converts them from the model unit to nm and adds the
 * centroid that gather found, so that the molecule stays where its particles were. Particles that belong to no copy are
 * left untouched. A batch without particles (a private Context) is not written.
 *
 *   in   positions          [numPoints][3]   model unit, every copy centred
 *   in   particles          [numPoints]      Context particle of every row of the batch
 *   in   firstPoints        [numCopies + 1]  first row of every copy, then the number of rows
 *   in   centroids          [numCopies][3]   nm, from gather
 *   out  contextPositions   [numParticles]   nm
 *
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
    ArrayView<const int> particles, firstPoints;
    ArrayView<const double> centroids;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_SCATTER_H_
