// SPDX-License-Identifier: MIT
// Turns a MolecularGraph into XML and back.
#include "openmmorbit/serialization/MolecularGraphProxy.h"
#include "ModelReference.h"
#include "openmmorbit/MolecularGraph.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

MolecularGraphProxy::MolecularGraphProxy() : SerializationProxy("OrbitMolecularGraph") {
}

void MolecularGraphProxy::serialize(const void* object, SerializationNode& node) const {
    const MolecularGraph& graph = *static_cast<const MolecularGraph*>(object);
    node.setIntProperty("version", 1);
    node.setStringProperty("name", graph.name);
    node.setStringProperty("smiles", graph.smiles);
    node.setIntProperty("addedHydrogens", graph.numAddedHydrogens);
    SerializationNode& atoms = node.createChildNode("Atoms");
    for (const GraphAtom& atom : graph.atoms)
        atoms.createChildNode("Atom")
                .setIntProperty("element", atom.element)
                .setIntProperty("charge", atom.formalCharge)
                .setIntProperty("isotope", atom.isotope)
                .setIntProperty("hybridization", (int) atom.hybridization)
                .setBoolProperty("aromatic", atom.aromatic)
                .setStringProperty("name", atom.name);
    SerializationNode& bonds = node.createChildNode("Bonds");
    for (const GraphBond& bond : graph.bonds)
        bonds.createChildNode("Bond").setIntProperty("atom1", bond.atom1).setIntProperty("atom2", bond.atom2)
                .setIntProperty("order", (int) bond.order);
    SerializationNode& rings = node.createChildNode("Rings");
    for (const std::vector<int>& ring : graph.rings) {
        SerializationNode& child = rings.createChildNode("Ring");
        for (int atom : ring)
            child.createChildNode("Member").setIntProperty("atom", atom);
    }
    SerializationNode& tetrahedral = node.createChildNode("TetrahedralStereo");
    for (const TetrahedralStereo& stereo : graph.tetrahedral)
        tetrahedral.createChildNode("Center").setIntProperty("center", stereo.center)
                .setIntProperty("neighbor1", stereo.neighbors[0]).setIntProperty("neighbor2", stereo.neighbors[1])
                .setIntProperty("neighbor3", stereo.neighbors[2]).setIntProperty("neighbor4", stereo.neighbors[3]);
    SerializationNode& torsional = node.createChildNode("TorsionStereo");
    for (const TorsionStereo& stereo : graph.torsional)
        torsional.createChildNode("Torsion").setIntProperty("kind", (int) stereo.kind)
                .setIntProperty("atom1", stereo.atoms[0]).setIntProperty("atom2", stereo.atoms[1])
                .setIntProperty("atom3", stereo.atoms[2]).setIntProperty("atom4", stereo.atoms[3]);
}

void* MolecularGraphProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, getTypeName(), 1);
    auto graph = std::make_unique<MolecularGraph>();
    graph->name = node.getStringProperty("name");
    graph->smiles = node.getStringProperty("smiles");
    graph->numAddedHydrogens = node.getIntProperty("addedHydrogens");
    for (const SerializationNode& child : node.getChildNode("Atoms").getChildren()) {
        GraphAtom atom;
        atom.element = child.getIntProperty("element");
        atom.formalCharge = child.getIntProperty("charge");
        atom.isotope = child.getIntProperty("isotope");
        atom.hybridization = (Hybridization) child.getIntProperty("hybridization");
        atom.aromatic = child.getBoolProperty("aromatic");
        atom.name = child.getStringProperty("name");
        graph->atoms.push_back(atom);
    }
    for (const SerializationNode& child : node.getChildNode("Bonds").getChildren()) {
        GraphBond bond;
        bond.atom1 = child.getIntProperty("atom1");
        bond.atom2 = child.getIntProperty("atom2");
        bond.order = (BondOrder) child.getIntProperty("order");
        graph->bonds.push_back(bond);
    }
    for (const SerializationNode& child : node.getChildNode("Rings").getChildren()) {
        std::vector<int> ring;
        for (const SerializationNode& member : child.getChildren())
            ring.push_back(member.getIntProperty("atom"));
        graph->rings.push_back(ring);
    }
    for (const SerializationNode& child : node.getChildNode("TetrahedralStereo").getChildren()) {
        TetrahedralStereo stereo;
        stereo.center = child.getIntProperty("center");
        stereo.neighbors = {{child.getIntProperty("neighbor1"), child.getIntProperty("neighbor2"),
                             child.getIntProperty("neighbor3"), child.getIntProperty("neighbor4")}};
        graph->tetrahedral.push_back(stereo);
    }
    for (const SerializationNode& child : node.getChildNode("TorsionStereo").getChildren()) {
        TorsionStereo stereo;
        stereo.kind = (TorsionStereoKind) child.getIntProperty("kind");
        stereo.atoms = {{child.getIntProperty("atom1"), child.getIntProperty("atom2"), child.getIntProperty("atom3"),
                         child.getIntProperty("atom4")}};
        graph->torsional.push_back(stereo);
    }
    graph->validate();

    // The caller takes ownership.

    return graph.release();
}

} // namespace OrbitPlugin
