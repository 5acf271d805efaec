// SPDX-License-Identifier: MIT
// The features of a new model of molecules.
#include "openmmorbit/FeatureVocabulary.h"

namespace OrbitPlugin {

std::vector<FeatureVocabulary> getDefaultAtomVocabularies() {
    return {{"element", {1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53}, false},
            {"formalCharge", {-2, -1, 0, 1, 2}, false}, {"isotope", {0, 1}, false},
            {"hybridization", {0, 1, 2, 3, 4}, true}, {"smallestRing", {0, 3, 4, 5, 6, 7, 8}, true},
            {"aromatic", {0, 1}, false}, {"degree", {0, 1, 2, 3, 4, 5, 6}, true}};
}

std::vector<FeatureVocabulary> getDefaultPairVocabularies() {
    return {{"bondOrder", {0, 1, 2, 3, 4, 5}, false},
            {"topologicalDistance", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, true},
            {"sharedRing", {0, 3, 4, 5, 6, 7, 8}, true}, {"ringFace", {0, 1, 2}, false},
            {"doubleBondStereo", {0, 1, 2}, false}};
}

} // namespace OrbitPlugin
