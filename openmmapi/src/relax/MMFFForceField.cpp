// SPDX-License-Identifier: MIT
// The public face of the vectorised MMFF94: units, checks, and copies brought into lanes.
#include "openmmorbit/MMFFForceField.h"
#include "MMFFDescents.h"
#include "openmmorbit/internal/MMFFPacked.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cmath>
#include <sstream>

using namespace OrbitPlugin;
using namespace OrbitPlugin::mmff;
using std::string;
using std::to_string;
using std::vector;

struct MMFFForceField::Data {
    Data(const MolecularGraph& graph, const string& variant) :
            terms(findTerms(graph, variant, "MMFFForceField::MMFFForceField")),
            blocks(terms.getView()), kernels(chooseKernelTable("MMFFForceField::MMFFForceField")), variant(variant),
            label(graph.getLabel()) {
    }
    const PackedTerms terms;
    const HessianBlocks blocks;
    const KernelTable& kernels;
    const string variant, label;
};

namespace {

/** Get the number of copies that an array of positions holds, all of them finite, in Angstrom as well. */
int countCopies(const string& function, const vector<double>& positions, int numAtoms, const string& label) {
    const int numCoordinates = 3 * numAtoms;
    if (positions.size() % numCoordinates != 0)
        throw ArgumentError("MMFFForceField::" + function + ": expected positions of shape (numCopies, " +
                to_string(numAtoms) + ", 3) for " + label + ", got " + to_string(positions.size()) + " numbers");
    for (size_t k = 0; k < positions.size(); k++)
        if (!std::isfinite(ANGSTROM_PER_NM * positions[k])) {
            std::ostringstream value;
            value << positions[k];
            throw ArgumentError("MMFFForceField::" + function + ": expected finite positions, got " + value.str() +
                    " for atom " + to_string(k % numCoordinates / 3) + " of copy " + to_string(k / numCoordinates) +
                    "; leave that copy out");
        }
    return (int) (positions.size() / numCoordinates);
}

void refuseEnergy(const string& function, int copy) {
    throw ArgumentError("MMFFForceField::" + function + ": expected positions of finite energy, got others for copy " +
            to_string(copy) + "; its atoms are too far apart, leave that copy out");
}

/** Evaluate copies, as many at once as there are lanes; the call gets the first copy, their number, and the results. */
template <class Call>
void evaluateCopies(const PackedTerms& terms, const KernelTable& kernels, const vector<double>& positions,
        int numCopies, Call call) {
    const int numLanes = kernels.lanes, numCoordinates = 3 * terms.getNumAtoms();
    const TermView view = terms.getView();
    AlignedDoubles x((size_t) numCoordinates * numLanes), gradient((size_t) numCoordinates * numLanes);
    AlignedDoubles energies((size_t) NUM_KINDS * numLanes);
    for (int first = 0; first < numCopies; first += numLanes) {
        const int number = std::min(numLanes, numCopies - first);
        for (int lane = 0; lane < numLanes; lane++)
            for (int i = 0; i < numCoordinates; i++)
                x.data()[i * numLanes + lane] = ANGSTROM_PER_NM *
                        positions[(size_t) (first + (lane < number ? lane : 0)) * numCoordinates + i];
        kernels.evaluate(view, x.data(), gradient.data(), energies.data());
        call(first, number, gradient.data(), energies.data());
    }
}

} // namespace

MMFFForceField::MMFFForceField(const MolecularGraph& graph, const string& variant) :
        data(std::make_shared<const Data>(graph, variant)) {
}

int MMFFForceField::getNumAtoms() const {
    return data->terms.getNumAtoms();
}

const string& MMFFForceField::getVariant() const {
    return data->variant;
}

string MMFFForceField::getInstructionSet() const {
    return data->kernels.instructionSet;
}

vector<string> MMFFForceField::getTermNames() {
    return {"bond", "angle", "stretch-bend", "out-of-plane", "torsion", "van der Waals", "electrostatic"};
}

vector<double> MMFFForceField::computeEnergyTerms(const vector<double>& positions) const {
    const int numCopies = countCopies("computeEnergyTerms", positions, getNumAtoms(), data->label);
    const int numLanes = data->kernels.lanes;
    vector<double> terms((size_t) numCopies * NUM_KINDS);
    evaluateCopies(data->terms, data->kernels, positions, numCopies,
            [&](int first, int number, const double*, const double* energies) {
                for (int lane = 0; lane < number; lane++)
                    for (int kind = 0; kind < NUM_KINDS; kind++) {
                        const double energy = KJ_PER_KCAL * energies[kind * numLanes + lane];
                        if (!std::isfinite(energy))
                            refuseEnergy("computeEnergyTerms", first + lane);
                        terms[(size_t) (first + lane) * NUM_KINDS + kind] = energy;
                    }
            });
    return terms;
}

vector<double> MMFFForceField::computeEnergies(const vector<double>& positions) const {
    const int numCopies = countCopies("computeEnergies", positions, getNumAtoms(), data->label);
    const int numLanes = data->kernels.lanes;
    vector<double> totals(numCopies, 0.0);
    evaluateCopies(data->terms, data->kernels, positions, numCopies,
            [&](int first, int number, const double*, const double* energies) {
                for (int lane = 0; lane < number; lane++) {
                    double total = 0;
                    for (int kind = 0; kind < NUM_KINDS; kind++)
                        total += energies[kind * numLanes + lane];
                    if (!std::isfinite(total))
                        refuseEnergy("computeEnergies", first + lane);
                    totals[first + lane] = KJ_PER_KCAL * total;
                }
            });
    return totals;
}

vector<double> MMFFForceField::computeForces(const vector<double>& positions) const {
    const int numCopies = countCopies("computeForces", positions, getNumAtoms(), data->label);
    const int numLanes = data->kernels.lanes, numCoordinates = 3 * getNumAtoms();
    vector<double> forces(positions.size());
    evaluateCopies(data->terms, data->kernels, positions, numCopies,
            [&](int first, int number, const double* gradient, const double*) {
                for (int lane = 0; lane < number; lane++)
                    for (int i = 0; i < numCoordinates; i++) {
                        const double force = -KJ_PER_KCAL * ANGSTROM_PER_NM * gradient[i * numLanes + lane];
                        if (!std::isfinite(force))
                            refuseEnergy("computeForces", first + lane);
                        forces[(size_t) (first + lane) * numCoordinates + i] = force;
                    }
            });
    return forces;
}

MMFFMinima MMFFForceField::minimize(const vector<double>& positions, int maxIterations, double tolerance) const {
    if (maxIterations < 1)
        throw ArgumentError("MMFFForceField::minimize: expected maxIterations of at least 1, got " +
                to_string(maxIterations));
    if (!(tolerance > 0) || !std::isfinite(tolerance))
        throw ArgumentError("MMFFForceField::minimize: expected a positive tolerance, got " + to_string(tolerance));
    countCopies("minimize", positions, getNumAtoms(), data->label);
    MMFFMinima minima;
    minima.positions = positions;
    for (double& value : minima.positions)
        value *= ANGSTROM_PER_NM;
    const vector<DescentResult> results =
            minimizeCopies(data->terms, data->blocks, data->kernels, {maxIterations, tolerance}, minima.positions);
    for (double& value : minima.positions)
        value /= ANGSTROM_PER_NM;
    for (int copy = 0; copy < (int) results.size(); copy++) {
        if (!std::isfinite(results[copy].energy))
            refuseEnergy("minimize", copy);
        minima.energies.push_back(KJ_PER_KCAL * results[copy].energy);
        minima.converged.push_back(results[copy].converged ? 1 : 0);
        minima.numIterations.push_back(results[copy].numIterations);
    }
    return minima;
}
