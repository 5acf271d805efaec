// SPDX-License-Identifier: MIT
// From a molecule of RDKit to a record of ours: refusals, hydrogens, atoms, bonds, rings, names and coordinates.
#include "Molecules.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <GraphMol/Chirality.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/MonomerInfo.h>
#include <GraphMol/PeriodicTable.h>
#include <GraphMol/SmilesParse/SmilesWrite.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;
using std::vector;

/** Three-coordinate atoms flatter than this signed volume have no handedness. */
static const double MIN_PYRAMID_VOLUME = 0.1;

static string describeAtom(const RDKit::Atom& atom) {
    return "atom " + to_string(atom.getIdx()) + " (" + atom.getSymbol() + ")";
}

void chem::checkSize(const RDKit::ROMol& mol, const ReaderOptions& options, const Origin& origin, const string& note) {
    if (mol.getNumAtoms() == 0)
        throw ArgumentError(origin.function + ": expected at least one atom, got none in " + origin.text);
    if ((int) mol.getNumAtoms() > options.maxAtoms)
        throw ArgumentError(origin.function + ": expected at most " + to_string(options.maxAtoms) + " atoms, got " +
            to_string(mol.getNumAtoms()) + note + "; split the molecule or choose a smaller one");
}

static void refuseQueries(const RDKit::ROMol& mol, const Origin& origin) {
    for (const RDKit::Atom* atom : mol.atoms())
        if (atom->getAtomicNum() == 0 || atom->hasQuery())
            throw ArgumentError(origin.function + ": expected elements, got a dummy or query atom at index " +
                to_string(atom->getIdx()) + " of " + origin.text + "; replace it with an element");
    for (const RDKit::Bond* bond : mol.bonds())
        if (bond->hasQuery())
            throw ArgumentError(origin.function + ": expected bonds of a known order, got a query bond between atoms " +
                to_string(bond->getBeginAtomIdx()) + " and " + to_string(bond->getEndAtomIdx()) + " of " + origin.text);
}

static void refuseFragments(const RDKit::ROMol& mol, const Origin& origin) {
    vector<int> membership;
    if (RDKit::MolOps::getMolFrags(mol, membership) < 2)
        return;
    const vector<RDKit::ROMOL_SPTR> fragments = RDKit::MolOps::getMolFrags(mol, false);
    string names;
    for (size_t k = 0; k < fragments.size() && k < 5; k++)
        names += string(k == 0 ? "" : k + 1 == fragments.size() ? " and " : ", ") + "\"" +
                canonicalSmiles(*fragments[k], true) + "\"";
    if (fragments.size() > 5)
        names += " and " + to_string(fragments.size() - 5) + " more";
    throw ArgumentError(origin.function + ": expected one connected molecule, got " + to_string(fragments.size()) +
        " fragments " + names + "; generate each fragment on its own");
}

static void addHydrogens(RDKit::RWMol& mol, const ReaderOptions& options, const Origin& origin, bool has3D) {
    if (!options.addHydrogens) {
        for (const RDKit::Atom* atom : mol.atoms())
            if (atom->getTotalNumHs() > 0)
                throw ArgumentError(origin.function + ": expected every hydrogen as an atom, got " +
                        describeAtom(*atom) + " with " + to_string(atom->getTotalNumHs()) + " missing in " +
                        origin.text + "; set addHydrogens or add the hydrogens");
        return;
    }
    RDKit::MolOps::addHs(mol, false, has3D);
}

static Hybridization toHybridization(const RDKit::Atom& atom) {
    // RDKit perceives it before it adds hydrogens, and says nothing about those.

    if (atom.getAtomicNum() == 1)
        return Hybridization::S;
    switch (atom.getHybridization()) {
        case RDKit::Atom::S: return Hybridization::S;
        case RDKit::Atom::SP: return Hybridization::SP;
        case RDKit::Atom::SP2: return Hybridization::SP2;
        case RDKit::Atom::SP3: return Hybridization::SP3;
        default: return Hybridization::Other;
    }
}

static BondOrder toOrder(const RDKit::Bond& bond, const Origin& origin) {
    switch (bond.getBondType()) {
        case RDKit::Bond::SINGLE: return BondOrder::Single;
        case RDKit::Bond::DOUBLE: return BondOrder::Double;
        case RDKit::Bond::TRIPLE: return BondOrder::Triple;
        case RDKit::Bond::AROMATIC: return BondOrder::Aromatic;
        case RDKit::Bond::DATIVE: return BondOrder::Dative;
        default:
            throw ArgumentError(origin.function +
                    ": expected single, double, triple, aromatic or dative bonds, got another between " +
                    describeAtom(*bond.getBeginAtom()) + " and " + describeAtom(*bond.getEndAtom()) + " of " +
                    origin.text);
    }
}

/** Name the atoms: the names of PDB information where they are unique, else the element and a counter. */
static void nameAtoms(const RDKit::ROMol& mol, MolecularGraph& graph) {
    std::set<string> taken;
    for (const RDKit::Atom* atom : mol.atoms()) {
        const auto* info = dynamic_cast<const RDKit::AtomPDBResidueInfo*>(atom->getMonomerInfo());
        string name = info ? info->getName() : "";
        name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
        if (!name.empty() && taken.insert(name).second)
            graph.atoms[atom->getIdx()].name = name;
    }
    std::map<string, int> counters;
    for (const RDKit::Atom* atom : mol.atoms()) {
        string& name = graph.atoms[atom->getIdx()].name;
        while (name.empty()) {
            const string candidate = atom->getSymbol() + to_string(++counters[atom->getSymbol()]);
            if (taken.insert(candidate).second)
                name = candidate;
        }
    }
}

static void fillGraph(const RDKit::ROMol& mol, const Origin& origin, MolecularGraph& graph) {
    for (const RDKit::Atom* atom : mol.atoms()) {
        GraphAtom value;
        value.element = atom->getAtomicNum();
        value.formalCharge = atom->getFormalCharge();
        value.isotope = (int) atom->getIsotope();
        value.hybridization = toHybridization(*atom);
        value.aromatic = atom->getIsAromatic();
        graph.atoms.push_back(value);
    }
    for (const RDKit::Bond* bond : mol.bonds())
        graph.bonds.push_back({(int) bond->getBeginAtomIdx(), (int) bond->getEndAtomIdx(), toOrder(*bond, origin)});
    graph.rings = mol.getRingInfo()->atomRings();
    nameAtoms(mol, graph);
    mol.getPropIfPresent(RDKit::common_properties::_Name, graph.name);
}

/**
 * Tag three-coordinate atoms by their coordinates. RDKit does so for S and Se only; it also knows P, As and N in small
 * or bridged rings as centres, and drops the tags of atoms that are none. N that bears H is left out, as in SMILES: it
 * inverts.
 */
static void tagThreeCoordinate(RDKit::RWMol& mol) {
    vector<double> positions;
    for (const RDGeom::Point3D& point : mol.getConformer().getPositions())
        positions.insert(positions.end(), {point.x, point.y, point.z});
    for (RDKit::Atom* atom : mol.atoms()) {
        const int element = atom->getAtomicNum();
        if (atom->getDegree() != 3 || atom->getChiralTag() != RDKit::Atom::CHI_UNSPECIFIED || atom->getIsAromatic() ||
                (element != 7 && element != 15 && element != 33))
            continue;
        TetrahedralStereo stereo;
        stereo.center = (int) atom->getIdx();
        int count = 0;
        for (const RDKit::Bond* bond : mol.atomBonds(atom))
            stereo.neighbors[count++] = (int) bond->getOtherAtomIdx(atom->getIdx());
        const auto isHydrogen = [&](int j) { return j >= 0 && mol.getAtomWithIdx(j)->getAtomicNum() == 1; };
        if (element == 7 && std::any_of(stereo.neighbors.begin(), stereo.neighbors.end(), isHydrogen))
            continue;
        const double volume = getSignedVolume(stereo, positions);
        if (std::fabs(volume) > MIN_PYRAMID_VOLUME)
            atom->setChiralTag(volume > 0 ? RDKit::Atom::CHI_TETRAHEDRAL_CCW : RDKit::Atom::CHI_TETRAHEDRAL_CW);
    }
}

/** Take stereochemistry from coordinates in three dimensions, or drop it if the options say so. */
static void perceiveStereo(RDKit::RWMol& mol, const ReaderOptions& options, bool has3D) {
    if (has3D && options.stereoFrom3D) {
        RDKit::MolOps::assignStereochemistryFrom3D(mol, -1, true);
        tagThreeCoordinate(mol);
    }
    else if (has3D) {
        for (RDKit::Atom* atom : mol.atoms())
            atom->setChiralTag(RDKit::Atom::CHI_UNSPECIFIED);
        for (RDKit::Bond* bond : mol.bonds()) {
            bond->setStereo(RDKit::Bond::STEREONONE);
            bond->setBondDir(RDKit::Bond::NONE);
        }
    }
    RDKit::MolOps::assignStereochemistry(mol, true, true);
}

string chem::canonicalSmiles(const RDKit::ROMol& mol, bool isomeric) {
    RDKit::RWMol heavy(mol);
    RDKit::MolOps::removeHs(heavy);
    return RDKit::MolToSmiles(heavy, isomeric);
}

static MoleculeRecord makeRecord(RDKit::RWMol& mol, const ReaderOptions& options, const Origin& origin) {
    checkSize(mol, options, origin, "");
    refuseQueries(mol, origin);
    refuseFragments(mol, origin);
    const bool has3D = mol.getNumConformers() > 0 && mol.getConformer().is3D();
    const int numGiven = (int) mol.getNumAtoms();
    addHydrogens(mol, options, origin, has3D);
    checkSize(mol, options, origin, " with hydrogens");
    perceiveStereo(mol, options, has3D);

    MoleculeRecord record;
    fillGraph(mol, origin, record.graph);
    record.graph.numAddedHydrogens = (int) mol.getNumAtoms() - numGiven;
    if (has3D)
        for (const RDGeom::Point3D& point : mol.getConformer().getPositions())
            record.positions.insert(record.positions.end(), {point.x, point.y, point.z});
    record.graph.smiles = canonicalSmiles(mol, true);
    readStereo(mol, options.stereoFrom3D ? record.positions : vector<double>(), record.graph);
    record.graph.validate();
    return record;
}

MoleculeRecord chem::recordFromMol(RDKit::RWMol& mol, const ReaderOptions& options, const Origin& origin) {
    return guardRDKit(origin, "a molecule that RDKit accepts", [&]() { return makeRecord(mol, options, origin); });
}
