// SPDX-License-Identifier: MIT
// The vectorised primitives of every instruction set of this machine against loops in double precision.
#include "CpuTestSupport.h"

using namespace OrbitPlugin::cpu;
using namespace testSupport;
using std::vector;

namespace {

class CpuStages : public testing::TestWithParam<const KernelTable*> {
protected:
    const KernelTable& table = *GetParam();
    Tolerance toleranceOf(const std::string& stage) const {
        return tolerance(stage, precisionOf(table));
    }
    void checkLinear(int numRows, int depth, int columns, Epilogue epilogue);
    void checkAttention(int numAtoms, int numHeads, int headWidth, int firstRow, int numRows, int points = 1,
            float offset = 0);
};

TEST_P(CpuStages, exponentialAndSilu) {
    vector<float> x;
    for (int i = 0; i < 16000; i++)
        x.push_back(-87.0f + 174.0f * i / 16000);
    vector<float> exponential(x.size()), silu(x.size());
    table.exponential(x.data(), exponential.data(), (int) x.size());
    table.silu(x.data(), silu.data(), (int) x.size());
    const double limit = table.bf16 ? 5e-4 : 3e-7;
    for (std::size_t i = 0; i < x.size(); i++) {
        EXPECT_LE(std::fabs(exponential[i] / std::exp(std::max(-60.0, (double) x[i])) - 1), limit) << "exp of " << x[i];
        EXPECT_LE(std::fabs(silu[i] - siluOf(x[i])), limit * std::fabs(siluOf(x[i])) + 1e-37) << "SiLU of " << x[i];
    }
}

TEST_P(CpuStages, exponentialOfExtremes) {
    const float huge = std::numeric_limits<float>::max(), tiny = std::numeric_limits<float>::denorm_min();
    vector<float> x(16, 0.0f), exponential(16), silu(16);
    x[0] = huge, x[1] = -huge, x[2] = tiny, x[3] = -tiny, x[4] = PADDED_BIAS, x[5] = -104, x[6] = 1000;
    x[7] = std::numeric_limits<float>::infinity(), x[8] = -x[7];
    table.exponential(x.data(), exponential.data(), 16);
    table.silu(x.data(), silu.data(), 16);
    expectFinite("exp", exponential);
    for (int i : {1, 4, 5, 8})
        EXPECT_LE(exponential[i], 9e-27f) << i;
    for (int i : {2, 3, 9})
        EXPECT_EQ(exponential[i], 1.0f) << i;
    EXPECT_EQ(silu[0], huge);
    EXPECT_LE(std::fabs(silu[5]), 1e-35f);
    EXPECT_EQ(silu[6], 1000.0f);
}

TEST_P(CpuStages, noDenormalNumbers) {
    // Not even as a product of e^x with an ordinary number: Intel's processors are a hundred times slower with them.
    vector<float> x;
    for (int i = 0; i < 1600; i++)
        x.push_back(-0.25f * i);
    vector<float> exponential(x.size()), silu(x.size());
    table.exponential(x.data(), exponential.data(), (int) x.size());
    table.silu(x.data(), silu.data(), (int) x.size());
    for (std::size_t i = 0; i < x.size(); i++) {
        EXPECT_TRUE(std::isnormal(exponential[i] * 1e-6f)) << "exp of " << x[i];
        EXPECT_TRUE(silu[i] == 0 || std::isnormal(silu[i])) << "SiLU of " << x[i];
    }
    x.assign(16, NOT_A_NUMBER);
    table.silu(x.data(), silu.data(), 16);
    EXPECT_TRUE(std::isnan(silu[0])) << "what is not a number stays so";
}

void CpuStages::checkLinear(int numRows, int depth, int columns, Epilogue epilogue) {
    DenseLayer layer(columns, depth);
    layer.weight = makeExactNumbers(columns * depth, 11);
    layer.bias = makeExactNumbers(columns, 12);
    const PackedLinear packed = packLinear(table, layer, epilogue);
    const vector<float> rows = makeExactNumbers(numRows * depth, 13);
    const AlignedBuffer a = packOperand(table, rows, numRows, depth, roundUp(depth, ROW_PADDING));
    const int outColumns = epilogue == Epilogue::SwiGlu ? columns / 2 : columns;
    const int stride = roundUp(outColumns, ROW_PADDING);
    AlignedBuffer gate(stride), out((std::size_t) numRows * stride);
    const vector<float> gates = makeExactNumbers(columns, 14), start = makeExactNumbers(numRows * columns, 15);
    for (int c = 0; c < outColumns; c++) {
        gate.data()[c] = gates[c];
        for (int r = 0; r < numRows; r++)
            out.data()[r * stride + c] = start[r * columns + c];
    }
    LinearTask task{a.data(), roundUp(depth, ROW_PADDING), numRows, packed.panels.data(), packed.bias.data(),
        packed.numPanels, packed.depth, gate.data(), out.data(), stride, epilogue == Epilogue::Residual,
        packed.halves};
    EXPECT_EQ(packed.halves, !table.bf16);
    table.linear(task, epilogue);
    vector<double> actual, expected;
    auto product = [&](int r, int c) {
        double sum = layer.bias[c];
        for (int k = 0; k < depth; k++)
            sum += (double) layer.weight[c * depth + k] * rows[r * depth + k];
        return sum;
    };
    for (int r = 0; r < numRows; r++)
        for (int c = 0; c < outColumns; c++) {
            const float* row = out.data() + r * stride;
            if (epilogue == Epilogue::Residual) {
                actual.push_back(row[c]);
                expected.push_back(start[r * columns + c] + gates[c] * product(r, c));
            }
            else {
                actual.push_back(readOperand(table, row, c));
                expected.push_back(epilogue == Epilogue::Store ? product(r, c) :
                    siluOf(product(r, 2 * c)) * product(r, 2 * c + 1));
            }
        }
    expectClose("linear " + std::to_string(numRows) + " " + std::to_string(depth) + " " + std::to_string(columns),
        actual, expected, toleranceOf("linear"));
}

TEST_P(CpuStages, linear) {
    for (int rows = 1; rows <= 70; rows++)
        checkLinear(rows, 24, 24, Epilogue::Store);
    for (Epilogue epilogue : {Epilogue::Store, Epilogue::Residual, Epilogue::SwiGlu})
        for (int rows : {1, 5, 6, 7, 13, 18})
            for (int depth : {1, 2, 7, 31, 192})
                for (int columns : {2, 10, 32, 64, 66, 150})
                    checkLinear(rows, depth, columns, epilogue);
}

TEST_P(CpuStages, shortWeightsGiveTheBitsOfFloats) {
    if (table.bf16)
        GTEST_SKIP() << "all weights are short in bf16";
    const int numRows = 13, depth = 31, columns = 40, stride = roundUp(columns + 1, ROW_PADDING);
    const vector<float> rows = makeExactNumbers(numRows * depth, 13);
    const AlignedBuffer a = packOperand(table, rows, numRows, depth, roundUp(depth, ROW_PADDING));
    auto multiply = [&](const DenseLayer& layer, bool halves) {
        const PackedLinear packed = packLinear(table, layer, Epilogue::Store);
        EXPECT_EQ(packed.halves, halves);
        AlignedBuffer out((std::size_t) numRows * stride);
        table.linear({a.data(), roundUp(depth, ROW_PADDING), numRows, packed.panels.data(), packed.bias.data(),
            packed.numPanels, packed.depth, nullptr, out.data(), stride, true, packed.halves}, Epilogue::Store);
        return out;
    };

    // One more column, of a weight that is no BF16 number, makes floats of all.

    DenseLayer layer(columns, depth), wider(columns + 1, depth);
    layer.weight = makeExactNumbers(columns * depth, 11);
    std::copy(layer.weight.begin(), layer.weight.end(), wider.weight.begin());
    wider.weight.back() = 0.1f;
    const AlignedBuffer ofHalves = multiply(layer, true), ofFloats = multiply(wider, false);
    for (int r = 0; r < numRows; r++) {
        EXPECT_TRUE(areSameBits(ofHalves.data() + r * stride, ofFloats.data() + r * stride, columns));
        EXPECT_FLOAT_EQ(ofFloats.data()[r * stride + columns], rows[r * depth + depth - 1] * 0.1f);
    }
}

TEST_P(CpuStages, layerNorm) {
    for (int width : {1, 3, 15, 16, 17, 64, 100, 192}) {
        const int numRows = 3, stride = roundUp(width, ROW_PADDING);
        const vector<double> values = makeNumbers(numRows * width, 21, 5.0), scales = makeNumbers(2 * width, 22);
        AlignedBuffer x(numRows * stride), scale(stride), shift(stride), out(numRows * stride);
        vector<double> actual, expected;
        for (int c = 0; c < width; c++) {
            scale.data()[c] = (float) scales[c];
            shift.data()[c] = (float) scales[width + c];
            for (int r = 0; r < numRows; r++)
                x.data()[r * stride + c] = (float) (values[r * width + c] + (r == 2 ? 100 : 0));
        }
        table.layerNorm({x.data(), stride, numRows, width, scale.data(), shift.data(), out.data(), stride});
        for (int r = 0; r < numRows; r++) {
            double mean = 0, variance = 0;
            for (int c = 0; c < width; c++)
                mean += x.data()[r * stride + c] / (double) width;
            for (int c = 0; c < width; c++)
                variance += std::pow(x.data()[r * stride + c] - mean, 2) / width;
            for (int c = 0; c < width; c++) {
                actual.push_back(readOperand(table, out.data() + r * stride, c));
                expected.push_back((x.data()[r * stride + c] - mean) / std::sqrt(variance + 1e-5) * scale.data()[c] +
                    shift.data()[c]);
            }
        }
        expectClose("layerNorm " + std::to_string(width), actual, expected, toleranceOf("layerNorm"));
    }
}

void CpuStages::checkAttention(int numAtoms, int numHeads, int headWidth, int firstRow, int numRows, int points,
        float offset) {
    const int width = numHeads * headWidth, padded = roundUp(numAtoms, 16), qkvStride = roundUp(3 * width, ROW_PADDING);
    const int components = 3 * points, reference = points / 2;
    const int outStride = roundUp(width + components * numHeads, ROW_PADDING);
    const vector<float> qkv = makeExactNumbers(numAtoms * 3 * width, 31);
    const vector<float> u = makeExactNumbers(components * numAtoms, 32, 2.0);
    const vector<float> biases = makeExactNumbers(numHeads * numRows * numAtoms, 33, 2.0);
    const AlignedBuffer packed = packOperand(table, qkv, numAtoms, 3 * width, qkvStride);
    AlignedBuffer coordinates(components * padded), bias((std::size_t) numHeads * numRows * padded);
    AlignedBuffer out(numAtoms * outStride);
    AlignedBuffer scratch(table.attentionScratch(numAtoms, headWidth));
    fillWithNaN(scratch);
    for (int i = 0; i < components * numAtoms; i++)
        coordinates.data()[i % components * padded + i / components] = u[i];
    for (int row = 0; row < numHeads * numRows; row++)
        for (int j = 0; j < padded; j++)
            bias.data()[row * padded + j] =
                j < numAtoms ? biases[row * numAtoms + j] + (float) (row % 3 - 1) * offset : PADDED_BIAS;
    AttentionTask task{numAtoms, padded, numHeads, headWidth, firstRow, numRows, packed.data(), qkvStride,
        coordinates.data(), bias.data(), (long) numRows * padded, out.data(), outStride, scratch.data(), points,
        reference};
    table.attention(task);
    vector<double> actual, expected;
    for (int h = 0; h < numHeads; h++)
        for (int r = 0; r < numRows; r++) {
            const int i = firstRow + r;
            vector<double> weights(numAtoms);
            double sum = 0;
            for (int j = 0; j < numAtoms; j++) {
                double score = 0;
                for (int c = 0; c < headWidth; c++)
                    score += qkv[i * 3 * width + h * headWidth + c] * qkv[j * 3 * width + width + h * headWidth + c];
                score = score / std::sqrt((double) headWidth) + biases[(h * numRows + r) * numAtoms + j];
                sum += weights[j] = std::exp(score);
            }
            for (int c = 0; c < headWidth + components; c++) {
                const int k = c - headWidth;
                double value = c < headWidth ? 0 : -u[components * i + 3 * reference + k % 3];
                for (int j = 0; j < numAtoms; j++)
                    value += weights[j] / sum *
                        (c < headWidth ? qkv[j * 3 * width + 2 * width + h * headWidth + c] : u[components * j + k]);
                expected.push_back(value);
                actual.push_back(readOperand(table, out.data() + i * outStride,
                    c < headWidth ? h * headWidth + c : width + components * h + k));
            }
        }
    Tolerance limit = toleranceOf("softmax");
    limit.absolute += 1.2e-7 * offset;
    expectClose("attention " + std::to_string(numAtoms) + " " + std::to_string(headWidth), actual, expected, limit);
}

TEST_P(CpuStages, attention) {
    for (int numAtoms = 1; numAtoms <= 70; numAtoms++)
        checkAttention(numAtoms, 2, 32, 0, numAtoms);
    for (int headWidth : {2, 6, 10, 24, 48, 130})
        for (int numAtoms : {1, 9, 33})
            checkAttention(numAtoms, 3, headWidth, 0, numAtoms);
    checkAttention(200, 1, 16, 96, 96);
    checkAttention(200, 1, 16, 192, 8);
}

TEST_P(CpuStages, attentionOfHugeScores) {
    // What all scores of a row have in common is nothing to a softmax, even where exp would end.
    for (float offset : {100.0f, 400.0f})
        for (int numAtoms : {1, 9, 16, 33, 50})
            checkAttention(numAtoms, 3, 32, 0, numAtoms, 1, offset);
    checkAttention(200, 2, 64, 96, 90, 1, 150.0f);
}

TEST_P(CpuStages, attentionToSeveralPoints) {
    for (int points : {2, 3, 8})
        for (int numAtoms : {1, 7, 16, 33, 50})
            for (int headWidth : {12, 32})
                checkAttention(numAtoms, 3, headWidth, 0, numAtoms, points);
    checkAttention(200, 2, 16, 96, 96, 3);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, CpuStages, testing::ValuesIn(getTestedTables()),
    [](const testing::TestParamInfo<const KernelTable*>& info) {
        return std::string(info.param->instructionSet);
    });

} // namespace
