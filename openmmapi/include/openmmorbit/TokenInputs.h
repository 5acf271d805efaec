// SPDX-License-Identifier: MIT
// What the network and the sampler know of the thing they denoise: a molecule, or later a topology or a backbone.
#ifndef OPENMM_ORBIT_TOKENINPUTS_H_
#define OPENMM_ORBIT_TOKENINPUTS_H_

#include "openmmorbit/OrbitRotations.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <array>
#include <vector>

namespace OrbitPlugin {

/** Four points whose signed volume (5.9) is positive in one mirror image of the subject, and negative in the other. */
struct OPENMM_EXPORT_ORBIT HandedVolume {
    std::array<int, 4> atoms{{0, 0, 0, 0}};     ///< points of the subject
    double magnitude = 1;                       ///< signed volume with ideal bonds, cube of the model unit
};

/**
 * The inputs of one subject. A token is what the network attends to: an atom with one point, or a residue with
 * several. Each subject has a function that makes them, e.g. describeMolecule().
 */
struct OPENMM_EXPORT_ORBIT TokenInputs {
    int numTokens = 0;                          ///< of the subject
    int pointsPerToken = 1;                     ///< of the model: an atom or a CA 1, N-CA-C 3
    int numTokenFeatures = 0;                   ///< of the model
    int numPairFeatures = 0;                    ///< of the model
    std::vector<int> tokenFeatures;             ///< [numTokens][numTokenFeatures] rows of token.embedding
    std::vector<int> pairFeatures;              ///< [numTokens][numTokens][numPairFeatures] rows of pair.embedding
    SymmetryGroup group;                        ///< permutations of tokens that change no input; see addSymmetryGroup()
    OrbitRotations rotations = OrbitRotations::Proper;  ///< of the orbit target
    std::vector<HandedVolume> handedVolumes;    ///< what stereo guidance steers by; none if the inputs show the hand

    /** Get the number of points: numTokens * pointsPerToken. Positions are [numPoints][3]. */
    int getNumPoints() const {
        return numTokens * pointsPerToken;
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOKENINPUTS_H_
