// SPDX-License-Identifier: MIT
// What a molecule leaves open, and the molecules that specify it.
#include "openmmorbit/OpenStereo.h"
#include "Molecules.h"
#include "openmmorbit/internal/StereoRecords.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <GraphMol/Chirality.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/QueryOps.h>
#include <GraphMol/new_canon.h>
#include <algorithm>
#include <cmath>
#include <set>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::vector;

/** Property of heavy atoms: their index among all atoms. */
static const char* const PLACE = "_orbitPlace";

/** Isomers are looked for among so many combinations for each that is wanted: symmetric molecules give some twice. */
static const long long TRIES_AN_ISOMER = 64;

static Origin getOrigin(const string& function, const MolecularGraph& graph) {
    return {function, graph.getLabel()};
}

static bool isSpecified(const MolecularGraph& graph, const OpenStereo& open) {
    if (open.atom2 < 0)
        return std::any_of(graph.tetrahedral.begin(), graph.tetrahedral.end(),
            [&](const TetrahedralStereo& stereo) { return stereo.center == open.atom1; });
    return std::any_of(graph.torsional.begin(), graph.torsional.end(), [&](const TorsionStereo& stereo) {
        return std::minmax(stereo.atoms[1], stereo.atoms[2]) == std::minmax(open.atom1, open.atom2);
    });
}

/** Whether an end of a double bond has another double bond: no plane holds the neighbours of an allene. */
static bool isCumulated(const RDKit::ROMol& mol, unsigned int bond) {
    const auto countDouble = [&](const RDKit::Atom* atom) {
        int count = 0;
        for (const RDKit::Bond* other : mol.atomBonds(atom))
            count += other->getBondType() == RDKit::Bond::DOUBLE ? 1 : 0;
        return count;
    };
    return countDouble(mol.getBondWithIdx(bond)->getBeginAtom()) > 1 ||
            countDouble(mol.getBondWithIdx(bond)->getEndAtom()) > 1;
}

/**
 * Whether a centre is a corner of a cage and two of its neighbours are the same: adamantane, quinuclidine, cubane. The
 * cage then allows one configuration only, though RDKit sees two. Corners are bridgeheads, and atoms all of whose three
 * ring bonds are in two rings.
 */
static bool isHeldByCage(const RDKit::ROMol& mol, unsigned int center, const vector<unsigned int>& ranks) {
    const RDKit::Atom* atom = mol.getAtomWithIdx(center);
    int numRingBonds = 0, numShared = 0;
    std::set<unsigned int> classes;
    for (const RDKit::Bond* bond : mol.atomBonds(atom)) {
        const unsigned int numRings = mol.getRingInfo()->numBondRings(bond->getIdx());
        numRingBonds += numRings > 0 ? 1 : 0;
        numShared += numRings > 1 ? 1 : 0;
        classes.insert(ranks[bond->getOtherAtomIdx(center)]);
    }
    const bool isCorner = RDKit::queryIsAtomBridgehead(atom) != 0 || (numRingBonds > 2 && numShared == numRingBonds);
    return isCorner && classes.size() < atom->getDegree();
}

/** Make a record of an open centre: its neighbours in ascending order. */
static TetrahedralStereo makeCenter(const vector<vector<int>>& neighbors, int center) {
    TetrahedralStereo stereo;
    stereo.center = center;
    std::copy_n(neighbors[(size_t) center].begin(), std::min<size_t>(4, neighbors[(size_t) center].size()),
            stereo.neighbors.begin());
    return stereo;
}

/** Make a record of an open double bond: the lowest neighbours at both ends, trans. */
static TorsionStereo makeDoubleBond(const vector<vector<int>>& neighbors, const OpenStereo& open) {
    const auto getFirst = [&](int end, int other) {
        return *std::find_if(neighbors[(size_t) end].begin(), neighbors[(size_t) end].end(),
            [&](int atom) { return atom != other; });
    };
    TorsionStereo stereo;
    stereo.atoms = {{getFirst(open.atom1, open.atom2), open.atom1, open.atom2, getFirst(open.atom2, open.atom1)}};
    stereo.kind = TorsionStereoKind::Trans;
    return stereo;
}

/** Add a record for everything that is open, as the choice says: whether the record is inverted. */
template <class Choose>
static MolecularGraph specify(const MolecularGraph& graph, const vector<OpenStereo>& open, Choose isInverted) {
    const vector<vector<int>> neighbors = graph.getNeighbors();
    MolecularGraph result = graph;
    for (const OpenStereo& entry : open) {
        if (entry.atom2 < 0) {
            TetrahedralStereo stereo = makeCenter(neighbors, entry.atom1);
            if (isInverted(stereo))
                std::swap(stereo.neighbors[0], stereo.neighbors[1]);
            result.tetrahedral.push_back(stereo);
        }
        else {
            TorsionStereo stereo = makeDoubleBond(neighbors, entry);
            if (isInverted(stereo))
                stereo.kind = TorsionStereoKind::Cis;
            result.torsional.push_back(stereo);
        }
    }
    canonicalizeStereo(result);
    expandStereoAxes(result);
    result.smiles = canonicalSmiles(*molFromGraph(result, getOrigin("specifyStereo", graph)), true);
    return result;
}

namespace {

/** Inverts what coordinates show inverted. */
struct ByPositions {
    const vector<double>& positions;
    bool operator()(const TetrahedralStereo& stereo) const {
        return getSignedVolume(stereo, positions) < 0;
    }
    bool operator()(const TorsionStereo& stereo) const {
        return std::fabs(getDihedral(stereo.atoms, positions)) < 1.5707963267948966;
    }
};

/** Inverts by the bits of a number. */
struct ByBits {
    long long bits;
    template <class Stereo> bool operator()(const Stereo&) {
        const bool inverted = (bits & 1) != 0;
        bits >>= 1;
        return inverted;
    }
};

} // namespace

/** Whether an atom is a nitrogen of three neighbours: it inverts, or small rings hold it. */
static bool isAmine(const RDKit::Atom& atom) {
    return atom.getAtomicNum() == 7 && atom.getTotalDegree() == 3;
}

/** Find what RDKit sees open, without the corners of cages and amines. */
static vector<OpenStereo> findPotentialStereo(const MolecularGraph& graph) {
    const Origin origin = getOrigin("findOpenStereo", graph);
    const auto mol = molFromGraph(graph, origin);
    return guardRDKit(origin, "a molecule that RDKit accepts", [&]() {
        for (RDKit::Atom* atom : mol->atoms())
            atom->setProp(PLACE, (int) atom->getIdx());
        RDKit::RWMol heavy(*mol);
        RDKit::MolOps::removeHs(heavy);
        const auto getPlace = [](const RDKit::Atom* atom) { return atom->getProp<int>(PLACE); };
        vector<OpenStereo> result;
        vector<unsigned int> ranks;
        RDKit::Canon::rankMolAtoms(heavy, ranks, false, false);
        for (const RDKit::Chirality::StereoInfo& info : RDKit::Chirality::findPotentialStereo(heavy, false, true)) {
            OpenStereo open;

            // RDKit names every phosphine, also one of several hydrogens.

            if (info.type == RDKit::Chirality::StereoType::Atom_Tetrahedral &&
                    heavy.getAtomWithIdx(info.centeredOn)->getTotalNumHs() > 1)
                continue;
            if (info.type == RDKit::Chirality::StereoType::Atom_Tetrahedral &&
                    !isHeldByCage(heavy, info.centeredOn, ranks) && !isAmine(*heavy.getAtomWithIdx(info.centeredOn)))
                open.atom1 = getPlace(heavy.getAtomWithIdx(info.centeredOn));
            else if (info.type == RDKit::Chirality::StereoType::Bond_Double && !isCumulated(heavy, info.centeredOn)) {
                open.atom1 = getPlace(heavy.getBondWithIdx(info.centeredOn)->getBeginAtom());
                open.atom2 = getPlace(heavy.getBondWithIdx(info.centeredOn)->getEndAtom());
            }
            else
                continue;
            if (info.specified != RDKit::Chirality::StereoSpecified::Specified && !isSpecified(graph, open))
                result.push_back(open);
        }
        return result;
    });
}

/** List different isomers, at most so many. */
static vector<MolecularGraph> listIsomers(const MolecularGraph& graph, const vector<OpenStereo>& open, int number) {
    const long long all = 1LL << std::min<size_t>(open.size(), 40);
    vector<MolecularGraph> isomers;
    std::set<string> seen;
    for (long long bits = 0; bits < std::min(all, TRIES_AN_ISOMER * number) && (int) isomers.size() < number; bits++) {
        MolecularGraph isomer = specify(graph, open, ByBits{bits});
        if (seen.insert(isomer.smiles).second)
            isomers.push_back(isomer);
    }
    return isomers;
}

vector<OpenStereo> OrbitPlugin::findOpenStereo(const MolecularGraph& graph) {
    const vector<OpenStereo> open = findPotentialStereo(graph);

    // What is the same molecule either way is not open, e.g. a carbon between two corners of a cage.

    return open.empty() || listIsomers(graph, open, 2).size() > 1 ? open : vector<OpenStereo>();
}

MolecularGraph OrbitPlugin::specifyStereo(
        const MolecularGraph& graph, const vector<OpenStereo>& open, const vector<double>& positions) {
    if (positions.size() != 3 * graph.atoms.size())
        throw ArgumentError("specifyStereo: expected " + std::to_string(3 * graph.atoms.size()) +
            " coordinates for the molecule " + graph.getLabel() + ", got " + std::to_string(positions.size()));
    return open.empty() ? graph : specify(graph, open, ByPositions{positions});
}

vector<MolecularGraph> OrbitPlugin::enumerateStereo(const MolecularGraph& graph, int maxIsomers) {
    if (maxIsomers < 1)
        throw ArgumentError(
                "enumerateStereo: expected a number of isomers of at least 1, got " + std::to_string(maxIsomers));
    const vector<OpenStereo> open = findOpenStereo(graph);
    if (open.empty())
        return {graph};
    return listIsomers(graph, open, maxIsomers);
}
