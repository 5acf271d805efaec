// SPDX-License-Identifier: MIT
// Gathers what backbones show of their geometry.
#ifndef OPENMM_ORBIT_BACKBONESURVEY_H_
#define OPENMM_ORBIT_BACKBONESURVEY_H_

#include "openmmorbit/BackboneStatistics.h"
#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Gathers the geometry of backbones, one after the other: "CA-CA" of bonded residues and "CA-CA-CA", the distance of
 * the first and third of three residues in a row; with three points a residue also "N-CA", "CA-C", "N-C" in a residue
 * and "C-N", "CA-N", "C-CA" across the peptide bond. Cis peptides are left out: their CA are closer than 3.4 Angstrom.
 *
 * A left turn is four CA in a row with a dihedral angle of -90 to -20 degrees, the ends closer than 6.5 Angstrom, as in
 * the mirror image of a helix.
 */
class OPENMM_EXPORT_ORBIT BackboneSurvey {
public:
    /** Begin without backbones. @param pointsPerToken   1 or 3 @throws ArgumentError for other numbers */
    explicit BackboneSurvey(int pointsPerToken);
    /** Add a backbone. @param positions   [numResidues * pointsPerToken * 3], Angstrom @throws ArgumentError */
    void add(const BackboneSubject& backbone, const std::vector<double>& positions);
    /** Get the number of backbones. */
    long long getNumBackbones() const {
        return result.numBackbones;
    }
    /** Get what they show. @throws ArgumentError if there are none */
    BackboneStatistics finish() const;
private:
    /** Values in narrow bins, with their moments. */
    struct Histogram {
        std::vector<long long> bins;
        long long count = 0;
        double sum = 0, squares = 0;
        void add(double value);
        /** Get the value below which a share of all values lies. */
        double getQuantile(double share) const;
    };
    int pointsPerToken;
    BackboneStatistics result;
    std::vector<Histogram> distances;
    Histogram contacts, leftTurns;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONESURVEY_H_
