// SPDX-License-Identifier: MIT
// What the inspection found about one conformer.
#ifndef OPENMM_ORBIT_CONFORMERSTATUS_H_
#define OPENMM_ORBIT_CONFORMERSTATUS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>

namespace OrbitPlugin {

/** The findings about one conformer. A conformer that was not inspected has no findings. */
struct OPENMM_EXPORT_ORBIT ConformerStatus {
    bool finite = true;         ///< every coordinate is a finite number
    bool bondsCorrect = true;   ///< bonded atoms stand at bonding distance
    bool clashFree = true;      ///< atoms that are not bonded keep their distance
    bool stereoCorrect = true;  ///< every specified centre, double bond and axis has the requested configuration
    std::string message;        ///< the first fault with its atoms in words, empty if there is none

    /** Get whether no fault was found. */
    bool isAccepted() const {
        return finite && bondsCorrect && clashFree && stereoCorrect;
    }
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERSTATUS_H_
