// SPDX-License-Identifier: MIT
// Stereo records that say nothing: a molecule with the record inverted is the same molecule.
#include "AtomRanks.h"
#include "openmmorbit/internal/StereoRecords.h"
#include "openmmorbit/internal/PermutationSign.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>

using namespace OrbitPlugin;
using std::vector;

namespace {

/** Steps of a search for a symmetry; a record for which none was found by then counts as one that says something. */
const int MAX_SEARCH_STEPS = 100000;

/** A record as a list of atoms whose images tell whether a symmetry keeps it. */
struct Label {
    bool isCenter = false;
    int index = 0; ///< in graph.tetrahedral or graph.torsional
    vector<int> atoms; ///< the centre and its neighbours, or the four atoms of an axis
};

vector<Label> getLabels(const MolecularGraph& graph) {
    vector<Label> labels;
    for (int i = 0; i < (int) graph.tetrahedral.size(); i++) {
        const TetrahedralStereo& stereo = graph.tetrahedral[i];
        Label label{true, i, {stereo.center}};
        for (int atom : stereo.neighbors)
            if (atom >= 0)
                label.atoms.push_back(atom);
        labels.push_back(label);
    }
    for (int i = 0; i < (int) graph.torsional.size(); i++)
        labels.push_back({false, i, {graph.torsional[i].atoms.begin(), graph.torsional[i].atoms.end()}});
    return labels;
}

/** Looks for a symmetry of a graph that inverts one record and keeps all others. */
class InversionSearch {
public:
    /** The labels are those of the graph; they and the graph must outlive the search. */
    InversionSearch(const MolecularGraph& graph, const vector<Label>& labels) :
            graph(graph),
            bonded(getBondedAtoms(graph)),
            labels(labels) {
        StereoKnowledge nothing;
        nothing.atomLabels.assign(graph.atoms.size(), 0);
        ranks = rankAtoms(graph, bonded, nothing);
        peel();
    }
    /** Whether there is one. It maps the centre, or the axis, onto itself. */
    bool find(const Label& wanted) {
        inverted = &wanted;
        image.assign(graph.atoms.size(), -1);
        source.assign(graph.atoms.size(), -1);
        numSteps = 0;
        const int first = wanted.isCenter ? wanted.atoms[0] : wanted.atoms[1];
        sortAtoms(first);
        vector<int> starts = {first};
        if (!wanted.isCenter)
            starts.push_back(wanted.atoms[2]);
        for (int start : starts)
            if (ranks[start] == ranks[first] && assign(0, start))
                return true;
        return false;
    }

private:
    /** Leave out branches without records: equal ranks say that they are alike. */
    void peel() {
        const int n = graph.getNumAtoms();
        needed.assign(n, false);
        for (const Label& label : labels)
            for (int atom : label.atoms) {
                needed[atom] = true;

                // At an axis, what may change places are the substituents, of which a record names one.

                if (!label.isCenter && (atom == label.atoms[1] || atom == label.atoms[2]))
                    for (const auto& entry : bonded[atom])
                        needed[entry.first] = true;
            }
        vector<int> degrees(n);
        vector<int> leaves;
        kept.assign(n, true);
        for (int i = 0; i < n; i++) {
            degrees[i] = (int) bonded[i].size();
            if (degrees[i] == 1 && !needed[i])
                leaves.push_back(i);
        }
        while (!leaves.empty()) {
            const int leaf = leaves.back();
            leaves.pop_back();
            kept[leaf] = false;
            for (const auto& [other, order] : bonded[leaf])
                if (kept[other] && --degrees[other] == 1 && !needed[other])
                    leaves.push_back(other);
        }
    }
    /** Order the atoms so that each one but the first has a neighbour before it. */
    void sortAtoms(int first) {
        order = {first};
        place.assign(graph.atoms.size(), -1);
        parent.assign(graph.atoms.size(), -1);
        place[first] = 0;
        for (size_t k = 0; k < order.size(); k++)
            for (const auto& entry : bonded[order[k]])
                if (kept[entry.first] && place[entry.first] < 0) {
                    place[entry.first] = (int) order.size();
                    parent[entry.first] = order[k];
                    order.push_back(entry.first);
                }
    }
    /** Whether the bonds between an atom and those before it have counterparts. */
    bool isConsistent(int atom, int candidate) const {
        for (const auto& [other, bondOrder] : bonded[atom]) {
            if (image[other] < 0)
                continue;
            const auto expected = std::make_pair(image[other], bondOrder);
            if (std::find(bonded[candidate].begin(), bonded[candidate].end(), expected) == bonded[candidate].end())
                return false;
        }
        return true;
    }
    /** Whether the records whose atoms all have images by now, the last one at this place, are kept or inverted. */
    bool keepsLabels(int k) const {
        for (const Label& label : labels) {
            int last = 0;
            for (int atom : label.atoms)
                last = std::max(last, place[atom]);
            if (last == k && !keepsLabel(label))
                return false;
        }
        return true;
    }
    bool keepsLabel(const Label& label) const {
        return label.isCenter ? keepsCenter(label) : keepsAxis(label);
    }
    bool keepsCenter(const Label& label) const {
        for (const Label& other : labels) {
            if (!other.isCenter || other.atoms[0] != image[label.atoms[0]] || other.atoms.size() != label.atoms.size())
                continue;
            vector<size_t> places;
            for (size_t k = 1; k < label.atoms.size(); k++)
                places.push_back(std::find(other.atoms.begin() + 1, other.atoms.end(), image[label.atoms[k]]) -
                        other.atoms.begin() - 1);
            if (std::count(places.begin(), places.end(), other.atoms.size() - 1) > 0)
                return false;
            return isOddPermutation(places) == (&label == inverted);
        }
        return false;
    }
    bool keepsAxis(const Label& label) const {
        const int a = image[label.atoms[0]], b = image[label.atoms[1]], c = image[label.atoms[2]],
                  d = image[label.atoms[3]];
        for (const Label& other : labels) {
            const vector<int>& x = other.atoms;
            if (other.isCenter || std::minmax(x[1], x[2]) != std::minmax(b, c))
                continue;
            const bool sameSides = ((x[1] == b ? x[0] : x[3]) == a) == ((x[1] == b ? x[3] : x[0]) == d);
            const TorsionStereoKind kind = graph.torsional[label.index].kind;
            return ((sameSides ? kind : getOpposite(kind)) == graph.torsional[other.index].kind) ==
                    (&label != inverted);
        }
        return false;
    }
    bool assign(size_t k, int candidate) {
        if (++numSteps > MAX_SEARCH_STEPS)
            return false;
        const int atom = order[k];
        if (source[candidate] >= 0 || ranks[candidate] != ranks[atom] || !kept[candidate] ||
                !isConsistent(atom, candidate))
            return false;
        image[atom] = candidate;
        source[candidate] = atom;
        if (keepsLabels((int) k)) {
            if (k + 1 == order.size())
                return true;
            for (const auto& entry : bonded[image[parent[order[k + 1]]]])
                if (assign(k + 1, entry.first))
                    return true;
        }
        image[atom] = source[candidate] = -1;
        return false;
    }
    const MolecularGraph& graph;
    const BondedAtoms bonded;
    const vector<Label>& labels;
    const Label* inverted = nullptr;
    vector<int> ranks, order, place, parent, image, source;
    vector<bool> needed, kept;
    int numSteps = 0;
};

/** Drop the first candidate that says nothing; false if every one says something. */
bool dropOne(MolecularGraph& graph, const std::function<bool(int, int)>& isCandidate) {
    const auto isDoubtful = [&](const Label& label) {
        return isCandidate(label.atoms[label.isCenter ? 0 : 1], label.atoms[label.isCenter ? 0 : 2]);
    };
    const vector<Label> labels = getLabels(graph);
    if (std::none_of(labels.begin(), labels.end(), isDoubtful))
        return false;
    InversionSearch search(graph, labels);
    for (const Label& label : labels) {
        if (!isDoubtful(label) || !search.find(label))
            continue;
        if (label.isCenter)
            graph.tetrahedral.erase(graph.tetrahedral.begin() + label.index);
        else
            graph.torsional.erase(graph.torsional.begin() + label.index);
        return true;
    }
    return false;
}

} // namespace

void OrbitPlugin::dropVacuousStereo(MolecularGraph& graph, const std::function<bool(int, int)>& isCandidate) {
    for (bool dropped = true; dropped;)
        dropped = dropOne(graph, isCandidate);
}
