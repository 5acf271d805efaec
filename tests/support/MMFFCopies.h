// SPDX-License-Identifier: MIT
// Copies of the molecules of mmff.json, and single copies in the first lane of the kernels of MMFF94.
#ifndef OPENMM_ORBIT_TESTS_MMFFCOPIES_H_
#define OPENMM_ORBIT_TESTS_MMFFCOPIES_H_

#include "Golden.h"
#include "openmmorbit/internal/MMFFPacked.h"
#include <cmath>
#include <vector>

namespace testSupport {

/** Energies by kind and gradient of one copy, kcal/mol and Angstrom. */
struct MMFFEvaluation {
    std::vector<double> energies, gradient;
    double getTotal() const {
        double total = 0;
        for (double energy : energies)
            total += energy;
        return total;
    }
};

/** Evaluate a copy in the first lane; the other lanes hold it moved. */
inline MMFFEvaluation evaluateMMFF(const OrbitPlugin::mmff::Terms& terms,
        const OrbitPlugin::mmff::KernelTable& kernels, const std::vector<double>& positions) {
    namespace mmff = OrbitPlugin::mmff;
    const mmff::PackedTerms packed(terms);
    mmff::AlignedDoubles x(positions.size() * kernels.lanes), gradient(positions.size() * kernels.lanes);
    mmff::AlignedDoubles energies(mmff::NUM_KINDS * kernels.lanes);
    for (size_t i = 0; i < positions.size(); i++)
        for (int lane = 0; lane < kernels.lanes; lane++)
            x.data()[i * kernels.lanes + lane] = positions[i] + 0.1 * lane;
    kernels.evaluate(packed.getView(), x.data(), gradient.data(), energies.data());
    MMFFEvaluation result;
    for (int kind = 0; kind < mmff::NUM_KINDS; kind++)
        result.energies.push_back(energies.data()[kind * kernels.lanes]);
    for (size_t i = 0; i < positions.size(); i++)
        result.gradient.push_back(gradient.data()[i * kernels.lanes]);
    return result;
}

/** Atoms without charge and dispersion, none of them far enough apart for a pair. */
inline OrbitPlugin::mmff::Terms makeMMFFTerms(int numAtoms) {
    OrbitPlugin::mmff::Terms terms;
    terms.atoms.assign(numAtoms, {12, 0, 2, 1, 1, false, false});
    terms.separation.assign((size_t) numAtoms * numAtoms, 1);
    return terms;
}

/** Positions (nm) of a golden molecule. */
inline std::vector<double> readMMFFPositions(const nlohmann::json& molecule) {
    std::vector<double> positions = molecule["positions"];
    for (double& value : positions)
        value *= 1e-4;
    return positions;
}

/** Copies of a golden molecule (nm), each of them distorted in another way. */
inline std::vector<double> makeMMFFCopies(const nlohmann::json& molecule, int numCopies) {
    const std::vector<double> one = readMMFFPositions(molecule);
    std::vector<double> copies;
    for (int copy = 0; copy < numCopies; copy++)
        for (size_t i = 0; i < one.size(); i++)
            copies.push_back(one[i] + 0.01 * std::sin(1.7 * copy + 2.9 * i));
    return copies;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_MMFFCOPIES_H_
