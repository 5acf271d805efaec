// SPDX-License-Identifier: MIT
// Stage orbitPosterior in tensors: matrix Fisher means of all permutations and samples, double or single precision.
#include "../Stages.h"
#include <cmath>
#include <complex>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** A contour of (2.4): number of nodes, μ and h. */
struct ContourRule {
    int numNodes;
    double mu, step;
};

const ContourRule DOUBLE_RULE = {24, 3.6, 0.14}, SINGLE_RULE = {12, 1.6, 0.26};

/** Nodes z and weights ω of (2.4), complex [2][numNodes]. */
Tensor makeContour(const ContourRule& rule) {
    Tensor contour = at::empty({2, rule.numNodes}, at::kComplexDouble);
    auto* values = contour.data_ptr<c10::complex<double>>();
    for (int j = 0; j < rule.numNodes; j++) {
        std::complex<double> root(1.0, (j + 0.5) * rule.step), z = rule.mu * root * root;
        values[j] = z;
        values[rule.numNodes + j] = 2 * std::sqrt(rule.mu) * rule.step / M_PI * std::exp(z);
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

std::pair<Tensor, Tensor> matrixFisher(const Tensor& F, at::ScalarType type) {
    const ContourRule& rule = type == at::kDouble ? DOUBLE_RULE : SINGLE_RULE;

    // (2.3); eigenvalues ascend. The error of a Rayleigh quotient is quadratic in that of the eigenvector.

    Tensor form = makeQuadraticForm(F);
    auto [eigenvalues, eigenvectors] = at::linalg_eigh(form.to(type));
    Tensor top = eigenvectors.select(2, 3).to(at::kDouble).unsqueeze(2);
    Tensor lambda0 = at::matmul(top.transpose(1, 2), at::matmul(form, top)).view({-1}) / top.square().sum({1, 2});
    Tensor kappa = (eigenvalues.narrow(1, 3, 1) - eigenvalues).clamp_min(0);

    // (2.4)

    Tensor contour = makeContour(rule).to(at::toComplexType(type)).to(F.device());
    Tensor z = contour.select(0, 0).view({1, 1, rule.numNodes}), omega = contour.select(0, 1).unsqueeze(0);
    Tensor shifted = z + kappa.unsqueeze(2);
    Tensor g = omega / at::sqrt(shifted.narrow(1, 0, 3)).prod(1);
    Tensor total = at::real(g).sum(1);
    Tensor logC = lambda0 + at::log(total).to(at::kDouble);

    // (2.5)

    Tensor m = 0.5 * at::real(g.unsqueeze(1) / shifted).sum(2) / total.unsqueeze(1);

    // (2.6)

    Tensor T = at::matmul(eigenvectors * m.unsqueeze(1), eigenvectors.transpose(1, 2));
    Tensor vv = T.narrow(1, 1, 3).narrow(2, 1, 3), v = T.select(1, 0).narrow(1, 1, 3);
    Tensor diagonal = T.select(1, 0).select(1, 0) - vv.diagonal(0, 1, 2).sum(1);
    Tensor zero = at::zeros_like(diagonal);
    Tensor x = v.select(1, 0), y = v.select(1, 1), w = v.select(1, 2);
    Tensor cross = at::stack({zero, -w, y, w, zero, -x, -y, x, zero}, 1).view({-1, 3, 3});
    return {logC, diagonal.view({-1, 1, 1}) * at::eye(3, vv.options()) + 2 * vv + 2 * cross};
}

std::pair<Tensor, Tensor> orbitPosterior(
        const Tensor& x1, const Tensor& y, const Tensor& automorphisms, at::ScalarType type) {
    int64_t numSamples = x1.size(0), numAtoms = x1.size(1), order = automorphisms.size(0);

    // (2.1)

    Tensor permuted = at::index_select(x1, 1, automorphisms.view(-1)).view({numSamples, order, numAtoms, 3});
    Tensor F = at::matmul(y.transpose(1, 2).unsqueeze(1), permuted);

    // (2.2)

    auto [logC, rotation] = matrixFisher(F.view({-1, 3, 3}), type);
    logC = logC.view({numSamples, order});
    Tensor weights = at::softmax(logC, 1).to(type);

    // (2.7)

    Tensor weighted = weights.view({numSamples, order, 1, 1}) * rotation.view({numSamples, order, 3, 3});
    Tensor mean = at::matmul(permuted.to(type), weighted.transpose(2, 3)).sum(1);

    // (2.10)

    return {mean, at::logsumexp(logC, {1}) - std::log((double) order)};
}

} // namespace torchimpl
} // namespace OrbitPlugin
