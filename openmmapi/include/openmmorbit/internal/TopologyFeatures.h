// SPDX-License-Identifier: MIT
// Parts of describeTopology() that other rooms use too.
#ifndef OPENMM_ORBIT_TOPOLOGYFEATURES_H_
#define OPENMM_ORBIT_TOPOLOGYFEATURES_H_

#include "openmmorbit/FeatureVocabulary.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Get the class of every atom: atoms that a symmetry of elements and bonds exchanges share one. Classes are numbered
 * from 0 and do not depend on the numbering of the atoms.
 */
OPENMM_EXPORT_ORBIT std::vector<int> findAtomClasses(const MolecularGraph& graph);

/** Compute the inputs of a system, without what the model says of rotations and points. @throws ArgumentError */
OPENMM_EXPORT_ORBIT TokenInputs computeFeatures(const TopologySubject& subject,
        const std::vector<FeatureVocabulary>& atomVocabularies, const std::vector<FeatureVocabulary>& pairVocabularies);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYFEATURES_H_
