// SPDX-License-Identifier: MIT
// Conformers of validation molecules, generated while training, and how well they cover the references. Metrics are of
// molecules; other subjects have none.
#ifndef OPENMM_ORBIT_TORCH_VALIDATIONENSEMBLES_H_
#define OPENMM_ORBIT_TORCH_VALIDATIONENSEMBLES_H_

#include "TrainingModel.h"
#include "openmmorbit/EnsembleMetrics.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/TokenInputs.h"
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** The metrics of one validation shard. */
struct ShardMetrics {
    std::string shard;          ///< path
    EnsembleMetrics metrics;    ///< means over its molecules
};

/**
 * A fixed choice of validation molecules, equally many of every shard, spread evenly over it. Copies are generated with
 * the sampler of the exported model and noise of a fixed key, in the condition of the molecule, and without redraws.
 */
class ValidationEnsembles {
public:
    /** At most so many frames of a molecule are references, evenly spread. */
    static constexpr int MAX_REFERENCES = 2000;

    /**
     * Choose the molecules.
     *
     * @param settings   validationShards, validationMolecules, validationCopies, atomsPerBatch
     * @param model      vocabularies and conditions; molecules that it does not know are left out
     */
    ValidationEnsembles(const TrainingSettings& settings, const DenoiserModel& model);
    /** Get the number of chosen molecules. */
    int getNumMolecules() const {
        return (int) molecules.size();
    }
    /** Get one sentence for every molecule that was left out, and every damaged record. */
    const std::vector<std::string>& getMessages() const {
        return messages;
    }
    /**
     * Generate copies and compare them with the references.
     *
     * @param weights   as pairBiasTransformer() takes them
     */
    std::vector<ShardMetrics> evaluate(const NamedTensors& weights) const;
    /**
     * Generate copies.
     *
     * @return for every molecule [numCopies * numAtoms * 3] Angstrom
     */
    std::vector<std::vector<double>> generate(const NamedTensors& weights) const;
private:
    struct Molecule {
        MolecularGraph graph;
        FeatureRows rows;
        std::vector<HandedVolume> volumes;
        int shard = 0, condition = 0, numCopies = 0;
        std::vector<double> references;     ///< [numReferences][numAtoms][3]

        int getNumTokens() const {
            return (int) rows.tokens.size();
        }
        int getNumPoints() const {
            return getNumTokens() * rows.pointsPerToken;
        }
    };
    struct Copy {
        int molecule, index;
    };
    std::vector<long long> findMolecules(const std::string& path);
    void addMolecule(const ShardSubject& subject, const SubjectFrames& frames, int shard, const DenoiserModel& model);
    at::Tensor drawPrior(
            const std::vector<Copy>& copies, const at::Tensor& mask, double sigma, std::uint64_t seed) const;
    at::Tensor generateBatch(const NamedTensors& weights, const std::vector<Copy>& copies) const;
    NetworkInputs makeInputs(const std::vector<Copy>& copies, int64_t maxTokens) const;
    TrainingSettings settings;
    FeatureTables tables;
    std::unique_ptr<ModelTables> modelTables;
    std::vector<Molecule> molecules;
    std::vector<std::string> messages;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_VALIDATIONENSEMBLES_H_
