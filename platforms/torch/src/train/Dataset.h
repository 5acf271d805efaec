// SPDX-License-Identifier: MIT
// The molecules of a training run: graphs turned into rows of the network's categorical inputs.
#ifndef OPENMM_ORBIT_TORCH_DATASET_H_
#define OPENMM_ORBIT_TORCH_DATASET_H_

#include "openmmorbit/Symmetry.h"
#include "openmmorbit/Trainer.h"
#include "openmmorbit/internal/OrbitLattice.h"
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** How the stereo labels of a molecule are presented. */
enum class StereoView { Given = 0, Mirrored = 1, Hidden = 2 };

/** The categorical inputs of one presentation of a molecule: rows of the data set's tables. */
struct FeatureRows {
    std::vector<std::uint16_t> atoms;   ///< [numAtoms] rows of FeatureTables::atomRows
    std::vector<std::uint16_t> pairs;   ///< [numAtoms][numAtoms] rows of FeatureTables::pairRows
    SymmetryGroup group;                ///< at most TrainingSettings::maxAutomorphisms permutations
    bool restricted = false;            ///< group is a proper subgroup
    std::shared_ptr<const LatticeGroup> lattice;    ///< the whole group, of restricted ones only
};

/** One molecule with its conformers. */
struct TrainingMolecule {
    std::string label;
    int numAtoms = 0, numConformers = 0, condition = 0;
    bool labelled = false;              ///< has stereo labels: then all three views exist, otherwise the first only
    bool handed = false;                ///< its features tell it from its mirror image
    std::array<FeatureRows, 3> views;
    std::vector<float> positions;       ///< [numConformers][numAtoms][3], centred, Angstrom
    std::vector<float> weights;         ///< [numConformers] cumulative Boltzmann weights, or empty

    const FeatureRows& getView(StereoView view) const {
        return views[labelled ? (int) view : 0];
    }
};

/** The distinct combinations of feature values that occur. A row lists columns of the multi-hot tables. */
struct FeatureTables {
    std::vector<std::vector<int>> atomRows, pairRows;
    std::map<std::vector<int>, int> atomIndex, pairIndex;
};

/** Molecules of several shards, sampled with one weight. */
struct TrainingSet {
    double weight = 1;
    std::vector<TrainingMolecule> molecules;
};

/** Everything a run samples from. */
struct TrainingData {
    FeatureTables tables;
    std::vector<TrainingSet> sets;
    std::vector<std::string> messages;  ///< one sentence for every molecule that was left out
    int numRestricted = 0;              ///< molecules whose group is larger than maxAutomorphisms
};

/**
 * Get a subgroup of at most maxOrder permutations: the whole group if it is small enough, else the full exchanges
 * within as many classes of terminal atoms as fit. The mean over any subgroup is a valid target, of larger variance.
 */
SymmetryGroup restrictSymmetryGroup(const SymmetryGroup& group, int maxOrder);

/**
 * Get the categorical inputs of a molecule and the permutations that keep them.
 *
 * @param maxAutomorphisms   larger groups are restricted
 * @param tables             grow by the combinations that are new
 * @throws ArgumentError naming molecule, atom, feature and value if a vocabulary lacks the value
 */
FeatureRows makeFeatureRows(
        MolecularGraph graph, const DenoiserModel& model, int maxAutomorphisms, FeatureTables& tables);

/**
 * Read shards.
 *
 * @param data   receives one more set; the tables grow
 * @throws ArgumentError if a shard is missing, or no molecule is left
 */
void readTrainingSet(const std::vector<std::string>& shards, double weight, const DenoiserModel& model,
        int maxAutomorphisms, TrainingData& data);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_DATASET_H_
