// SPDX-License-Identifier: MIT
// The vectorised MMFF94: each kind of term against its closed form, molecules against RDKit, all kernels alike.
#include "MMFFCopies.h"
#include "Matchers.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MMFFForceField.h"
#include "openmmorbit/MoleculeReader.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace OrbitPlugin;
using std::string;
using std::vector;
using testSupport::evaluateMMFF;
using testSupport::expectClose;
using testSupport::expectThrows;
using testSupport::makeMMFFCopies;
using testSupport::makeMMFFTerms;
using testSupport::MMFFEvaluation;
using testSupport::readMMFFPositions;
using testSupport::tolerance;

static const double KJ_PER_KCAL = 4.184, DEGREE = 3.14159265358979323846 / 180;

/** Compare the energy of one kind in all kernels with a number, and the gradient with differences of energies. */
static void checkTerm(const string& name, const mmff::Terms& terms, const vector<double>& positions, int kind,
        double expected) {
    for (const mmff::KernelTable* kernels : mmff::getKernelTables()) {
        const MMFFEvaluation found = evaluateMMFF(terms, *kernels, positions);
        for (int other = 0; other < mmff::NUM_KINDS; other++)
            expectClose(name + " of kind " + std::to_string(other) + " by " + kernels->instructionSet,
                found.energies[other], other == kind ? expected : 0.0, tolerance("mmffTerm", "double"));
        const double step = 1e-5;
        for (size_t i = 0; i < positions.size(); i++) {
            vector<double> lower = positions, upper = positions;
            lower[i] -= step;
            upper[i] += step;
            const double rise = evaluateMMFF(terms, *kernels, upper).getTotal() -
                    evaluateMMFF(terms, *kernels, lower).getTotal();
            expectClose(name + " gradient " + std::to_string(i) + " by " + kernels->instructionSet, found.gradient[i],
                rise / (2 * step), tolerance("mmffGradient", "double"));
        }
    }
}

TEST(MMFFForceField, bondsAreQuartic) {
    mmff::Terms terms = makeMMFFTerms(2);
    terms.bonds = {{0, 1, 4.5, 1.4}};
    for (double r : {1.2, 1.4, 1.9}) {
        const double d = r - 1.4;
        checkTerm("bond", terms, {0.1, 0.2, 0.3, 0.1 + 0.6 * r, 0.2, 0.3 + 0.8 * r}, mmff::BOND,
            0.5 * 143.9325 * 4.5 * d * d * (1 - 2 * d + 7.0 / 12 * 4 * d * d));
    }
}

/** Three atoms with the angle at the origin's neighbour, sides of 1.3 and 1.6 Angstrom. */
static vector<double> makeAngle(double degrees) {
    return {1.3, 0.5, -0.2, 0, 0.5, -0.2, 1.6 * std::cos(degrees * DEGREE), 0.5 + 1.6 * std::sin(degrees * DEGREE),
        -0.2};
}

TEST(MMFFForceField, anglesAreCubic) {
    mmff::Terms terms = makeMMFFTerms(3);
    terms.angles = {{0, 1, 2, 0.8, 109.5, false}};
    for (double degrees : {15.0, 60.5, 90.0, 119.0, 121.0, 165.0}) {
        const double d = degrees - 109.5;
        checkTerm("angle", terms, makeAngle(degrees), mmff::ANGLE,
            0.5 * 143.9325 * DEGREE * DEGREE * 0.8 * d * d * (1 - 0.006981317 * d));
    }
}

TEST(MMFFForceField, linearAnglesAreCosines) {
    mmff::Terms terms = makeMMFFTerms(3);
    terms.angles = {{0, 1, 2, 0.3, 180, true}};
    for (double degrees : {120.0, 179.0, 180.0})
        checkTerm("linear angle", terms, makeAngle(degrees), mmff::ANGLE,
            143.9325 * 0.3 * (1 + std::cos(degrees * DEGREE)));
}

TEST(MMFFForceField, stretchBendIsAProduct) {
    mmff::Terms terms = makeMMFFTerms(3);
    terms.stretchBends = {{0, 1, 2, 0.25, -0.1, 1.1, 1.5, 109.5}};
    const double expected = 143.9325 * DEGREE * (0.25 * 0.2 - 0.1 * 0.1) * (125 - 109.5);
    checkTerm("stretch-bend", terms, makeAngle(125), mmff::STRETCH_BEND, expected);
    terms.angles = {{0, 1, 2, 0, 109.5, false}};
    checkTerm("stretch-bend of an angle", terms, makeAngle(125), mmff::STRETCH_BEND, expected);
}

TEST(MMFFForceField, outOfPlaneIsQuadraticInWilsonAngles) {
    mmff::Terms terms = makeMMFFTerms(4);
    terms.outOfPlane = {{0, 1, 2, 3, 0.05}};

    // Three equal bonds that rise from the plane by an angle: each has the same Wilson angle with the other two.

    for (double rise : {0.0, 5.0, 25.0}) {
        vector<double> positions = {0, 0, 0, 0.3, -0.1, 0.2, 0, 0, 0, 0, 0, 0};
        const int neighbours[] = {0, 2, 3};
        vector<double> units;
        for (int k = 0; k < 3; k++) {
            const vector<double> unit = {std::cos(rise * DEGREE) * std::cos(120 * k * DEGREE),
                std::cos(rise * DEGREE) * std::sin(120 * k * DEGREE), std::sin(rise * DEGREE)};
            for (int axis = 0; axis < 3; axis++)
                positions[3 * neighbours[k] + axis] = positions[3 + axis] + 1.4 * unit[axis];
            units.insert(units.end(), unit.begin(), unit.end());
        }
        const double normal[] = {units[1] * units[5] - units[2] * units[4], units[2] * units[3] - units[0] * units[5],
            units[0] * units[4] - units[1] * units[3]};
        double triple = 0, square = 0;
        for (int axis = 0; axis < 3; axis++) {
            triple += normal[axis] * units[6 + axis];
            square += normal[axis] * normal[axis];
        }
        const double wilson = std::asin(triple / std::sqrt(square)) / DEGREE;
        checkTerm("out-of-plane", terms, positions, mmff::OUT_OF_PLANE,
            3 * 0.5 * 143.9325 * DEGREE * DEGREE * 0.05 * wilson * wilson);
    }
}

TEST(MMFFForceField, torsionsAreThreeCosines) {
    mmff::Terms terms = makeMMFFTerms(4);
    terms.torsions = {{0, 1, 2, 3, 0.7, -1.9, 0.4}};
    for (double degrees : {-180.0, -120.0, -1.0, 0.0, 55.0, 90.0, 179.5}) {
        const double phi = degrees * DEGREE;
        checkTerm("torsion", terms, {1.2, 0, -0.4, 0, 0, 0, 0, 0, 1.5, 1.1 * std::cos(phi), 1.1 * std::sin(phi), 1.9},
            mmff::TORSION,
            0.5 * (0.7 * (1 + std::cos(phi)) - 1.9 * (1 - std::cos(2 * phi)) + 0.4 * (1 + std::cos(3 * phi))));
    }
}

TEST(MMFFForceField, pairsAreBuffered) {
    for (int numBonds : {3, 4, -1})
        for (double r : {0.5, 2.0, 3.9, 12.0}) {
            mmff::Terms terms = makeMMFFTerms(2);
            terms.separation = {0, numBonds, numBonds, 0};
            terms.atoms[0] = {12, 0, 1.9, 3.1, 0.8, false, false};
            terms.atoms[1] = {16, 0, 1.7, 2.4, 0.6, false, true};
            const double gamma = 0.2 / 3.6, radius = 1.8 * (1 + 0.2 * (1 - std::exp(-12 * gamma * gamma)));
            const double depth = 181.16 * 3.1 * 2.4 / (1.4 * std::pow(radius, 6)), rho = r / radius;
            const vector<double> positions = {0, 0, 0, 0.6 * r, -0.8 * r, 0};
            checkTerm("van der Waals", terms, positions, mmff::VAN_DER_WAALS,
                depth * std::pow(1.07 / (rho + 0.07), 7) * (1.12 / (std::pow(rho, 7) + 0.12) - 2));

            // A hydrogen that is a donor has the mean radius, and 0.8 of it, half as deep, with an acceptor.

            terms.atoms[0].donor = true;
            const double bonded = 0.8 * 1.8, weak = 0.5 * 181.16 * 3.1 * 2.4 / (1.4 * std::pow(1.8, 6));
            checkTerm("hydrogen bond", terms, positions, mmff::VAN_DER_WAALS,
                weak * std::pow(1.07 / (r / bonded + 0.07), 7) * (1.12 / (std::pow(r / bonded, 7) + 0.12) - 2));

            terms.atoms[0] = {12, 0.4, 1.9, 0, 0.8, false, false};
            terms.atoms[1] = {16, -0.3, 1.7, 0, 0.6, false, false};
            checkTerm("electrostatics", terms, positions, mmff::ELECTROSTATIC,
                (numBonds == 3 ? 0.75 : 1) * 332.0716 * 0.4 * -0.3 / (r + 0.05));
        }
}

TEST(MMFFForceField, energiesAreThoseOfRDKit) {
    const nlohmann::json golden = testSupport::readGolden("mmff.json");
    ASSERT_GE(golden["molecules"].size(), 60u);
    for (const nlohmann::json& molecule : golden["molecules"]) {
        const string smiles = molecule["smiles"];
        const MolecularGraph graph = readSmiles(smiles);
        const vector<double> positions = readMMFFPositions(molecule);
        const MMFFForceField field(graph);
        vector<double> expected = molecule["terms"];
        for (double& energy : expected)
            energy *= KJ_PER_KCAL;
        expectClose("terms of " + smiles, field.computeEnergyTerms(positions), expected,
            tolerance("mmffRounded", "double"));
        for (const string variant : {"MMFF94", "MMFF94s"})
            expectClose(variant + " of " + smiles, MMFFForceField(graph, variant).computeEnergies(positions),
                vector<double>{KJ_PER_KCAL * molecule[variant].get<double>()}, tolerance("mmffRounded", "double"));
    }
    EXPECT_EQ(MMFFForceField::getTermNames().size(), 7u);
}

TEST(MMFFForceField, allKernelsAgreeAndForcesAreDerivatives) {
    const nlohmann::json golden = testSupport::readGolden("mmff.json");
    for (const nlohmann::json& molecule : golden["molecules"]) {
        const string smiles = molecule["smiles"];
        const mmff::Terms terms = mmff::findTerms(readSmiles(smiles), "MMFF94s", "test");
        vector<double> positions = readMMFFPositions(molecule);
        for (double& value : positions)
            value *= 10;
        const MMFFEvaluation expected = evaluateMMFF(terms, *mmff::getKernelTables()[0], positions);
        for (const mmff::KernelTable* kernels : mmff::getKernelTables()) {
            const MMFFEvaluation found = evaluateMMFF(terms, *kernels, positions);
            expectClose("energies of " + smiles, found.energies, expected.energies, tolerance("mmffKernel", "double"));
            expectClose("gradient of " + smiles, found.gradient, expected.gradient, tolerance("mmffKernel", "double"));
        }
        const size_t i = positions.size() / 2;
        const double step = 1e-5;
        vector<double> lower = positions, upper = positions;
        lower[i] -= step;
        upper[i] += step;
        const mmff::KernelTable& widest = *mmff::getKernelTables().back();
        const double rise =
                evaluateMMFF(terms, widest, upper).getTotal() - evaluateMMFF(terms, widest, lower).getTotal();
        expectClose("gradient of " + smiles, expected.gradient[i], rise / (2 * step),
            tolerance("mmffGradient", "double"));
    }
}

TEST(MMFFForceField, refusesWhatItCannotDescribe) {
    expectThrows<ArgumentError>("MMFFForceField::MMFFForceField: expected atoms that MMFF94 has parameters for, got "
        "atom 1 (B1), atom 4 (Se1) of the molecule \"C[Se]CB(C)C\"; use another force field, for example GAFF or "
        "SMIRNOFF", [] { MMFFForceField(readSmiles("CB(C)C[Se]C")); });
    expectThrows<ArgumentError>("MMFFForceField::MMFFForceField: expected the variant \"MMFF94\" or \"MMFF94s\", got "
        "\"UFF\"", [] { MMFFForceField(readSmiles("C"), "UFF"); });
    const MMFFForceField field(readSmiles("C"));
    expectThrows<ArgumentError>("MMFFForceField::minimize: expected maxIterations of at least 1, got 0",
        [&] { field.minimize(vector<double>(15), 0); });
    expectThrows<ArgumentError>("MMFFForceField::minimize: expected a positive tolerance, got 0.000000",
        [&] { field.minimize(vector<double>(15), 10, 0); });
    expectThrows<ArgumentError>("MMFFForceField::computeEnergies: expected positions of shape (numCopies, 5, 3) for "
        "\"C\", got 14 numbers", [&] { field.computeEnergies(vector<double>(14)); });
    vector<double> copies = makeMMFFCopies(testSupport::readGolden("mmff.json")["molecules"][0], 3);
    copies[2 * 15 + 7] = std::numeric_limits<double>::quiet_NaN();
    const string words = ": expected finite positions, got nan for atom 2 of copy 2; leave that copy out";
    expectThrows<ArgumentError>("MMFFForceField::minimize" + words, [&] { field.minimize(copies); });
    expectThrows<ArgumentError>("MMFFForceField::computeForces" + words, [&] { field.computeForces(copies); });
    copies[2 * 15 + 7] = 1e300;
    const string far = ": expected positions of finite energy, got others for copy 2; its atoms are too far apart, "
        "leave that copy out";
    expectThrows<ArgumentError>("MMFFForceField::computeEnergies" + far, [&] { field.computeEnergies(copies); });
    expectThrows<ArgumentError>("MMFFForceField::computeEnergyTerms" + far, [&] { field.computeEnergyTerms(copies); });
    expectThrows<ArgumentError>("MMFFForceField::minimize" + far, [&] { field.minimize(copies); });

    // Infinite in Angstrom only, all atoms alike, so that no distance tells.

    for (int i = 15; i < 30; i += 3)
        copies[i] = 1e308;
    const string overflow = ": expected finite positions, got 1e+308 for atom 0 of copy 1; leave that copy out";
    expectThrows<ArgumentError>("MMFFForceField::computeEnergies" + overflow, [&] { field.computeEnergies(copies); });
    expectThrows<ArgumentError>("MMFFForceField::minimize" + overflow, [&] { field.minimize(copies); });
}
