// SPDX-License-Identifier: MIT
// The pairs of atoms whose distance is that of a contact.
#ifndef OPENMM_ORBIT_CONTACTS_H_
#define OPENMM_ORBIT_CONTACTS_H_

#include "openmmorbit/MolecularGraph.h"
#include <algorithm>
#include <array>
#include <vector>

namespace OrbitPlugin {

/** Kind of a contact: the smaller and the larger atomic number, and 1 for atoms three bonds apart, 0 for others. */
typedef std::array<int, 3> ContactKind;

/**
 * Visit all pairs of atoms that share neither a bond nor an angle.
 *
 * @param distances   what getTopologicalDistances() of the graph returns
 * @param visit       called as visit(i, j, kind) with i < j
 */
template <class Visitor>
void forEachContact(const MolecularGraph& graph, const std::vector<int>& distances, const Visitor& visit) {
    const int n = graph.getNumAtoms();
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const int bondsApart = distances[(std::size_t) i * n + j];
            if (bondsApart == 1 || bondsApart == 2)
                continue;
            const auto elements = std::minmax(graph.atoms[i].element, graph.atoms[j].element);
            visit(i, j, ContactKind{elements.first, elements.second, bondsApart == 3});
        }
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONTACTS_H_
