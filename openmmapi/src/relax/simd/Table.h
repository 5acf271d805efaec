// SPDX-License-Identifier: MIT
// The table of one instruction set; included by the units of isa/, which define ORBIT_SIMD, its name and ORBIT_LANES.
#ifndef OPENMM_ORBIT_RELAX_TABLE_H_
#define OPENMM_ORBIT_RELAX_TABLE_H_

#include "Bonded.h"
#include "Descent.h"
#include "Nonbonded.h"

namespace OrbitPlugin {
namespace mmff {
namespace ORBIT_SIMD {

static void evaluate(const TermView& terms, const double* x, double* gradient, double* energies) {
    for (int i = 0; i < 3 * terms.numAtoms; i++)
        store(gradient + i * LANES, Vec{});
    Vec bending{}, coupling{}, dispersion{}, coulomb{};
    store(energies + BOND * LANES, addBonds(terms, x, gradient));
    addAngles(terms, x, gradient, bending, coupling);
    store(energies + ANGLE * LANES, bending + addLinear(terms, x, gradient));
    store(energies + STRETCH_BEND * LANES, coupling);
    store(energies + OUT_OF_PLANE * LANES, addCentres(terms, x, gradient));
    store(energies + TORSION * LANES, addTorsions(terms, x, gradient));
    addPairs(terms, x, gradient, dispersion, coulomb);
    store(energies + VAN_DER_WAALS * LANES, dispersion);
    store(energies + ELECTROSTATIC * LANES, coulomb);
}

static constexpr KernelTable TABLE = {ORBIT_SIMD_NAME, LANES, evaluate, factorize, advance, move};

} // namespace ORBIT_SIMD
} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RELAX_TABLE_H_
