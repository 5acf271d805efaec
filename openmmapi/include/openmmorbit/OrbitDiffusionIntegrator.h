// SPDX-License-Identifier: MIT
// The Integrator that denoises chosen molecules of a Context step by step.
#ifndef OPENMM_ORBIT_ORBITDIFFUSIONINTEGRATOR_H_
#define OPENMM_ORBIT_ORBITDIFFUSIONINTEGRATOR_H_

#include "openmm/Integrator.h"
#include "openmm/Kernel.h"
#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {

struct TokenInputs;

/**
 * An Integrator that generates conformers of molecules, or states of the system that its model was trained for, inside
 * a Context, alone or as a child of a CompoundIntegrator.
 *
 * Each step is one step of the sampler. The first step draws random positions for the molecules, around the centroids
 * that their particles have then. The last step ends with the finished conformers; constraints are applied and virtual
 * sites computed. Particles that belong to no added molecule stay where they are (up to the constraint tolerance, if
 * they are constrained). No Force is evaluated or updated, so barostats and thermostats do nothing, and velocities do
 * not change. A step raises the step count of the Context but not its time.
 *
 * Between the steps of a generation the particles are at noisy positions: energies and forces mean nothing there, and
 * dynamics gives coordinates that are not finite. So in a CompoundIntegrator take steps of dynamics before or after a
 * generation; a step of another integrator in between ends the generation with an error. Setting the positions of the
 * Context between two steps only moves the centroids of the molecules.
 */
class OPENMM_EXPORT_ORBIT OrbitDiffusionIntegrator : public OpenMM::Integrator {
public:
    /** Create an integrator with a copy of a model. The step size is 0 ps. */
    explicit OrbitDiffusionIntegrator(const DenoiserModel& model);
    /** Create an integrator with a model file. @throws ArgumentError as DenoiserModel::load() */
    explicit OrbitDiffusionIntegrator(const std::string& modelPath);
    ~OrbitDiffusionIntegrator() override;
    /** Get the model. */
    const DenoiserModel& getModel() const {
        return *model;
    }
    /**
     * Add a molecule to be generated. Takes effect when a Context is created or at the next restart(). Then particles
     * of mass 0, and particles whose masses are not those of the atoms, are refused.
     *
     * @param graph       the molecule
     * @param particles   [numAtoms] particle of every atom; no particle may belong to two molecules
     * @param condition   index into the model's conditions
     * @return the index of the molecule
     * @throws ArgumentError if sizes disagree, a particle is negative or given twice, or the model lacks an atom
     */
    int addMolecule(const MolecularGraph& graph, const std::vector<int>& particles, int condition = 0);
    /**
     * Add the system that the model was trained for (not one of molecules), or a copy of it. It is a molecule of this
     * integrator from then on.
     *
     * @param particles   [numAtoms] particle of every atom that the model knows; no particle may be given twice. Their
     *                    masses must be those of the atoms, where these have an element
     * @param condition   index into the model's conditions
     * @return the index of the molecule
     * @throws ArgumentError as addMolecule(), or if the model is one of molecules
     */
    int addTopology(const std::vector<int>& particles, int condition = 0);
    /**
     * Add the system that the model was trained for, compared with a topology atom by atom. The particles are those
     * atoms of the topology that the model knows.
     *
     * @throws ArgumentError as above, or naming the first difference
     */
    int addTopology(const TopologyRecord& topology, int condition = 0);
    /** Get the number of molecules. */
    int getNumMolecules() const {
        return (int) molecules.size();
    }
    /** Get the graph of a molecule. */
    const MolecularGraph& getMoleculeGraph(int index) const;
    /** Get the particles of a molecule. */
    const std::vector<int>& getMoleculeParticles(int index) const;
    /** Get the condition of a molecule. */
    int getMoleculeCondition(int index) const;
    /**
     * Inspect a molecule of the finished generation: checkConformer(), or checkState() with a model of a system. A
     * molecule whose centres all came out inverted has been reflected before, unless the model knows its hand. If a
     * fault is found, call restart() to generate another conformer.
     *
     * @throws OpenMMException if the generation is not finished
     */
    ConformerStatus getMoleculeStatus(int index) const;
    /** Get how the probability flow is integrated. */
    const SamplerSettings& getSamplerSettings() const {
        return settings;
    }
    /** Set how the probability flow is integrated. Takes effect at the next generation. @throws ArgumentError */
    void setSamplerSettings(const SamplerSettings& newSettings);
    /** Get the number of steps of a generation. */
    int getNumSteps() const {
        return settings.numSteps;
    }
    /** Set the number of steps of a generation, at least 1. Takes effect at the next generation. */
    void setNumSteps(int numSteps);
    /** Get the random seed; 0 means that one is chosen at the first step. */
    int getRandomNumberSeed() const {
        return randomSeed;
    }
    /** Set the random seed; 0 means to choose one at the first step. Takes effect at the next generation. */
    void setRandomNumberSeed(int seed);
    /** Get the seed of the current generation, never 0 once it has begun. */
    int getGenerationSeed() const {
        return generationSeed;
    }
    /** Get the number of generations with this seed before the current one; it determines the noise, with the seed. */
    int getGeneration() const {
        return generation;
    }
    /** Get whether the serialized form holds the model itself instead of its path and checksum; default false. */
    bool getEmbedModel() const {
        return embedModel;
    }
    void setEmbedModel(bool embed) {
        embedModel = embed;
    }
    /**
     * Advance the generation.
     *
     * @param steps   the number of steps of the sampler to take
     * @throws OpenMMException if the generation has fewer steps left
     */
    void step(int steps) override;
    /** Take all the steps that the current generation has left. */
    void generate();
    /** Begin a new generation with the next step, with the same seed and other noise. */
    void restart();
    /** Get the number of steps that the current generation has taken. */
    int getCurrentStep() const {
        return currentStep;
    }
    /** Get whether the current generation has taken its last step. */
    bool isFinished() const;
    /** Get the number of network evaluations of each molecule since the Context was created. */
    int getNumEvaluations() const {
        return numEvaluations;
    }
    /**
     * Get the name of the implementation, its instruction set and precision, e.g. "CPU (avx512bf16, bf16)"; empty
     * without a Context.
     */
    std::string getKernelDescription() const;
protected:
    void initialize(OpenMM::ContextImpl& context) override;
    void cleanup() override;
    void stateChanged(OpenMM::State::DataType changed) override;
    std::vector<std::string> getKernelNames() override;
    double computeKineticEnergy() override;
    bool kineticEnergyRequiresForce() const override {
        return false;
    }
    void createCheckpoint(std::ostream& stream) const override;
    void loadCheckpoint(std::istream& stream) override;
    void serializeParameters(OpenMM::SerializationNode& node) const override;
    void deserializeParameters(const OpenMM::SerializationNode& node) override;
private:
    struct Molecule {
        MolecularGraph graph;
        std::vector<int> particles;
        int condition = 0;
        std::shared_ptr<const TokenInputs> inputs;
    };
    struct Progress;
    int add(const std::string& method, Molecule& molecule);
    bool isOfSystem() const;
    void checkMolecule(const char* method, int index) const;
    void checkParticles(const OpenMM::System& system) const;
    void buildBatch();
    void beginGeneration();
    void finishGeneration();
    void restoreHands();
    void takeStep();
    Progress getProgress() const;
    void setProgress(const Progress& progress, const std::vector<double>& state);
    std::vector<double> getSamplerState() const;
    std::shared_ptr<const DenoiserModel> model;
    std::vector<Molecule> molecules;
    SamplerSettings settings, generationSettings;
    OpenMM::Kernel kernel;
    int randomSeed = 0, generationSeed = 0, generation = 0, currentStep = 0, numEvaluations = 0;
    bool embedModel = false, centroidsKnown = false, writing = false;
    /** Of the Context after the last step of a generation; -1 if nothing is known */
    long long stepCount = -1;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITDIFFUSIONINTEGRATOR_H_
