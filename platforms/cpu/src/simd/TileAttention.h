// SPDX-License-Identifier: MIT
// Attention of all heads of one copy on tiles: a pipeline over heads and tiles of 16 rows; head widths are 32 times n.
#ifndef OPENMM_ORBIT_CPU_TILEATTENTION_H_
#define OPENMM_ORBIT_CPU_TILEATTENTION_H_

#include "Attention.h"
#include "Tiles.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

constexpr int WHOLE_TILE = TILE_HEIGHT * TILE_WORDS;    // words
constexpr int STEP_COLUMNS = 2 * TILE_WORDS;            // BF16 numbers in a row of a tile
constexpr int MAX_POINT_TILES = 4;                      // hold 6 MAX_POINTS + 1 columns
constexpr int NUM_HEAD_BUFFERS = 3;

/** Sums of weights outside of these lost digits at either end: such a row is weighed again, relative to its maximum. */
constexpr float LEAST_SUM = 0x1p-60f, LARGEST_SUM = 0x1p100f;

/** Which lane of two vectors, one behind the other, comes to a lane where blocks of D lanes change places. */
constexpr int getSource(int lane, int D, bool lower) {
    return lower ? ((lane & D) != 0 ? LANES + lane : lane ^ D) : ((lane & D) != 0 ? LANES + (lane ^ D) : lane);
}

template <int D, bool LOWER>
ORBIT_INLINE Vec exchangeBlocks(Vec first, Vec second) {
    constexpr IntVec lanes = {getSource(0, D, LOWER), getSource(1, D, LOWER), getSource(2, D, LOWER),
        getSource(3, D, LOWER), getSource(4, D, LOWER), getSource(5, D, LOWER), getSource(6, D, LOWER),
        getSource(7, D, LOWER), getSource(8, D, LOWER), getSource(9, D, LOWER), getSource(10, D, LOWER),
        getSource(11, D, LOWER), getSource(12, D, LOWER), getSource(13, D, LOWER), getSource(14, D, LOWER),
        getSource(15, D, LOWER)};
    return __builtin_shuffle(first, second, lanes);
}

template <int D>
ORBIT_INLINE void transposeBlocks(Vec (&rows)[TILE_HEIGHT]) {
#pragma GCC unroll 16
    for (int i = 0; i < TILE_HEIGHT; i++)
        if ((i & D) == 0) {
            const Vec upper = rows[i], lower = rows[i | D];
            rows[i] = exchangeBlocks<D, false>(upper, lower);
            rows[i | D] = exchangeBlocks<D, true>(upper, lower);
        }
}

/** Words [numRows][16], zero behind them, with rows and columns exchanged. */
static void transposeWords(const float* from, long stride, int numRows, float* to) {
    Vec rows[TILE_HEIGHT];
#pragma GCC unroll 16
    for (int i = 0; i < TILE_HEIGHT; i++)
        rows[i] = i < numRows ? load(from + i * stride) : Vec{};
    transposeBlocks<8>(rows);
    transposeBlocks<4>(rows);
    transposeBlocks<2>(rows);
    transposeBlocks<1>(rows);
#pragma GCC unroll 16
    for (int i = 0; i < TILE_HEIGHT; i++)
        store(to + i * TILE_WORDS, rows[i]);
}

namespace {

/** The operands of a copy in tiles, and what passes from step to step of the pipeline. */
class TileAttention {
public:
    explicit TileAttention(const AttentionTask& given);
    void run();
    static long countWords(int numTokens, int headWidth);

private:
    /** Rows of one head. */
    struct RowTile {
        int head, firstRow, numRows;
    };
    RowTile getTile(int t) const {
        const int first = t % tilesPerHead * TILE_HEIGHT, rest = task.numRows - first;
        return {t / tilesPerHead, first, rest < TILE_HEIGHT ? rest : TILE_HEIGHT};
    }
    const float* getQuery(const RowTile& tile) const {
        return task.qkv + (task.firstRow + tile.firstRow) * task.qkvStride + tile.head * task.headWidth / 2;
    }
    /** With one tile a head, three heads are under way at a time. */
    float* getHead(int head) const {
        return heads + head % (tilesPerHead == 1 ? NUM_HEAD_BUFFERS : 2) * headWords;
    }
    float* getKeys(int head, int block, int step) const {
        return getHead(head) + (long) (block * headSteps + step) * WHOLE_TILE;
    }
    /** Get a tile of values: part 2 s has the even channels of 32, part 2 s + 1 the odd ones. */
    float* getValues(int head, int step, int part) const {
        return getHead(head) + (long) (numBlocks * headSteps + 2 * headSteps * step + part) * WHOLE_TILE;
    }
    void packPoints();
    void packHead(int head);
    void computeScores(const RowTile& tile, float* scores);
    void weigh(const RowTile& tile, const float* scores, float* weights) const;
    void weighRow(const RowTile& tile, int row, float shift, const float* scores, float* weights) const;
    void multiplyValues(const RowTile& tile, const float* weights);
    template <int TILE>
    ORBIT_INLINE_MEMBER void addPoints(int step);
    void weighAgain(const RowTile& tile, float* weights);
    void finish(const RowTile& tile) const;
    /** Get the score of 16 neighbours in units of log2, with the bias. */
    ORBIT_INLINE_MEMBER Vec getScores(const RowTile& tile, int row, int column, const float* scores) const {
        const float log2e = 1.44269504088896341f;
        const float* bias = task.bias + tile.head * task.biasStride + (long) (tile.firstRow + row) * task.paddedTokens;
        return load(scores + (long) row * scoreColumns + column) * scale + load(bias + column) * log2e;
    }

    const AttentionTask task;
    const int numBlocks, numSteps, headSteps, tilesPerHead, components, numPointTiles;
    const int scoreColumns, weightWords, productColumns;
    const float scale;
    const long headWords;
    float *points, *heads, *scores[3], *weights[2], *product;
    Tiles tiles;
};

TileAttention::TileAttention(const AttentionTask& given) :
        task(given),
        numBlocks((given.numTokens + TILE_HEIGHT - 1) / TILE_HEIGHT),
        numSteps((given.numTokens + STEP_COLUMNS - 1) / STEP_COLUMNS),
        headSteps(given.headWidth / STEP_COLUMNS),
        tilesPerHead((given.numRows + TILE_HEIGHT - 1) / TILE_HEIGHT),
        components(3 * given.pointsPerToken),
        numPointTiles((2 * components + 1 + TILE_WORDS - 1) / TILE_WORDS),
        scoreColumns(numBlocks * TILE_WORDS),
        weightWords(numSteps * TILE_WORDS),
        productColumns(given.headWidth + MAX_POINT_TILES * TILE_WORDS),
        scale(1.44269504088896341f / __builtin_sqrtf((float) given.headWidth)),
        headWords((long) (numBlocks + 2 * numSteps) * headSteps * WHOLE_TILE) {
    points = task.scratch;
    heads = points + (long) numSteps * MAX_POINT_TILES * WHOLE_TILE;
    float* next = heads + NUM_HEAD_BUFFERS * headWords;
    for (float*& buffer : scores) {
        buffer = next;
        next += (long) TILE_HEIGHT * scoreColumns;
    }
    for (float*& buffer : weights) {
        buffer = next;
        next += (long) TILE_HEIGHT * weightWords;
    }
    product = next;
}

long TileAttention::countWords(int numTokens, int headWidth) {
    const long numBlocks = (numTokens + TILE_HEIGHT - 1) / TILE_HEIGHT, headSteps = headWidth / STEP_COLUMNS;
    const long numSteps = (numTokens + STEP_COLUMNS - 1) / STEP_COLUMNS;
    return numSteps * MAX_POINT_TILES * WHOLE_TILE +
        NUM_HEAD_BUFFERS * (numBlocks + 2 * numSteps) * headSteps * WHOLE_TILE +
        TILE_HEIGHT * (3 * numBlocks * TILE_WORDS + 2 * numSteps * TILE_WORDS) +
        TILE_HEIGHT * (headWidth + MAX_POINT_TILES * TILE_WORDS);
}

/** The points of all tokens as further values: their BF16 numbers, what these lack, and a column of ones. */
void TileAttention::packPoints() {
    const long tokens = (long) numSteps * STEP_COLUMNS;
    for (long word = 0; word < (long) numSteps * numPointTiles * WHOLE_TILE; word++)
        points[word] = 0;
    for (int column = 0; column < 2 * components + 1; column++)
        for (long j = 0; j < tokens && j < task.numTokens; j++) {
            float value = 1;
            if (column < 2 * components) {
                const float u = task.coordinates[column % components * (long) task.paddedTokens + j];
                const unsigned int bits = (unsigned int) roundToBf16(u) << 16;
                float rounded;
                __builtin_memcpy(&rounded, &bits, sizeof(bits));
                value = column < components ? rounded : u - rounded;
            }
            const long tile = j / STEP_COLUMNS * numPointTiles + column / TILE_WORDS;
            const long word = j % STEP_COLUMNS / 2 * TILE_WORDS + column % TILE_WORDS;
            storeOperandElement(points + tile * WHOLE_TILE + word, j % 2, value);
        }
}

/** Keys with rows and columns exchanged; of two neighbouring rows of values, the even channels and the odd ones. */
void TileAttention::packHead(int head) {
    const int width = task.numHeads * task.headWidth;
    const float* keys = task.qkv + (width + head * task.headWidth) / 2;
    for (int block = 0; block < numBlocks; block++)
        for (int step = 0; step < headSteps; step++)
            transposeWords(keys + block * TILE_HEIGHT * task.qkvStride + step * TILE_WORDS, task.qkvStride,
                task.numTokens - block * TILE_HEIGHT, getKeys(head, block, step));
    const float* values = task.qkv + (2 * width + head * task.headWidth) / 2;
    for (int step = 0; step < numSteps; step++)
        for (int pair = 0; pair < TILE_HEIGHT; pair++) {
            const int j = step * STEP_COLUMNS + 2 * pair;
            for (int s = 0; s < headSteps; s++) {
                const float* row = values + j * task.qkvStride + s * TILE_WORDS;
                const IntVec first = (IntVec) (j < task.numTokens ? load(row) : Vec{});
                const IntVec second = (IntVec) (j + 1 < task.numTokens ? load(row + task.qkvStride) : Vec{});
                const IntVec even = (first & 0xFFFF) | (second << 16);
                const IntVec odd = ((first >> 16) & 0xFFFF) | (second & (int) 0xFFFF0000);
                store(getValues(head, step, 2 * s) + pair * TILE_WORDS, (Vec) even);
                store(getValues(head, step, 2 * s + 1) + pair * TILE_WORDS, (Vec) odd);
            }
        }
}

/** (4.12) q k of 16 rows with all tokens. */
void TileAttention::computeScores(const RowTile& tile, float* to) {
    const float* query = getQuery(tile);
    for (int block = 0; block < numBlocks; block += 2) {
        const bool two = block + 1 < numBlocks;
        tiles.clear<0>();
        tiles.clear<1>();
        for (int step = 0; step < headSteps; step++) {
            tiles.load<6>(query + step * TILE_WORDS, task.qkvStride, tile.numRows);
            tiles.load<4>(getKeys(tile.head, block, step), TILE_WORDS);
            tiles.multiply<0, 6, 4>();
            if (two) {
                tiles.load<5>(getKeys(tile.head, block + 1, step), TILE_WORDS);
                tiles.multiply<1, 6, 5>();
            }
        }
        tiles.save<0>(to + block * TILE_WORDS, scoreColumns);
        if (two)
            tiles.save<1>(to + (block + 1) * TILE_WORDS, scoreColumns);
    }
}

/** Turn the scores of a row, less a shift, into weights. */
ORBIT_INLINE_MEMBER void TileAttention::weighRow(const RowTile& tile, int row, float shift, const float* from,
        float* to) const {
    const Vec least = splat(-126.0f);      // a denormal number would cost a hundred times as much on Intel's processors
    float* out = to + (long) row * weightWords;
    int column = 0;
    for (; column + STEP_COLUMNS <= scoreColumns; column += STEP_COLUMNS) {
        const Vec first = getScores(tile, row, column, from) - shift;
        const Vec second = getScores(tile, row, column + LANES, from) - shift;
        storeOperands(out, column, powerOfTwo(maximum(least, first)), powerOfTwo(maximum(least, second)));
    }
    if (column < scoreColumns)
        storeOperands(out, column, powerOfTwo(maximum(least, getScores(tile, row, column, from) - shift)), Vec{});
}

/** Weights of 16 rows as they are: BF16 numbers have the exponents of floats, so most rows need no maximum. */
void TileAttention::weigh(const RowTile& tile, const float* from, float* to) const {
    for (int row = 0; row < tile.numRows; row++)
        weighRow(tile, row, 0, from, to);
}

template <int TILE>
ORBIT_INLINE_MEMBER void TileAttention::addPoints(int step) {
    const int place = TILE - 2;
    if (place < numPointTiles) {
        tiles.load<7>(points + (long) (step * numPointTiles + place) * WHOLE_TILE, TILE_WORDS);
        tiles.multiply<TILE, 6, 7>();
    }
}

/** (4.13) weights times values and, beside the first channels, times points. */
void TileAttention::multiplyValues(const RowTile& tile, const float* from) {
    for (int s = 0; s < headSteps; s++) {
        tiles.clear<0>();
        tiles.clear<1>();
        if (s == 0) {
            tiles.clear<2>();
            tiles.clear<3>();
            tiles.clear<4>();
            tiles.clear<5>();
        }
        for (int step = 0; step < numSteps; step++) {
            tiles.load<6>(from + step * TILE_WORDS, weightWords);
            tiles.load<7>(getValues(tile.head, step, 2 * s), TILE_WORDS);
            tiles.multiply<0, 6, 7>();
            tiles.load<7>(getValues(tile.head, step, 2 * s + 1), TILE_WORDS);
            tiles.multiply<1, 6, 7>();
            if (s == 0) {
                addPoints<2>(step);
                addPoints<3>(step);
                addPoints<4>(step);
                addPoints<5>(step);
            }
        }
        tiles.save<0>(product + s * STEP_COLUMNS, productColumns);
        tiles.save<1>(product + s * STEP_COLUMNS + LANES, productColumns);
    }
    float* sums = product + task.headWidth;
    tiles.save<2>(sums, productColumns);
    if (numPointTiles > 1)
        tiles.save<3>(sums + LANES, productColumns);
    if (numPointTiles > 2)
        tiles.save<4>(sums + 2 * LANES, productColumns);
    if (numPointTiles > 3)
        tiles.save<5>(sums + 3 * LANES, productColumns);
}

/** Rows whose sums are out of range are weighed relative to their maxima; the others keep their bits. */
void TileAttention::weighAgain(const RowTile& tile, float* to) {
    float* spare = scores[2];
    bool any = false;
    for (int row = 0; row < tile.numRows; row++) {
        const float sum = product[(long) row * productColumns + task.headWidth + 2 * components];
        if (sum > LEAST_SUM && sum < LARGEST_SUM)
            continue;
        if (!any)
            computeScores(tile, spare);
        any = true;
        Vec largest = splat(PADDED_BIAS);
        for (int column = 0; column < scoreColumns; column += LANES)
            largest = maximum(getScores(tile, row, column, spare), largest);
        weighRow(tile, row, maximumOfLanes(largest), spare, to);
    }
    if (any)
        multiplyValues(tile, to);
}

void TileAttention::finish(const RowTile& tile) const {
    const int width = task.numHeads * task.headWidth, row = task.firstRow + tile.firstRow;
    const float* reference = task.coordinates + 3 * task.referencePoint * (long) task.paddedTokens + row;
    for (int r = 0; r < tile.numRows; r++) {
        const float* sums = product + (long) r * productColumns;
        const float* moments = sums + task.headWidth;
        const float inverse = 1.0f / moments[2 * components];
        float* out = task.out + (row + r) * task.outStride;
        for (int c = 0; c < task.headWidth; c += STEP_COLUMNS) {
            const Vec values[PER_WORD] = {load(sums + c) * inverse, load(sums + c + LANES) * inverse};
            storeWords(out + (tile.head * task.headWidth + c) / 2, values);
        }
        for (int k = 0; k < components; k++)
            storeOperandElement(out, width + components * tile.head + k,
                (moments[k] + moments[components + k]) * inverse - reference[k % 3 * (long) task.paddedTokens + r]);
    }
}

/** While tiles multiply for one step of the pipeline, vectors work for another. */
void TileAttention::run() {
    const int numTiles = task.numHeads * tilesPerHead;
    tiles.begin();
    packPoints();
    packHead(0);
    computeScores(getTile(0), scores[0]);
    for (int t = 0; t <= numTiles; t++) {
        if (t > 0)
            multiplyValues(getTile(t - 1), weights[(t - 1) % 2]);
        if (t + 1 < numTiles) {
            if ((t + 1) % tilesPerHead == 0)
                packHead((t + 1) / tilesPerHead);
            computeScores(getTile(t + 1), scores[(t + 1) % 2]);
        }
        if (t < numTiles)
            weigh(getTile(t), scores[t % 2], weights[t % 2]);
        if (t > 0) {
            weighAgain(getTile(t - 1), weights[(t - 1) % 2]);
            finish(getTile(t - 1));
        }
    }
    tiles.end();
}

} // namespace

static long attentionScratchOnTiles(int numTokens, int headWidth) {
    const long plain = attentionScratch(numTokens, headWidth), tiled = TileAttention::countWords(numTokens, headWidth);
    return plain > tiled ? plain : tiled;
}

static void attentionOnTiles(const AttentionTask& task) {
    if (task.headWidth % STEP_COLUMNS != 0)
        attention(task);
    else if (task.numRows > 0)
        TileAttention(task).run();
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_TILEATTENTION_H_
