// SPDX-License-Identifier: MIT
// The words of the inspection.
#ifndef OPENMM_ORBIT_FINDINGS_H_
#define OPENMM_ORBIT_FINDINGS_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/GeometryLimits.h"
#include <string>

namespace OrbitPlugin {

/** Clear a flag of a status; the message keeps the first text for each flag. */
void addFault(ConformerStatus& status, bool& flag, const std::string& text);

/** Name an atom by its index and its name. */
std::string nameAtom(const MolecularGraph& graph, int atom);

/**
 * Write a value and the limit that it misses with so many digits that they differ, three significant ones at least:
 * "1.058 Angstrom, expected at least 1.062".
 *
 * @param unit       what stands behind the value, with the space before it
 * @param relation   what stands between, e.g. "at least"
 */
std::string describeMiss(double value, const std::string& unit, const std::string& relation, double limit);

/** Describe a shape whose value lies outside its limits. */
std::string describeShape(
        const MolecularGraph& graph, const GeometryTerm& term, const GeometryLimits& limits, double value);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FINDINGS_H_
