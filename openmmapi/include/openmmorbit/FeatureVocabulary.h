// SPDX-License-Identifier: MIT
// One categorical input of the network: its name, and the values that have a row of the embedding.
#ifndef OPENMM_ORBIT_FEATUREVOCABULARY_H_
#define OPENMM_ORBIT_FEATUREVOCABULARY_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** One categorical input: a named property, the values it may take, and what happens to others. */
struct OPENMM_EXPORT_ORBIT FeatureVocabulary {
    std::string name;           ///< see docs/model-format.md for the names
    std::vector<int> values;    ///< row k of the embedding belongs to values[k]
    bool saturates = false;     ///< other values take the last row; otherwise they are refused
};

/** Get the vocabularies of the atom features of a new model of molecules. */
OPENMM_EXPORT_ORBIT std::vector<FeatureVocabulary> getDefaultAtomVocabularies();
/** Get the vocabularies of the pair features of a new model of molecules. None of them shows a hand. */
OPENMM_EXPORT_ORBIT std::vector<FeatureVocabulary> getDefaultPairVocabularies();

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FEATUREVOCABULARY_H_
