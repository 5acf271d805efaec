// SPDX-License-Identifier: MIT
// The checks of a model's parts, shared by reading, creating and validating.
#ifndef OPENMM_ORBIT_DENOISERMODELCHECKS_H_
#define OPENMM_ORBIT_DENOISERMODELCHECKS_H_

#include "openmmorbit/DenoiserModel.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Check that sizes and constants lie in their ranges. @throws ArgumentError that starts with `where` */
void checkModelSettings(const std::string& where, const PairBiasTransformerSettings& settings);

/** Check that names and values of the vocabularies differ. @throws ArgumentError that starts with `where` */
void checkVocabularies(const std::string& where, const std::vector<FeatureVocabulary>& vocabularies,
        const std::string& kind);

/** Check everything that DenoiserModel::validate() promises. @throws ArgumentError that starts with `where` */
void checkModel(const std::string& where, const DenoiserModel& model);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_DENOISERMODELCHECKS_H_
