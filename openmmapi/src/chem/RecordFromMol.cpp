// SPDX-License-Identifier: MIT
// From a molecule of RDKit to a record of ours: refusals, hydrogens, atoms, bonds, rings, names and coordinates.
#include "Molecules.h"
#include <GraphMol/MolOps.h>
#include <GraphMol/MonomerInfo.h>
#include <GraphMol/PeriodicTable.h>
#include <GraphMol/SmilesParse/SmilesWrite.h>
#include <GraphMol/new_canon.h>
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;
using std::vector;

string chem::describeAtom(const RDKit::Atom& atom) {
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
        " fragments " + names +
        "; keep the largest one (fragments=\"largest\"), or all of them, apart (fragments=\"apart\")");
}

/** How fragments compare: carbon, heavy atoms, mass, SMILES. */
static std::tuple<bool, int, double, string> rankFragment(const RDKit::ROMol& fragment) {
    bool hasCarbon = false;
    int numHeavy = 0;
    double mass = 0;
    for (const RDKit::Atom* atom : fragment.atoms()) {
        hasCarbon = hasCarbon || atom->getAtomicNum() == 6;
        numHeavy += atom->getAtomicNum() > 1 ? 1 : 0;
        mass += atom->getMass();
    }
    return {hasCarbon, numHeavy, mass, canonicalSmiles(fragment, true)};
}

/** Remove all atoms outside the largest fragment; the others keep their order. */
static void keepLargestFragment(RDKit::RWMol& mol) {
    vector<int> membership;
    if (RDKit::MolOps::getMolFrags(mol, membership) < 2)
        return;
    const vector<RDKit::ROMOL_SPTR> fragments = RDKit::MolOps::getMolFrags(mol, false);
    const auto largest = std::max_element(fragments.begin(), fragments.end(),
            [](const auto& a, const auto& b) { return rankFragment(*a) < rankFragment(*b); });
    mol.beginBatchEdit();
    for (unsigned int i = 0; i < membership.size(); i++)
        if (membership[i] != (int) (largest - fragments.begin()))
            mol.removeAtom(i);
    mol.commitBatchEdit();

    // RDKit forgets the rings when it removes an atom; canonical SMILES of aromatic fragments need them.

    RDKit::MolOps::symmetrizeSSSR(mol);
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

/** Say cis and trans of the neighbours of the highest rank, so that every numbering of the atoms says the same. */
static void chooseBondEnds(RDKit::RWMol& mol) {
    vector<unsigned int> ranks;
    RDKit::Canon::rankMolAtoms(mol, ranks, false, false);
    for (RDKit::Bond* bond : mol.bonds()) {
        const bool isCis = bond->getStereo() == RDKit::Bond::STEREOCIS;
        if (!isCis && bond->getStereo() != RDKit::Bond::STEREOTRANS)
            continue;
        const RDKit::Atom* centers[2] = {bond->getBeginAtom(), bond->getEndAtom()};
        int ends[2] = {bond->getStereoAtoms()[0], bond->getStereoAtoms()[1]};
        bool inverted = false;
        for (int k = 0; k < 2; k++)
            for (const RDKit::Bond* other : mol.atomBonds(centers[k])) {
                const int candidate = (int) other->getOtherAtomIdx(centers[k]->getIdx());
                if (other == bond || ranks[candidate] <= ranks[ends[k]])
                    continue;
                ends[k] = candidate;
                inverted = !inverted;
            }
        bond->setStereoAtoms((unsigned int) ends[0], (unsigned int) ends[1]);
        bond->setStereo(isCis != inverted ? RDKit::Bond::STEREOCIS : RDKit::Bond::STEREOTRANS);
    }
}

string chem::canonicalSmiles(const RDKit::ROMol& mol, bool isomeric) {
    RDKit::RWMol heavy(mol);
    // Without another sanitization, which would drop labels.
    RDKit::MolOps::removeHs(heavy, false, false, false);
    markPerceived(heavy);
    chooseBondEnds(heavy);
    return RDKit::MolToSmiles(heavy, isomeric);
}

/** Refuse aromatic atoms whose valences fit no single and double bonds: RDKit counts 1.5 for each, and takes more. */
static void checkKekule(const RDKit::ROMol& mol) {
    RDKit::RWMol copy(mol);
    RDKit::MolOps::Kekulize(copy, true);
    copy.updatePropertyCache(true);
}

static MoleculeRecord makeRecord(RDKit::RWMol& mol, const ReaderOptions& options, const Origin& origin) {
    if (options.keepLargestFragment)
        keepLargestFragment(mol);
    checkSize(mol, options, origin, "");
    refuseQueries(mol, origin);
    if (!options.keepAllFragments)
        refuseFragments(mol, origin);
    const bool has3D = mol.getNumConformers() > 0 && mol.getConformer().is3D();
    const int numGiven = (int) mol.getNumAtoms();
    addHydrogens(mol, options, origin, has3D);
    checkSize(mol, options, origin, " with hydrogens");
    checkKekule(mol);
    perceiveStereo(mol, !has3D ? StereoSource::Labels : options.stereoFrom3D ? StereoSource::Coordinates
                                                                             : StereoSource::None, origin);

    MoleculeRecord record;
    fillGraph(mol, origin, record.graph);
    record.graph.numAddedHydrogens = (int) mol.getNumAtoms() - numGiven;
    if (has3D)
        for (const RDGeom::Point3D& point : mol.getConformer().getPositions())
            record.positions.insert(record.positions.end(), {point.x, point.y, point.z});
    readStereo(mol, options.stereoFrom3D ? record.positions : vector<double>(), record.graph);
    writeStereo(record.graph, mol);
    record.graph.smiles = canonicalSmiles(mol, true);
    if (!options.keepAllFragments)
        record.graph.validate();
    return record;
}

MoleculeRecord chem::recordFromMol(RDKit::RWMol& mol, const ReaderOptions& options, const Origin& origin) {
    return guardRDKit(origin, "a molecule that RDKit accepts", [&]() { return makeRecord(mol, options, origin); });
}
