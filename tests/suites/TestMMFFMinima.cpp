// SPDX-License-Identifier: MIT
// Minima of MMFF94: the model of the Hessian against differences of gradients, and copies that go down in vectors.
#include "MMFFCopies.h"
#include "Matchers.h"
#include "Tolerances.h"
#include "openmmorbit/MMFFForceField.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/internal/MMFFBlocks.h"
#include <array>
#include <cmath>
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using std::string;
using std::vector;
using testSupport::evaluateMMFF;
using testSupport::expectClose;
using testSupport::makeMMFFCopies;
using testSupport::makeMMFFTerms;
using testSupport::tolerance;

static const double KJ_PER_KCAL = 4.184, DEGREE = 3.14159265358979323846 / 180;

/** The inverse of the model of the Hessian of one copy, column by column; all lanes hold the copy. */
static vector<vector<double>> invertModel(
        const mmff::Terms& terms, const mmff::KernelTable& kernels, const vector<double>& positions) {
    const mmff::PackedTerms packed(terms);
    const mmff::HessianBlocks hessian(packed.getView());
    const mmff::BlockView blocks = hessian.getView();
    const int n = (int) positions.size(), lanes = kernels.lanes;
    mmff::AlignedDoubles buffer((size_t) (7 * n + 2 * 9 * blocks.numBlocks + 20) * lanes);
    double* next = buffer.data();
    const auto take = [&](int rows) {
        double* taken = next;
        next += rows * lanes;
        return taken;
    };
    mmff::Descent descent;
    descent.numCoordinates = n;
    descent.depth = 1;
    for (double** array : {&descent.x, &descent.gradient, &descent.direction, &descent.trial, &descent.steps,
             &descent.changes})
        *array = take(n);
    descent.trialGradient = take(n + 1);
    for (double** array : {&descent.inverse, &descent.scale, &descent.accepted, &descent.learns, &descent.length,
             &descent.slope, &descent.reach, &descent.residual, &descent.refreshed, &descent.modelled})
        *array = take(1);
    descent.factor = take(9 * blocks.numBlocks);
    descent.newFactor = take(9 * blocks.numBlocks);
    vector<vector<double>> columns;
    for (int column = 0; column < n; column++) {
        for (int k = 0; k < n * lanes; k++) {
            descent.trial[k] = positions[k / lanes];
            descent.trialGradient[k] = k / lanes == column ? 1 : 0;
        }
        for (int lane = 0; lane < lanes; lane++)
            descent.accepted[lane] = descent.refreshed[lane] = descent.modelled[lane] = 1;
        if (column == 0)
            kernels.factorize(packed.getView(), blocks, descent);
        kernels.advance(blocks, descent);
        columns.emplace_back();
        for (int i = 0; i < n; i++)
            columns.back().push_back(-descent.direction[i * lanes]);
    }
    return columns;
}

/** Expect that the model is the Hessian and its floor: their product with the inverse model is the unit matrix. */
static void checkModel(const string& name, const mmff::Terms& terms, const vector<double>& positions) {
    const int n = (int) positions.size();
    for (const mmff::KernelTable* kernels : mmff::getKernelTables()) {
        const vector<vector<double>> inverse = invertModel(terms, *kernels, positions);
        vector<vector<double>> hessian;
        for (int i = 0; i < n; i++) {
            const double step = 1e-4;
            vector<double> lower = positions, upper = positions;
            lower[i] -= step;
            upper[i] += step;
            const vector<double> below = evaluateMMFF(terms, *kernels, lower).gradient;
            hessian.push_back(evaluateMMFF(terms, *kernels, upper).gradient);
            for (int k = 0; k < n; k++)
                hessian[i][k] = (hessian[i][k] - below[k]) / (2 * step);
            hessian[i][i] += mmff::SOFTEST;
        }
        for (int i = 0; i < n; i++)
            for (int column = 0; column < n; column++) {
                double product = 0;
                for (int k = 0; k < n; k++)
                    product += hessian[i][k] * inverse[column][k];
                expectClose(name + " by " + kernels->instructionSet, product, i == column ? 1.0 : 0.0,
                    tolerance("mmffModel", "double"));
            }
    }
}

TEST(MMFFMinima, modelIsTheHessianWhereTermsRest) {
    mmff::Terms terms = makeMMFFTerms(3);
    const double angle = 109.5 * DEGREE;
    terms.bonds = {{0, 1, 4.5, 1.3}, {2, 1, 5.5, 1.6}};
    terms.angles = {{0, 1, 2, 0.8, 109.5, false}};
    checkModel("bonds and an angle", terms,
        {1.3, 0.5, 0, 0, 0.5, 0, 1.6 * std::cos(angle), 0.5 + 1.6 * std::sin(angle), 0});
    terms.angles = {{0, 1, 2, 0.3, 180, true}};
    checkModel("a linear angle", terms, {0.6 * 1.3, 0.8 * 1.3, 0, 0, 0, 0, -0.6 * 1.6, -0.8 * 1.6, 0});

    terms = makeMMFFTerms(4);
    terms.outOfPlane = {{0, 1, 2, 3, 0.05}};
    checkModel("a planar centre", terms, {1.2, 0, 0.3, 0, 0, 0.3, 1.5 * std::cos(120 * DEGREE),
        1.5 * std::sin(120 * DEGREE), 0.3, std::cos(240 * DEGREE), std::sin(240 * DEGREE), 0.3});

    // Each cosine at a minimum of its own.

    const vector<std::array<double, 4>> minima = {
        {180, 0.7, 0, 0}, {180, 0, 1.3, 0}, {60, 0, 0, 0.4}, {-60, 0, 0, 0.4}};
    for (const auto& [degrees, v1, v2, v3] : minima) {
        terms = makeMMFFTerms(4);
        terms.bonds = {{0, 1, 4, std::sqrt(1.36)}};
        terms.torsions = {{0, 1, 2, 3, v1, v2, v3}};
        checkModel("a torsion", terms, {1, 0, -0.6, 0, 0, 0, 0, 0, 1.5, 1.1 * std::cos(degrees * DEGREE),
            1.1 * std::sin(degrees * DEGREE), 1.9});
    }
}

/** Elimination brings in blocks of atoms that no term connects. */
TEST(MMFFMinima, ringsAndCagesAreEliminated) {
    for (int size : {6, 8}) {
        mmff::Terms terms = makeMMFFTerms(size);
        vector<double> positions;
        for (int i = 0; i < size; i++) {
            const double phase = 2 * 3.14159265358979323846 * i / 6;
            const vector<double> corner = size == 8 ? vector<double>{0.0 + i % 2, 0.0 + i / 2 % 2, 0.0 + i / 4} :
                vector<double>{std::cos(phase), std::sin(phase), 0};
            positions.insert(positions.end(), corner.begin(), corner.end());
        }
        const auto areBonded = [&](int i, int j) {
            double square = 0;
            for (int axis = 0; axis < 3; axis++)
                square += std::pow(positions[3 * i + axis] - positions[3 * j + axis], 2);
            return i != j && square < 1.1;
        };
        for (int j = 0; j < size; j++)
            for (int i = 0; i < size; i++)
                for (int k = 0; k < i && areBonded(i, j); k++) {
                    if (k == 0 && i < j)
                        terms.bonds.push_back({i, j, 4.0 + 0.1 * i, 1});
                    if (areBonded(k, j))
                        terms.angles.push_back({i, j, k, 0.5 + 0.1 * k, size == 6 ? 120.0 : 90.0, false});
                }
        terms.bonds.push_back({0, size - 1, 1.5, size == 6 ? 1 : std::sqrt(3.0)});
        checkModel("a ring or cage of " + std::to_string(size), terms, positions);
    }
}

TEST(MMFFMinima, modelsAreSymmetricAndPositive) {
    const nlohmann::json golden = testSupport::readGolden("mmff.json");
    for (int index : {0, 6, 15, 30, 42, 50, 60}) {
        const nlohmann::json& molecule = golden["molecules"][index];
        const mmff::Terms terms = mmff::findTerms(readSmiles(molecule["smiles"]), "MMFF94", "test");
        vector<double> positions = testSupport::readMMFFPositions(molecule);
        for (double& value : positions)
            value *= 10;
        const vector<vector<double>> inverse = invertModel(terms, *mmff::getKernelTables().back(), positions);
        const int n = (int) positions.size();
        vector<double> there, back;
        for (int i = 0; i < n; i++) {
            EXPECT_GT(inverse[i][i], 0) << molecule["smiles"];
            EXPECT_LE(inverse[i][i], 1 / mmff::SOFTEST + 1e-12) << molecule["smiles"];
            for (int k = 0; k < i; k++) {
                there.push_back(inverse[i][k]);
                back.push_back(inverse[k][i]);
            }
        }
        expectClose("inverse model of " + molecule["smiles"].get<string>(), there, back,
            tolerance("mmffKernel", "double"));
    }
}

TEST(MMFFMinima, minimaHaveSmallForces) {
    const nlohmann::json golden = testSupport::readGolden("mmff.json");
    for (int index : {0, 6, 15, 30, 42, 50, 60}) {
        const nlohmann::json& molecule = golden["molecules"][index];
        const string smiles = molecule["smiles"];
        const MMFFForceField field(readSmiles(smiles), "MMFF94s");
        const int numCopies = 11;
        const vector<double> starts = makeMMFFCopies(molecule, numCopies);
        const vector<double> before = field.computeEnergies(starts);
        const MMFFMinima minima = field.minimize(starts, 5000);
        expectClose("energies of " + smiles, field.computeEnergies(minima.positions), minima.energies,
            tolerance("mmffKernel", "double"));
        const vector<double> forces = field.computeForces(minima.positions);
        for (int copy = 0; copy < numCopies; copy++) {
            EXPECT_EQ(minima.converged[copy], 1) << smiles << " copy " << copy;
            EXPECT_GT(minima.numIterations[copy], 0) << smiles;
            EXPECT_LT(minima.energies[copy], before[copy]) << smiles;
            const double limit = 0.04184 * std::max(0.1 * minima.energies[copy] / KJ_PER_KCAL, 1.0);
            for (int i = 0; i < 3 * field.getNumAtoms(); i++)
                EXPECT_LT(std::fabs(forces[(size_t) copy * 3 * field.getNumAtoms() + i]), limit) << smiles;
        }
        const MMFFMinima again = field.minimize(minima.positions, 5000);
        EXPECT_EQ(again.numIterations, vector<int>(numCopies, 0)) << smiles;
        EXPECT_EQ(again.converged, vector<int>(numCopies, 1)) << smiles;
        expectClose("minima of minima of " + smiles, again.positions, minima.positions, {0, 1e-15});
    }
}

TEST(MMFFMinima, copiesEndAlikeInAnyCompany) {
    const nlohmann::json molecule = testSupport::readGolden("mmff.json")["molecules"][42];
    const MMFFForceField field(readSmiles(molecule["smiles"]));
    const int numCopies = 21, size = 3 * field.getNumAtoms();
    const vector<double> starts = makeMMFFCopies(molecule, numCopies);
    const MMFFMinima all = field.minimize(starts);
    const vector<double> energies = field.computeEnergies(starts), forces = field.computeForces(starts);
    for (int copy = numCopies - 1; copy >= 0; copy -= 4) {
        const vector<double> start(starts.begin() + copy * size, starts.begin() + (copy + 1) * size);
        const MMFFMinima one = field.minimize(start);
        EXPECT_EQ(one.positions,
            vector<double>(all.positions.begin() + copy * size, all.positions.begin() + (copy + 1) * size));
        EXPECT_EQ(one.energies[0], all.energies[copy]);
        EXPECT_EQ(one.numIterations[0], all.numIterations[copy]);
        EXPECT_EQ(field.computeEnergies(start)[0], energies[copy]);
        EXPECT_EQ(field.computeForces(start),
            vector<double>(forces.begin() + copy * size, forces.begin() + (copy + 1) * size));
    }
}

TEST(MMFFMinima, minimisationEndsAtTheLastStep) {
    const nlohmann::json molecule = testSupport::readGolden("mmff.json")["molecules"][42];
    const MMFFForceField field(readSmiles(molecule["smiles"]));
    const vector<double> starts = makeMMFFCopies(molecule, 9), before = field.computeEnergies(starts);
    const MMFFMinima minima = field.minimize(starts, 2);
    EXPECT_EQ(minima.numIterations, vector<int>(9, 2));
    EXPECT_EQ(minima.converged, vector<int>(9, 0));
    for (int copy = 0; copy < 9; copy++)
        EXPECT_LT(minima.energies[copy], before[copy]);
    const MMFFMinima none = field.minimize({});
    EXPECT_TRUE(none.positions.empty() && none.energies.empty() && none.converged.empty());
}

TEST(MMFFMinima, atomsAtOnePlaceComeApart) {
    const MMFFForceField field(readSmiles("CCO"));
    vector<double> starts(2 * 27);
    for (int i = 27; i < 54; i++)
        starts[i] = 0.3 * std::sin(7.1 * i);
    starts[27] = starts[30];
    starts[28] = starts[31];
    starts[29] = starts[32];
    for (double force : field.computeForces(starts))
        EXPECT_TRUE(std::isfinite(force));
    const MMFFMinima minima = field.minimize(starts, 5000);
    for (double value : minima.positions)
        EXPECT_TRUE(std::isfinite(value));
    EXPECT_LT(minima.energies[1], field.computeEnergies(starts)[1]);
}
