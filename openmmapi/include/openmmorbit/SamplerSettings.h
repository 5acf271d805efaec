// SPDX-License-Identifier: MIT
// How a generation goes from noise to data: method, schedule, number of steps and share of new noise.
#ifndef OPENMM_ORBIT_SAMPLERSETTINGS_H_
#define OPENMM_ORBIT_SAMPLERSETTINGS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** Integration method, equations (5.2) to (5.4) of docs/theory.md. */
enum class SamplerMethod { Euler = 0, Heun = 1, Multistep = 2 };

/** Placement of the noise levels, equations (5.5) to (5.7) of docs/theory.md. */
enum class NoiseSchedule { Karras = 0, Logarithmic = 1, UniformTime = 2 };

/**
 * Settings of a generation. Noise levels are in the model unit (Angstrom for molecules). After the last noise level the
 * positions are the denoiser's posterior mean, so that sigmaMin need not be small: below about 0.07 Angstrom the
 * network's own error exceeds what further steps gain.
 */
struct OPENMM_EXPORT_ORBIT SamplerSettings {
    SamplerMethod method = SamplerMethod::Multistep; ///< integration method
    NoiseSchedule schedule = NoiseSchedule::Karras; ///< placement of the noise levels
    int numSteps = 24;          ///< at least 1
    double sigmaMax = 20.0;     ///< first noise level, model unit
    double sigmaMin = 0.07;     ///< last noise level before 0, model unit
    double rho = 3.0;           ///< exponent of the Karras schedule
    /**
     * Share of the next noise level that a step draws anew, (5.8) of docs/theory.md: at least 0, below 1. 0 integrates
     * the probability-flow ODE; above 0 each step also equilibrates the positions at their noise level, which corrects
     * the errors of earlier steps. It pays from about 12 steps with Multistep; Euler needs a small share.
     */
    double renewal = 0.9;
    /**
     * How far the atoms of a stereocentre move in one step while it disagrees with the others, (5.11) of theory.md,
     * model unit: at least 0. For models that do not see hands: the hand of the molecule is given at the end, by one
     * reflection, and guidance makes all its centres agree until then. 0: centres that share no ring agree by chance.
     */
    double stereoGuidance = 4.0;

    /** Check the values. @throws ArgumentError */
    void validate() const;
    /** Get the noise levels [numSteps + 1]; the last one is 0. */
    std::vector<double> getNoiseLevels() const;
    /** Get the level of the noise that each step draws anew [numSteps], (5.8); 0: none. */
    std::vector<double> getRenewedLevels() const;
    /** Get the number of network evaluations of one generation. */
    int getNumEvaluations() const;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SAMPLERSETTINGS_H_
