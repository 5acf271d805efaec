// SPDX-License-Identifier: MIT
// The steps of L-BFGS for a vector of copies: each lane has a memory of its own in slots that all lanes share.
#ifndef OPENMM_ORBIT_RELAX_DESCENT_H_
#define OPENMM_ORBIT_RELAX_DESCENT_H_

#include "HessianModel.h"

namespace OrbitPlugin {
namespace mmff {
namespace ORBIT_SIMD {

/** Take accepted trials, and write what was learnt into the slot: nothing, for the lanes that learn nothing. */
ORBIT_INLINE void takeTrials(Descent& descent) {
    const int n = descent.numCoordinates;
    const Vec accepted = load(descent.accepted), learns = load(descent.learns);
    double* steps = descent.steps + (long) descent.slot * n * LANES;
    double* changes = descent.changes + (long) descent.slot * n * LANES;
    Vec product{}, norm{};
    for (int i = 0; i < n; i++) {
        const int at = i * LANES;
        const Vec x = load(descent.x + at), gradient = load(descent.gradient + at);
        const Vec trial = load(descent.trial + at), trialGradient = load(descent.trialGradient + at);
        const Vec step = learns > 0.5 ? trial - x : Vec{};
        const Vec change = learns > 0.5 ? trialGradient - gradient : Vec{};
        product += step * change;
        norm += change * change;
        store(steps + at, step);
        store(changes + at, change);
        store(descent.x + at, accepted > 0.5 ? trial : x);
        store(descent.gradient + at, accepted > 0.5 ? trialGradient : gradient);
    }

    // A step along which the gradient did not rise teaches nothing.

    const Vec safe = maximum(norm, splat(1e-300));
    const auto rises = (product > 1e-10 * norm * load(descent.scale)) & (product > 1e-300);
    store(descent.inverse + descent.slot * LANES, rises ? 1.0 / product : Vec{});
    store(descent.scale, rises ? product / safe : load(descent.scale));
}

/** The largest component of the gradient, times the distance of the coordinate from the centroid where it is over 1. */
ORBIT_INLINE Vec findResidual(const Descent& descent) {
    const int n = descent.numCoordinates;
    Vec sums[3] = {};
    for (int i = 0; i < n; i++)
        sums[i % 3] += load(descent.x + i * LANES);
    const double share = 3.0 / n;
    for (int axis = 0; axis < 3; axis++)
        sums[axis] *= share;
    Vec residual{};
    for (int i = 0; i < n; i++) {
        const Vec away = maximum(magnitude(load(descent.x + i * LANES) - sums[i % 3]), splat(1.0));
        residual = maximum(residual, magnitude(load(descent.gradient + i * LANES)) * away);
    }
    return residual;
}

/** The product of a remembered vector with q. */
ORBIT_INLINE Vec project(const double* a, const double* q, int n) {
    Vec sums[4] = {};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += load(a + (i + k) * LANES) * load(q + (i + k) * LANES);
    for (; i < n; i++)
        sums[0] += load(a + i * LANES) * load(q + i * LANES);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/** q += factor * a, and the product of the new q with b. */
ORBIT_INLINE Vec addAndProject(Vec factor, const double* a, double* q, const double* b, int n) {
    Vec sums[4] = {};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) {
            const int at = (i + k) * LANES;
            const Vec value = load(q + at) + factor * load(a + at);
            store(q + at, value);
            sums[k] += value * load(b + at);
        }
    for (; i < n; i++) {
        const Vec value = load(q + i * LANES) + factor * load(a + i * LANES);
        store(q + i * LANES, value);
        sums[0] += value * load(b + i * LANES);
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/** q becomes the product of the inverse model with q, or of the scale in lanes that have no model. */
ORBIT_INLINE void applyModel(const BlockView& blocks, Descent& descent, double* q) {
    const int n = descent.numCoordinates;
    const Vec scale = load(descent.scale), modelled = load(descent.modelled);
    // The trial has been taken over: its place holds what is scaled.
    for (int i = 0; i < n; i++)
        store(descent.trial + i * LANES, scale * load(q + i * LANES));
    solve(blocks, descent.factor, q);
    for (int i = 0; i < n; i++)
        store(q + i * LANES, modelled > 0.5 ? load(q + i * LANES) : load(descent.trial + i * LANES));
}

/** The two loops over the memory: q, a gradient, becomes the product of the inverse Hessian with it. */
ORBIT_INLINE void applyMemory(const BlockView& blocks, Descent& descent, double* q, double* alphas) {
    const int n = descent.numCoordinates, numSlots = descent.filled;
    const long size = (long) n * LANES;
    // The slots from the newest on; the newest is the one that was just written.
    const auto slotOf = [&](int age) { return (descent.slot - age + descent.depth) % descent.depth; };
    Vec product = project(descent.steps + slotOf(0) * size, q, n);
    for (int age = 0; age < numSlots; age++) {
        const int slot = slotOf(age);
        const Vec alpha = load(descent.inverse + slot * LANES) * product;
        store(alphas + age * LANES, alpha);
        const bool last = age + 1 == numSlots;
        const double* next = last ? descent.changes + slot * size : descent.steps + slotOf(age + 1) * size;
        product = addAndProject(-alpha, descent.changes + slot * size, q, next, n);
    }
    applyModel(blocks, descent, q);
    product = project(descent.changes + slotOf(numSlots - 1) * size, q, n);
    for (int age = numSlots - 1; age >= 0; age--) {
        const int slot = slotOf(age);
        const Vec beta = load(descent.inverse + slot * LANES) * product;
        const double* next = descent.changes + (age > 0 ? slotOf(age - 1) : slot) * size;
        product = addAndProject(load(alphas + age * LANES) - beta, descent.steps + slot * size, q, next, n);
    }
}

/** Find the new directions of the lanes whose trial was accepted; others keep theirs. */
static void advance(const BlockView& blocks, Descent& descent) {
    const int n = descent.numCoordinates;
    takeTrials(descent);
    store(descent.residual, findResidual(descent));
    const Vec accepted = load(descent.accepted);
    // The trial gradient has been taken over: its place holds the product, then the memory's factors lie behind it.
    double* q = descent.trialGradient;
    double* alphas = q + (long) n * LANES;
    for (int i = 0; i < n; i++)
        store(q + i * LANES, load(descent.gradient + i * LANES));
    applyMemory(blocks, descent, q, alphas);
    Vec slope{}, reach{};
    for (int i = 0; i < n; i++) {
        const int at = i * LANES;
        const Vec direction = accepted > 0.5 ? -load(q + at) : load(descent.direction + at);
        store(descent.direction + at, direction);
        slope += direction * load(descent.gradient + at);
        reach = maximum(reach, magnitude(direction));
    }
    store(descent.slope, slope);
    store(descent.reach, reach);
    descent.slot = (descent.slot + 1) % descent.depth;
    descent.filled += descent.filled < descent.depth ? 1 : 0;
}

static void move(Descent& descent) {
    const Vec length = load(descent.length);
    for (int i = 0; i < descent.numCoordinates; i++) {
        const int at = i * LANES;
        store(descent.trial + at, load(descent.x + at) + length * load(descent.direction + at));
    }
}

} // namespace ORBIT_SIMD
} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RELAX_DESCENT_H_
