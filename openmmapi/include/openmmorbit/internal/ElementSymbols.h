// SPDX-License-Identifier: MIT
// The symbols of the elements.
#ifndef OPENMM_ORBIT_ELEMENTSYMBOLS_H_
#define OPENMM_ORBIT_ELEMENTSYMBOLS_H_

#include "openmmorbit/internal/windowsExportOrbit.h"

namespace OrbitPlugin {

/** Get the symbol of an element by its atomic number, "*" beyond 1 to 118. */
OPENMM_EXPORT_ORBIT const char* getElementSymbol(int element);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ELEMENTSYMBOLS_H_
