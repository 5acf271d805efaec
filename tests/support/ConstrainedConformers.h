// SPDX-License-Identifier: MIT
// What the suites of constraints share: a generator of the packaged model, cores, and what is expected of copies.
#ifndef OPENMM_ORBIT_TESTS_CONSTRAINEDCONFORMERS_H_
#define OPENMM_ORBIT_TESTS_CONSTRAINEDCONFORMERS_H_

#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/MoleculeReader.h"
#include <gtest/gtest.h>
#include <cmath>

namespace testSupport {

const std::string PACKAGED_MODEL = std::string(ORBIT_TEST_PLUGIN_DIR) + "/../models/conformer.safetensors";

/** The Reference platform is the definition, not fast. */
inline int numCopies() {
    return platformName() == "CPU" ? 8 : platformName() == "Reference" ? 1 : 2;
}

inline std::unique_ptr<OrbitPlugin::ConformerGenerator> makeGenerator() {
    auto generator = std::make_unique<OrbitPlugin::ConformerGenerator>(PACKAGED_MODEL);
    generator->setPlatformName(platformName());
    return generator;
}

/** Take some atoms of a conformer as a core that lies somewhere, nm; nothing is known of the others. */
inline OrbitPlugin::ConformerConstraints makeCore(
        const std::vector<OpenMM::Vec3>& positions, const std::vector<int>& atoms) {
    OrbitPlugin::ConformerConstraints constraints;
    constraints.start.positions.assign(3 * positions.size(), std::nan(""));
    constraints.start.fixed = atoms;
    for (int atom : atoms)
        for (int k = 0; k < 3; k++)
            constraints.start.positions[3 * atom + k] = positions[atom][k] + 2.5 - k;
    return constraints;
}

/** Expect copies that the inspection accepts, with the core where it is given. */
inline void expectCore(
        const OrbitPlugin::Ensemble& ensemble, const OrbitPlugin::ConformerConstraints& constraints, int number) {
    EXPECT_EQ(ensemble.getNumConformers(), number) << ensemble.getMessage();
    for (int k = 0; k < ensemble.getNumConformers(); k++) {
        std::vector<double> inAngstrom;
        for (const OpenMM::Vec3& x : ensemble.getPositions(k))
            inAngstrom.insert(inAngstrom.end(), {10 * x[0], 10 * x[1], 10 * x[2]});
        EXPECT_EQ(OrbitPlugin::checkConformer(ensemble.getGraph(), inAngstrom).message, "");
        for (int atom : constraints.start.fixed)
            for (int i = 0; i < 3; i++)
                EXPECT_NEAR(inAngstrom[3 * atom + i], 10 * constraints.start.positions[3 * atom + i], 1e-4);
    }
}

/** Expect a refusal of bromochlorofluoromethane, or of another molecule, with a core. */
inline void expectRefusal(const std::string& words, const OrbitPlugin::ConformerConstraints& constraints,
        const OrbitPlugin::MolecularGraph& graph = makeBromochlorofluoromethane(), bool check = true) {
    OrbitPlugin::ConformerGenerator generator(makeSmallModel());
    generator.setPlatformName(platformName());
    generator.setCheckConformers(check);
    expectMentions<OrbitPlugin::ArgumentError>(
            words, [&] { generator.generate(graph, 1, 1, 0, nullptr, constraints); });
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_CONSTRAINEDCONFORMERS_H_
