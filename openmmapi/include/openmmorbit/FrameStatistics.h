// SPDX-License-Identifier: MIT
// What the frames of a simulation show of a system's geometry: bonds, angles, contacts, hands and twists.
#ifndef OPENMM_ORBIT_FRAMESTATISTICS_H_
#define OPENMM_ORBIT_FRAMESTATISTICS_H_

#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <map>
#include <utility>
#include <vector>

namespace OrbitPlugin {

/**
 * Gathers the geometry of frames, one after the other. Atoms that a symmetry of the bonds exchanges share their values,
 * because a generated state may have them exchanged.
 */
class OPENMM_EXPORT_ORBIT FrameStatistics {
public:
    /** Begin without frames. */
    explicit FrameStatistics(const TopologySubject& subject);
    /** Add a frame. @param positions   [numAtoms * 3], Angstrom, molecules whole @throws ArgumentError */
    void add(const std::vector<double>& positions);
    /** Get the number of frames. */
    long long getNumFrames() const {
        return numFrames;
    }
    /**
     * Write ranges, centres and axes into a subject. A centre has neighbours of four classes, or three and a lone pair,
     * and the same hand in all frames. An axis joins two atoms with at most three neighbours; its ends stay cis or
     * trans in all frames, within 35 degrees on average.
     *
     * @throws ArgumentError if there are no frames
     */
    void finish(TopologySubject& target) const;
private:
    struct Series {
        std::vector<std::vector<int>> atoms;    ///< the members of a class
        long long count = 0;
        double mean = 0, squares = 0, lowest = 0, highest = 0;
        void add(double value);
    };
    struct Center {
        TetrahedralStereo stereo;
        long long numPositive = 0, numNegative = 0;
    };
    struct Axis {
        std::array<int, 4> atoms;
        long long numCis = 0, numTrans = 0;
        double squaredTwist = 0;                ///< sum over frames of the squared angle from cis or trans, radian
    };
    typedef std::map<std::vector<int>, Series> SeriesMap;
    void listTerms();
    void listCenters();
    void listAxes();
    void addContacts(const std::vector<double>& positions);
    TopologySubject subject;
    std::vector<int> classes;
    std::vector<std::vector<int>> neighbors;
    std::vector<int> distances;
    SeriesMap bonds, angles;
    std::map<std::array<int, 3>, double> contacts;    ///< squared distance
    std::vector<Center> centers;
    std::vector<Axis> axes;
    long long numFrames = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FRAMESTATISTICS_H_
