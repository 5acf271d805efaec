// SPDX-License-Identifier: MIT
// Turns a MolecularGraph into XML and back.
#include "openmmorbit/serialization/MolecularGraphProxy.h"
#include "ModelReference.h"
#include "openmmorbit/MolecularGraph.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

const char* const HEX = "0123456789abcdef";

/** Write control characters as "%0a": OpenMM's XML parser loses the character behind one. */
std::string encodeText(const std::string& text) {
    std::string result;
    for (char c : text) {
        const auto byte = (unsigned char) c;
        if (byte < 0x20 || byte == 0x7f || c == '%')
            result += {'%', HEX[byte / 16], HEX[byte % 16]};
        else
            result += c;
    }
    return result;
}

std::string decodeText(const std::string& text) {
    const std::string digits = HEX;
    std::string result;
    for (size_t i = 0; i < text.size(); i++) {
        const size_t high = i + 2 < text.size() ? digits.find(text[i + 1]) : std::string::npos;
        const size_t low = i + 2 < text.size() ? digits.find(text[i + 2]) : std::string::npos;
        if (text[i] == '%' && high != std::string::npos && low != std::string::npos) {
            result += (char) (16 * high + low);
            i += 2;
        }
        else
            result += text[i];
    }
    return result;
}

} // namespace

MolecularGraphProxy::MolecularGraphProxy() : SerializationProxy("OrbitMolecularGraph") {
}

void MolecularGraphProxy::serialize(const void* object, SerializationNode& node) const {
    const MolecularGraph& graph = *static_cast<const MolecularGraph*>(object);
    node.setIntProperty("version", 2);
    node.setStringProperty("name", encodeText(graph.name));
    node.setStringProperty("smiles", graph.smiles);
    node.setIntProperty("addedHydrogens", graph.numAddedHydrogens);
    SerializationNode& properties = node.createChildNode("Properties");
    for (const auto& [name, value] : graph.properties)
        properties.createChildNode("Property")
                .setStringProperty("name", encodeText(name))
                .setStringProperty("value", encodeText(value));
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
    checkVersion(node, getTypeName(), 2);
    auto graph = std::make_unique<MolecularGraph>();
    const bool isEncoded = node.getIntProperty("version") > 1;
    graph->name = node.getStringProperty("name");
    if (isEncoded)
        graph->name = decodeText(graph->name);
    graph->smiles = node.getStringProperty("smiles");
    graph->numAddedHydrogens = node.getIntProperty("addedHydrogens");
    if (isEncoded)
        for (const SerializationNode& child : node.getChildNode("Properties").getChildren())
            graph->properties.emplace_back(
                    decodeText(child.getStringProperty("name")), decodeText(child.getStringProperty("value")));
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
