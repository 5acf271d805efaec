// SPDX-License-Identifier: MIT
// The buffered 14-7 and Coulomb terms of MMFF94 for a vector of copies: all pairs, one root and one division each.
#ifndef OPENMM_ORBIT_RELAX_NONBONDED_H_
#define OPENMM_ORBIT_RELAX_NONBONDED_H_

#include "Lanes.h"

namespace OrbitPlugin {
namespace mmff {
namespace ORBIT_SIMD {

/** Distance that is added in the denominator of the Coulomb term, Angstrom. */
constexpr double BUFFER = 0.05;

ORBIT_INLINE void addPairs(const TermView& terms, const double* x, double* gradient, Vec& dispersion, Vec& coulomb) {
    for (int i = 0; i < terms.numAtoms; i++) {
        const Point here = loadPoint(x, i);
        Point total{};
        for (int index = terms.firstPair[i]; index < terms.firstPair[i + 1]; index++) {
            const PackedPair& pair = terms.pairs[index];
            const Point way = findWay(here, loadPoint(x, pair.j));
            const Vec square = squareOf(way), r = squareRoot(square);
            const Vec r6 = square * square * square, r7 = r6 * r;

            // The reciprocals of r and the three denominators come from that of their product.

            const Vec d1 = r + pair.shift, d2 = r7 + pair.floor, d3 = r + BUFFER;
            const Vec product12 = d1 * d2, product3 = d3 * r;
            const Vec whole = 1.0 / (product12 * product3);
            const Vec both12 = whole * product3, both3 = whole * product12;
            const Vec inverse1 = both12 * d2, inverse2 = both12 * d1, inverse3 = both3 * r, inverse = both3 * d3;

            const Vec square1 = inverse1 * inverse1;
            const Vec seventh = pair.depth * square1 * square1 * square1 * inverse1;
            const Vec rise = pair.rise * inverse2, well = rise - 2.0;
            const Vec charged = pair.charges * inverse3;
            dispersion += seventh * well;
            coulomb += charged;
            const Vec slope = -7.0 * seventh * (inverse1 * well + rise * inverse2 * r6) - charged * inverse3;
            const Point force = (slope * inverse) * way;
            total = total + force;
            addPoint(gradient, pair.j, Point{} - force);
        }
        addPoint(gradient, i, total);
    }
}

} // namespace ORBIT_SIMD
} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RELAX_NONBONDED_H_
