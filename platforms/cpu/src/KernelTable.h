// SPDX-License-Identifier: MIT
// The vectorised primitives of the stages as a table of functions, one table an instruction set and precision.
#ifndef OPENMM_ORBIT_CPU_KERNELTABLE_H_
#define OPENMM_ORBIT_CPU_KERNELTABLE_H_

// Included by the instruction set units: nothing but plain types, so that no inline function of the standard library is
// compiled there (the linker might keep that copy for everybody).

namespace OrbitPlugin {
namespace cpu {

/** Rows of every activation are padded to a multiple of this many words. */
constexpr int ROW_PADDING = 64;
/** The most points that a token may stand for. */
constexpr int MAX_POINTS = 8;
/** The bias of a padded neighbour: its softmax weight vanishes. */
constexpr float PADDED_BIAS = -1e30f;
/** Operands of tables with tiles are finite up to a multiple of this many words, and read up to as many rows. */
constexpr int TILE_SIZE = 16;

/** The epilogue of a linear layer. */
enum class Epilogue {
    Store,      ///< out = a W + b
    Residual,   ///< out += gate (a W + b)
    SwiGlu      ///< out = SiLU(a W_g + b_g) (a W_v + b_v)
};

/**
 * One linear layer on rows. Operands ("a", and "out" where the next layer reads it) are floats in single precision and
 * pairs of BF16 numbers in bf16; strides count words of 32 bits.
 */
struct LinearTask {
    const float* a;             ///< [numRows][aStride] operand
    long aStride;
    int numRows;
    const float* panels;        ///< [numPanels][depth][panelColumns] words, half as many if halves; see PackedLinear
    const float* bias;          ///< [numPanels * panelColumns]
    int numPanels, depth;       ///< depth in words
    const float* gate;          ///< [numPanels * panelColumns], Residual only
    float* out;                 ///< [numRows][outStride]; floats for Residual and for floatOutput
    long outStride;
    bool floatOutput;           ///< Store only: write floats in every precision
    bool halves;                ///< single precision only: a word of the panels is two BF16 numbers
};

/** Layer normalisation of rows followed by one scale and one shift a channel, (4.10) and (4.15). */
struct LayerNormTask {
    const float* x;             ///< [numRows][xStride] floats
    long xStride;
    int numRows, width;
    const float* scale;         ///< [width] 1 + scale
    const float* shift;         ///< [width]
    float* out;                 ///< [numRows][outStride] operand
    long outStride;
};

/** Attention of all heads for a block of rows, (4.12) and (4.13). */
struct AttentionTask {
    int numTokens, paddedTokens, numHeads, headWidth;
    int firstRow, numRows;      ///< the block
    const float* qkv;           ///< [numTokens][qkvStride] operand; columns q, k, v
    long qkvStride;
    const float* coordinates;   ///< u [3P][paddedTokens]
    const float* bias;          ///< [numHeads][numRows][paddedTokens] floats
    long biasStride;            ///< from head to head
    float* out;                 ///< [numTokens][outStride] operand; columns o [numHeads * headWidth], ρ [numHeads][3P]
    long outStride;
    float* scratch;             ///< attentionScratch(numTokens, headWidth) words
    int pointsPerToken;         ///< P, 1 to MAX_POINTS
    int referencePoint;
};

/**
 * The pair stage for some tokens i, each with all its neighbours j, (4.6) to (4.9). Where it is halved, the tokens are
 * all, features of (i, j) are those of (j, i), and only pairs with j ≥ i are computed.
 */
struct PairTask {
    int firstRow, numRows;
    bool halved;
    int numTokens, paddedTokens, pairWidth, numRadial, numBias;
    const float* coordinates;   ///< u [3][paddedTokens] of the reference points; 15 words behind are read
    const float* before;        ///< the same as they were denoised before; null if they were not, or are not read
    float inverseSpacing;       ///< 1/Δ
    const float* embedding;     ///< [pairWidth][embeddingStride] Σ_f pair.embedding of the pairs, row by row
    long embeddingStride;       ///< at least 15 more than there are pairs
    const float* conditioning;  ///< [pairWidth] W_t cond
    const float* radialWeight;  ///< [pairWidth][radialStride] operand words: those of u, then those of before
    long radialStride;
    const float* hiddenWeight;  ///< [pairWidth][pairDepth] operand words
    const float* hiddenBias;    ///< [pairWidth]
    const float* biasWeight;    ///< [numBias][pairDepth] operand words; with tiles, 15 rows behind are read
    const float* biasBias;      ///< [numBias]
    float* bias;                ///< [numBias][biasStride], where [numRows][paddedTokens] are used
    long biasStride;
    float* scratch;             ///< pairScratch(...) words, with before for 2 numRadial
};

/** The primitives. Every function is pure and writes only through the pointers of its task. */
struct KernelTable {
    const char* instructionSet;     ///< "portable", "avx2", "avx512", "avx512bf16", "amx"
    bool bf16;                      ///< operands are pairs of BF16 numbers
    bool tiles;                     ///< panels are rows of pairs of tiles
    int passRows;                   ///< that amortise the loading of weights
    int lanes;                      ///< floats in a vector
    int panelColumns;               ///< columns of a packed panel
    void (*linear)(const LinearTask& task, Epilogue epilogue);
    void (*layerNorm)(const LayerNormTask& task);
    void (*attention)(const AttentionTask& task);
    void (*pairs)(const PairTask& task);
    long (*attentionScratch)(int numTokens, int headWidth);
    long (*pairScratch)(int numTokens, int pairWidth, int numRadial, int numBias);
    /** out[i] = exp(x[i]), or SiLU(x[i]); count is a multiple of lanes. */
    void (*exponential)(const float* x, float* out, int count);
    void (*silu)(const float* x, float* out, int count);
};

/** Get the table of one instruction set; null where the library was built without it. */
const KernelTable* getPortableTable();
const KernelTable* getAvx2Table();
const KernelTable* getAvx512Table();
const KernelTable* getAvx512Bf16Table();
const KernelTable* getAmxTable();
/** Get the table of AMX with an emulated tile unit, which every processor can run: for tests. */
const KernelTable* getEmulatedAmxTable();

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_KERNELTABLE_H_
