// SPDX-License-Identifier: MIT
// What the vectorised kernels of MMFF94 read and write: plain pointers, as their units include nothing of the library.
#ifndef OPENMM_ORBIT_MMFFKERNEL_H_
#define OPENMM_ORBIT_MMFFKERNEL_H_

namespace OrbitPlugin {
namespace mmff {

/** Kinds of terms, in the order of their energies. */
enum Kind { BOND, ANGLE, STRETCH_BEND, OUT_OF_PLANE, TORSION, VAN_DER_WAALS, ELECTROSTATIC, NUM_KINDS };

// Terms with their units multiplied in: Angstrom, degrees, kcal/mol.

struct PackedBond {
    int i, j;
    double k, r0;               ///< kcal/mol/Angstrom^2, half the force constant
};

/** An angle with its stretch-bend term; factors of what a molecule does not have are 0. */
struct PackedAngle {
    int i, j, k;
    double bend, theta0;        ///< kcal/mol/degree^2, half the force constant
    double stretchIJ, stretchKJ, r0IJ, r0KJ;    ///< kcal/mol/Angstrom/degree
};

struct PackedLinear {
    int i, j, k;
    double bend;                ///< kcal/mol
};

struct PackedCentre {
    int i, j, k, l;
    double bend;                ///< kcal/mol/degree^2, half the force constant
};

struct PackedTorsion {
    int i, j, k, l;
    double v1, v2, v3;          ///< kcal/mol, half the heights
};

/** The numbers of a pair: E = depth (r + shift)^-7 (rise / (r^7 + floor) - 2) + charges / (r + 0.05). */
struct PackedPair {
    int j;
    double shift, depth, rise, floor, charges;
};

struct TermView {
    int numAtoms = 0, numBonds = 0, numAngles = 0, numLinear = 0, numCentres = 0, numTorsions = 0;
    const PackedBond* bonds = nullptr;
    const PackedAngle* angles = nullptr;
    const PackedLinear* linear = nullptr;
    const PackedCentre* centres = nullptr;
    const PackedTorsion* torsions = nullptr;
    const PackedPair* pairs = nullptr;
    const int* firstPair = nullptr;     ///< [numAtoms + 1] pairs of atom i are firstPair[i] to firstPair[i + 1]
};

/** Stiffness that the model of the Hessian has everywhere, for what it leaves out. kcal/mol/Angstrom^2. */
constexpr double SOFTEST = 2.0;

/**
 * The blocks of a model of the Hessian, 3 x 3 for two atoms, and of its Cholesky factor. Block number k below numAtoms
 * is that of atom k with itself; others follow by columns. Columns are eliminated in the order of columnAtoms.
 */
struct BlockView {
    int numAtoms = 0;
    int numBlocks = 0;                  ///< those of atoms with themselves included
    const int* columnAtoms = nullptr;   ///< [numAtoms]
    const int* firstRow = nullptr;      ///< [numAtoms + 1] rows of column c are firstRow[c] to firstRow[c + 1]
    const int* rowAtoms = nullptr;      ///< [numBlocks - numAtoms] block number numAtoms + k has the row rowAtoms[k]
    /** Blocks that the rows a and b <= a of a column change, for every column, a and b. */
    const int* targets = nullptr;
    /** Blocks of the pairs of atoms of bonds, angles, linear angles, centres and torsions; ~k is the transpose of k. */
    const int* places = nullptr;
};

/**
 * A descent of as many copies as a vector has lanes. Arrays of coordinates are [numCoordinates][lanes], aligned to
 * vectors; a lane is changed by its own numbers only, so that a copy ends with the same bits in any company.
 */
struct Descent {
    int numCoordinates = 0;
    int depth = 0;              ///< steps that are remembered at most
    int filled = 0, slot = 0;   ///< steps that are remembered, and the place of the next one
    double *x = nullptr, *gradient = nullptr, *direction = nullptr;
    double *trial = nullptr, *trialGradient = nullptr;
    double *steps = nullptr, *changes = nullptr;    ///< [depth][numCoordinates][lanes]
    // By lane; the first is [depth][lanes].
    double *inverse = nullptr;  ///< 1 / (step . change), or 0 where there is nothing to remember
    double *factor = nullptr;   ///< [numBlocks][3][3][lanes] of the model of the Hessian, block LDL^T; see factorize()
    double *newFactor = nullptr;    ///< as large, to work in
    double *refreshed = nullptr;    ///< 1 or 0: whether factorize() changes the factor of a lane
    double *modelled = nullptr;     ///< 1 or 0: whether a lane uses the factor, or the scale
    double *scale = nullptr;    ///< of the inverse Hessian, for lanes that do not use the model
    double *accepted = nullptr, *learns = nullptr;  ///< 1 or 0: the trial is the new x; the step to it is remembered
    double *length = nullptr;   ///< of the step along the direction
    double *slope = nullptr, *reach = nullptr;      ///< direction . gradient, largest component of the direction
    double *residual = nullptr; ///< largest component of the gradient times the distance from the centroid, or 1
};

/** The functions of one instruction set. */
struct KernelTable {
    const char* instructionSet;
    int lanes;
    /** Energies [NUM_KINDS][lanes] and gradient of x; both are written. */
    void (*evaluate)(const TermView& terms, const double* x, double* gradient, double* energies);
    /** Make a model of the Hessian at the trial, of bonds, angles, planar centres and torsions, and factorize it. */
    void (*factorize)(const TermView& terms, const BlockView& blocks, Descent& descent);
    /** Take what is accepted, remember the steps, and find the new directions (L-BFGS with the model). */
    void (*advance)(const BlockView& blocks, Descent& descent);
    /** trial = x + length * direction. */
    void (*move)(Descent& descent);
};

const KernelTable* getPortableTable();
const KernelTable* getAvx2Table();
const KernelTable* getAvx512Table();

} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFKERNEL_H_
