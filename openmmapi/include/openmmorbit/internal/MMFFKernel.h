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
    double *scale = nullptr;    ///< of the inverse Hessian, where nothing is known of it
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
    /** Take what is accepted, remember the steps, and find the new directions (L-BFGS). */
    void (*advance)(Descent& descent);
    /** trial = x + length * direction. */
    void (*move)(Descent& descent);
};

const KernelTable* getPortableTable();
const KernelTable* getAvx2Table();
const KernelTable* getAvx512Table();

} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFKERNEL_H_
