// SPDX-License-Identifier: MIT
// The LibTorch implementations of the stages: padded batches of tensors, with autograd.
#ifndef OPENMM_ORBIT_TORCH_STAGES_H_
#define OPENMM_ORBIT_TORCH_STAGES_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/stages/Preconditioning.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include "openmmorbit/internal/stages/StereoGuidance.h"
#include <ATen/ATen.h>
#include <map>
#include <string>
#include <vector>

#ifndef ORBIT_TORCH_EXPORT
#define ORBIT_TORCH_EXPORT __attribute__((visibility("default")))
#endif

namespace OrbitPlugin {
namespace torchimpl {

/** Tensors by the names of docs/theory.md. */
typedef std::map<std::string, at::Tensor> NamedTensors;

/**
 * The inputs of the network for B samples padded to N tokens. Categorical inputs are multi-hot rows, listed once for
 * every combination that occurs: a row of atomTable or pairTable has a one in the column of every feature's value.
 */
struct NetworkInputs {
    at::Tensor u;           ///< [B][N][3P] c_in sigma_d y, 0 for padding
    at::Tensor scaledTime;  ///< [B] ln(sigma) / 4
    at::Tensor condition;   ///< [B] int64
    at::Tensor mask;        ///< [B][N] 1 for tokens, 0 for padding
    at::Tensor atomTable;   ///< [numAtomRows][sum of vocabularies]
    at::Tensor atomIndex;   ///< [B][N] int32 or int64, rows of atomTable
    at::Tensor pairTable;   ///< [numPairRows][sum of vocabularies]
    at::Tensor pairIndex;   ///< [B][N][N] int32 or int64, rows of pairTable
    at::Tensor before;      ///< [B][N][3P] positions as they were denoised before, model unit; undefined: they were not
};

/** What timeConditioning() returns. */
struct Conditioning {
    at::Tensor cond;                        ///< [B][c]
    std::vector<at::Tensor> modulation;     ///< per layer [B][6][d]
    at::Tensor head;                        ///< [B][2][d]
};

/** x Wᵀ + b in the number type of the weight. */
ORBIT_TORCH_EXPORT at::Tensor linearLayer(
        const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = at::Tensor());
/** LN(x) (1 + scale) + shift; x [B][N][d], shift and scale [B][d]. */
ORBIT_TORCH_EXPORT at::Tensor modulatedLayerNorm(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale);

/** Equations (4.1) to (4.4). */
ORBIT_TORCH_EXPORT Conditioning timeConditioning(const PairBiasTransformerSettings& settings,
        const NamedTensors& weights, const at::Tensor& scaledTime, const at::Tensor& condition);
/** Equation (4.5). Returns x [B][N][d]. */
ORBIT_TORCH_EXPORT at::Tensor tokenEmbedding(const NamedTensors& weights, const NetworkInputs& inputs);
/** Equations (4.6) to (4.9). Returns the biases of all layers [L][H][B][N][N], -1e9 where the key is padding. */
ORBIT_TORCH_EXPORT at::Tensor pairFeatures(const PairBiasTransformerSettings& settings, const NamedTensors& weights,
        const NetworkInputs& inputs, const at::Tensor& cond);
/** Equations (4.10) to (4.14). bias [H][B][N][N], modulation [B][6][d]. Returns the new x. */
ORBIT_TORCH_EXPORT at::Tensor pairBiasAttention(const NamedTensors& weights, int layer, const at::Tensor& x,
        const at::Tensor& u, const at::Tensor& bias, const at::Tensor& modulation);
/** Equations (4.15) to (4.17). modulation [B][6][d]. Returns the new x. */
ORBIT_TORCH_EXPORT at::Tensor transition(const NamedTensors& weights, int layer, const at::Tensor& x,
        const at::Tensor& modulation);
/** Equation (4.18). modulation [B][2][d]. Returns F [B][N][3P], centred, 0 for padding. */
ORBIT_TORCH_EXPORT at::Tensor coordinateHead(const NamedTensors& weights, const at::Tensor& x, const at::Tensor& mask,
        const at::Tensor& modulation);

/**
 * The whole network F of section 4.
 *
 * @param weights   all tensors; those of cast() in the number type of the matrix products
 * @param taps      if not null, filled with the outputs of every stage
 * @return F [B][N][3P]
 */
ORBIT_TORCH_EXPORT at::Tensor pairBiasTransformer(const PairBiasTransformerSettings& settings,
        const NamedTensors& weights, const NetworkInputs& inputs, NamedTensors* taps = nullptr);

/**
 * Denoise (3.2) as a sampler's first evaluation does, without gradients: what a self-conditioned network sees next.
 *
 * @return D [B][N][3P], 0 for padding, model unit
 */
ORBIT_TORCH_EXPORT at::Tensor estimateDenoised(const PairBiasTransformerSettings& settings,
        const NamedTensors& weights, const NetworkInputs& inputs);

/** The handed volumes of B samples, padded to Q. */
struct GuidedVolumes {
    at::Tensor atoms;           ///< [B][Q][4] int64
    at::Tensor mask;            ///< [B][Q] 1 for volumes, 0 for padding
    at::Tensor certain;         ///< [B][Q] getCertainVolume()
    at::Tensor leastGradient;   ///< [B][Q] getLeastGradient()

    GuidedVolumes to(at::Device device) const {
        return {atoms.to(device), mask.to(device), certain.to(device), leastGradient.to(device)};
    }
};

/** Pack the volumes of every sample. */
ORBIT_TORCH_EXPORT GuidedVolumes packVolumes(const std::vector<std::vector<HandedVolume>>& volumes);
/** Equations (5.9) to (5.11). denoised [B][N][3]. Returns the guided positions, likewise. */
ORBIT_TORCH_EXPORT at::Tensor stereoGuidance(const StereoGuidanceShape& shape, const GuidedVolumes& volumes,
        const at::Tensor& denoised);

/** Equations (5.1), (5.2). positions and denoised [B][N][3P]. Returns the next positions. */
ORBIT_TORCH_EXPORT at::Tensor eulerStep(
        const StepLevels& levels, const at::Tensor& positions, const at::Tensor& denoised);
/** Equation (5.4); an Euler step where there is no history. All arrays [B][N][3P]. Returns the next positions. */
ORBIT_TORCH_EXPORT at::Tensor multistepStep(const StepLevels& levels, const at::Tensor& positions,
        const at::Tensor& denoised, const at::Tensor& previousDenoised);

/** Equation (6.2). noise [B][N][3P], 0 for padding, mask [B][N]. Returns centred positions of the level, likewise. */
ORBIT_TORCH_EXPORT at::Tensor prior(double sigma, const at::Tensor& noise, const at::Tensor& mask);
/** Add noise of a level to positions [B][N][3P]. @param centered   what prior() returns for level 1 */
ORBIT_TORCH_EXPORT at::Tensor addNoise(double sigma, const at::Tensor& centered, const at::Tensor& positions);

/** Equations (1.4), (3.3): noisy positions of one sample, [numPoints][3]; on the host, as the targets (section 2). */
ORBIT_TORCH_EXPORT void interpolant(
        double sigma, ArrayView<const double> clean, ArrayView<const double> noise, ArrayView<double> noisy);
/**
 * Equations (3.1), (3.2): what the network sees of noisy positions, and what it must return for them.
 *
 * @param noisy, mean     [numPoints][3] noisy positions, and those that the denoiser shall return
 * @param input, target   output [numPoints][3]: u, and the target of F
 */
ORBIT_TORCH_EXPORT void precondition(const Preconditioning& factors, ArrayView<const double> noisy,
        ArrayView<const double> mean, ArrayView<float> input, ArrayView<float> target);

/** Get the weights with the large matrix products (layers and pair features) in another number type. */
ORBIT_TORCH_EXPORT NamedTensors cast(const NamedTensors& weights, at::ScalarType productType);
/** Get the tensors on a device. */
ORBIT_TORCH_EXPORT NamedTensors toDevice(const NamedTensors& tensors, at::Device device);
/** Copy a model's tensors. */
ORBIT_TORCH_EXPORT NamedTensors getTensors(const DenoiserModel& model, at::ScalarType type = at::kFloat);
/** Copy tensors into a model. */
ORBIT_TORCH_EXPORT void setTensors(const NamedTensors& tensors, DenoiserModel& model);

/** Loss (3.3) of the network's output: mean over points of |F - (A - c_skip y) / c_out|². */
ORBIT_TORCH_EXPORT at::Tensor denoisingLoss(const at::Tensor& output, const at::Tensor& target, const at::Tensor& mask);

/**
 * Means of matrix Fisher distributions, (2.3) to (2.6), for many matrices at once.
 *
 * @param F      [M][3][3] float64
 * @param type   at::kDouble: 24 nodes. at::kFloat, for GPUs: 12 nodes, eigenvectors and means in single precision; only
 *               the largest eigenvalue λ0, which sets the weights, is a Rayleigh quotient in double precision
 * @return log c [M] float64 and E[R] [M][3][3] of the type
 */
ORBIT_TORCH_EXPORT std::pair<at::Tensor, at::Tensor> matrixFisher(
        const at::Tensor& F, at::ScalarType type = at::kDouble);
/**
 * Mean of the orbit posterior, (2.1), (2.2) and (2.7), of one molecule and B noisy samples.
 *
 * @param x1              [B][N][3] float64, centred
 * @param y               [B][N][3] float64, t M_t x_t
 * @param automorphisms   [order][N] int64
 * @param type            as for matrixFisher()
 * @return A [B][N][3] of the type and the log evidence (2.10) [B] float64
 */
ORBIT_TORCH_EXPORT std::pair<at::Tensor, at::Tensor> orbitPosterior(const at::Tensor& x1, const at::Tensor& y,
        const at::Tensor& automorphisms, at::ScalarType type = at::kDouble);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_STAGES_H_
