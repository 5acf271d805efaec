// SPDX-License-Identifier: MIT
// The result of a generation: conformers of one molecule with their status and provenance.
#ifndef OPENMM_ORBIT_ENSEMBLE_H_
#define OPENMM_ORBIT_ENSEMBLE_H_

#include "openmm/Context.h"
#include "openmm/State.h"
#include "openmm/Vec3.h"
#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <limits>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Where a conformer comes from. The same model, seed, record, copy and settings give the same conformer. */
struct OPENMM_EXPORT_ORBIT ConformerProvenance {
    std::string modelName;      ///< "name" of the model card
    std::string modelChecksum;  ///< SHA-256 of the model file
    std::string kernel;         ///< description of the kernel, e.g. "CPU (avx512bf16, bf16)"
    std::string condition;      ///< name of the model's condition, empty if the model has none
    int seed = 0;               ///< the seed that was used, never 0; the noise depends on it
    int record = 0;             ///< number of the molecule in its input; the noise depends on it
    int copy = 0;               ///< number of the copy of the molecule; the noise depends on it
    int numResamplings = 0;     ///< number of redraws before this one; the noise depends on it
    int numEvaluations = 0;     ///< evaluations of the network, redraws included
    bool mirrored = false;      ///< every centre came out inverted, and the copy was reflected
    /** Natural logarithm of the density with which the copy is generated, nm^-(3 numAtoms - 3); NaN if unknown */
    double logDensity = std::numeric_limits<double>::quiet_NaN();
    double logDensityError = 0; ///< its standard error if it was estimated with random vectors, else 0
    double wallSeconds = 0;     ///< share of the wall-clock time by number of atoms, s, redraws included
};

/** One copy that failed the inspection after the last redraw. */
struct OPENMM_EXPORT_ORBIT FailedConformer {
    ConformerStatus status;             ///< findings about the last attempt
    ConformerProvenance provenance;     ///< of the last attempt
};

/**
 * Conformers of one molecule. Positions are in nm, in the atom order of the graph, each conformer centred when it comes
 * from a ConformerGenerator.
 */
class OPENMM_EXPORT_ORBIT Ensemble {
public:
    /** Create an empty ensemble of an empty molecule. */
    Ensemble() = default;
    /** Create an ensemble without conformers. */
    explicit Ensemble(const MolecularGraph& graph) : graph(graph) {
    }
    /** Get the molecule. */
    const MolecularGraph& getGraph() const {
        return graph;
    }
    /** Get the number of atoms of a conformer. */
    int getNumAtoms() const {
        return graph.getNumAtoms();
    }
    /** Get the number of conformers. */
    int getNumConformers() const {
        return (int) positions.size();
    }
    /** Get how many conformers were requested: the number of conformers and of failures. */
    int getNumRequested() const {
        return getNumConformers() + getNumFailures();
    }
    /**
     * Add a conformer.
     *
     * @param newPositions   [numAtoms], in nm
     * @return the index of the conformer
     */
    int addConformer(const std::vector<OpenMM::Vec3>& newPositions, const ConformerStatus& status = ConformerStatus(),
            const ConformerProvenance& provenance = ConformerProvenance());
    /**
     * Get the positions of a conformer.
     *
     * @param index   the conformer, 0 to getNumConformers() - 1
     * @return positions [numAtoms], in nm
     */
    const std::vector<OpenMM::Vec3>& getPositions(int index) const;
    /** Replace the positions of a conformer, in nm, e.g. after a relaxation. Its status and provenance stay. */
    void setPositions(int index, const std::vector<OpenMM::Vec3>& newPositions);
    /** Get the positions of all conformers as one array [numConformers * numAtoms * 3], in nm. */
    std::vector<double> getPositionArray() const;
    /** Get what the inspection found about a conformer. */
    const ConformerStatus& getStatus(int index) const;
    /** Set what the inspection found about a conformer. */
    void setStatus(int index, const ConformerStatus& status);
    /** Get where a conformer comes from. */
    const ConformerProvenance& getProvenance(int index) const;
    /** Add a copy that failed. */
    void addFailure(const FailedConformer& failure);
    /** Get the number of copies that failed and are not among the conformers. */
    int getNumFailures() const {
        return (int) failures.size();
    }
    /** Get one of the copies that failed. */
    const FailedConformer& getFailure(int index) const;
    /** Get why there are no conformers, or fewer than requested; empty if there is no reason to tell. */
    const std::string& getMessage() const {
        return message;
    }
    void setMessage(const std::string& text) {
        message = text;
    }
    /**
     * Get an ensemble of some of the conformers.
     *
     * @param indices   conformers, in the order of the result
     */
    Ensemble select(const std::vector<int>& indices) const;
    /** Get an ensemble of the conformers begin, begin + step, ... below end. */
    Ensemble slice(int begin, int end, int step = 1) const;
    /** Append the conformers and failures of another ensemble of the same molecule. */
    void append(const Ensemble& other);
    /**
     * Put a conformer into a Context: set the positions of all its particles, then apply constraints and compute
     * virtual sites. Particle i of the System is atom i; a System whose masses differ from the atoms' is refused.
     *
     * @param context       the Context; its System has one particle for each atom of the molecule
     * @param index         the conformer
     * @param temperature   if not negative, velocities are set to this temperature, in kelvin
     * @param seed          random seed of the velocities, 0 to choose one
     */
    void applyTo(OpenMM::Context& context, int index, double temperature = -1, int seed = 0) const;
    /**
     * Put a conformer into a part of a Context, around the centroid that those particles have now. Other particles stay
     * where they are, except for virtual sites.
     *
     * @param particles     [numAtoms] particle of every atom
     */
    void applyTo(OpenMM::Context& context, int index, const std::vector<int>& particles, double temperature = -1,
            int seed = 0) const;
    /**
     * Create a State with the positions of a conformer, and with the periodic box, time and step count of a Context, so
     * that Context::setState() does not change those.
     *
     * @param context   its System has one particle for each atom of the molecule, in the same order
     */
    OpenMM::State createState(int index, const OpenMM::Context& context) const;
private:
    void checkIndex(const char* method, int index) const;
    void checkSystem(const char* method, const OpenMM::System& system) const;
    void checkSize(const char* method, const std::vector<OpenMM::Vec3>& newPositions) const;
    MolecularGraph graph;
    std::vector<std::vector<OpenMM::Vec3>> positions;
    std::vector<ConformerStatus> status;
    std::vector<ConformerProvenance> provenance;
    std::vector<FailedConformer> failures;
    std::string message;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ENSEMBLE_H_
