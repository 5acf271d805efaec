// SPDX-License-Identifier: MIT
// What the training data of a model of backbones show: sizes, distances of neighbours, contacts.
#ifndef OPENMM_ORBIT_BACKBONESTATISTICS_H_
#define OPENMM_ORBIT_BACKBONESTATISTICS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** How long a distance between two points of one residue, or of residues near in the chain, was. */
struct OPENMM_EXPORT_ORBIT DistanceRange {
    std::string name;                   ///< e.g. "CA-CA", see BackboneSurvey
    double mean = 0, deviation = 0;     ///< Angstrom; standard deviation
    double lowest = 0, highest = 0;     ///< Angstrom; one distance of a thousand lies outside
};

/** The backbones that a model was trained on. */
struct OPENMM_EXPORT_ORBIT BackboneStatistics {
    long long numBackbones = 0;         ///< 0: the model is not one of backbones
    int shortest = 0, longest = 0;      ///< numbers of residues
    int maxChains = 0;                  ///< most chains of a backbone
    int shortestChain = 2;              ///< residues of the shortest chain; 2 if the model file does not tell
    bool hasBreaks = false;             ///< whether any had a break
    std::vector<DistanceRange> ranges;  ///< of distances along the chain
    /** Angstrom; one backbone of a hundred has two CA closer than this, three residues apart or more */
    double closest = 0;
    /** One backbone of a hundred has more turns of a left-handed helix in a row, see BackboneSurvey */
    int maxLeftTurns = 0;

    /** Get the JSON text of a model file. */
    std::string toJson() const;
    /** Read the JSON text of a model file. @param where   the beginning of messages @throws ArgumentError */
    static BackboneStatistics fromJson(const std::string& text, const std::string& where);
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONESTATISTICS_H_
