// SPDX-License-Identifier: MIT
// The molecules of a training run: graphs turned into rows of the network's categorical inputs.
#ifndef OPENMM_ORBIT_TORCH_DATASET_H_
#define OPENMM_ORBIT_TORCH_DATASET_H_

#include "MoleculeCache.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/TrainingSettings.h"
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

/** Where a molecule lies, and what the choice of batches needs to know of it. */
struct MoleculeEntry {
    std::int32_t shard = 0;     ///< index into TrainingData::shards
    std::int32_t numAtoms = 0;
    std::int64_t offset = 0;    ///< of its record, see ShardReader::getOffset()
};

/** Molecules of several shards, sampled with one weight. */
struct TrainingSet {
    double weight = 1;
    std::vector<MoleculeEntry> molecules;
};

/**
 * Everything a run samples from. Molecules lie in the shards; those used last are kept in memory, up to a limit.
 * Several threads may get molecules once the shards are read.
 */
struct TrainingData {
    FeatureTables tables;
    std::vector<std::string> shards;    ///< paths
    std::vector<TrainingSet> sets;
    std::vector<std::string> messages;  ///< one sentence for every molecule that was left out
    TrainingCounts counts;              ///< of the molecules in sets that are sampled
    std::vector<int> numOfCondition;    ///< molecules of every condition in those sets
    int numRestricted = 0;              ///< molecules whose group is larger than maxAutomorphisms
    DenoiserModel vocabularies;         ///< of the network; without tensors
    int maxAutomorphisms = 1;           ///< see makeFeatureRows()
    std::unique_ptr<MoleculeCache> cache;

    /** Keep at most so many bytes of molecules; 0: read every molecule when it is needed. */
    explicit TrainingData(std::size_t maxBytes = SIZE_MAX) : cache(std::make_unique<MoleculeCache>(maxBytes)) {
    }
    /** Keep as much as the settings say. */
    explicit TrainingData(const TrainingSettings& settings) :
            TrainingData((std::size_t) settings.cacheMegabytes << 20) {
    }
    /**
     * Get a molecule, read again if it is not kept. It is the same, bit for bit.
     *
     * @throws ArgumentError if the shard was changed since readTrainingSet()
     */
    std::shared_ptr<const TrainingMolecule> getMolecule(const MoleculeEntry& entry) const;
};

/**
 * Get the categorical inputs of a molecule and the permutations that keep them.
 *
 * @param maxAutomorphisms   larger groups are restricted
 * @param tables             grow by the combinations that are new
 * @throws ArgumentError naming molecule, atom, feature and value if a vocabulary lacks the value
 */
FeatureRows makeFeatureRows(
        const MolecularGraph& graph, const DenoiserModel& model, int maxAutomorphisms, FeatureTables& tables);

/**
 * Read shards once: which molecules they hold, and which combinations of features occur.
 *
 * @param data   receives one more set; the tables grow
 * @throws ArgumentError if a shard is missing, or no molecule is left
 */
void readTrainingSet(const std::vector<std::string>& shards, double weight, const DenoiserModel& model,
        int maxAutomorphisms, TrainingData& data);

/** Whether a shard holds no record, as that of a data set too small for validation. @throws ArgumentError */
bool isEmptyShard(const std::string& path);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_DATASET_H_
