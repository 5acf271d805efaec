// SPDX-License-Identifier: MIT
// The scale factors that make a denoiser out of the network.
#ifndef OPENMM_ORBIT_STAGES_PRECONDITIONING_H_
#define OPENMM_ORBIT_STAGES_PRECONDITIONING_H_

#include <cmath>

namespace OrbitPlugin {

/**
 * These scale factors make the denoiser D out of the network F at one noise level. They scale the noisy positions so
 * that the network's inputs have the same spread at every noise level, and they mix its output with the noisy positions
 * so that the network predicts the noise where it is small and the clean positions where it is large. All are
 * dimensionless except output, sigma and dataScale (model unit).
 *
 *   u = input y            the network's input (section 4)
 *   s = logSigma           the network's noise input
 *   D = skip y + output F  the denoised positions
 *
 * Equations (3.1) and (3.2) of openmmapi/docs/theory.md. Source: Karras et al., arXiv 2206.00364, section 5. The
 * network of a flow predicts its velocity instead, (3.4): noisy positions lie between clean ones and noise of one model
 * unit. Source: arXiv 2210.02747.
 */

/** What a network predicts: (3.1), or the velocity of a flow (3.4). */
enum class Parametrization { Edm, Flow };

struct Preconditioning {
    double skip = 0;        ///< c_skip
    double output = 0;      ///< c_out, model unit
    double input = 0;       ///< c_in sigma_d
    double logSigma = 0;    ///< ln(sigma) / 4
};

/** Get the scale factors of a noise level above 0. A flow needs no data scale. */
inline Preconditioning getPreconditioning(
        double sigma, double dataScale, Parametrization parametrization = Parametrization::Edm) {
    if (parametrization == Parametrization::Flow) {
        // (3.4)
        const double t = 1 / (1 + sigma);
        return {t, sigma * t, t, std::log(sigma) / 4};
    }
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
