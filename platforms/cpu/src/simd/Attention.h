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
    float* keys;        ///< [keyDepth][paddedAtoms]
    float* values;      ///< [valueDepth][valueColumns]
    float* scores;      ///< [TILE_ROWS][paddedAtoms]
    float* weights;     ///< [TILE_ROWS][paddedAtoms] operand
    float* product;     ///< [TILE_ROWS][valueColumns]
    int keyDepth, valueDepth, valueColumns;
};

static int paddedCount(int numAtoms) {
    return (numAtoms + ROW_PADDING - 1) / ROW_PADDING * ROW_PADDING;
}

static int valueColumnsOf(int headWidth) {
    return (headWidth + LANES - 1) / LANES * LANES;
}

static HeadPack placeHead(const AttentionTask& task) {
    HeadPack head;
    head.keyDepth = numWords(task.headWidth);
    head.valueDepth = numWords(task.numAtoms);
    head.valueColumns = valueColumnsOf(task.headWidth);
    head.keys = task.scratch;
    head.values = head.keys + (long) head.keyDepth * task.paddedAtoms;
    head.scores = head.values + (long) head.valueDepth * head.valueColumns;
    head.weights = head.scores + (long) TILE_ROWS * task.paddedAtoms;
    head.product = head.weights + (long) TILE_ROWS * task.paddedAtoms;
    return head;
}

static long attentionScratch(int numAtoms, int headWidth) {
    long padded = paddedCount(numAtoms), columns = valueColumnsOf(headWidth);
    return headWidth * padded + padded * columns + 2 * TILE_ROWS * padded + TILE_ROWS * columns;
}

/** Transpose the keys and interleave the values of one head. */
static void packHead(const AttentionTask& task, int h, const HeadPack& head) {
    int width = task.numHeads * task.headWidth, headWords = head.keyDepth;
    const float* keys = task.qkv + (width + h * task.headWidth) / PER_WORD;
    for (int j = 0; j < task.numAtoms; j++)
        for (int c = 0; c < headWords; c++)
            head.keys[(long) c * task.paddedAtoms + j] = keys[j * task.qkvStride + c];
    for (int c = 0; c < headWords; c++)
        for (int j = task.numAtoms; j < task.paddedAtoms && j % LANES != 0; j++)
            head.keys[(long) c * task.paddedAtoms + j] = 0;
    const float* values = task.qkv + (2 * width + h * task.headWidth) / PER_WORD;
#if ORBIT_BF16
    int whole = task.headWidth % LANES == 0 ? task.headWidth : 0;
    for (int pair = 0; pair < head.valueDepth; pair++) {
        float* out = head.values + (long) pair * head.valueColumns;
        const Half* first = reinterpret_cast<const Half*>(values + 2 * pair * task.qkvStride);
        bool present = 2 * pair + 1 < task.numAtoms;
        const Half* second = present ? reinterpret_cast<const Half*>(values + (2 * pair + 1) * task.qkvStride) : first;
        for (int c = 0; c < whole; c += LANES) {
            __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*) (first + c)));
            __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*) (second + c)));
            high = present ? _mm512_slli_epi32(high, 16) : _mm512_setzero_si512();
            _mm512_storeu_si512(out + c, _mm512_or_si512(low, high));
        }
        Half* halves = reinterpret_cast<Half*>(out);
        for (int c = whole; c < head.valueColumns; c++) {
            halves[2 * c] = c < task.headWidth ? first[c] : 0;
            halves[2 * c + 1] = c < task.headWidth && present ? second[c] : 0;
        }
    }
#else
    for (int j = 0; j < task.numAtoms; j++) {
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

struct AttentionTile {
    const AttentionTask& task;
    const HeadPack& head;
    int h;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int firstRow) const {
        int numAtoms = task.numAtoms, columns = (numAtoms + LANES - 1) / LANES * LANES;
        long padded = task.paddedAtoms;
        int row = task.firstRow + firstRow;

        // (4.12) scores of ROWS atoms against all atoms, then softmax without the normaliser.

        const float scale = 1.0f / __builtin_sqrtf((float) task.headWidth);
        multiplyRows<ROWS>(task.qkv + row * task.qkvStride + h * task.headWidth / PER_WORD, task.qkvStride,
            head.keys, padded, head.keyDepth, columns, head.scores, padded);
        float inverseSum[ROWS], relative[ROWS][3];
        for (int r = 0; r < ROWS; r++) {
            float* scores = head.scores + r * padded;
            const float* bias = task.bias + h * task.biasStride + (firstRow + r) * padded;
            Vec largest = splat(PADDED_BIAS);
            for (int j = 0; j < columns; j += LANES) {
                Vec score = load(scores + j) * scale + load(bias + j);
                store(scores + j, score);
                largest = maximum(largest, score);
            }
            Vec sums{}, x{}, y{}, z{};
            float rowMaximum = maximumOfLanes(largest);
            for (int j = 0; j < columns; j += LANES) {
                Vec weight = exponential(load(scores + j) - rowMaximum);
                storeOperand(head.weights + r * padded, j, weight);
                sums += weight;
                x += weight * load(task.coordinates + j);
                y += weight * load(task.coordinates + padded + j);
                z += weight * load(task.coordinates + 2 * padded + j);
            }
            inverseSum[r] = 1.0f / sumOfLanes(sums);
            relative[r][0] = sumOfLanes(x);
            relative[r][1] = sumOfLanes(y);
            relative[r][2] = sumOfLanes(z);
        }

        // (4.13) o of the head, and ρ behind the o of all heads.

        multiplyRows<ROWS>(head.weights, padded, head.values, head.valueColumns, head.valueDepth, head.valueColumns,
            head.product, head.valueColumns);
        int width = task.numHeads * task.headWidth;
        for (int r = 0; r < ROWS; r++) {
            const float* product = head.product + r * head.valueColumns;
            float* out = task.out + (row + r) * task.outStride;
            int whole = task.headWidth % LANES == 0 ? task.headWidth : 0;
            for (int c = 0; c < whole; c += LANES)
                storeOperand(out, h * task.headWidth + c, load(product + c) * inverseSum[r]);
            for (int c = whole; c < task.headWidth; c++)
                storeOperandElement(out, h * task.headWidth + c, product[c] * inverseSum[r]);
            for (int k = 0; k < 3; k++)
                storeOperandElement(out, width + 3 * h + k,
                    relative[r][k] * inverseSum[r] - task.coordinates[k * padded + row + r]);
        }
    }
};

static void attention(const AttentionTask& task) {
    HeadPack head = placeHead(task);
    for (int h = 0; h < task.numHeads; h++) {
        packHead(task, h, head);
        forEachRowTile(task.numRows, AttentionTile{task, head, h});
    }
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_ATTENTION_H_
