// SPDX-License-Identifier: MIT
// Bonds, angles, planar centres and torsions of MMFF94, for a vector of copies. Source: doi:10.1002/
// (SICI)1096-987X(199604)17:5/6<490::AID-JCC1>3.0.CO;2-P, equations 2 to 6; constants as in RDKit.
#ifndef OPENMM_ORBIT_RELAX_BONDED_H_
#define OPENMM_ORBIT_RELAX_BONDED_H_

#include "Lanes.h"

namespace OrbitPlugin {
namespace mmff {
namespace ORBIT_SIMD {

/** The least sine that gradients of angles are divided by. */
constexpr double LEAST_SINE = 1e-8;

/** Quartic in the length. */
ORBIT_INLINE Vec addBonds(const TermView& terms, const double* x, double* gradient) {
    Vec energy{};
    for (int index = 0; index < terms.numBonds; index++) {
        const PackedBond& bond = terms.bonds[index];
        const Point r = findWay(loadPoint(x, bond.i), loadPoint(x, bond.j));
        const Vec length = squareRoot(squareOf(r)), d = length - bond.r0;
        const double third = -2.0, fourth = 7.0 / 3.0;
        energy += bond.k * d * d * (1.0 + d * (third + d * fourth));
        const Vec slope = bond.k * d * (2.0 + d * (3.0 * third + d * (4.0 * fourth)));
        const Point force = (slope / length) * r;
        addPoint(gradient, bond.i, force);
        addPoint(gradient, bond.j, Point{} - force);
    }
    return energy;
}

/** An angle i-j-k: lengths of its sides, its cosine, and the gradient of the cosine at i and k. */
struct Corner {
    Vec lengthI, lengthK, cosine;
    Point unitI, unitK, gradientI, gradientK;
};

ORBIT_INLINE Corner findCorner(const double* x, int i, int j, int k) {
    const Point middle = loadPoint(x, j), a = loadPoint(x, i) - middle, b = loadPoint(x, k) - middle;
    Corner corner;
    corner.lengthI = squareRoot(squareOf(a, LEAST_SIDE));
    corner.lengthK = squareRoot(squareOf(b, LEAST_SIDE));
    const Vec inverse = 1.0 / (corner.lengthI * corner.lengthK);
    const Vec inverseI = corner.lengthK * inverse, inverseK = corner.lengthI * inverse;
    corner.unitI = inverseI * a;
    corner.unitK = inverseK * b;
    corner.cosine = clipToOne(dot(corner.unitI, corner.unitK));
    corner.gradientI = inverseI * (corner.unitK - corner.cosine * corner.unitI);
    corner.gradientK = inverseK * (corner.unitI - corner.cosine * corner.unitK);
    return corner;
}

ORBIT_INLINE void addCorner(double* gradient, int i, int j, int k, Point atI, Point atK) {
    addPoint(gradient, i, atI);
    addPoint(gradient, k, atK);
    addPoint(gradient, j, Point{} - atI - atK);
}

/** Cubic in the angle, and the product of angle and lengths. */
ORBIT_INLINE void addAngles(const TermView& terms, const double* x, double* gradient, Vec& bending, Vec& coupling) {
    for (int index = 0; index < terms.numAngles; index++) {
        const PackedAngle& angle = terms.angles[index];
        const Corner corner = findCorner(x, angle.i, angle.j, angle.k);
        const double cubic = -0.006981317;
        const Vec d = RAD_TO_DEG * arcCosine(corner.cosine) - angle.theta0;
        const Vec stretch = angle.stretchIJ * (corner.lengthI - angle.r0IJ) +
                angle.stretchKJ * (corner.lengthK - angle.r0KJ);
        bending += angle.bend * d * d * (1.0 + cubic * d);
        coupling += stretch * d;
        const Vec sine = maximum(squareRoot(maximum(1.0 - corner.cosine * corner.cosine, Vec{})), splat(LEAST_SINE));
        const Vec slope = (angle.bend * d * (2.0 + 3.0 * cubic * d) + stretch) * (-RAD_TO_DEG / sine);
        addCorner(gradient, angle.i, angle.j, angle.k,
                slope * corner.gradientI + (angle.stretchIJ * d) * corner.unitI,
                slope * corner.gradientK + (angle.stretchKJ * d) * corner.unitK);
    }
}

/** Angles at linear atoms: 1 + cosine. */
ORBIT_INLINE Vec addLinear(const TermView& terms, const double* x, double* gradient) {
    Vec energy{};
    for (int index = 0; index < terms.numLinear; index++) {
        const PackedLinear& angle = terms.linear[index];
        const Corner corner = findCorner(x, angle.i, angle.j, angle.k);
        energy += angle.bend * (1.0 + corner.cosine);
        const Vec slope = splat(angle.bend);
        addCorner(gradient, angle.i, angle.j, angle.k, slope * corner.gradientI, slope * corner.gradientK);
    }
    return energy;
}

/** One Wilson angle of three unit vectors: that of c with the plane of a and b. */
struct Wilson {
    Vec energy;
    Vec alongNormal;        ///< gradient by the triple product
    Vec alongCosine;        ///< gradient by the cosine of a and b
};

ORBIT_INLINE Wilson findWilson(double bend, Vec triple, Vec cosine) {
    const Vec inverse = 1.0 / squareRoot(maximum(1.0 - cosine * cosine, splat(LEAST_SINE * LEAST_SINE)));
    const Vec sine = clipToOne(triple * inverse);
    const Vec d = RAD_TO_DEG * arcSine(sine);
    const Vec rest = maximum(squareRoot(1.0 - sine * sine), splat(LEAST_SINE));
    const Vec slope = 2.0 * RAD_TO_DEG * bend * d / rest;
    return {bend * d * d, slope * inverse, slope * sine * cosine * inverse * inverse};
}

/** The three Wilson angles of each planar centre j. */
ORBIT_INLINE Vec addCentres(const TermView& terms, const double* x, double* gradient) {
    Vec energy{};
    for (int index = 0; index < terms.numCentres; index++) {
        const PackedCentre& centre = terms.centres[index];
        const Point middle = loadPoint(x, centre.j);
        Point a = loadPoint(x, centre.i) - middle, b = loadPoint(x, centre.k) - middle;
        Point c = loadPoint(x, centre.l) - middle;
        const Vec lengthA = squareRoot(squareOf(a, LEAST_SIDE)), lengthB = squareRoot(squareOf(b, LEAST_SIDE));
        const Vec lengthC = squareRoot(squareOf(c, LEAST_SIDE)), inverse = 1.0 / (lengthA * lengthB * lengthC);
        const Vec inverseA = lengthB * lengthC * inverse, inverseB = lengthA * lengthC * inverse;
        const Vec inverseC = lengthA * lengthB * inverse;
        a = inverseA * a;
        b = inverseB * b;
        c = inverseC * c;
        const Point bc = cross(b, c), ca = cross(c, a), ab = cross(a, b);
        const Vec triple = dot(a, bc);
        const Wilson atA = findWilson(centre.bend, triple, dot(b, c));
        const Wilson atB = findWilson(centre.bend, triple, dot(c, a));
        const Wilson atC = findWilson(centre.bend, triple, dot(a, b));
        energy += atA.energy + atB.energy + atC.energy;
        const Vec normal = atA.alongNormal + atB.alongNormal + atC.alongNormal;
        Point toA = normal * bc + atB.alongCosine * c + atC.alongCosine * b;
        Point toB = normal * ca + atA.alongCosine * c + atC.alongCosine * a;
        Point toC = normal * ab + atA.alongCosine * b + atB.alongCosine * a;
        toA = inverseA * (toA - dot(toA, a) * a);
        toB = inverseB * (toB - dot(toB, b) * b);
        toC = inverseC * (toC - dot(toC, c) * c);
        addPoint(gradient, centre.i, toA);
        addPoint(gradient, centre.k, toB);
        addPoint(gradient, centre.l, toC);
        addPoint(gradient, centre.j, Point{} - toA - toB - toC);
    }
    return energy;
}

/** Three cosines of a torsion, as a polynomial of its cosine. */
ORBIT_INLINE Vec addTorsions(const TermView& terms, const double* x, double* gradient) {
    Vec energy{};
    for (int index = 0; index < terms.numTorsions; index++) {
        const PackedTorsion& torsion = terms.torsions[index];
        const Point second = loadPoint(x, torsion.j), third = loadPoint(x, torsion.k);
        const Point first = loadPoint(x, torsion.i) - second, axis = third - second;
        const Point last = loadPoint(x, torsion.l) - third;
        Point normalI = cross(first, axis), normalL = cross(last, axis);
        const Vec lengthI = squareRoot(squareOf(normalI, LEAST_NORMAL));
        const Vec lengthL = squareRoot(squareOf(normalL, LEAST_NORMAL));
        const Vec inverse = 1.0 / (lengthI * lengthL);
        const Vec inverseI = lengthL * inverse, inverseL = lengthI * inverse;
        normalI = inverseI * normalI;
        normalL = inverseL * normalL;
        const Vec c = clipToOne(dot(normalI, normalL));
        const double v1 = torsion.v1, v2 = torsion.v2, v3 = torsion.v3;
        energy += v1 * (1.0 + c) + 2.0 * v2 * (1.0 - c * c) + v3 * (1.0 + c * (4.0 * c * c - 3.0));
        const Vec slope = v1 - 4.0 * v2 * c + v3 * (12.0 * c * c - 3.0);

        // The gradient by the normals, and through the products to the atoms.

        const Point u = (slope * inverseI) * (normalL - c * normalI);
        const Point w = (slope * inverseL) * (normalI - c * normalL);
        const Point toI = cross(axis, u), toL = cross(axis, w);
        const Point toAxis = cross(u, first) + cross(w, last);
        addPoint(gradient, torsion.i, toI);
        addPoint(gradient, torsion.l, toL);
        addPoint(gradient, torsion.j, Point{} - toI - toAxis);
        addPoint(gradient, torsion.k, toAxis - toL);
    }
    return energy;
}

} // namespace ORBIT_SIMD
} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RELAX_BONDED_H_
