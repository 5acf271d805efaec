// SPDX-License-Identifier: MIT
// The checks of a model's parts and the shapes of its tensors, shared by reading, creating and validating.
#ifndef OPENMM_ORBIT_DENOISERMODELCHECKS_H_
#define OPENMM_ORBIT_DENOISERMODELCHECKS_H_

#include "openmmorbit/DenoiserModel.h"
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Check that sizes and constants lie in their ranges. @throws ArgumentError that starts with `where` */
void checkModelSettings(const std::string& where, const PairBiasTransformerSettings& settings);

/** Check what a gated transformer has besides. @throws ArgumentError that starts with `where` */
void checkGatedSettings(const std::string& where, const DenoiserModel& model);

/** Get the name and shape of every tensor of a gated transformer. */
std::map<std::string, std::vector<int>> getGatedShapes(const DenoiserModel& model);

/** Get the number of values of all vocabularies. */
int countValues(const std::vector<FeatureVocabulary>& vocabularies);

/** Check that names and values of the vocabularies differ. @throws ArgumentError that starts with `where` */
void checkVocabularies(const std::string& where, const std::vector<FeatureVocabulary>& vocabularies,
        const std::string& kind);

/** Check everything that DenoiserModel::validate() promises. @throws ArgumentError that starts with `where` */
void checkModel(const std::string& where, const DenoiserModel& model);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_DENOISERMODELCHECKS_H_
