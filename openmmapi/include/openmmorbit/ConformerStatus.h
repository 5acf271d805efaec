// SPDX-License-Identifier: MIT
// What the inspection found about one conformer.
#ifndef OPENMM_ORBIT_CONFORMERSTATUS_H_
#define OPENMM_ORBIT_CONFORMERSTATUS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>

namespace OrbitPlugin {

/** The findings about one conformer. A conformer that was not inspected has no findings. */
struct OPENMM_EXPORT_ORBIT ConformerStatus {
    bool finished = true;       ///< it was generated before the time limit was over
    bool finite = true;         ///< every coordinate is a finite number
    bool bondsCorrect = true;   ///< bond lengths fit the elements, bond orders and hybridisation
    bool anglesCorrect = true;  ///< angles between bonds fit their centre; linear atoms are linear
    bool planar = true;         ///< sp2 atoms lie in the plane of their neighbours, double bonds are not twisted
    bool centersInside = true;  ///< every atom with four neighbours is inside their tetrahedron
    bool ringsClear = true;     ///< no bond passes through a ring
    bool clashFree = true;      ///< atoms that are not bonded keep their distance
    bool stereoCorrect = true;  ///< every specified centre, double bond and axis has the requested configuration
    bool constraintsKept = true;    ///< what was asked for besides: torsions in their ranges
    /**
     * Largest deviation of a bond, angle, plane, twist or centre from the mean of its class in quantum-chemical minima,
     * in units of the spread of that class; 0 if nothing was measured. Accepted conformers of common molecules are
     * below about 10.
     */
    double maxDeviation = 0;
    std::string message;        ///< the worst fault of each kind with its atoms, in words; empty if there is none

    /** Get whether no fault was found. */
    bool isAccepted() const {
        return finished && finite && bondsCorrect && anglesCorrect && planar && centersInside && ringsClear &&
            clashFree && stereoCorrect && constraintsKept;
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERSTATUS_H_
