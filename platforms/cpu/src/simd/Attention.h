// SPDX-License-Identifier: MIT
// Attention with a bias for all heads of one copy: scores, softmax over whole rows, values and relative coordinates.
#ifndef OPENMM_ORBIT_CPU_ATTENTION_H_
#define OPENMM_ORBIT_CPU_ATTENTION_H_

#include "../KernelTable.h"
#include "MatrixTile.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

/** One head's operands, packed for the register tile. */
struct HeadPack {
    float* keys;        ///< [keyDepth][paddedTokens]
    float* values;      ///< [valueDepth][valueColumns]
    float* scores;      ///< [TILE_ROWS][paddedTokens]
    float* weights;     ///< [TILE_ROWS][paddedTokens] operand
    float* product;     ///< [TILE_ROWS][valueColumns]
    int keyDepth, valueDepth, valueColumns;
};

static int paddedCount(int numTokens) {
    return (numTokens + ROW_PADDING - 1) / ROW_PADDING * ROW_PADDING;
}

static int valueColumnsOf(int headWidth) {
    return (headWidth + LANES - 1) / LANES * LANES;
}

static HeadPack placeHead(const AttentionTask& task) {
    HeadPack head;
    head.keyDepth = numWords(task.headWidth);
    head.valueDepth = numWords(task.numTokens);
    head.valueColumns = valueColumnsOf(task.headWidth);
    head.keys = task.scratch;
    head.values = head.keys + (long) head.keyDepth * task.paddedTokens;
    head.scores = head.values + (long) head.valueDepth * head.valueColumns;
    head.weights = head.scores + (long) TILE_ROWS * task.paddedTokens;
    head.product = head.weights + (long) TILE_ROWS * task.paddedTokens;
    return head;
}

static long attentionScratch(int numTokens, int headWidth) {
    long padded = paddedCount(numTokens), columns = valueColumnsOf(headWidth);
    return headWidth * padded + padded * columns + 2 * TILE_ROWS * padded + TILE_ROWS * columns;
}

/** Transpose the keys and interleave the values of one head. */
static void packHead(const AttentionTask& task, int h, const HeadPack& head) {
    int width = task.numHeads * task.headWidth, headWords = head.keyDepth;
    const float* keys = task.qkv + (width + h * task.headWidth) / PER_WORD;
    for (int j = 0; j < task.numTokens; j++)
        for (int c = 0; c < headWords; c++)
            head.keys[(long) c * task.paddedTokens + j] = keys[j * task.qkvStride + c];
    for (int c = 0; c < headWords; c++)
        for (int j = task.numTokens; j < task.paddedTokens && j % LANES != 0; j++)
            head.keys[(long) c * task.paddedTokens + j] = 0;
    const float* values = task.qkv + (2 * width + h * task.headWidth) / PER_WORD;
#if ORBIT_BF16
#ifdef __AVX512BF16__
    const int whole = task.headWidth % LANES == 0 ? task.headWidth : 0;
#else
    const int whole = 0;
#endif
    for (int pair = 0; pair < head.valueDepth; pair++) {
        float* out = head.values + (long) pair * head.valueColumns;
        const Half* first = reinterpret_cast<const Half*>(values + 2 * pair * task.qkvStride);
        bool present = 2 * pair + 1 < task.numTokens;
        const Half* second = present ? reinterpret_cast<const Half*>(values + (2 * pair + 1) * task.qkvStride) : first;
#ifdef __AVX512BF16__
        for (int c = 0; c < whole; c += LANES) {
            __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*) (first + c)));
            __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*) (second + c)));
            high = present ? _mm512_slli_epi32(high, 16) : _mm512_setzero_si512();
            _mm512_storeu_si512(out + c, _mm512_or_si512(low, high));
        }
#endif
        Half* halves = reinterpret_cast<Half*>(out);
        for (int c = whole; c < head.valueColumns; c++) {
            halves[2 * c] = c < task.headWidth ? first[c] : 0;
            halves[2 * c + 1] = c < task.headWidth && present ? second[c] : 0;
        }
    }
#else
    for (int j = 0; j < task.numTokens; j++) {
        float* out = head.values + (long) j * head.valueColumns;
        for (int c = 0; c < task.headWidth; c++)
            out[c] = values[j * task.qkvStride + c];
        for (int c = task.headWidth; c < head.valueColumns; c++)
            out[c] = 0;
    }
#endif
}

template <int ROWS, int VECTORS>
ORBIT_INLINE void multiplyInto(const float* a, long aStride, const float* b, long bStride, int depth, float* out,
        long outStride) {
    Vec acc[ROWS][VECTORS];
    multiplyTile<ROWS, VECTORS>(a, aStride, b, bStride, depth, acc);
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            store(out + r * outStride + v * LANES, acc[r][v]);
}

/** out[ROWS][columns] = a b for any multiple of LANES columns. */
template <int ROWS>
ORBIT_INLINE void multiplyRows(const float* a, long aStride, const float* b, long bStride, int depth, int columns,
        float* out, long outStride) {
    int c = 0;
    for (; c + TILE_COLUMNS <= columns; c += TILE_COLUMNS)
        multiplyInto<ROWS, TILE_VECTORS>(a, aStride, b + c, bStride, depth, out + c, outStride);
    int rest = (columns - c) / LANES;
    if (TILE_VECTORS > 3 && rest == 3)
        multiplyInto<ROWS, 3>(a, aStride, b + c, bStride, depth, out + c, outStride);
    else if (TILE_VECTORS > 2 && rest == 2)
        multiplyInto<ROWS, 2>(a, aStride, b + c, bStride, depth, out + c, outStride);
    else if (rest == 1)
        multiplyInto<ROWS, 1>(a, aStride, b + c, bStride, depth, out + c, outStride);
}

/** The sum of weights times coordinates of one point of every token. */
struct PointSum {
    Vec x{}, y{}, z{};
    ORBIT_INLINE_MEMBER void add(Vec weight, const float* u, long padded) {
        x += weight * load(u);
        y += weight * load(u + padded);
        z += weight * load(u + 2 * padded);
    }
    ORBIT_INLINE_MEMBER void finish(float* point) const {
        point[0] = sumOfLanes(x);
        point[1] = sumOfLanes(y);
        point[2] = sumOfLanes(z);
    }
};

/** Some rows of one head. POINTS is that of a token, or 0 for any. */
template <int POINTS>
struct AttentionTile {
    const AttentionTask& task;
    const HeadPack& head;
    int h;
    float scale;        // of the scores

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int firstRow) const {
        const int columns = (task.numTokens + LANES - 1) / LANES * LANES, row = task.firstRow + firstRow;
        const long padded = task.paddedTokens;

        // (4.12) scores of ROWS tokens against all tokens, then softmax without the normaliser.

        multiplyRows<ROWS>(task.qkv + row * task.qkvStride + h * task.headWidth / PER_WORD, task.qkvStride,
            head.keys, padded, head.keyDepth, columns, head.scores, padded);
        float inverseSum[ROWS], relative[ROWS][3 * (POINTS > 0 ? POINTS : MAX_POINTS)];
        for (int r = 0; r < ROWS; r++)
            inverseSum[r] = 1.0f / weighRow(r, firstRow + r, columns, relative[r]);

        // (4.13) o of the head, and ρ behind the o of all heads.

        multiplyRows<ROWS>(head.weights, padded, head.values, head.valueColumns, head.valueDepth, head.valueColumns,
            head.product, head.valueColumns);
        for (int r = 0; r < ROWS; r++)
            finishRow(r, row + r, inverseSum[r], relative[r]);
    }

    /** Turn the scores of a row into weights; get their sum, and the sums [3P] of the points that they reach. */
    ORBIT_INLINE_MEMBER float weighRow(int r, int biasRow, int columns, float* relative) const {
        const long padded = task.paddedTokens;
        const float* u = task.coordinates;
        float* scores = head.scores + r * padded;
        const float* bias = task.bias + h * task.biasStride + biasRow * padded;
        Vec largest = splat(PADDED_BIAS);
        for (int j = 0; j < columns; j += LANES) {
            Vec score = load(scores + j) * scale + load(bias + j);
            store(scores + j, score);
            largest = maximum(largest, score);
        }
        Vec sums{};
        PointSum first;
        float rowMaximum = maximumOfLanes(largest);
        for (int j = 0; j < columns; j += LANES) {
            Vec weight = exponentialBelow(load(scores + j) - rowMaximum);
            storeOperand(head.weights + r * padded, j, weight);
            sums += weight;
            first.add(weight, u + j, padded);
            if constexpr (POINTS != 1)
                store(scores + j, weight);
        }
        first.finish(relative);
        if constexpr (POINTS != 1)
            for (int point = 1; point < task.pointsPerToken; point++) {
                PointSum other;
                for (int j = 0; j < columns; j += LANES)
                    other.add(load(scores + j), u + 3 * point * padded + j, padded);
                other.finish(relative + 3 * point);
            }
        return sumOfLanes(sums);
    }

    ORBIT_INLINE_MEMBER void finishRow(int r, int row, float inverseSum, const float* relative) const {
        const int width = task.numHeads * task.headWidth, components = 3 * (POINTS > 0 ? POINTS : task.pointsPerToken);
        const float* product = head.product + r * head.valueColumns;
        const float* reference = task.coordinates + 3 * task.referencePoint * (long) task.paddedTokens + row;
        float* out = task.out + row * task.outStride;
        int whole = task.headWidth % LANES == 0 ? task.headWidth : 0;
        for (int c = 0; c < whole; c += LANES)
            storeOperand(out, h * task.headWidth + c, load(product + c) * inverseSum);
        for (int c = whole; c < task.headWidth; c++)
            storeOperandElement(out, h * task.headWidth + c, product[c] * inverseSum);
        for (int k = 0; k < components; k++)
            storeOperandElement(out, width + components * h + k,
                relative[k] * inverseSum - reference[k % 3 * (long) task.paddedTokens]);
    }
};

template <int POINTS>
static void attendWith(const AttentionTask& task) {
    HeadPack head = placeHead(task);
    const float scale = 1.0f / __builtin_sqrtf((float) task.headWidth);
    for (int h = 0; h < task.numHeads; h++) {
        packHead(task, h, head);
        forEachRowTile(task.numRows, AttentionTile<POINTS>{task, head, h, scale});
    }
}

static void attention(const AttentionTask& task) {
    if (task.pointsPerToken == 1)
        attendWith<1>(task);
    else
        attendWith<0>(task);
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_ATTENTION_H_
