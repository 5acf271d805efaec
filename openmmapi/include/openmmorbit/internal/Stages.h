// SPDX-License-Identifier: MIT
// The table of stages in the order in which a generation runs through them, and the names of their outputs (taps).
#ifndef OPENMM_ORBIT_STAGES_H_
#define OPENMM_ORBIT_STAGES_H_

#include <array>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** One row of the table. The contract is internal/stages/<Name>.h, name with a capital. */
struct StageInfo {
    const char* name;
    const char* equations;  ///< of openmmapi/docs/theory.md
    const char* inputs;
    const char* outputs;
};

/**
 * All stages. N tokens of P points, d width, p pair width, c condition width, L layers, H heads; M tokens and registers
 * of the gated transformer; shapes of one copy.
 */
constexpr std::array<StageInfo, 21> STAGES = {{
    {"gather", "", "Context positions", "centroids [copies][3]"},
    {"noise", "(6.1)", "seed, record, copy, draw", "noise [N P][3]"},
    {"prior", "(6.2), (5.8)", "sigma, noise [N P][3]", "positions [N P][3]"},
    {"timeConditioning", "(4.1) to (4.4)", "logSigma, condition",
        "cond [c], modulation [L][6][d], head modulation [2][d]"},
    {"tokenEmbedding", "(4.5)", "token features, u [N][3P]", "x [N][d]"},
    {"pairFeatures", "(4.6) to (4.9)", "pair features, u [N][3P], cond [c], before [N][3P] or none",
        "bias [L H][N][N]"},
    {"pairBiasAttention", "(4.10) to (4.14)", "x [N][d], u [N][3P], bias [H][N][N], modulation [6][d]", "x [N][d]"},
    {"transition", "(4.15) to (4.17)", "x [N][d], modulation [6][d]", "x [N][d]"},
    {"flowConditioning", "(9.1) to (9.4)", "logSigma, condition",
        "cond [c], modulation [L][6][d], pair modulation [2][p]"},
    {"binnedPairs", "(9.5) to (9.7)", "pair features, u [N][6], pair modulation [2][p]",
        "pairs [M][M][p], bias [L H][M][M]"},
    {"gatedAttention", "(9.8) to (9.11)", "x [M][d], bias [H][M][M], modulation [6][d]", "x [M][d]"},
    {"pairUpdate", "(9.12) to (9.15)", "x [M][d], pairs [M][M][p]", "pairs [M][M][p]"},
    {"coordinateHead", "(4.18)", "x [N][d], head modulation [2][d]", "F [N][3P]"},
    {"classifierFreeGuidance", "(5.14)", "scale, denoised [N P][3], contrast [N P][3]", "denoised [N P][3]"},
    {"stereoGuidance", "(5.9) to (5.11)", "handed volumes, denoised [N P][3]", "denoised [N P][3]"},
    {"clampFixed", "(5.12), (5.13)", "fixed [N P], start [N P][3], denoised [N P][3]", "denoised [N P][3]"},
    {"followFixed", "(5.17) to (5.19)", "fixed [N P], leaders [N P], start [N P][3], denoised [N P][3]",
        "denoised [N P][3]"},
    {"avoidPocket", "(5.22), (5.23)", "pocket, denoised [N P][3]", "denoised [N P][3]"},
    {"turnTorsions", "(5.20), (5.21)", "torsions and their ranges, denoised [N P][3]", "denoised [N P][3]"},
    {"samplerStep", "(5.1) to (5.4)", "levels, positions [N P][3], denoised [N P][3]", "positions [N P][3]"},
    {"scatter", "", "positions [N P][3], centroids [copies][3]", "Context positions"},
}};

/**
 * Get the names of the outputs that IntegrateOrbitDiffusionStepKernel::evaluate() hands back as taps, in order. Each
 * holds the outputs of the copies one after another, in the layout of the table; "timeConditioning" holds cond, the
 * modulation of every layer and that of the head.
 */
inline std::vector<std::string> getTapNames(int numLayers) {
    std::vector<std::string> names = {"timeConditioning", "tokenEmbedding", "pairFeatures"};
    for (int layer = 0; layer < numLayers; layer++) {
        names.push_back("pairBiasAttention." + std::to_string(layer));
        names.push_back("transition." + std::to_string(layer));
    }
    names.push_back("coordinateHead");
    return names;
}

/** The same of a gated transformer; "flowConditioning" holds cond, the modulation of every layer and that of pairs. */
inline std::vector<std::string> getGatedTapNames(int numLayers) {
    std::vector<std::string> names = {"flowConditioning", "tokenEmbedding", "binnedPairs"};
    for (int layer = 0; layer < numLayers; layer++) {
        names.push_back("gatedAttention." + std::to_string(layer));
        names.push_back("transition." + std::to_string(layer));
    }
    names.push_back("coordinateHead");
    return names;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_H_
