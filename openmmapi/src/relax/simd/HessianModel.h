// SPDX-License-Identifier: MIT
// A positive model of the Hessian, sparse, and its factorization: what L-BFGS starts from instead of a number.
// Source: doi:10.1038/s41598-018-32105-x (preconditioners from the terms of force fields).
#ifndef OPENMM_ORBIT_RELAX_HESSIANMODEL_H_
#define OPENMM_ORBIT_RELAX_HESSIANMODEL_H_

#include "Bonded.h"

namespace OrbitPlugin {
namespace mmff {
namespace ORBIT_SIMD {

/** Sines of angles are at least this in the model. */
constexpr double LEAST_MODEL_SINE = 0.3;
/** Squares of the normals of torsions are at least this in the model, Angstrom^4. */
constexpr double LEAST_MODEL_NORMAL = 0.3;
constexpr int BLOCK = 9 * LANES;

/** block += a b^T. */
ORBIT_INLINE void addOuter(double* block, Point a, Point b) {
    const Vec left[3] = {a.x, a.y, a.z}, right[3] = {b.x, b.y, b.z};
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 3; column++)
            add(block + (3 * row + column) * LANES, left[row] * right[column]);
}

/** Add k g g^T for a coordinate of some atoms with the gradient g; places are of the pairs of these atoms. */
template <int NUM>
ORBIT_INLINE const int* addCoordinate(double* model, const int* places, const int (&atoms)[NUM], double stiffness,
        const Point (&gradient)[NUM]) {
    for (int a = 0; a < NUM; a++) {
        const Point scaled = splat(stiffness) * gradient[a];
        addOuter(model + (long) atoms[a] * BLOCK, scaled, gradient[a]);
        for (int b = 0; b < a; b++) {
            const int place = *places++;
            if (place >= 0)
                addOuter(model + (long) place * BLOCK, scaled, gradient[b]);
            else
                addOuter(model + (long) ~place * BLOCK, gradient[b], scaled);
        }
    }
    return places;
}

ORBIT_INLINE const int* modelBonds(const TermView& terms, const double* x, double* model, const int* places) {
    for (int index = 0; index < terms.numBonds; index++) {
        const PackedBond& bond = terms.bonds[index];
        const Point r = findWay(loadPoint(x, bond.i), loadPoint(x, bond.j));
        const Point unit = (1.0 / squareRoot(squareOf(r))) * r;
        places = addCoordinate<2>(model, places, {bond.i, bond.j}, 2 * bond.k, {unit, Point{} - unit});
    }
    return places;
}

ORBIT_INLINE const int* modelAngles(const TermView& terms, const double* x, double* model, const int* places) {
    for (int index = 0; index < terms.numAngles; index++) {
        const PackedAngle& angle = terms.angles[index];
        const Corner corner = findCorner(x, angle.i, angle.j, angle.k);
        const Vec square = maximum(1.0 - corner.cosine * corner.cosine, splat(LEAST_MODEL_SINE * LEAST_MODEL_SINE));
        const Vec factor = RAD_TO_DEG / squareRoot(square);
        const Point atI = factor * corner.gradientI, atK = factor * corner.gradientK;
        places = addCoordinate<3>(model, places, {angle.i, angle.j, angle.k}, 2 * angle.bend,
                {atI, Point{} - atI - atK, atK});
    }
    return places;
}

/** Linear angles: the sum of the two unit vectors is zero at the minimum, in all three directions. */
ORBIT_INLINE const int* modelLinear(const TermView& terms, const double* x, double* model, const int* places) {
    for (int index = 0; index < terms.numLinear; index++) {
        const PackedLinear& angle = terms.linear[index];
        const Corner corner = findCorner(x, angle.i, angle.j, angle.k);
        const int* next = places;
        for (int axis = 0; axis < 3; axis++) {
            const Point unit = {splat(axis == 0), splat(axis == 1), splat(axis == 2)};
            const Point atI = (1.0 / corner.lengthI) * (unit - dot(unit, corner.unitI) * corner.unitI);
            const Point atK = (1.0 / corner.lengthK) * (unit - dot(unit, corner.unitK) * corner.unitK);
            next = addCoordinate<3>(model, places, {angle.i, angle.j, angle.k}, angle.bend,
                    {atI, Point{} - atI - atK, atK});
        }
        places = next;
    }
    return places;
}

/** Planar centres: the triple product of the unit vectors, which the three Wilson angles are about 1.15 times. */
ORBIT_INLINE const int* modelCentres(const TermView& terms, const double* x, double* model, const int* places) {
    for (int index = 0; index < terms.numCentres; index++) {
        const PackedCentre& centre = terms.centres[index];
        const Point middle = loadPoint(x, centre.j);
        Point a = loadPoint(x, centre.i) - middle, b = loadPoint(x, centre.k) - middle;
        Point c = loadPoint(x, centre.l) - middle;
        const Vec inverseA = 1.0 / squareRoot(squareOf(a, LEAST_SIDE));
        const Vec inverseB = 1.0 / squareRoot(squareOf(b, LEAST_SIDE));
        const Vec inverseC = 1.0 / squareRoot(squareOf(c, LEAST_SIDE));
        a = inverseA * a;
        b = inverseB * b;
        c = inverseC * c;
        Point toA = cross(b, c), toB = cross(c, a), toC = cross(a, b);
        toA = inverseA * (toA - dot(toA, a) * a);
        toB = inverseB * (toB - dot(toB, b) * b);
        toC = inverseC * (toC - dot(toC, c) * c);
        const double stiffness = 2 * centre.bend * RAD_TO_DEG * RAD_TO_DEG * 4;
        places = addCoordinate<4>(model, places, {centre.i, centre.j, centre.k, centre.l}, stiffness,
                {toA, Point{} - toA - toB - toC, toB, toC});
    }
    return places;
}

ORBIT_INLINE const int* modelTorsions(const TermView& terms, const double* x, double* model, const int* places) {
    for (int index = 0; index < terms.numTorsions; index++) {
        const PackedTorsion& torsion = terms.torsions[index];
        const Point second = loadPoint(x, torsion.j), third = loadPoint(x, torsion.k);
        const Point first = loadPoint(x, torsion.i) - second, axis = third - second;
        const Point last = loadPoint(x, torsion.l) - third;
        Point normalI = cross(first, axis), normalL = cross(last, axis);
        const Vec length = squareRoot(squareOf(axis, LEAST_SIDE)), inverse = 1.0 / length;
        normalI = (1.0 / squareOf(normalI, LEAST_MODEL_NORMAL)) * normalI;
        normalL = (1.0 / squareOf(normalL, LEAST_MODEL_NORMAL)) * normalL;
        const Point toI = length * normalI, toL = Point{} - length * normalL;
        const Point shift = (inverse * dot(first, axis)) * normalI - (inverse * dot(last, axis)) * normalL;
        const Point toJ = shift - toI, toK = Point{} - shift - toL;
        const double stiffness = __builtin_fabs(torsion.v1) + 4 * __builtin_fabs(torsion.v2) +
                9 * __builtin_fabs(torsion.v3);
        places = addCoordinate<4>(model, places, {torsion.i, torsion.j, torsion.k, torsion.l}, stiffness,
                {toI, toJ, toK, toL});
    }
    return places;
}

struct Matrix {
    Vec values[3][3];
};

ORBIT_INLINE Matrix loadMatrix(const double* block) {
    Matrix matrix;
    for (int k = 0; k < 9; k++)
        matrix.values[k / 3][k % 3] = load(block + k * LANES);
    return matrix;
}

ORBIT_INLINE void storeMatrix(double* block, const Matrix& matrix) {
    for (int k = 0; k < 9; k++)
        store(block + k * LANES, matrix.values[k / 3][k % 3]);
}

/** The inverse of a symmetric matrix. */
ORBIT_INLINE Matrix invert(const Matrix& m) {
    const auto& a = m.values;
    const Vec c00 = a[1][1] * a[2][2] - a[1][2] * a[1][2], c01 = a[0][2] * a[1][2] - a[0][1] * a[2][2];
    const Vec c02 = a[0][1] * a[1][2] - a[0][2] * a[1][1], c11 = a[0][0] * a[2][2] - a[0][2] * a[0][2];
    const Vec c12 = a[0][1] * a[0][2] - a[0][0] * a[1][2], c22 = a[0][0] * a[1][1] - a[0][1] * a[0][1];
    const Vec inverse = 1.0 / (a[0][0] * c00 + a[0][1] * c01 + a[0][2] * c02);
    return {{{inverse * c00, inverse * c01, inverse * c02}, {inverse * c01, inverse * c11, inverse * c12},
        {inverse * c02, inverse * c12, inverse * c22}}};
}

ORBIT_INLINE Matrix multiply(const Matrix& a, const Matrix& b) {
    Matrix product;
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 3; column++)
            product.values[row][column] = a.values[row][0] * b.values[0][column] +
                    a.values[row][1] * b.values[1][column] + a.values[row][2] * b.values[2][column];
    return product;
}

/** target -= a b^T. */
ORBIT_INLINE void subtractProduct(double* target, const Matrix& a, const double* b) {
    const Matrix other = loadMatrix(b);
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 3; column++) {
            double* place = target + (3 * row + column) * LANES;
            store(place, load(place) - a.values[row][0] * other.values[column][0] -
                    a.values[row][1] * other.values[column][1] - a.values[row][2] * other.values[column][2]);
        }
}

/** Block LDL^T in place: the blocks of atoms with themselves become the inverses of D, the others L. */
ORBIT_INLINE void eliminate(const BlockView& blocks, double* model) {
    const int* target = blocks.targets;
    for (int column = 0; column < blocks.numAtoms; column++) {
        double* own = model + (long) blocks.columnAtoms[column] * BLOCK;
        const Matrix inverse = invert(loadMatrix(own));
        storeMatrix(own, inverse);
        double* first = model + (long) (blocks.numAtoms + blocks.firstRow[column]) * BLOCK;
        const int numRows = blocks.firstRow[column + 1] - blocks.firstRow[column];

        // From the last row on, so that the rows before it are still those of the matrix.

        for (int a = numRows - 1; a >= 0; a--) {
            const Matrix lower = multiply(loadMatrix(first + a * BLOCK), inverse);
            for (int b = 0; b <= a; b++)
                subtractProduct(model + (long) *target++ * BLOCK, lower, first + b * BLOCK);
            storeMatrix(first + a * BLOCK, lower);
        }
    }
}

static void factorize(const TermView& terms, const BlockView& blocks, Descent& descent) {
    double* model = descent.newFactor;
    const double* x = descent.trial;
    for (long k = 0; k < 9L * blocks.numBlocks; k++)
        store(model + k * LANES, Vec{});
    for (int atom = 0; atom < blocks.numAtoms; atom++)
        for (int axis = 0; axis < 3; axis++)
            store(model + (long) atom * BLOCK + 4 * axis * LANES, splat(SOFTEST));
    const int* places = modelBonds(terms, x, model, blocks.places);
    places = modelAngles(terms, x, model, places);
    places = modelLinear(terms, x, model, places);
    places = modelCentres(terms, x, model, places);
    modelTorsions(terms, x, model, places);
    eliminate(blocks, model);
    const Vec refreshed = load(descent.refreshed);
    for (long k = 0; k < 9L * blocks.numBlocks; k++)
        store(descent.factor + k * LANES,
                refreshed > 0.5 ? load(model + k * LANES) : load(descent.factor + k * LANES));
}

/** q becomes the product of the inverse model with q. */
ORBIT_INLINE void solve(const BlockView& blocks, const double* factor, double* q) {
    for (int column = 0; column < blocks.numAtoms; column++) {
        const int atom = blocks.columnAtoms[column];
        const Point value = loadPoint(q, atom);
        for (int k = blocks.firstRow[column]; k < blocks.firstRow[column + 1]; k++) {
            const Matrix lower = loadMatrix(factor + (long) (blocks.numAtoms + k) * BLOCK);
            const auto& m = lower.values;
            addPoint(q, blocks.rowAtoms[k], {-m[0][0] * value.x - m[0][1] * value.y - m[0][2] * value.z,
                -m[1][0] * value.x - m[1][1] * value.y - m[1][2] * value.z,
                -m[2][0] * value.x - m[2][1] * value.y - m[2][2] * value.z});
        }
    }
    for (int column = blocks.numAtoms - 1; column >= 0; column--) {
        const int atom = blocks.columnAtoms[column];
        const Point before = loadPoint(q, atom);
        const Matrix inverse = loadMatrix(factor + (long) atom * BLOCK);
        const auto& d = inverse.values;
        Point value = {d[0][0] * before.x + d[0][1] * before.y + d[0][2] * before.z,
            d[1][0] * before.x + d[1][1] * before.y + d[1][2] * before.z,
            d[2][0] * before.x + d[2][1] * before.y + d[2][2] * before.z};
        for (int k = blocks.firstRow[column]; k < blocks.firstRow[column + 1]; k++) {
            const Matrix lower = loadMatrix(factor + (long) (blocks.numAtoms + k) * BLOCK);
            const auto& m = lower.values;
            const Point row = loadPoint(q, blocks.rowAtoms[k]);
            value.x -= m[0][0] * row.x + m[1][0] * row.y + m[2][0] * row.z;
            value.y -= m[0][1] * row.x + m[1][1] * row.y + m[2][1] * row.z;
            value.z -= m[0][2] * row.x + m[1][2] * row.y + m[2][2] * row.z;
        }
        double* p = q + 3 * LANES * atom;
        store(p, value.x);
        store(p + LANES, value.y);
        store(p + 2 * LANES, value.z);
    }
}

} // namespace ORBIT_SIMD
} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RELAX_HESSIANMODEL_H_
