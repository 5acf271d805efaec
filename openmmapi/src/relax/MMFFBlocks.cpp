// SPDX-License-Identifier: MIT
// The order of elimination and the places of blocks, found once for a molecule.
#include "openmmorbit/internal/MMFFBlocks.h"
#include <algorithm>

using namespace OrbitPlugin;
using namespace OrbitPlugin::mmff;
using std::set;
using std::vector;

namespace {

/** Call for the atoms of every term of the model, in the order in which the kernels add them. */
template <class Call>
void forEachTerm(const TermView& terms, Call call) {
    for (int k = 0; k < terms.numBonds; k++)
        call(vector<int>{terms.bonds[k].i, terms.bonds[k].j});
    for (int k = 0; k < terms.numAngles; k++)
        call(vector<int>{terms.angles[k].i, terms.angles[k].j, terms.angles[k].k});
    for (int k = 0; k < terms.numLinear; k++)
        call(vector<int>{terms.linear[k].i, terms.linear[k].j, terms.linear[k].k});
    for (int k = 0; k < terms.numCentres; k++)
        call(vector<int>{terms.centres[k].i, terms.centres[k].j, terms.centres[k].k, terms.centres[k].l});
    for (int k = 0; k < terms.numTorsions; k++)
        call(vector<int>{terms.torsions[k].i, terms.torsions[k].j, terms.torsions[k].k, terms.torsions[k].l});
}

} // namespace

HessianBlocks::HessianBlocks(const TermView& terms) : numAtoms(terms.numAtoms), columns(terms.numAtoms) {
    vector<set<int>> neighbors(numAtoms);
    forEachTerm(terms, [&](const vector<int>& atoms) {
        for (int a : atoms)
            for (int b : atoms)
                if (a != b)
                    neighbors[a].insert(b);
    });
    eliminate(std::move(neighbors));
    findTargets();
    findPlaces(terms);
}

void HessianBlocks::eliminate(vector<set<int>> neighbors) {
    vector<char> done(numAtoms, 0);
    vector<vector<int>> rows;
    for (int column = 0; column < numAtoms; column++) {
        int best = -1;
        for (int atom = 0; atom < numAtoms; atom++)
            if (!done[atom] && (best < 0 || neighbors[atom].size() < neighbors[best].size()))
                best = atom;
        done[best] = 1;
        columns[best] = column;
        columnAtoms.push_back(best);
        rows.emplace_back(neighbors[best].begin(), neighbors[best].end());
        for (int a : rows.back()) {
            neighbors[a].erase(best);
            for (int b : rows.back())
                if (a != b)
                    neighbors[a].insert(b);
        }
    }
    for (vector<int>& list : rows) {
        std::sort(list.begin(), list.end(), [&](int a, int b) { return columns[a] < columns[b]; });
        firstRow.push_back((int) rowAtoms.size());
        rowAtoms.insert(rowAtoms.end(), list.begin(), list.end());
    }
    firstRow.push_back((int) rowAtoms.size());
}

/** Get the number of the block of two atoms; the row is the one that is eliminated later. */
int HessianBlocks::findBlock(int row, int column) const {
    if (row == column)
        return row;
    const auto begin = rowAtoms.begin() + firstRow[columns[column]];
    const auto end = rowAtoms.begin() + firstRow[columns[column] + 1];
    const auto found = std::lower_bound(begin, end, row, [&](int a, int b) { return columns[a] < columns[b]; });
    return numAtoms + (int) (found - rowAtoms.begin());
}

void HessianBlocks::findTargets() {
    for (int column = 0; column < numAtoms; column++)
        for (int a = firstRow[column + 1] - 1; a >= firstRow[column]; a--)
            for (int b = firstRow[column]; b <= a; b++)
                targets.push_back(findBlock(rowAtoms[a], rowAtoms[b]));
}

void HessianBlocks::findPlaces(const TermView& terms) {
    forEachTerm(terms, [&](const vector<int>& atoms) {
        for (size_t a = 0; a < atoms.size(); a++)
            for (size_t b = 0; b < a; b++) {
                const bool later = columns[atoms[a]] > columns[atoms[b]];
                places.push_back(later ? findBlock(atoms[a], atoms[b]) : ~findBlock(atoms[b], atoms[a]));
            }
    });
}

BlockView HessianBlocks::getView() const {
    BlockView view;
    view.numAtoms = numAtoms;
    view.numBlocks = numAtoms + (int) rowAtoms.size();
    view.columnAtoms = columnAtoms.data();
    view.firstRow = firstRow.data();
    view.rowAtoms = rowAtoms.data();
    view.targets = targets.data();
    view.places = places.data();
    return view;
}
