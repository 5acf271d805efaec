// SPDX-License-Identifier: MIT
// Inspects many conformers of one molecule: what depends on the graph alone is worked out once.
#ifndef OPENMM_ORBIT_CONFORMERINSPECTOR_H_
#define OPENMM_ORBIT_CONFORMERINSPECTOR_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <memory>
#include <vector>

namespace OrbitPlugin {

class OPENMM_EXPORT_ORBIT ConformerInspector {
public:
    /** Plan the inspection of a molecule. The inspector keeps a copy of the graph. */
    explicit ConformerInspector(const MolecularGraph& graph);
    /** Plan the inspection of a part: of what lies wholly in it. @param part   [numAtoms] 1: belongs to it */
    ConformerInspector(const MolecularGraph& graph, const std::vector<char>& part);
    ~ConformerInspector();
    ConformerInspector(ConformerInspector&&) noexcept;
    ConformerInspector& operator=(ConformerInspector&&) noexcept;
    /**
     * Inspect one conformer.
     *
     * @param positions   [numAtoms * 3], Angstrom
     * @return the findings
     */
    ConformerStatus inspect(ArrayView<const double> positions) const;
private:
    struct Plan;
    std::unique_ptr<const Plan> plan;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERINSPECTOR_H_
