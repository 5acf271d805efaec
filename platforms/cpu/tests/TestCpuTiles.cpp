// SPDX-License-Identifier: MIT
// Tables with tiles give the bits of the formula that AMX follows: the emulated one anywhere, the real one where it is.
#include "CpuTestSupport.h"

using namespace OrbitPlugin::cpu;
using namespace testSupport;
using std::vector;

namespace {

/** Zero in place of a denormal number. */
float flush(float value) {
    return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value;
}

/** What TDPBF16PS adds to a sum, step by step of 16 pairs: two chains of products, rounded after each operation. */
float multiplyAsAmx(const vector<float>& a, const vector<float>& b) {
    float sum = 0;
    for (std::size_t step = 0; step < a.size(); step += 32) {
        float even = 0, odd = 0;
        for (std::size_t k = step; k < std::min(a.size(), step + 32); k += 2) {
            even = flush(std::fma(flush(a[k]), flush(b[k]), even));
            odd = flush(std::fma(flush(a[k + 1]), flush(b[k + 1]), odd));
        }
        sum = flush(sum + flush(even + odd));
    }
    return sum;
}

/** BF16 numbers of either sign between two powers of two; every eleventh is zero. */
vector<float> makeShortNumbers(int count, std::uint64_t seed, int lowest, int highest) {
    const vector<double> mantissas = makeNumbers(count, seed), exponents = makeNumbers(count, seed + 1);
    vector<float> result;
    for (int i = 0; i < count; i++) {
        const double exponent = lowest + (highest - lowest) * 0.5 * (exponents[i] + 1);
        const float value = (float) (mantissas[i] * std::exp2(exponent));
        std::uint32_t bits;
        std::memcpy(&bits, &value, sizeof(bits));
        bits &= 0xFFFF0000u;
        float number;
        std::memcpy(&number, &bits, sizeof(number));
        result.push_back(i % 11 == 10 ? 0.0f : number);
    }
    return result;
}

class CpuTiles : public testing::TestWithParam<const KernelTable*> {
protected:
    void checkBits(int numRows, int depth, int lowest, int highest) const;
};

void CpuTiles::checkBits(int numRows, int depth, int lowest, int highest) const {
    const KernelTable& table = *GetParam();
    const int columns = 40, stride = roundUp(depth, ROW_PADDING);
    DenseLayer layer(columns, depth);
    layer.weight = makeShortNumbers(columns * depth, 3 + depth, lowest, highest);
    const vector<float> rows = makeShortNumbers(numRows * depth, 5 + depth, lowest, highest);
    const PackedLinear packed = packLinear(table, layer, Epilogue::Store);
    const AlignedBuffer a = packOperand(table, rows, numRows, depth, stride);
    AlignedBuffer out((std::size_t) numRows * ROW_PADDING);
    table.linear({a.data(), stride, numRows, packed.panels.data(), packed.bias.data(), packed.numPanels, packed.depth,
        nullptr, out.data(), ROW_PADDING, true, packed.halves}, Epilogue::Store);
    for (int r = 0; r < numRows; r++)
        for (int c = 0; c < columns; c++) {
            const float expected = multiplyAsAmx({rows.begin() + r * depth, rows.begin() + (r + 1) * depth},
                {layer.weight.begin() + c * depth, layer.weight.begin() + (c + 1) * depth});
            ASSERT_EQ(out.data()[r * ROW_PADDING + c], expected) << r << " " << c << " depth " << depth;
        }
}

TEST_P(CpuTiles, bitsOfProducts) {
    for (int depth : {2, 32, 34, 192})
        for (int numRows : {1, 16, 17, 33}) {
            checkBits(numRows, depth, -3, 3);
            checkBits(numRows, depth, -30, 30);
        }
}

TEST_P(CpuTiles, denormalNumbersAreZero) {
    checkBits(20, 64, -133, -120);
    checkBits(20, 64, -70, -55);
    checkBits(20, 64, -68, -58);
}

TEST_P(CpuTiles, rowsDependOnNothingElse) {
    const KernelTable& table = *GetParam();
    const int numRows = 37, depth = 50, columns = 70, stride = ROW_PADDING, outStride = 2 * ROW_PADDING;
    DenseLayer layer(columns, depth);
    layer.weight = makeExactNumbers(columns * depth, 11);
    layer.bias = makeExactNumbers(columns, 12);
    const PackedLinear packed = packLinear(table, layer, Epilogue::SwiGlu);
    const int readRows = numRows + TILE_SIZE;
    const AlignedBuffer a = packOperand(table, makeExactNumbers(readRows * depth, 13), readRows, depth, stride);
    auto multiply = [&](int first, int count) {
        AlignedBuffer out((std::size_t) count * outStride);
        LinearTask task{a.data() + first * stride, stride, count, packed.panels.data(), packed.bias.data(),
            packed.numPanels, packed.depth, nullptr, out.data(), outStride, false, packed.halves};
        table.linear(task, Epilogue::SwiGlu);
        return out;
    };
    const AlignedBuffer all = multiply(0, numRows);
    for (int first : {0, 1, 15, 16, 31, 36})
        for (int count : {1, 5, 16, 20}) {
            if (first + count > numRows)
                continue;
            const AlignedBuffer some = multiply(first, count);
            EXPECT_TRUE(areSameBits(some.data(), all.data() + first * outStride, count * outStride))
                << first << " " << count;
        }
}

vector<const KernelTable*> getTablesWithTiles() {
    vector<const KernelTable*> result;
    for (const KernelTable* table : getTestedTables())
        if (table->tiles)
            result.push_back(table);
    return result;
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, CpuTiles, testing::ValuesIn(getTablesWithTiles()),
    [](const testing::TestParamInfo<const KernelTable*>& info) {
        return std::string(info.param->instructionSet);
    });

} // namespace
