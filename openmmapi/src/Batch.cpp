// SPDX-License-Identifier: MIT
// How copies are packed behind one another.
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/ArgumentError.h"
#include <string>

namespace OrbitPlugin {

void Batch::addCopy(BatchCopy copy) {
    if (copy.graph < 0 || copy.graph >= (int) graphs.size())
        throw ArgumentError("Batch::addCopy: expected a graph from 0 to " + std::to_string((int) graphs.size() - 1) +
            ", got " + std::to_string(copy.graph));
    copy.firstAtom = getNumAtoms();
    copies.push_back(copy);
}

int Batch::getNumAtoms() const {
    if (copies.empty())
        return 0;
    const BatchCopy& last = copies.back();
    return last.firstAtom + graphs[last.graph].numAtoms;
}

} // namespace OrbitPlugin
