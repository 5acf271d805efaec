// SPDX-License-Identifier: MIT
// Rotamers by their shares and by contacts with the backbone and with each other.
#include "SideChains.h"
#include "BackboneGeometry.h"
#include <limits>
#include <map>

using namespace OpenMM;
using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** Distances at which atoms begin to repel each other, Angstrom: two of N and O, one of them, two of S, others. */
const double CONTACT_POLAR = 2.8, CONTACT_MIXED = 3.1, CONTACT_SULPHUR = 3.4, CONTACT_OTHER = 3.5;
/** Penalty for each Angstrom^2 of overlap, in units of kT. */
const double STIFFNESS = 12;
/** Most rounds over the residues. */
const int MAX_ROUNDS = 10;

/** An atom that others must not come near. */
struct Sphere {
    Vec3 position;
    int element;
};

/** One way to place a side chain. */
struct Option {
    double energy = 0;              ///< without other side chains, kT
    vector<PlacedAtom> atoms;
};

double getContact(int first, int second) {
    const bool isPolar1 = first == 7 || first == 8, isPolar2 = second == 7 || second == 8;
    if (isPolar1 && isPolar2)
        return CONTACT_POLAR;
    if (first == 16 && second == 16)
        return CONTACT_SULPHUR;
    return isPolar1 || isPolar2 ? CONTACT_MIXED : CONTACT_OTHER;
}

double getPenalty(const Vec3& a, int element1, const Vec3& b, int element2) {
    const Vec3 edge = a - b;
    const double contact = getContact(element1, element2), square = edge.dot(edge);
    if (square >= contact * contact)
        return 0;
    const double overlap = contact - std::sqrt(square);
    return STIFFNESS * overlap * overlap;
}

/** Atoms of a residue type and its rotamers. */
struct Kind {
    vector<const SideChainAtom*> atoms;
    vector<const SideChainRotamer*> rotamers;
};

std::map<string, Kind> listKinds() {
    std::map<string, Kind> kinds;
    for (const SideChainAtom& atom : SIDE_CHAIN_ATOMS)
        kinds[atom.residue].atoms.push_back(&atom);
    for (const SideChainRotamer& rotamer : SIDE_CHAIN_ROTAMERS)
        kinds[rotamer.residue].rotamers.push_back(&rotamer);
    return kinds;
}

vector<PlacedAtom> placeRotamer(const ResidueFrame& residue, const Kind& kind, const SideChainRotamer& rotamer) {
    std::map<string, Vec3> known{{"N", residue.n}, {"CA", residue.ca},
        {"CB", placeCB(residue.n, residue.ca, residue.c)}};
    vector<PlacedAtom> result;
    for (const SideChainAtom* atom : kind.atoms) {
        const double dihedral = atom->dihedral + (atom->chi < 0 ? 0 : rotamer.chi[atom->chi]);
        const Vec3 position = placeAtom(known[atom->a], known[atom->b], known[atom->c], atom->length, atom->angle,
            dihedral);
        known[atom->name] = position;
        result.push_back({atom, position});
    }
    return result;
}

/** Places the side chains of one protein. */
class Packing {
public:
    explicit Packing(const vector<ResidueFrame>& residues) : residues(residues), options(residues.size()),
            chosen(residues.size(), 0), neighbors(residues.size()) {
        const std::map<string, Kind> kinds = listKinds();
        for (size_t i = 0; i < residues.size(); i++) {
            const auto kind = kinds.find(residues[i].name);
            if (kind != kinds.end())
                for (const SideChainRotamer* rotamer : kind->second.rotamers) {
                    Option option{-std::log(rotamer->share / 100), placeRotamer(residues[i], kind->second, *rotamer)};
                    options[i].push_back(option);
                }
        }
        findNeighbors();
        for (size_t i = 0; i < residues.size(); i++)
            for (Option& option : options[i])
                option.energy += meetBackbone((int) i, option);
    }

    vector<vector<PlacedAtom>> run() {
        bool hasChanged = true;
        for (size_t i = 0; i < options.size(); i++)
            choose((int) i, false);
        for (int round = 0; round < MAX_ROUNDS && hasChanged; round++) {
            hasChanged = false;
            for (size_t i = 0; i < options.size(); i++)
                hasChanged = choose((int) i, true) || hasChanged;
        }
        vector<vector<PlacedAtom>> result(options.size());
        for (size_t i = 0; i < options.size(); i++)
            if (!options[i].empty())
                result[i] = options[i][chosen[i]].atoms;
        return result;
    }
private:
    double getReach(int residue) const {
        double reach = 2.5;
        for (const Option& option : options[residue])
            for (const PlacedAtom& placed : option.atoms)
                reach = std::max(reach, getLength(placed.position - residues[residue].ca));
        return reach;
    }

    void findNeighbors() {
        vector<double> reach;
        for (size_t i = 0; i < residues.size(); i++)
            reach.push_back(getReach((int) i));
        for (size_t i = 0; i < residues.size(); i++)
            for (size_t j = 0; j < residues.size(); j++)
                if (i != j && getLength(residues[i].ca - residues[j].ca) < reach[i] + reach[j] + CONTACT_OTHER)
                    neighbors[i].push_back((int) j);
    }

    /** Get the penalty of a rotamer for the backbone and for CB of its neighbours, and for its own C and O. */
    double meetBackbone(int residue, const Option& option) const {
        double energy = 0;
        const bool isProline = residues[residue].name == "PRO";
        const auto meet = [&](const Sphere& sphere, size_t from) {
            for (size_t k = from; k < option.atoms.size(); k++)
                energy += getPenalty(option.atoms[k].position, option.atoms[k].atom->element, sphere.position,
                    sphere.element);
        };
        for (int other : neighbors[residue]) {
            const ResidueFrame& frame = residues[other];
            // CD of proline is bonded to the N that C before it holds.
            const bool isBonded = isProline && residues[residue].hasPrevious && other == residue - 1;
            if (!isBonded)
                for (const Sphere& sphere : {Sphere{frame.ca, 6}, Sphere{frame.c, 6}, Sphere{frame.o, 8}})
                    meet(sphere, 0);
            meet({frame.n, 7}, 0);
            if (frame.name != "GLY")
                meet({placeCB(frame.n, frame.ca, frame.c), 6}, 0);
        }
        // Atoms four bonds away and more.
        meet({residues[residue].o, 8}, 1);
        if (!isProline)
            meet({residues[residue].n, 7}, 2);
        return energy;
    }

    /** Get the penalty of a rotamer for the side chains that others have now. */
    double meetOthers(int residue, const Option& option, double limit) const {
        double energy = 0;
        for (int other : neighbors[residue]) {
            if (options[other].empty())
                continue;
            for (const PlacedAtom& a : option.atoms)
                for (const PlacedAtom& b : options[other][chosen[other]].atoms)
                    energy += getPenalty(a.position, a.atom->element, b.position, b.atom->element);
            if (energy > limit)
                break;
        }
        return energy;
    }

    /** Choose the best rotamer of a residue; tell whether it is another one. */
    bool choose(int residue, bool seesOthers) {
        double lowest = std::numeric_limits<double>::infinity();
        int best = 0;
        for (size_t k = 0; k < options[residue].size(); k++) {
            const Option& option = options[residue][k];
            if (option.energy >= lowest)
                continue;
            const double energy = option.energy + (seesOthers ?
                meetOthers(residue, option, lowest - option.energy) : 0);
            if (energy < lowest) {
                lowest = energy;
                best = (int) k;
            }
        }
        const bool hasChanged = best != chosen[residue];
        chosen[residue] = best;
        return hasChanged;
    }

    const vector<ResidueFrame>& residues;
    vector<vector<Option>> options;
    vector<int> chosen;
    vector<vector<int>> neighbors;
};

} // namespace

vector<vector<PlacedAtom>> placeSideChains(const vector<ResidueFrame>& residues) {
    return Packing(residues).run();
}

} // namespace OrbitPlugin
