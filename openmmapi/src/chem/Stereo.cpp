// SPDX-License-Identifier: MIT
// Stereo records from RDKit's chiral tags, bond stereo and coordinates, and back.
#include "Molecules.h"
#include "openmmorbit/internal/StereoRecords.h"
#include "openmmorbit/internal/PermutationSign.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <GraphMol/Chirality.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/new_canon.h>
#include <algorithm>
#include <cmath>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::vector;

/** An axis is an atropisomer if its planes are further apart than this (radian). */
static const double MIN_ATROPISOMER_ANGLE = 0.5;

static vector<int> getBondedAtoms(const RDKit::ROMol& mol, const RDKit::Atom& atom) {
    vector<int> result;
    for (const RDKit::Bond* bond : mol.atomBonds(&atom))
        result.push_back((int) bond->getOtherAtomIdx(atom.getIdx()));
    return result;
}

/**
 * RDKit looks from the first bonded atom to the centre and sees the others turn clockwise or counterclockwise; a lone
 * pair counts as the last of them. Clockwise makes the triple product of four neighbours positive, that of three
 * negative.
 */
static void readCenters(const RDKit::ROMol& mol, MolecularGraph& graph) {
    for (const RDKit::Atom* atom : mol.atoms()) {
        const RDKit::Atom::ChiralType tag = atom->getChiralTag();
        const vector<int> bonded = getBondedAtoms(mol, *atom);
        if ((tag != RDKit::Atom::CHI_TETRAHEDRAL_CW && tag != RDKit::Atom::CHI_TETRAHEDRAL_CCW) ||
                bonded.size() < 3 || bonded.size() > 4)
            continue;
        TetrahedralStereo stereo;
        stereo.center = (int) atom->getIdx();
        std::copy(bonded.begin(), bonded.end(), stereo.neighbors.begin());
        const bool positive = (tag == RDKit::Atom::CHI_TETRAHEDRAL_CW) == (bonded.size() == 4);
        if (!positive)
            std::swap(stereo.neighbors[bonded.size() - 2], stereo.neighbors[bonded.size() - 1]);
        graph.tetrahedral.push_back(stereo);
    }
}

static void readDoubleBonds(const RDKit::ROMol& mol, MolecularGraph& graph) {
    for (const RDKit::Bond* bond : mol.bonds()) {
        const RDKit::Bond::BondStereo kind = bond->getStereo();
        const bool cis = kind == RDKit::Bond::STEREOZ || kind == RDKit::Bond::STEREOCIS;
        const bool trans = kind == RDKit::Bond::STEREOE || kind == RDKit::Bond::STEREOTRANS;
        const vector<int>& ends = bond->getStereoAtoms();
        if ((!cis && !trans) || ends.size() != 2)
            continue;
        TorsionStereo stereo;
        stereo.atoms = {{ends[0], (int) bond->getBeginAtomIdx(), (int) bond->getEndAtomIdx(), ends[1]}};
        stereo.kind = cis ? TorsionStereoKind::Cis : TorsionStereoKind::Trans;
        graph.torsional.push_back(stereo);
    }
}

/** Get the two ring neighbours next to an axis if both carry a heavy substituent and differ; empty otherwise. */
static vector<int> getOrthoAtoms(const RDKit::ROMol& mol, int end, int across, const vector<unsigned int>& ranks) {
    const RDKit::Atom* atom = mol.getAtomWithIdx(end);
    vector<int> ortho = getBondedAtoms(mol, *atom);
    ortho.erase(std::remove(ortho.begin(), ortho.end(), across), ortho.end());
    if (!atom->getIsAromatic() || ortho.size() != 2 || ranks[ortho[0]] == ranks[ortho[1]])
        return {};
    for (int index : ortho) {
        const vector<int> around = getBondedAtoms(mol, *mol.getAtomWithIdx(index));
        const auto isHeavy = [&](int j) { return mol.getAtomWithIdx(j)->getAtomicNum() > 1; };
        if (std::count_if(around.begin(), around.end(), isHeavy) < 3)
            return {};
    }
    return ortho;
}

/** Label biaryl axes that are crowded by two substituents on either side and twisted in the given coordinates. */
static void readAtropisomers(const RDKit::ROMol& mol, const vector<double>& positions, MolecularGraph& graph) {
    vector<unsigned int> ranks;
    for (const RDKit::Bond* bond : mol.bonds()) {
        if (bond->getBondType() != RDKit::Bond::SINGLE || mol.getRingInfo()->numBondRings(bond->getIdx()) > 0 ||
                !bond->getBeginAtom()->getIsAromatic() || !bond->getEndAtom()->getIsAromatic())
            continue;
        if (ranks.empty())
            RDKit::Canon::rankMolAtoms(mol, ranks, false);
        const int b = (int) bond->getBeginAtomIdx(), c = (int) bond->getEndAtomIdx();
        const vector<int> ends1 = getOrthoAtoms(mol, b, c, ranks), ends2 = getOrthoAtoms(mol, c, b, ranks);
        if (ends1.empty() || ends2.empty())
            continue;
        TorsionStereo stereo;
        stereo.atoms = {{ends1[0], b, c, ends2[0]}};
        const double angle = getDihedral(stereo.atoms, positions);
        if (std::fabs(std::sin(angle)) < std::sin(MIN_ATROPISOMER_ANGLE))
            continue;
        stereo.kind = angle > 0 ? TorsionStereoKind::AtropisomerPlus : TorsionStereoKind::AtropisomerMinus;
        graph.torsional.push_back(stereo);
    }
}

void chem::readStereo(const RDKit::ROMol& mol, const vector<double>& positions, MolecularGraph& graph) {
    readCenters(mol, graph);
    readDoubleBonds(mol, graph);
    if (!positions.empty())
        readAtropisomers(mol, positions, graph);

    // Coordinates show more than a SMILES would say.

    const auto mayBeVacuous = [&](int atom1, int atom2) {
        const RDKit::Bond* bond = mol.getBondBetweenAtoms((unsigned int) atom1, (unsigned int) atom2);
        return !positions.empty() || (bond == nullptr ? mol.getAtomWithIdx((unsigned int) atom1)->hasProp(DOUBTFUL)
                                                      : bond->hasProp(DOUBTFUL));
    };
    dropVacuousStereo(graph, mayBeVacuous);
    canonicalizeStereo(graph);
    expandStereoAxes(graph);
}

void chem::writeStereo(const MolecularGraph& graph, RDKit::RWMol& mol) {
    dropLabels(mol);
    for (const TetrahedralStereo& stereo : graph.tetrahedral) {
        RDKit::Atom* atom = mol.getAtomWithIdx(stereo.center);
        const vector<int> bonded = getBondedAtoms(mol, *atom);
        vector<size_t> places;
        for (int j : bonded)
            places.push_back(std::find(stereo.neighbors.begin(), stereo.neighbors.end(), j) - stereo.neighbors.begin());
        const bool clockwise = isOddPermutation(places) != (bonded.size() == 4);
        atom->setChiralTag(clockwise ? RDKit::Atom::CHI_TETRAHEDRAL_CW : RDKit::Atom::CHI_TETRAHEDRAL_CCW);
    }
    for (const TorsionStereo& stereo : graph.torsional) {
        RDKit::Bond* bond = mol.getBondBetweenAtoms(stereo.atoms[1], stereo.atoms[2]);
        if (bond == nullptr || (stereo.kind != TorsionStereoKind::Cis && stereo.kind != TorsionStereoKind::Trans))
            continue;
        const bool forward = (int) bond->getBeginAtomIdx() == stereo.atoms[1];
        bond->setStereoAtoms(stereo.atoms[forward ? 0 : 3], stereo.atoms[forward ? 3 : 0]);
        bond->setStereo(stereo.kind == TorsionStereoKind::Cis ? RDKit::Bond::STEREOCIS : RDKit::Bond::STEREOTRANS);
    }
}
