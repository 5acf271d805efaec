// SPDX-License-Identifier: MIT
// What a model generates: molecules, states of a system, or backbones.
#ifndef OPENMM_ORBIT_INTERNAL_MODELSUBJECT_H_
#define OPENMM_ORBIT_INTERNAL_MODELSUBJECT_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/ShardSubject.h"
#include <array>
#include <string>

namespace OrbitPlugin {

/** Get what a model generates. */
OPENMM_EXPORT_ORBIT SubjectKind getSubjectKind(const DenoiserModel& model);

/** Whether a model of backbones knows the secondary structure of residues. */
OPENMM_EXPORT_ORBIT bool knowsStructure(const DenoiserModel& model);

/**
 * Refuse a model that generates something else.
 *
 * @param where   begins the message
 * @param users   what takes models of molecules, systems and backbones
 * @throws ArgumentError that names what takes this model
 */
OPENMM_EXPORT_ORBIT void requireSubject(const std::string& where, const DenoiserModel& model, SubjectKind expected,
        const std::array<std::string, 3>& users = {"ConformerGenerator with it", "TopologyGenerator with it",
                "BackboneGenerator with it"});

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_INTERNAL_MODELSUBJECT_H_
