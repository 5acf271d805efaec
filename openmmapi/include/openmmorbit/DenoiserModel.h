// SPDX-License-Identifier: MIT
// A trained denoiser: settings, feature vocabularies, named tensors and model card, read from one portable file.
#ifndef OPENMM_ORBIT_DENOISERMODEL_H_
#define OPENMM_ORBIT_DENOISERMODEL_H_

#include "openmmorbit/BackboneStatistics.h"
#include "openmmorbit/FeatureVocabulary.h"
#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/TrainingCounts.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** The networks that a model may have. */
enum class NetworkKind {
    PairBiasTransformer = 0,    ///< section 4 of docs/theory.md
    GatedTransformer = 1        ///< section 9 of docs/theory.md: that of converted checkpoints
};

/**
 * Sizes and constants of the pair-bias transformer, section 4 of docs/theory.md. The gated transformer has the sizes
 * too, but no radial functions and no data scale.
 */
struct OPENMM_EXPORT_ORBIT PairBiasTransformerSettings {
    int width = 192;            ///< d
    int numLayers = 6;          ///< L
    int numHeads = 6;           ///< H
    int transitionFactor = 3;   ///< m
    int pairWidth = 32;         ///< p
    int numRadial = 32;         ///< K
    double radialMax = 10.0;    ///< model unit
    int conditionWidth = 64;    ///< c
    int numFrequencies = 16;    ///< T
    double dataScale = 1.6;     ///< sigma_d of (3.1), model unit
    int pointsPerToken = 1;     ///< P, points in space that a token stands for: 1 for an atom, 3 for N, CA and C
    /** Whether pairs see the positions as the step before denoised them. The gated transformer always does: false */
    bool selfConditioning = false;
};

/** What the gated transformer has besides these, section 9 of docs/theory.md. */
struct OPENMM_EXPORT_ORBIT GatedTransformerSettings {
    int numRegisters = 10;      ///< R, tokens that stand for nothing
    int numBins = 64;           ///< bins of the distances between noisy points
    int numSelfBins = 128;      ///< bins of the distances between points as they were denoised before
    double binMin = 0.1;        ///< upper end of the first bin, model unit
    double binMax = 3.0;        ///< lower end of the last bin, model unit
    int pairUpdateInterval = 0; ///< n: pairs are updated behind layers 0, n, 2n, ... but the last one; 0: never
    int triangleWidth = 0;      ///< t, channels of triangle updates; 0: updates have none

    /** Whether pairs are updated behind a layer of a network. */
    bool updatesPairs(int layer, int numLayers) const {
        return pairUpdateInterval > 0 && layer % pairUpdateInterval == 0 && layer < numLayers - 1;
    }
};

/** One tensor of a model, as 32-bit floats (values may have been stored as BF16). */
struct OPENMM_EXPORT_ORBIT ModelTensor {
    std::vector<int> shape;
    std::vector<float> values;
};

/** How the tensors are stored in a file. */
enum class TensorStorage { Float32, BFloat16 };

/**
 * A denoiser read from, or to be written to, a model file (safetensors with JSON metadata, docs/model-format.md).
 */
class OPENMM_EXPORT_ORBIT DenoiserModel {
public:
    /** Create an empty model: default settings, default vocabularies, no tensors. */
    DenoiserModel();
    /**
     * Read a model file. Neither LibTorch nor Python is needed.
     *
     * @param path   the file's path
     * @throws ArgumentError naming the file and the fault: missing, truncated, foreign, a checksum, a tensor's name
     *                       with the expected and found shape
     */
    static DenoiserModel load(const std::string& path);
    /** Read a model from the bytes of a model file. @throws ArgumentError as load() */
    static DenoiserModel fromBytes(const std::string& bytes, const std::string& origin = "memory");
    /**
     * Create a model with pseudo-random weights of trained-like scale, for tests and as the start of training. The same
     * seed gives the same weights everywhere.
     */
    static DenoiserModel createRandom(const PairBiasTransformerSettings& settings, unsigned int seed);
    /** The same with vocabularies other than those of molecules. */
    static DenoiserModel createRandom(const PairBiasTransformerSettings& settings, unsigned int seed,
            const std::vector<FeatureVocabulary>& atom, const std::vector<FeatureVocabulary>& pair);
    /** The same with a gated transformer, for backbones of up to 64 residues; a point stands for a token. */
    static DenoiserModel createRandomGated(const PairBiasTransformerSettings& settings,
            const GatedTransformerSettings& gated, unsigned int seed);
    /** Write the model file. @throws OpenMMException if the file cannot be written */
    void save(const std::string& path, TensorStorage storage = TensorStorage::Float32) const;
    /** Get the bytes that save() would write. */
    std::string toBytes(TensorStorage storage = TensorStorage::Float32) const;
    /** Check that every tensor of the architecture is present with its shape. @throws ArgumentError */
    void validate() const;

    /** Get the sizes and constants of the network. */
    const PairBiasTransformerSettings& getSettings() const {
        return settings;
    }
    void setSettings(const PairBiasTransformerSettings& newSettings) {
        settings = newSettings;
        checksum.clear();
    }
    /** Get which network the model has. */
    NetworkKind getNetwork() const {
        return network;
    }
    /** Set which network the model has. */
    void setNetwork(NetworkKind newNetwork) {
        network = newNetwork;
        checksum.clear();
    }
    /** Get what a gated transformer has besides getSettings(). */
    const GatedTransformerSettings& getGatedSettings() const {
        return gated;
    }
    /** Set what a gated transformer has besides getSettings(). */
    void setGatedSettings(const GatedTransformerSettings& newSettings) {
        gated = newSettings;
        checksum.clear();
    }
    /** Get a tensor. @throws ArgumentError naming the tensor if there is none */
    const ModelTensor& getTensor(const std::string& name) const;
    /** Set or replace a tensor. */
    void setTensor(const std::string& name, const ModelTensor& tensor);
    /**
     * Make the model self-conditioned, if it is not: the weights of what was denoised before are zero, so it denoises
     * as it did until they are trained.
     */
    void addSelfConditioning();
    /** Get the names of all tensors, sorted. */
    std::vector<std::string> getTensorNames() const;
    /** Get the name and shape of every tensor that the architecture needs. */
    std::map<std::string, std::vector<int>> getExpectedShapes() const;

    /** Get the vocabularies of the atom features, in the order of the columns. */
    const std::vector<FeatureVocabulary>& getAtomVocabularies() const {
        return atomVocabularies;
    }
    /** Get the vocabularies of the pair features, in the order of the columns. */
    const std::vector<FeatureVocabulary>& getPairVocabularies() const {
        return pairVocabularies;
    }
    void setVocabularies(const std::vector<FeatureVocabulary>& atom, const std::vector<FeatureVocabulary>& pair) {
        atomVocabularies = atom;
        pairVocabularies = pair;
        checksum.clear();
    }
    /** Get the names of the conditions, e.g. levels of theory of the training data. Condition 0 is the default. */
    const std::vector<std::string>& getConditions() const {
        return conditions;
    }
    void setConditions(const std::vector<std::string>& names) {
        conditions = names;
        checksum.clear();
    }
    /**
     * Get the rotations over which the targets of this model are averaged. WithReflections says that the inputs show no
     * hand: the generator reflects a copy that came out with the wrong one.
     */
    OrbitRotations getRotations() const {
        return rotations;
    }
    /** Set the rotations over which targets are averaged. */
    void setRotations(OrbitRotations newRotations) {
        rotations = newRotations;
        checksum.clear();
    }
    /** Get the sampler that generators start with: the one the model was made for, or the default SamplerSettings. */
    const SamplerSettings& getSamplerSettings() const {
        return sampler;
    }
    /** Set the sampler that generators start with; files contain it if it is not the default. @throws ArgumentError */
    void setSamplerSettings(const SamplerSettings& newSettings) {
        newSettings.validate();
        sampler = newSettings;
        checksum.clear();
    }
    /** Get the numbers of training molecules by kind of atom, bond, ring and size; empty if the file has none. */
    const TrainingCounts& getTrainingCounts() const {
        return counts;
    }
    /** Set the numbers of training molecules; they are written to the file if they are not empty. */
    void setTrainingCounts(const TrainingCounts& newCounts) {
        counts = newCounts;
        checksum.clear();
    }
    /** Get the system that the model was trained for; it has no atoms if the model is one of molecules. */
    const TopologySubject& getTopology() const {
        return topology;
    }
    /** Set the system that the model was trained for; it is written to the file if it has atoms. */
    void setTopology(const TopologySubject& newTopology) {
        topology = newTopology;
        checksum.clear();
    }
    /** Get what the training data show if the model is one of backbones; otherwise numBackbones is 0. */
    const BackboneStatistics& getBackbones() const {
        return backbones;
    }
    /** Set what the training data show; it is written to the file if numBackbones is not 0. */
    void setBackbones(const BackboneStatistics& newBackbones) {
        backbones = newBackbones;
        checksum.clear();
    }
    /** Get a text of the model card: "name", "data", "licence", "training", "metrics", ...; empty if there is none. */
    std::string getMetadata(const std::string& key) const;
    void setMetadata(const std::string& key, const std::string& value) {
        metadata[key] = value;
        checksum.clear();
    }
    /** Get all texts of the model card. */
    const std::map<std::string, std::string>& getAllMetadata() const {
        return metadata;
    }
    /**
     * Get the SHA-256 of the file's bytes as 64 hex digits. For a model that was not read from a file, or was changed
     * since, it is that of toBytes(Float32).
     */
    std::string getChecksum() const;
    /** Get the path the model was read from; empty if it was not read from a file. */
    const std::string& getPath() const {
        return path;
    }
    /** Get the length of the model unit in nanometers: 0.1 for a model that works in Angstrom, 1 for nanometers. */
    double getUnitInNanometers() const {
        return unitInNanometers;
    }
    /** Set the length of the model unit. @throws ArgumentError if it is neither 0.1 nor 1 nanometers */
    void setUnitInNanometers(double unit);
private:
    NetworkKind network = NetworkKind::PairBiasTransformer;
    PairBiasTransformerSettings settings;
    GatedTransformerSettings gated;
    std::map<std::string, ModelTensor> tensors;
    std::vector<FeatureVocabulary> atomVocabularies, pairVocabularies;
    std::vector<std::string> conditions;
    OrbitRotations rotations = OrbitRotations::WithReflections;
    double unitInNanometers = 0.1;
    SamplerSettings sampler;
    TrainingCounts counts;
    TopologySubject topology;
    BackboneStatistics backbones;
    std::map<std::string, std::string> metadata;
    std::string checksum, path;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_DENOISERMODEL_H_
