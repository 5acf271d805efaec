// SPDX-License-Identifier: MIT
// The object that generates states of the system that its model was trained for.
#ifndef OPENMM_ORBIT_TOPOLOGYGENERATOR_H_
#define OPENMM_ORBIT_TOPOLOGYGENERATOR_H_

#include "openmmorbit/GenerationStart.h"
#include "openmmorbit/Generator.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Logarithms of densities with their errors. */
struct OPENMM_EXPORT_ORBIT LogDensities {
    std::vector<double> values;     ///< [numStates] natural logarithms, nm^-(3 numAtoms - 3)
    std::vector<double> errors;     ///< [numStates] standard errors; 0 where the density is exact
    /** Says on the way of how many states a step folds space: other starts may lead there too, so that their density is
     *  too low; empty if on none */
    std::string message;
};

/**
 * Generates states of one system on an OpenMM platform. Every state is inspected (checkState()). A state that fails is
 * generated again from other noise (a redraw), up to a limit. States that still fail are not among the result, unless
 * setReturnFailed() asks for them. Importance weights need states without inspection: setCheckCopies(false).
 *
 * A state depends on the model, the condition, the sampler settings, the seed and its number. It does not depend on the
 * batch or the number of threads.
 */
class OPENMM_EXPORT_ORBIT TopologyGenerator : public Generator {
public:
    /**
     * Create a generator with a copy of a model. There is no time limit.
     *
     * @throws ArgumentError if the model is one of molecules
     */
    explicit TopologyGenerator(const DenoiserModel& model);
    /** Create a generator with a model file. @throws ArgumentError as DenoiserModel::load(), or as above */
    explicit TopologyGenerator(const std::string& modelPath);
    /** Get the system that the model was trained for. */
    const TopologySubject& getTopology() const {
        return getModel().getTopology();
    }
    /**
     * Check that a system is the one that the model was trained for.
     *
     * @param topology    the whole system
     * @param selection   the atoms that the model knows; empty: those that it was trained for
     * @throws ArgumentError naming the first difference
     */
    void checkTopology(const TopologyRecord& topology, const std::vector<int>& selection = {}) const;
    /**
     * Generate states.
     *
     * @param numStates   how many, at least 1
     * @param seed        random seed; 0 chooses one, which the provenance tells
     * @param progress    follows the generation, may be null
     * @param firstState  number of the first state: of one seed, states 0 to 99 and 100 to 199 may come from two calls
     * @param start       positions to start from, and atoms that stay as they are; default: neither
     * @return the accepted states, in order of their copy; copies that failed are among its failures. If none was
     *         accepted the ensemble has no states, and getMessage() says why
     * @throws ArgumentError if a number is out of range
     * @throws GenerationStopped if the progress callback asked for it
     */
    Ensemble generate(int numStates, int seed = 0, ProgressCallback* progress = nullptr, int firstState = 0,
            const GenerationStart& start = GenerationStart());
    /**
     * Generate states with the density at which the sampler makes them, in their provenance (logDensity). It is the
     * density of the sampler's own steps, however few there are, so importance weights need no correction for them.
     * Each state is generated once and inspected, and none is left out: redraws would change the density.
     *
     * Steps that are too long fold space. getMessage() of the ensemble says so if one was met; then take more steps.
     *
     * The density is one of centred positions, in 3 numAtoms - 3 dimensions. It is computed in single precision at
     * least, from 2 (3 numAtoms - 3) + 1 evaluations of each step, or estimated from fewer (setNumProbes()).
     *
     * @param numStates   how many, at least 1
     * @param seed        random seed; 0 chooses one, which the provenance tells
     * @param progress    follows the generation, may be null
     * @param firstState  number of the first state, as above
     * @throws ArgumentError if a step of the sampler is random (renewal), guided (stereoGuidance) or remembers the step
     *         before (Multistep), or if the model's states are reflected (rotations O3)
     * @throws GenerationStopped if the progress callback asked for it
     */
    Ensemble generateWithDensity(
            int numStates, int seed = 0, ProgressCallback* progress = nullptr, int firstState = 0);
    /**
     * Compute the density at which the sampler would generate given states, as above.
     *
     * @param positions   [numStates * numAtoms * 3], nm; every state is centred first
     * @param progress    follows the computation, may be null
     * @return for each state; minus infinity for one that the sampler cannot generate
     * @throws ArgumentError as above, or if the number of positions is not a multiple of 3 numAtoms
     */
    LogDensities computeLogDensities(const std::vector<double>& positions, ProgressCallback* progress = nullptr);
    /** Get the number of random vectors for densities; 0 means that they are exact. */
    int getNumProbes() const;
    /**
     * Set how densities are computed. The logarithm of a determinant is the trace of the logarithm of its matrix, which
     * a few random vectors estimate (Hutchinson, DOI 10.1080/03610918908812806; theory.md, 8). Errors of single states
     * grow with the system: look at them before you use weights.
     *
     * @param number   0: exact; 2 or more: estimated with so many random vectors; -1 (the default): exact for up to 100
     *                 atoms, 8 vectors for more
     * @throws ArgumentError for other numbers
     */
    void setNumProbes(int number);
private:
    class Follower;
    int numProbes = -1;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYGENERATOR_H_
