// SPDX-License-Identifier: MIT
// Stage orbitPosterior in tensors: matrix Fisher means of all permutations and samples at once, in float64.
#include "../Stages.h"
#include <cmath>
#include <complex>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const int NUM_NODES = 24;
const double CONTOUR_MU = 3.6, CONTOUR_STEP = 0.14;

/** Nodes z and weights ω of (2.4), complex [2][24]. */
Tensor makeContour() {
    Tensor contour = at::empty({2, NUM_NODES}, at::kComplexDouble);
    auto* values = contour.data_ptr<c10::complex<double>>();
    for (int j = 0; j < NUM_NODES; j++) {
        std::complex<double> root(1.0, (j + 0.5) * CONTOUR_STEP), z = CONTOUR_MU * root * root;
        values[j] = z;
        values[NUM_NODES + j] = 2 * std::sqrt(CONTOUR_MU) * CONTOUR_STEP / M_PI * std::exp(z);
    }
    return contour;
}

/** B of (2.3) for matrices F [M][3][3]. */
Tensor makeQuadraticForm(const Tensor& F) {
    auto f = [&](int i, int j) {
        return F.select(1, i).select(1, j);
    };
    Tensor trace = f(0, 0) + f(1, 1) + f(2, 2);
    Tensor axis = at::stack({f(2, 1) - f(1, 2), f(0, 2) - f(2, 0), f(1, 0) - f(0, 1)}, 1);
    Tensor block = F + F.transpose(1, 2) - trace.view({-1, 1, 1}) * at::eye(3, F.options());
    Tensor top = at::cat({trace.unsqueeze(1), axis}, 1).unsqueeze(1);
    return at::cat({top, at::cat({axis.unsqueeze(2), block}, 2)}, 1);
}

} // namespace

std::pair<Tensor, Tensor> matrixFisher(const Tensor& F) {
    // (2.3); eigenvalues ascend.

    auto [eigenvalues, eigenvectors] = at::linalg_eigh(makeQuadraticForm(F));
    Tensor lambda0 = eigenvalues.select(1, 3);
    Tensor kappa = (lambda0.unsqueeze(1) - eigenvalues).clamp_min(0);

    // (2.4)

    Tensor contour = makeContour();
    Tensor z = contour.select(0, 0).view({1, 1, NUM_NODES}), omega = contour.select(0, 1).unsqueeze(0);
    Tensor shifted = z + kappa.unsqueeze(2);
    Tensor g = omega / at::sqrt(shifted.narrow(1, 0, 3)).prod(1);
    Tensor total = at::real(g).sum(1);
    Tensor logC = lambda0 + at::log(total);

    // (2.5)

    Tensor m = 0.5 * at::real(g.unsqueeze(1) / shifted).sum(2) / total.unsqueeze(1);

    // (2.6)

    Tensor T = at::matmul(eigenvectors * m.unsqueeze(1), eigenvectors.transpose(1, 2));
    Tensor vv = T.narrow(1, 1, 3).narrow(2, 1, 3), v = T.select(1, 0).narrow(1, 1, 3);
    Tensor diagonal = T.select(1, 0).select(1, 0) - vv.diagonal(0, 1, 2).sum(1);
    Tensor zero = at::zeros_like(diagonal);
    Tensor x = v.select(1, 0), y = v.select(1, 1), w = v.select(1, 2);
    Tensor cross = at::stack({zero, -w, y, w, zero, -x, -y, x, zero}, 1).view({-1, 3, 3});
    return {logC, diagonal.view({-1, 1, 1}) * at::eye(3, F.options()) + 2 * vv + 2 * cross};
}

std::pair<Tensor, Tensor> orbitPosterior(const Tensor& x1, const Tensor& y, const Tensor& automorphisms) {
    int64_t numSamples = x1.size(0), numAtoms = x1.size(1), order = automorphisms.size(0);

    // (2.1)

    Tensor permuted = at::index_select(x1, 1, automorphisms.view(-1)).view({numSamples, order, numAtoms, 3});
    Tensor F = at::matmul(y.transpose(1, 2).unsqueeze(1), permuted);

    // (2.2)

    auto [logC, rotation] = matrixFisher(F.view({-1, 3, 3}));
    logC = logC.view({numSamples, order});
    Tensor weights = at::softmax(logC, 1);

    // (2.7)

    Tensor weighted = weights.view({numSamples, order, 1, 1}) * rotation.view({numSamples, order, 3, 3});
    Tensor mean = at::matmul(permuted, weighted.transpose(2, 3)).sum(1);

    // (2.10)

    return {mean, at::logsumexp(logC, {1}) - std::log((double) order)};
}

} // namespace torchimpl
} // namespace OrbitPlugin
