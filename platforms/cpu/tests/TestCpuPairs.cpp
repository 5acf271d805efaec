// SPDX-License-Identifier: MIT
// The pair stage of every instruction set against loops in double precision; half of the pairs give the bits of all.
#include "CpuTestSupport.h"
#include "networks/PairBiasInputs.h"

using namespace OrbitPlugin::cpu;
using namespace testSupport;
using std::vector;

namespace {

struct PairShape {
    int numAtoms, pairWidth, numRadial, numBias;
    bool hasBefore;
};

/** Points, weights, and embeddings that are the same for (i, j) and (j, i). */
struct PairCase {
    PairCase(const KernelTable& table, const PairShape& shape) :
            table(table), shape(shape), sources(shape.hasBefore ? 2 : 1), padded(roundUp(shape.numAtoms, 16)),
            u(makeExactNumbers(3 * shape.numAtoms, 41, 2.0)), before(makeExactNumbers(3 * shape.numAtoms, 40, 2.0)),
            embedded(makeExactNumbers(shape.numAtoms * shape.pairWidth, 42)),
            conditioning(makeExactNumbers(shape.pairWidth, 43)),
            radial(makeExactNumbers(shape.pairWidth * sources * shape.numRadial, 44)),
            hidden(makeExactNumbers(shape.pairWidth * shape.pairWidth, 45)),
            hiddenBias(makeExactNumbers(shape.pairWidth, 46)),
            output(makeExactNumbers(shape.numBias * shape.pairWidth, 47)),
            outputBias(makeExactNumbers(shape.numBias, 48)),
            radialWeight(packRows(table, radial, shape.pairWidth, sources * shape.numRadial)),
            hiddenWeight(packRows(table, hidden, shape.pairWidth, shape.pairWidth)),
            biasWeight(packRows(table, output, shape.numBias, shape.pairWidth)) {
    }
    float getEmbedding(int i, int j, int channel) const {
        const int N = shape.numAtoms;
        return embedded[channel * N + (i + j + N - N / 2) % N];
    }
    AlignedBuffer placePoints(const vector<float>& points) const;
    AlignedBuffer expand(const PairRows& rows, long stride) const;
    /** Get the biases [numBias][numRows][padded] of some rows; nothing else is a number. */
    AlignedBuffer run(const PairRows& rows) const;
    vector<double> radialOf(const vector<float>& points, int i, int j) const;
    vector<double> computeBiases(int i, int j) const;
    const KernelTable& table;
    PairShape shape;
    int sources, padded;
    vector<float> u, before, embedded, conditioning, radial, hidden, hiddenBias, output, outputBias;
    AlignedBuffer radialWeight, hiddenWeight, biasWeight;
};

AlignedBuffer PairCase::placePoints(const vector<float>& points) const {
    AlignedBuffer result(3 * padded + 15);
    for (std::size_t i = 0; i < points.size(); i++)
        result.data()[i % 3 * padded + i / 3] = points[i];
    return result;
}

AlignedBuffer PairCase::expand(const PairRows& rows, long stride) const {
    AlignedBuffer result(shape.pairWidth * stride);
    long pair = 0;
    for (int i = rows.firstRow; i < rows.firstRow + rows.numRows; i++)
        for (int j = rows.halved ? i : 0; j < shape.numAtoms; j++, pair++)
            for (int c = 0; c < shape.pairWidth; c++)
                result.data()[c * stride + pair] = getEmbedding(i, j, c);
    return result;
}

AlignedBuffer PairCase::run(const PairRows& rows) const {
    const int numPairs = rows.halved ? rows.numRows * (rows.numRows + 1) / 2 : rows.numRows * shape.numAtoms;
    const int depth = sources * shape.numRadial;
    const AlignedBuffer coordinates = placePoints(u), denoised = placePoints(before);
    const AlignedBuffer embedding = expand(rows, numPairs + 15);
    AlignedBuffer bias((std::size_t) shape.numBias * rows.numRows * padded);
    AlignedBuffer scratch(table.pairScratch(shape.numAtoms, shape.pairWidth, depth, shape.numBias));
    fillWithNaN(bias);
    fillWithNaN(scratch);
    PairTask task{};
    task.firstRow = rows.firstRow;
    task.numRows = rows.numRows;
    task.halved = rows.halved;
    task.numTokens = shape.numAtoms;
    task.paddedTokens = padded;
    task.pairWidth = shape.pairWidth;
    task.numRadial = shape.numRadial;
    task.numBias = shape.numBias;
    task.coordinates = coordinates.data();
    task.before = shape.hasBefore ? denoised.data() : nullptr;
    task.inverseSpacing = 2.0f;
    task.embedding = embedding.data();
    task.embeddingStride = numPairs + 15;
    task.conditioning = conditioning.data();
    task.radialWeight = radialWeight.data();
    task.radialStride = table.bf16 ? (depth + 1) / 2 : depth;
    task.hiddenWeight = hiddenWeight.data();
    task.hiddenBias = hiddenBias.data();
    task.biasWeight = biasWeight.data();
    task.biasBias = outputBias.data();
    task.bias = bias.data();
    task.biasStride = (long) rows.numRows * padded;
    task.scratch = scratch.data();
    table.pairs(task);
    return bias;
}

/** The radial functions of the distance of two points, half a unit apart, in the precision of operands. */
vector<double> PairCase::radialOf(const vector<float>& points, int i, int j) const {
    double squared = 0;
    for (int k = 0; k < 3; k++)
        squared += std::pow(points[3 * j + k] - points[3 * i + k], 2);
    vector<double> rho;
    for (int k = 0; k < shape.numRadial; k++)
        rho.push_back(rounded(table, std::exp(-0.5 * std::pow(std::sqrt(squared) * 2 - k, 2))));
    return rho;
}

vector<double> PairCase::computeBiases(int i, int j) const {
    const int p = shape.pairWidth, depth = sources * shape.numRadial;
    const vector<double> rho[] = {radialOf(u, i, j), radialOf(before, i, j)};
    vector<double> h1(p), h2(p), result;
    for (int c = 0; c < p; c++) {
        double sum = getEmbedding(i, j, c) + conditioning[c];
        for (int k = 0; k < depth; k++)
            sum += radial[c * depth + k] * rho[k / shape.numRadial][k % shape.numRadial];
        h1[c] = rounded(table, siluOf(sum));
    }
    for (int c = 0; c < p; c++) {
        double sum = hiddenBias[c];
        for (int k = 0; k < p; k++)
            sum += hidden[c * p + k] * h1[k];
        h2[c] = rounded(table, siluOf(sum));
    }
    for (int channel = 0; channel < shape.numBias; channel++) {
        double sum = outputBias[channel];
        for (int k = 0; k < p; k++)
            sum += output[channel * p + k] * h2[k];
        result.push_back(sum);
    }
    return result;
}

class CpuPairs : public testing::TestWithParam<const KernelTable*> {
protected:
    const KernelTable& table = *GetParam();
    void checkRow(const PairShape& shape) const;
    void checkHalf(const PairShape& shape) const;
};

/** One row against the loops. */
void CpuPairs::checkRow(const PairShape& shape) const {
    const PairCase c(table, shape);
    const int row = shape.numAtoms / 2;
    const AlignedBuffer bias = c.run({row, 1, false});
    vector<double> actual, expected;
    for (int j = 0; j < shape.numAtoms; j++) {
        const vector<double> biases = c.computeBiases(row, j);
        expected.insert(expected.end(), biases.begin(), biases.end());
        for (int channel = 0; channel < shape.numBias; channel++)
            actual.push_back(bias.data()[channel * c.padded + j]);
    }
    expectClose("pairs " + std::to_string(shape.numAtoms) + " " + std::to_string(shape.pairWidth), actual, expected,
        tolerance("pairFeatures", precisionOf(table)));
    for (int channel = 0; channel < shape.numBias; channel++)
        for (int j = shape.numAtoms; j < roundUp(shape.numAtoms, table.lanes); j++)
            ASSERT_EQ(bias.data()[channel * c.padded + j], PADDED_BIAS);
}

/** Half of the pairs, all of them, and single rows: the bits of all columns that attention reads. */
void CpuPairs::checkHalf(const PairShape& shape) const {
    const PairCase c(table, shape);
    const int N = shape.numAtoms, columns = roundUp(N, table.lanes);
    const AlignedBuffer half = c.run({0, N, true}), whole = c.run({0, N, false});
    const AlignedBuffer rowAlone = c.run({N / 2, 1, false});
    for (int channel = 0; channel < shape.numBias; channel++)
        for (int i = 0; i < N; i++) {
            const float* row = half.data() + (channel * N + i) * c.padded;
            ASSERT_TRUE(areSameBits(row, whole.data() + (channel * N + i) * c.padded, columns))
                << "row " << i << " of " << N << ", channel " << channel;
            if (i == N / 2) {
                ASSERT_TRUE(areSameBits(row, rowAlone.data() + channel * c.padded, columns)) << N;
            }
        }
}

TEST_P(CpuPairs, agreeWithLoops) {
    for (int numAtoms = 1; numAtoms <= 70; numAtoms++)
        for (bool hasBefore : {false, true})
            checkRow({numAtoms, 16, 16, 12, hasBefore});
    for (int numAtoms : {1, 16, 17, 50, 64, 70})
        for (bool hasBefore : {false, true})
            checkRow({numAtoms, 32, 32, 36, hasBefore});
    checkRow({17, 32, 64, 33, false});
    checkRow({20, 64, 32, 33, false});
    for (int pairWidth : {1, 5, 6, 7, 13, 32})
        for (int numRadial : {2, 9, 32})
            for (int numBias : {1, 7, 36})
                checkRow({19, pairWidth, numRadial, numBias, false});
}

TEST_P(CpuPairs, halfOfThemGiveTheBitsOfAll) {
    for (int numAtoms = 1; numAtoms <= 36; numAtoms++)
        checkHalf({numAtoms, 8, 8, 3, numAtoms % 2 == 0});
    for (int numAtoms : {1, 15, 16, 17, 44, 64, 65})
        checkHalf({numAtoms, 32, 32, 18, numAtoms % 2 == 0});
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, CpuPairs, testing::ValuesIn(getTestedTables()),
    [](const testing::TestParamInfo<const KernelTable*>& info) {
        return std::string(info.param->instructionSet);
    });

} // namespace
