// SPDX-License-Identifier: MIT
// What a shape of a molecule should measure, and what is refused.
#ifndef OPENMM_ORBIT_GEOMETRYLIMITS_H_
#define OPENMM_ORBIT_GEOMETRYLIMITS_H_

#include "openmmorbit/internal/GeometryTerms.h"

namespace OrbitPlugin {

/** Expected values of one shape, in the unit of its kind. */
struct GeometryLimits {
    double mean = 0, spread = 1;        ///< of its class
    double lowest = 0, highest = 0;     ///< what is accepted
};

/** Find the limits of a shape: those of its most specific class that enough molecules show, or a rule. */
OPENMM_EXPORT_ORBIT GeometryLimits findLimits(const MolecularGraph& graph, const GeometryTerm& term);

/** Estimate the length of a bond from radii of single, double and triple bonds, Angstrom; 0 without a radius. */
OPENMM_EXPORT_ORBIT double estimateBondLength(int element1, int element2, BondOrder order);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GEOMETRYLIMITS_H_
