// SPDX-License-Identifier: MIT
// Which labels of a molecule name a configuration: RDKit's newer perception, called by name so that no setting of the
// process changes what is read; a label that it drops is kept for a closer look, or refused with its atom.
#include "Molecules.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <GraphMol/Chirality.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/new_canon.h>
#include <algorithm>
#include <cmath>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;
using std::vector;

/** Three-coordinate atoms flatter than this signed volume have no handedness. */
static const double MIN_PYRAMID_VOLUME = 0.1;

namespace {

/** A label as it was given, before anything is cleaned up. */
struct GivenLabels {
    vector<RDKit::Atom::ChiralType> atoms;
    vector<RDKit::Bond::BondStereo> bonds;
    vector<vector<int>> bondEnds;
    vector<char> areDirected;
};

[[noreturn]] void refuse(const Origin& origin, const string& label, const string& reason) {
    throw ArgumentError(origin.function + ": expected stereochemistry that can be kept, got " + label + " in " +
            origin.text + ": " + reason);
}

bool isCisOrTrans(RDKit::Bond::BondStereo stereo) {
    return stereo == RDKit::Bond::STEREOCIS || stereo == RDKit::Bond::STEREOTRANS || stereo == RDKit::Bond::STEREOZ ||
            stereo == RDKit::Bond::STEREOE;
}

bool isDirected(const RDKit::Bond& bond) {
    return bond.getBondDir() == RDKit::Bond::ENDUPRIGHT || bond.getBondDir() == RDKit::Bond::ENDDOWNRIGHT;
}

GivenLabels getLabels(const RDKit::ROMol& mol) {
    GivenLabels labels;
    for (const RDKit::Atom* atom : mol.atoms())
        labels.atoms.push_back(atom->getChiralTag());
    for (const RDKit::Bond* bond : mol.bonds()) {
        labels.bonds.push_back(bond->getStereo());
        labels.bondEnds.push_back(bond->getStereoAtoms());
        labels.areDirected.push_back(isDirected(*bond));
    }
    return labels;
}

/** The atoms bonded to one, without another. */
vector<int> getOthers(const RDKit::ROMol& mol, int atom, int except = -1) {
    vector<int> result;
    for (const RDKit::Bond* bond : mol.atomBonds(mol.getAtomWithIdx(atom)))
        if ((int) bond->getOtherAtomIdx(atom) != except)
            result.push_back((int) bond->getOtherAtomIdx(atom));
    return result;
}

/** Whether two of these atoms are alike, so that a label between them says nothing. */
bool hasEquals(const vector<int>& atoms, const vector<unsigned int>& ranks) {
    for (size_t i = 0; i < atoms.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (ranks[atoms[i]] == ranks[atoms[j]])
                return true;
    return false;
}

bool hasDoubleBond(const RDKit::ROMol& mol, const RDKit::Atom* atom) {
    for (const RDKit::Bond* bond : mol.atomBonds(atom))
        if (bond->getBondType() == RDKit::Bond::DOUBLE)
            return true;
    return false;
}

/** The ends of the cumulated double bonds that leave an atom to one side, and how many bonds there are. */
std::pair<int, int> followCumulene(const RDKit::ROMol& mol, int atom, int next) {
    int length = 1;
    for (bool found = true; found;) {
        found = false;
        for (const RDKit::Bond* bond : mol.atomBonds(mol.getAtomWithIdx(next))) {
            const int other = (int) bond->getOtherAtomIdx(next);
            if (bond->getBondType() != RDKit::Bond::DOUBLE || other == atom || length > (int) mol.getNumAtoms())
                continue;
            atom = next;
            next = other;
            length++;
            found = true;
            break;
        }
    }
    return {next, length};
}

/** Whether the label of an allene's middle says nothing: two substituents of one end are alike. */
bool isHarmlessCumulene(const RDKit::ROMol& mol, int middle, const vector<unsigned int>& ranks) {
    for (int next : getOthers(mol, middle)) {
        const int end = followCumulene(mol, middle, next).first;
        vector<int> substituents;
        for (const RDKit::Bond* bond : mol.atomBonds(mol.getAtomWithIdx(end)))
            if (bond->getBondType() != RDKit::Bond::DOUBLE)
                substituents.push_back((int) bond->getOtherAtomIdx(end));
        if (substituents.empty() || hasEquals(substituents, ranks))
            return true;
    }
    return false;
}

/** Decide about the label of an atom that RDKit takes for no stereocentre. */
void settleAtom(RDKit::RWMol& mol, RDKit::Atom& atom, RDKit::Atom::ChiralType given, const vector<unsigned int>& ranks,
        const Origin& origin) {
    const int index = (int) atom.getIdx(), element = atom.getAtomicNum();
    const vector<int> bonded = getOthers(mol, index);
    const string label = "a label on " + describeAtom(atom);
    if (given > RDKit::Atom::CHI_TETRAHEDRAL_CCW)
        refuse(origin, label,
                "labels of tetrahedral centres, double bonds and atropisomers are kept, those of "
                "allenes, square planes, bipyramids and octahedra are not; remove it");
    const bool hasStableLonePair = element == 15 || element == 16 || element == 33 || element == 34 || element == 52;
    if (bonded.size() == 4 || (bonded.size() == 3 && hasStableLonePair)) {
        atom.setChiralTag(given);
        atom.setProp(DOUBTFUL, 1);
        return;
    }
    if (bonded.size() == 3 && hasEquals(bonded, ranks))
        return;
    if (bonded.size() == 2 && hasDoubleBond(mol, &atom)) {
        if (!isHarmlessCumulene(mol, index, ranks))
            refuse(origin, label, "the handedness of cumulated double bonds is not kept; remove it");
        return;
    }
    refuse(origin, label,
            element == 7 && bonded.size() == 3 && !hasDoubleBond(mol, &atom)
                    ? "a nitrogen atom of three neighbours inverts, unless a ring of three atoms or a bridgehead holds "
                      "it; remove it"
                    : "an atom of " + to_string(bonded.size()) + (bonded.size() == 1 ? " neighbour" : " neighbours") +
                            (hasDoubleBond(mol, &atom) ? " and a double bond" : "") +
                            " is no tetrahedral centre; remove it");
}

/** The size of the smallest ring that holds a bond and both atoms beside it; 0 if there is none. */
int getCommonRing(const RDKit::ROMol& mol, const RDKit::Bond& bond, const vector<int>& ends) {
    int smallest = 0;
    for (const vector<int>& ring : mol.getRingInfo()->atomRings()) {
        const auto holds = [&](int atom) {
            return std::find(ring.begin(), ring.end(), atom) != ring.end();
        };
        if (holds((int) bond.getBeginAtomIdx()) && holds((int) bond.getEndAtomIdx()) && holds(ends[0]) &&
                holds(ends[1]) && (smallest == 0 || (int) ring.size() < smallest))
            smallest = (int) ring.size();
    }
    return smallest;
}

/** Whether a double bond at an atom has a label, and is in no ring too small for two configurations. */
bool hasLabelledBond(const RDKit::ROMol& mol, const RDKit::Atom* atom, const GivenLabels& given) {
    for (const RDKit::Bond* bond : mol.atomBonds(atom)) {
        const unsigned int size = mol.getRingInfo()->minBondRingSize(bond->getIdx());
        if (isCisOrTrans(given.bonds[bond->getIdx()]) &&
                (size == 0 || size >= RDKit::Chirality::minRingSizeForDoubleBondStereo))
            return true;
    }
    return false;
}

/**
 * Whether all directions at one end of a double bond are needed for the labels of the double bonds beside it. SMILES
 * has no other way to write those, so the directions say nothing of the bond itself.
 */
bool isBesideLabels(const RDKit::ROMol& mol, const RDKit::Atom* end, const GivenLabels& given) {
    bool isAny = false;
    for (const RDKit::Bond* bond : mol.atomBonds(end)) {
        if (!given.areDirected[bond->getIdx()])
            continue;
        if (!hasLabelledBond(mol, bond->getOtherAtom(end), given))
            return false;
        isAny = true;
    }
    return isAny;
}

/** The other neighbour at an end of a double bond, or the same one if there is no other. */
int getOtherEnd(const RDKit::ROMol& mol, int atom, int across, int end) {
    for (int other : getOthers(mol, atom, across))
        if (other != end)
            return other;
    return end;
}

/** Decide about the label of a double bond that RDKit takes for none with two configurations. */
void settleBond(RDKit::RWMol& mol, RDKit::Bond& bond, const GivenLabels& given, const Origin& origin) {
    const RDKit::Bond::BondStereo stereo = given.bonds[bond.getIdx()];
    const vector<int>& ends = given.bondEnds[bond.getIdx()];
    const int begin = (int) bond.getBeginAtomIdx(), end = (int) bond.getEndAtomIdx();
    const string label = "a label on the double bond of " + describeAtom(*bond.getBeginAtom()) + " and " +
            describeAtom(*bond.getEndAtom());
    if (ends.size() != 2)
        return;
    const int others[2] = {getOtherEnd(mol, begin, end, ends[0]), getOtherEnd(mol, end, begin, ends[1])};
    for (int k = 0; k < 2; k++)
        for (int l = 0; l < 2; l++) {
            const vector<int> pair = {k == 0 ? ends[0] : others[0], l == 0 ? ends[1] : others[1]};
            const int size = getCommonRing(mol, bond, pair);
            if (size == 0 || size >= (int) RDKit::Chirality::minRingSizeForDoubleBondStereo)
                continue;
            const bool isCis = (stereo == RDKit::Bond::STEREOCIS || stereo == RDKit::Bond::STEREOZ) == (k == l);
            const bool isMeant = !isBesideLabels(mol, bond.getBeginAtom(), given) ||
                    !isBesideLabels(mol, bond.getEndAtom(), given);
            if (!isCis && isMeant)
                refuse(origin, label, "a ring of " + to_string(size) + " atoms holds no trans double bond");
            return;
        }
    bond.setStereoAtoms((unsigned int) ends[0], (unsigned int) ends[1]);
    bond.setStereo(stereo);
    bond.setProp(DOUBTFUL, 1);
}

/** Refuse directions at both ends of three and more cumulated double bonds. */
void refuseCumulenes(const RDKit::ROMol& mol, const vector<unsigned int>& ranks, const Origin& origin) {
    const auto isMarked = [&](int atom) {
        for (const RDKit::Bond* bond : mol.atomBonds(mol.getAtomWithIdx(atom)))
            if (isDirected(*bond))
                return true;
        return false;
    };
    for (const RDKit::Bond* bond : mol.bonds()) {
        if (bond->getBondType() != RDKit::Bond::DOUBLE)
            continue;
        for (const auto& [begin, next] : {std::make_pair(bond->getBeginAtomIdx(), bond->getEndAtomIdx()),
                     std::make_pair(bond->getEndAtomIdx(), bond->getBeginAtomIdx())}) {
            const auto [end, length] = followCumulene(mol, (int) begin, (int) next);
            if (length < 2 || !isMarked((int) begin) || !isMarked(end) || isHarmlessCumulene(mol, (int) next, ranks))
                continue;
            refuse(origin,
                    "directions at " + describeAtom(*mol.getAtomWithIdx(begin)) + " and " +
                            describeAtom(*mol.getAtomWithIdx(end)),
                    "cis and trans of cumulated double bonds are not kept; "
                    "remove them");
        }
    }
}

/**
 * Tag three-coordinate atoms by their coordinates. RDKit does so for S and Se only; it also knows P, As and N in small
 * or bridged rings as centres, and drops the tags of atoms that are none. N that bears H is left out, as in SMILES: it
 * inverts.
 */
void tagThreeCoordinate(RDKit::RWMol& mol) {
    vector<double> positions;
    for (const RDGeom::Point3D& point : mol.getConformer().getPositions())
        positions.insert(positions.end(), {point.x, point.y, point.z});
    for (RDKit::Atom* atom : mol.atoms()) {
        const int element = atom->getAtomicNum();
        if (atom->getDegree() != 3 || atom->getChiralTag() != RDKit::Atom::CHI_UNSPECIFIED || atom->getIsAromatic() ||
                (element != 7 && element != 15 && element != 33))
            continue;
        const vector<int> bonded = getOthers(mol, (int) atom->getIdx());
        TetrahedralStereo stereo;
        stereo.center = (int) atom->getIdx();
        std::copy(bonded.begin(), bonded.end(), stereo.neighbors.begin());
        const auto isHydrogen = [&](int j) {
            return mol.getAtomWithIdx(j)->getAtomicNum() == 1;
        };
        if (element == 7 && std::any_of(bonded.begin(), bonded.end(), isHydrogen))
            continue;
        const double volume = getSignedVolume(stereo, positions);
        if (std::fabs(volume) > MIN_PYRAMID_VOLUME)
            atom->setChiralTag(volume > 0 ? RDKit::Atom::CHI_TETRAHEDRAL_CCW : RDKit::Atom::CHI_TETRAHEDRAL_CW);
    }
}

/** Refuse directions beside an aromatic bond of a ring so large that its double bonds have a configuration. */
void refuseAromatic(const RDKit::ROMol& mol, const Origin& origin) {
    RDKit::RWMol copy(mol);
    const auto isLarge = [&](const RDKit::Bond& bond) {
        return bond.getIsAromatic() &&
                mol.getRingInfo()->minBondRingSize(bond.getIdx()) >= RDKit::Chirality::minRingSizeForDoubleBondStereo;
    };
    for (RDKit::Bond* bond : copy.bonds())
        if (isLarge(*bond) && !isDirected(*bond))
            bond->setBondType(RDKit::Bond::DOUBLE);
    RDKit::MolOps::setBondStereoFromDirections(copy);
    for (const RDKit::Bond* bond : copy.bonds())
        if (isLarge(*bond) && isCisOrTrans(bond->getStereo()))
            refuse(origin,
                    "a label on the bond of " + describeAtom(*bond->getBeginAtom()) + " and " +
                            describeAtom(*bond->getEndAtom()),
                    "RDKit calls its ring aromatic, and cis and trans are not kept "
                    "there; remove it");
}

/** Perceive by RDKit's newer code and keep, or refuse, what it drops. */
void perceiveLabels(RDKit::RWMol& mol, const Origin& origin) {
    for (const RDKit::StereoGroup& group : mol.getStereoGroups())
        if (group.getGroupType() != RDKit::StereoGroupType::STEREO_ABSOLUTE && !group.getAtoms().empty())
            refuse(origin, "a group of relative or racemic centres with " + describeAtom(*group.getAtoms()[0]),
                    "a conformer has one configuration; write the isomers on their own, or leave the centres open");
    vector<unsigned int> ranks;
    RDKit::Canon::rankMolAtoms(mol, ranks, false, false);
    refuseCumulenes(mol, ranks, origin);
    refuseAromatic(mol, origin);
    RDKit::MolOps::setBondStereoFromDirections(mol);
    const GivenLabels given = getLabels(mol);
    RDKit::Chirality::findPotentialStereo(mol, true, false);
    for (RDKit::Atom* atom : mol.atoms()) {
        const RDKit::Atom::ChiralType label = given.atoms[atom->getIdx()];
        if (label > RDKit::Atom::CHI_TETRAHEDRAL_CCW ||
                (label != RDKit::Atom::CHI_UNSPECIFIED && atom->getChiralTag() == RDKit::Atom::CHI_UNSPECIFIED))
            settleAtom(mol, *atom, label, ranks, origin);
    }
    for (RDKit::Bond* bond : mol.bonds()) {
        const size_t index = bond->getIdx();
        if (isCisOrTrans(given.bonds[index]) && !isCisOrTrans(bond->getStereo()))
            settleBond(mol, *bond, given, origin);
    }
}

/** Take configurations from coordinates in three dimensions. */
void perceiveCoordinates(RDKit::RWMol& mol) {
    RDKit::MolOps::detectBondStereochemistry(mol, -1);
    RDKit::MolOps::assignChiralTypesFrom3D(mol, -1, true);
    tagThreeCoordinate(mol);
    RDKit::MolOps::setBondStereoFromDirections(mol);
    RDKit::Chirality::findPotentialStereo(mol, true, false);
}

} // namespace

void chem::dropLabels(RDKit::RWMol& mol) {
    for (RDKit::Atom* atom : mol.atoms())
        atom->setChiralTag(RDKit::Atom::CHI_UNSPECIFIED);
    for (RDKit::Bond* bond : mol.bonds()) {
        bond->setStereo(RDKit::Bond::STEREONONE);
        bond->setBondDir(RDKit::Bond::NONE);
    }
}

void chem::sanitize(RDKit::RWMol& mol) {
    unsigned int failed = 0;
    RDKit::MolOps::sanitizeMol(mol, failed, RDKit::MolOps::SANITIZE_ALL ^ RDKit::MolOps::SANITIZE_CLEANUPCHIRALITY);
}

void chem::markPerceived(RDKit::RWMol& mol) {
    mol.setProp(RDKit::common_properties::_StereochemDone, 1, true);
}

void chem::perceiveStereo(RDKit::RWMol& mol, StereoSource source, const Origin& origin) {
    if (source == StereoSource::Coordinates)
        perceiveCoordinates(mol);
    else if (source == StereoSource::Labels)
        perceiveLabels(mol, origin);
    else
        dropLabels(mol);
    markPerceived(mol);
}
