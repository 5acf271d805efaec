// SPDX-License-Identifier: MIT
// Settings of the sampler: method, noise levels, number of steps, renewed noise and stereo guidance.
#ifndef OPENMM_ORBIT_SAMPLERSETTINGS_H_
#define OPENMM_ORBIT_SAMPLERSETTINGS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** Integration method, equations (5.2) to (5.4) and (5.16) of docs/theory.md. */
enum class SamplerMethod {
    Euler = 0,
    Heun = 1,
    Multistep = 2,
    /**
     * Two evaluations a step, at levels and with weights that were fitted as a whole, so that few steps keep densities:
     * for importance weights and Monte Carlo. numSteps is 8, 12 or 20; levels follow from sigmaMax alone (sigmaMin,
     * schedule and rho are not used), and renewal must be 0.
     */
    Bespoke = 3
};

/** Placement of the noise levels, equations (5.5) to (5.7) and (5.15) of docs/theory.md. */
enum class NoiseSchedule { Karras = 0, Logarithmic = 1, UniformTime = 2, LogarithmicTime = 3 };

/** What SamplerSettings::renewal means, equation (5.8) of docs/theory.md. */
enum class RenewalRule {
    Share = 0,  ///< the share c of every next noise level
    Rate = 1    ///< the rate of a stochastic differential equation, 1: the reverse SDE
};

/**
 * Settings of the sampler. Noise levels are in the model unit (Angstrom for molecules). The last step ends with the
 * denoised positions, so sigmaMin need not be very small: docs/samplers.md has what other last levels give.
 */
struct OPENMM_EXPORT_ORBIT SamplerSettings {
    SamplerMethod method = SamplerMethod::Multistep; ///< integration method
    NoiseSchedule schedule = NoiseSchedule::Karras; ///< placement of the noise levels
    int numSteps = 24;          ///< at least 1
    double sigmaMax = 20.0;     ///< first noise level, model unit
    double sigmaMin = 0.04;     ///< last noise level before 0, model unit
    double rho = 3.0;           ///< exponent of the Karras schedule
    /**
     * Share of the next noise level that a step draws anew, (5.8) of docs/theory.md: at least 0, below 1. With 0 the
     * sampler integrates the probability-flow ODE. Above 0 each step also equilibrates the positions at their noise
     * level, which corrects errors of earlier steps. This improves conformers from about 12 Multistep steps on; with
     * Euler use a small share, unless the model was distilled with a larger one. With the rule Rate it is the rate of a
     * stochastic differential equation, at least 0: the share of a step is then
     * c = sqrt(1 - (next level / level)^(2 rate)), which is below 1 for any rate and any number of steps.
     */
    double renewal = 0.9;
    RenewalRule renewalRule = RenewalRule::Share;   ///< what renewal means
    /**
     * Variance of the new noise over that of its noise level, gamma of (5.8), at least 0. 1 samples what the model was
     * trained on; below 1 copies are less diverse and closer to the most probable structures, as generators of protein
     * backbones use it.
     */
    double noiseScale = 1.0;
    /**
     * Distance by which the atoms of a stereocentre move in one step while it disagrees with the other centres, (5.11)
     * of docs/theory.md, in the model unit: at least 0. It acts in models whose inputs show no handedness: guidance
     * makes all centres of a molecule agree, and if all are inverted at the end, the conformer is reflected. With 0,
     * centres that share no ring agree in only some of the copies.
     */
    double stereoGuidance = 4.0;
    /**
     * Scale w of classifier-free guidance, (5.14) of docs/theory.md: how strongly backbones follow the secondary
     * structure that was asked for. 1: as in the training data, with one evaluation of the network; above 1 more
     * strongly, and 0 not at all, with two. Other models than those of backbones need 1.
     */
    double guidanceScale = 1.0;

    /** Check the values. @throws ArgumentError */
    void validate() const;
    /** Get the noise levels [numSteps + 1]; the last one is 0. */
    std::vector<double> getNoiseLevels() const;
    /** Get the level of the noise that each step adds [numSteps], (5.8), model unit; 0 where it adds none. */
    std::vector<double> getRenewedLevels() const;
    /**
     * Get the settings of a generation that starts at a lower noise level: one step from there, and one for each lower
     * level of these settings, placed by their schedule.
     *
     * @param level   above sigmaMin, up to sigmaMax; 0 stands for sigmaMax
     * @throws ArgumentError for other levels, and for any with the method Bespoke
     */
    SamplerSettings startAt(double level) const;
    /** Get the number of network evaluations of one generation. */
    int getNumEvaluations() const;
    /** Get the number of network evaluations of one step, 0 to numSteps - 1. */
    int getNumEvaluations(int step) const;
    /** Get the numbers of steps that the method Bespoke has. */
    static std::vector<int> listBespokeSteps();
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SAMPLERSETTINGS_H_
