// SPDX-License-Identifier: MIT
// The scalars around the network: how the denoiser is made of it.
#ifndef OPENMM_ORBIT_STAGES_PRECONDITIONING_H_
#define OPENMM_ORBIT_STAGES_PRECONDITIONING_H_

#include <cmath>

namespace OrbitPlugin {

/**
 * Scale factors of one noise level, dimensionless except sigma and dataScale (model unit).
 *
 *   u = input y            the network's input (4)
 *   s = logSigma           the network's noise input
 *   D = skip y + output F  the denoiser
 *
 * Equations (3.1) and (3.2) of openmmapi/docs/theory.md. Source: Karras et al., arXiv 2206.00364, section 5.
 */

struct Preconditioning {
    double skip = 0;        ///< c_skip
    double output = 0;      ///< c_out, model unit
    double input = 0;       ///< c_in sigma_d
    double logSigma = 0;    ///< ln(sigma) / 4
};

/** Get the scale factors of a noise level above 0. */
inline Preconditioning getPreconditioning(double sigma, double dataScale) {
    // (3.1)
    const double variance = sigma * sigma + dataScale * dataScale;
    Preconditioning result;
    result.skip = dataScale * dataScale / variance;
    result.output = sigma * dataScale / std::sqrt(variance);
    result.input = dataScale / std::sqrt(variance);
    result.logSigma = std::log(sigma) / 4;
    return result;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_PRECONDITIONING_H_
