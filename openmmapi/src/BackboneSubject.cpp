// SPDX-License-Identifier: MIT
// Chains, breaks and secondary structure of a backbone: checks, and the graph of its atoms.
#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ChainNames.h"
#include <algorithm>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** A backbone of more residues is a mistake: inputs grow with the square. */
const int MAX_RESIDUES = 10000;
/** Larger numbers of residues, of either sign, are no numbers of residues. */
const int MAX_NUMBER = 100000000;

void check(bool right, const string& expected, const string& got) {
    if (!right)
        throw ArgumentError("BackboneSubject::validate: expected " + expected + ", got " + got);
}

} // namespace

bool BackboneSubject::hasBreaks() const {
    for (int i = 0; i + 1 < getNumResidues(); i++)
        if (chains[i] == chains[i + 1] && !isBonded(i))
            return true;
    return false;
}

string BackboneSubject::getLabel() const {
    return "backbone " + (name.empty() ? string() : "\"" + name + "\" ") + "of " + std::to_string(getNumResidues()) +
        (getNumResidues() == 1 ? " residue" : " residues");
}

string BackboneSubject::getResidueLabel(int residue) const {
    return "residue " + std::to_string(numbers[residue]) + " of chain " + nameChain(chains[residue]);
}

void BackboneSubject::validate() const {
    const string label = getLabel();
    const size_t n = chains.size();
    check(n >= 1 && n <= (size_t) MAX_RESIDUES, "1 to " + std::to_string(MAX_RESIDUES) + " residues", label);
    check(numbers.size() == n && structure.size() == n, "one number and one letter for each residue of the " + label,
        std::to_string(numbers.size()) + " and " + std::to_string(structure.size()));
    check(chains[0] == 0, "chains counted from 0 in the " + label, std::to_string(chains[0]));
    for (int i = 0; i < (int) n; i++) {
        check(numbers[i] >= -MAX_NUMBER && numbers[i] <= MAX_NUMBER, "numbers of residues up to " +
            std::to_string(MAX_NUMBER) + " in the " + label, std::to_string(numbers[i]));
        if (i > 0 && chains[i] == chains[i - 1])
            check(numbers[i] > numbers[i - 1], "ascending numbers of residues in the " + label,
                std::to_string(numbers[i]) + " after " + getResidueLabel(i - 1));
        else if (i > 0)
            check(chains[i] == chains[i - 1] + 1, "chains one after the other in the " + label,
                "chain " + std::to_string(chains[i]) + " after chain " + std::to_string(chains[i - 1]));
        check(string("HEC?").find(structure[i]) != string::npos,
            "H (helix), E (strand), C (neither) or ? (open) as secondary structure of the " + label,
            "'" + string(1, structure[i]) + "' for " + getResidueLabel(i));
    }
}

BackboneSubject makeBackbone(const vector<int>& lengths, const string& structure) {
    BackboneSubject backbone;
    for (int length : lengths) {
        if (length < 1 || length > MAX_RESIDUES)
            throw ArgumentError("makeBackbone: expected chains of 1 to " + std::to_string(MAX_RESIDUES) +
                " residues, got " + std::to_string(length));
        const int chain = backbone.getNumChains();
        for (int k = 1; k <= length; k++) {
            backbone.chains.push_back(chain);
            backbone.numbers.push_back(k);
        }
    }
    if (!structure.empty() && structure.size() != backbone.chains.size())
        throw ArgumentError("makeBackbone: expected a letter of secondary structure for each of " +
            std::to_string(backbone.getNumResidues()) + " residues, got " + std::to_string(structure.size()));
    backbone.structure = structure.empty() ? string(backbone.chains.size(), '?') : structure;
    backbone.validate();
    return backbone;
}

MolecularGraph makeBackboneGraph(const BackboneSubject& backbone, int pointsPerToken) {
    if (pointsPerToken != 1 && pointsPerToken != 3)
        throw ArgumentError("makeBackboneGraph: expected 1 point for each residue (CA) or 3 (N, CA, C), got " +
            std::to_string(pointsPerToken));
    MolecularGraph graph;
    graph.name = backbone.name;
    const vector<std::pair<int, const char*>> kinds = pointsPerToken == 1 ?
        vector<std::pair<int, const char*>>{{6, "CA"}} :
        vector<std::pair<int, const char*>>{{7, "N"}, {6, "CA"}, {6, "C"}};
    for (int residue = 0; residue < backbone.getNumResidues(); residue++) {
        const int first = graph.getNumAtoms();
        for (const auto& [element, name] : kinds) {
            GraphAtom atom;
            atom.element = element;
            atom.name = name;
            graph.atoms.push_back(atom);
        }
        for (int k = first; k + 1 < graph.getNumAtoms(); k++)
            graph.bonds.push_back({k, k + 1, BondOrder::None});
        if (backbone.isBonded(residue))
            graph.bonds.push_back({graph.getNumAtoms() - 1, graph.getNumAtoms(), BondOrder::None});
    }
    return graph;
}

} // namespace OrbitPlugin
