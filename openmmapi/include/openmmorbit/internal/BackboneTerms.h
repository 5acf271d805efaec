// SPDX-License-Identifier: MIT
// The distances and turns by which backbones are surveyed and inspected.
#ifndef OPENMM_ORBIT_BACKBONETERMS_H_
#define OPENMM_ORBIT_BACKBONETERMS_H_

#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <functional>
#include <vector>

namespace OrbitPlugin {

/** A distance between a point of a residue and a point of one that follows it. */
struct BackboneTerm {
    const char* name;       ///< see BackboneSurvey
    int first, second;      ///< points of their residues
    int step;               ///< residues from the first to the second, all bonded
    bool isAngle;           ///< whether it stands for an angle; otherwise for a bond
};

/** The shortest CA-CA of a trans peptide bond, Angstrom. */
const double MIN_TRANS = 3.4;
/** Pairs of residues that are fewer apart than this in their chain are no contacts. */
const int MIN_CONTACT_SEPARATION = 3;

/** Get the terms for a number of points a residue, 1 or 3. @throws ArgumentError for other numbers */
OPENMM_EXPORT_ORBIT const std::vector<BackboneTerm>& getBackboneTerms(int pointsPerToken);

/** Check the number of coordinates. @throws ArgumentError naming the caller and the backbone */
void checkBackbonePositions(const std::string& caller, const BackboneSubject& backbone, int pointsPerToken,
        const std::vector<double>& positions);

/** Call a function with every distance of a term: the first residue, and the distance. */
void forEachDistance(const BackboneSubject& backbone, int pointsPerToken, const BackboneTerm& term,
        const std::vector<double>& positions, const std::function<void(int, double)>& function);

/** Two CA and their distance, Angstrom. */
struct BackboneContact {
    int first = -1, second = -1;    ///< residues, -1 if there is no pair
    double distance = 0;
};

/** Get the closest two CA of residues that are no neighbours. */
BackboneContact findClosest(const BackboneSubject& backbone, int pointsPerToken, const std::vector<double>& positions);

/** Some left turns in a row. */
struct LeftTurns {
    int count = 0, residue = -1;    ///< how many, and the residue where the first begins
};

/** Get the longest row of left turns. */
LeftTurns findLeftTurns(const BackboneSubject& backbone, int pointsPerToken, const std::vector<double>& positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONETERMS_H_
