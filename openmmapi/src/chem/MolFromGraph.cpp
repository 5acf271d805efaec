// SPDX-License-Identifier: MIT
// From a graph of ours to a molecule of RDKit with the same atoms, and the SMILES that ignores stereochemistry.
#include "Molecules.h"
#include <GraphMol/MolOps.h>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;

static RDKit::Bond::BondType toType(BondOrder order) {
    switch (order) {
        case BondOrder::Double: return RDKit::Bond::DOUBLE;
        case BondOrder::Triple: return RDKit::Bond::TRIPLE;
        case BondOrder::Aromatic: return RDKit::Bond::AROMATIC;
        case BondOrder::Dative: return RDKit::Bond::DATIVE;
        default: return RDKit::Bond::SINGLE;
    }
}

std::unique_ptr<RDKit::RWMol> chem::molFromGraph(const MolecularGraph& graph, const Origin& origin) {
    return callRDKit(origin, "a molecule that RDKit accepts", [&]() {
        auto mol = std::make_unique<RDKit::RWMol>();
        for (const GraphAtom& value : graph.atoms) {
            RDKit::Atom atom(value.element);
            atom.setFormalCharge(value.formalCharge);
            atom.setIsotope(value.isotope);
            atom.setNoImplicit(true);
            atom.setIsAromatic(value.aromatic);
            mol->addAtom(&atom, false, false);
        }
        for (const GraphBond& bond : graph.bonds) {
            mol->addBond((unsigned int) bond.atom1, (unsigned int) bond.atom2, toType(bond.order));
            if (bond.order == BondOrder::Aromatic)
                for (int index : {bond.atom1, bond.atom2}) {
                    mol->getAtomWithIdx(index)->setIsAromatic(true);
                    mol->getBondBetweenAtoms(bond.atom1, bond.atom2)->setIsAromatic(true);
                }
        }
        sanitize(*mol);
        writeStereo(graph, *mol);
        RDKit::MolOps::setDoubleBondNeighborDirections(*mol);
        markPerceived(*mol);
        mol->setProp(RDKit::common_properties::_Name, graph.name);
        return mol.release(); // callRDKit() takes ownership.
    });
}

std::string OrbitPlugin::flatSmiles(const MolecularGraph& graph) {
    MolecularGraph flat = graph;
    flat.tetrahedral.clear();
    flat.torsional.clear();
    for (GraphAtom& atom : flat.atoms)
        atom.isotope = 0;
    const Origin origin{"flatSmiles", graph.getLabel()};
    return guardRDKit(origin, "a molecule that RDKit accepts",
            [&]() { return canonicalSmiles(*molFromGraph(flat, origin), false); });
}
