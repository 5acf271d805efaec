// SPDX-License-Identifier: MIT
// What the CPU platform's own tests share: numbers, random molecules, and the rounding of BF16 operands.
#ifndef OPENMM_ORBIT_CPU_TESTSUPPORT_H_
#define OPENMM_ORBIT_CPU_TESTSUPPORT_H_

#include "Dispatch.h"
#include "Matchers.h"
#include "PackedLinear.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include <cstdlib>
#include <cstring>
#include <limits>

namespace testSupport {

/** Set an environment variable until the end of the scope. */
class ScopedEnvironment {
public:
    ScopedEnvironment(const std::string& name, const std::string& value) : name(name) {
        const char* old = std::getenv(name.c_str());
        previous = old == nullptr ? "" : old;
        set(value);
    }
    ~ScopedEnvironment() {
        set(previous);
    }
private:
    void set(const std::string& value) {
        if (value.empty())
            unsetenv(name.c_str());
        else
            setenv(name.c_str(), value.c_str(), 1);
    }
    std::string name, previous;
};

/** Get the tables of this processor, and that of AMX with an emulated tile unit. */
inline std::vector<const OrbitPlugin::cpu::KernelTable*> getTestedTables() {
    static const bool added = [] {
        OrbitPlugin::cpu::addTable(*OrbitPlugin::cpu::getEmulatedAmxTable());
        return true;
    }();
    return added ? OrbitPlugin::cpu::getAvailableTables() : std::vector<const OrbitPlugin::cpu::KernelTable*>();
}

/** Whether floats have the same bits. */
inline bool areSameBits(const float* first, const float* second, std::size_t count) {
    return std::memcmp(static_cast<const void*>(first), static_cast<const void*>(second), count * sizeof(float)) == 0;
}

inline std::string precisionOf(const OrbitPlugin::cpu::KernelTable& table) {
    return table.bf16 ? "bfloat16" : "single";
}

/** Numbers that every table reads exactly: multiples of 1/64 between -scale and scale, for scale up to 2. */
inline std::vector<float> makeExactNumbers(int count, std::uint64_t seed, double scale = 1.0) {
    std::vector<float> result;
    for (double number : makeNumbers(count, seed, scale))
        result.push_back((float) (std::nearbyint(number * 64) / 64));
    return result;
}

/** Rows [numRows][depth] as operands, each row stride words long; words that no kernel may use are not numbers. */
inline OrbitPlugin::cpu::AlignedBuffer packOperand(const OrbitPlugin::cpu::KernelTable& table,
        const std::vector<float>& rows, int numRows, int depth, int stride) {
    OrbitPlugin::cpu::AlignedBuffer packed = OrbitPlugin::cpu::packRows(table, rows, numRows, depth);
    const int words = table.bf16 ? (depth + 1) / 2 : depth;
    const int paddedRows = table.tiles ? OrbitPlugin::cpu::roundUp(numRows, OrbitPlugin::cpu::TILE_SIZE) : numRows;
    const int paddedWords = table.tiles ? OrbitPlugin::cpu::roundUp(words, OrbitPlugin::cpu::TILE_SIZE) : words;
    OrbitPlugin::cpu::AlignedBuffer result((std::size_t) paddedRows * stride);
    for (std::size_t i = 0; i < result.size(); i++)
        result.data()[i] = std::numeric_limits<float>::quiet_NaN();
    for (int row = 0; row < numRows; row++) {
        float* to = result.data() + (std::size_t) row * stride;
        std::fill_n(to, paddedWords, 0.0f);
        std::memcpy(to, packed.data() + (std::size_t) row * words, words * sizeof(float));
    }
    return result;
}

/** Read element column of an operand row. */
inline double readOperand(const OrbitPlugin::cpu::KernelTable& table, const float* row, int column) {
    if (!table.bf16)
        return row[column];
    std::uint16_t half;
    std::memcpy(&half, reinterpret_cast<const char*>(row) + 2 * column, sizeof(half));
    const std::uint32_t bits = (std::uint32_t) half << 16;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

/** Round as the operands of a table are rounded. */
inline float rounded(const OrbitPlugin::cpu::KernelTable& table, double value) {
    const OrbitPlugin::cpu::AlignedBuffer words = OrbitPlugin::cpu::packRows(table, {(float) value}, 1, 1);
    return (float) readOperand(table, words.data(), 0);
}

inline double siluOf(double x) {
    return x / (1 + std::exp(-x));
}

const float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();

inline void fillWithNaN(OrbitPlugin::cpu::AlignedBuffer& buffer) {
    for (std::size_t i = 0; i < buffer.size(); i++)
        buffer.data()[i] = NOT_A_NUMBER;
}

/** A molecule with pseudo-random features of the model's vocabularies. */
inline OrbitPlugin::TokenInputs makeFeatures(const OrbitPlugin::DenoiserModel& model, int numAtoms,
        std::uint64_t seed) {
    OrbitPlugin::TokenInputs features;
    features.numTokens = numAtoms;
    features.pointsPerToken = model.getSettings().pointsPerToken;
    auto fill = [&](const std::vector<OrbitPlugin::FeatureVocabulary>& vocabularies, int count,
        std::vector<int>& rows) {
        const std::vector<double> numbers = makeNumbers(count * (int) vocabularies.size(), seed += 17);
        for (std::size_t i = 0; i < numbers.size(); i++) {
            int first = 0;
            for (std::size_t f = 0; f < i % vocabularies.size(); f++)
                first += (int) vocabularies[f].values.size();
            const int size = (int) vocabularies[i % vocabularies.size()].values.size();
            rows.push_back(first + std::min(size - 1, (int) (0.5 * (numbers[i] + 1) * size)));
        }
        return (int) vocabularies.size();
    };
    features.numTokenFeatures = fill(model.getAtomVocabularies(), numAtoms, features.tokenFeatures);
    features.numPairFeatures = fill(model.getPairVocabularies(), numAtoms * numAtoms, features.pairFeatures);
    return features;
}

/** The same with the features of (i, j) for (j, i), as molecules have them. */
inline OrbitPlugin::TokenInputs makeSymmetric(OrbitPlugin::TokenInputs features) {
    const int N = features.numTokens, F = features.numPairFeatures;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++)
            std::copy_n(features.pairFeatures.begin() + (j * N + i) * F, F,
                features.pairFeatures.begin() + (i * N + j) * F);
    return features;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_CPU_TESTSUPPORT_H_
