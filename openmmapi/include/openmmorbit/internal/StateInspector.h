// SPDX-License-Identifier: MIT
// Inspects many states of one system: what depends on the system alone is worked out once.
#ifndef OPENMM_ORBIT_STATEINSPECTOR_H_
#define OPENMM_ORBIT_STATEINSPECTOR_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <memory>
#include <vector>

namespace OrbitPlugin {

class OPENMM_EXPORT_ORBIT StateInspector {
public:
    /** Plan the inspection of a system. The inspector keeps a copy of it. */
    explicit StateInspector(const TopologySubject& subject);
    ~StateInspector();
    /** Inspect one state, as checkState(). @param positions   [numAtoms * 3], Angstrom */
    ConformerStatus inspect(const std::vector<double>& positions) const;
private:
    struct Plan;
    std::unique_ptr<const Plan> plan;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STATEINSPECTOR_H_
