# SPDX-License-Identifier: MIT
"""Fit the steps of the bespoke sampler, openmmapi/src/BespokeSteps.cpp, equation (5.16) of openmmapi/docs/theory.md.

    fit_bespoke.py NUM_STEPS [TRIALS]        prints the rows of the table; minutes of one core

A step has three numbers: its level, the level of its second evaluation, and the weight of that. They are fitted so
that data whose exact denoiser is known come out with the right density: Gaussians of every width that atoms have, and
pairs of narrow wells. Widths and distances are in units of sigmaMax. The least-squares residuals are ln(variance /
right one) of Gaussians, and the log weights ln(density / right one) of the pairs of wells.
"""
import sys

import numpy as np
from scipy.optimize import least_squares

# Gaussians: the widths of bonds and angles count most, for a molecule has most of these. 0.0015 is 0.012 A of 8 A.
WIDTHS = np.concatenate([np.geomspace(0.0015, 0.5, 60), np.geomspace(0.0019, 0.04, 60)])

# Pairs of wells: distance, width, share of the left one; columns.
WELLS = np.array([(d, s, p) for d in (0.0375, 0.1, 0.19, 0.375) for s in (0.00375, 0.0125, 0.0375)
                  for p in (0.5, 0.2) if d > 3 * s])
DISTANCE, WIDTH, SHARE = (WELLS[:, [i]] for i in range(3))
LEFT, RIGHT = -DISTANCE * (1 - SHARE), DISTANCE * SHARE
STARTS = np.linspace(-3, 3, 41)
SHARES = np.exp(-STARTS**2 / 2) / np.exp(-STARTS**2 / 2).sum()
DIFFERENCE = 1e-4
# Log weights beyond this are cut, smoothly: where a map has to tear two wells apart no sampler is right.
LARGEST = 3.0
# Small preferences: weights near those of one stage, levels that fall evenly.
PREFERENCE = 0.15


def denoiseGaussian(y, level):
    return WIDTHS**2 / (WIDTHS**2 + level[:, None]**2) * y


def denoiseWells(y, level):
    level = level[:, None, None]
    variance = WIDTH**2 + level**2
    odds = np.log(1 / SHARE - 1) - ((y - RIGHT)**2 - (y - LEFT)**2) / (2 * variance)
    right = 1 / (1 + np.exp(-np.clip(odds, -60, 60)))
    return (WIDTH**2 * y + level**2 * (LEFT + (RIGHT - LEFT) * right)) / variance


def logDensityOfWells(y):
    left = np.log(SHARE) - (y - LEFT)**2 / (2 * WIDTH**2)
    right = np.log(1 - SHARE) - (y - RIGHT)**2 / (2 * WIDTH**2)
    return np.logaddexp(left, right) - 0.5 * np.log(2 * np.pi * WIDTH**2)


def generate(levels, stages, weights, denoise, y):
    """Apply all steps (5.16). levels, stages, weights: [settings][steps]; y: [settings][...]."""
    def spread(values):
        return values.reshape((-1,) + (1,) * (y.ndim - 1))

    for k in range(levels.shape[1]):
        level = levels[:, k]
        ratio = spread(levels[:, k + 1] / level if k + 1 < levels.shape[1] else 0 * level)
        stage, weight = spread(stages[:, k]), spread(weights[:, k])
        first = denoise(y, level)
        second = denoise(stage * y + (1 - stage) * first, stages[:, k] * level)
        y = ratio * y + (1 - ratio - weight) * first + weight * second
    return y


def unpack(x, numSteps):
    """From free variables [settings][3 numSteps - 1] to levels, stages over levels, and weights."""
    falls = np.concatenate([np.zeros((len(x), 1)), np.exp(x[:, :numSteps - 1])], axis=1)
    return np.exp(-np.cumsum(falls, axis=1)), 1 / (1 + np.exp(-x[:, numSteps - 1:2 * numSteps - 1])), \
        x[:, 2 * numSteps - 1:]


def getResiduals(x, numSteps):
    levels, stages, weights = unpack(x, numSteps)
    gaussians = generate(levels, stages, weights, denoiseGaussian, np.ones((len(x), len(WIDTHS))))
    variances = 2 * np.log(np.maximum(np.abs(gaussians / WIDTHS), 1e-9)) / np.sqrt(2)

    starts = np.concatenate([STARTS, STARTS + DIFFERENCE, STARTS - DIFFERENCE])
    ends = generate(levels, stages, weights, denoiseWells, np.tile(starts, (len(x), len(WELLS), 1)))
    ends, above, below = np.split(ends, 3, axis=2)
    slopes = np.maximum(np.abs(above - below) / (2 * DIFFERENCE), 1e-6)
    logWeights = logDensityOfWells(ends) + STARTS**2 / 2 + 0.5 * np.log(2 * np.pi) + np.log(slopes)
    wells = LARGEST * np.tanh(logWeights / LARGEST) * np.sqrt(SHARES)

    ratios = np.concatenate([levels[:, 1:], 0 * levels[:, :1]], axis=1) / levels
    return np.concatenate([variances, wells.reshape(len(x), -1), PREFERENCE * (weights - (1 - ratios)),
                           0.3 * PREFERENCE * x[:, :2 * numSteps - 1]], axis=1)


def startAtHeun(numSteps):
    """Get the free variables of Heun's method with Karras' levels (5.5), rho = 7."""
    levels = np.linspace(1, 0.00125**(1 / 7), numSteps)**7
    ratios = levels[1:] / levels[:-1]
    return np.concatenate([np.log(-np.log(ratios)), np.log(ratios / (1 - ratios)), [0], 0.5 * (1 / ratios - 1), [0]])


def startAtRandom(numSteps, random):
    fall = np.log(400 * np.exp(0.3 * random.normal())) / (numSteps - 1)
    return np.concatenate([np.log(fall) + 0.2 * random.normal(size=numSteps - 1),
                           0.5 * random.normal(size=numSteps) - 0.5, 0.5 + 0.1 * random.normal(size=numSteps)])


def fit(numSteps, numTrials):
    random = np.random.default_rng(numSteps)
    best = None
    for trial in range(numTrials):
        x = startAtHeun(numSteps) if trial == 0 else startAtRandom(numSteps, random)
        step = 1e-6 * np.eye(len(x))

        def jacobian(x, step=step):
            values = getResiduals(np.concatenate([x + step, x - step]), numSteps)
            return ((values[:len(x)] - values[len(x):]) / 2e-6).T

        result = least_squares(lambda x: getResiduals(x[None], numSteps)[0], x, jac=jacobian, max_nfev=300)
        print(f"// cost {result.cost:.4f}", file=sys.stderr, flush=True)
        best = result if best is None or result.cost < best.cost else best
    return best


def main():
    numSteps = int(sys.argv[1])
    result = fit(numSteps, int(sys.argv[2]) if len(sys.argv) > 2 else 8)
    for level, stage, weight in np.stack([values[0] for values in unpack(result.x[None], numSteps)], axis=1):
        print(f"    {{{level:.9g}, {stage * level:.9g}, {weight:.9g}}},")
    residuals = getResiduals(result.x[None], numSteps)[0]
    wells = np.sqrt((residuals[len(WIDTHS):len(WIDTHS) + len(WELLS) * len(STARTS)].reshape(len(WELLS), -1)**2).sum(1))
    print(f"// cost {result.cost:.4f}, largest ln(variance) {np.abs(residuals[:len(WIDTHS)]).max() * np.sqrt(2):.4f}, "
          f"log weights of wells {wells.round(2)}", file=sys.stderr)


if __name__ == "__main__":
    main()
