// SPDX-License-Identifier: MIT
// Which blocks the model of a molecule's Hessian has, and which come in when it is factorized.
#ifndef OPENMM_ORBIT_MMFFBLOCKS_H_
#define OPENMM_ORBIT_MMFFBLOCKS_H_

#include "openmmorbit/internal/MMFFKernel.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <set>
#include <vector>

namespace OrbitPlugin {
namespace mmff {

/** The blocks of a molecule; the atom with the fewest neighbours is eliminated first. */
class OPENMM_EXPORT_ORBIT HessianBlocks {
public:
    explicit HessianBlocks(const TermView& terms);
    /** Get pointers into this object. */
    BlockView getView() const;
private:
    void eliminate(std::vector<std::set<int>> neighbors);
    int findBlock(int row, int column) const;
    void findTargets();
    void findPlaces(const TermView& terms);

    int numAtoms;
    std::vector<int> columnAtoms, columns, firstRow, rowAtoms, targets, places;
};

} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFBLOCKS_H_
