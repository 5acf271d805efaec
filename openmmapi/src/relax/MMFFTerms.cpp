// SPDX-License-Identifier: MIT
// Types, charges and parameters of MMFF94 come from RDKit; the walk over angles, centres and chains is here.
#include "openmmorbit/internal/MMFFTerms.h"
#include "../chem/Molecules.h"
#include <GraphMol/ForceFieldHelpers/MMFF/AtomTyper.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/PeriodicTable.h>
#include <algorithm>
#include <cmath>
#include <sstream>

using namespace OrbitPlugin;
using std::make_unique;
using std::string;
using std::to_string;
using std::vector;

namespace {

/** What the terms are made from: the molecule as MMFF94 sees it, and its typed atoms. */
struct TypedMolecule {
    std::unique_ptr<RDKit::RWMol> mol;
    std::unique_ptr<RDKit::MMFF::MMFFMolProperties> properties;
    vector<vector<int>> neighbors;

    bool isLinear(int atom) const {
        return (*RDKit::MMFF::DefaultParameters::getMMFFProp())(properties->getMMFFAtomType(atom))->linh != 0;
    }
};

/** Angle i-j-k of two neighbours of j; called for every angle once. */
template <class Call>
void forEachAngle(const TypedMolecule& typed, Call call) {
    for (int j = 0; j < (int) typed.neighbors.size(); j++)
        for (size_t a = 0; a < typed.neighbors[j].size(); a++)
            for (size_t b = a + 1; b < typed.neighbors[j].size(); b++)
                call(typed.neighbors[j][a], j, typed.neighbors[j][b]);
}

void refuseMissing(const MolecularGraph& graph, const TypedMolecule& typed, const string& function) {
    string atoms;
    int number = 0;
    for (int i = 0; i < graph.getNumAtoms(); i++)
        if (typed.properties->getMMFFAtomType(i) == 0) {
            atoms += (number == 0 ? "" : ", ") + ("atom " + to_string(i)) + " (" + graph.atoms[i].name + ")";
            number++;
        }
    throw ArgumentError(function + ": expected " + (number == 0 ? "a molecule" : "atoms") +
            " that MMFF94 has parameters for, got " + (number == 0 ? "" : atoms + " of the molecule ") +
            graph.getLabel() + "; use another force field, for example GAFF or SMIRNOFF");
}

TypedMolecule typeMolecule(const MolecularGraph& graph, const string& variant, const string& function) {
    TypedMolecule typed;
    typed.neighbors = graph.getNeighbors();
    const chem::Origin origin{function, graph.getLabel()};
    typed.mol = chem::molFromGraph(graph, origin);
    std::ostringstream log;
    typed.properties = chem::guardRDKit(origin, "a molecule that MMFF94 can type", [&]() {
        return make_unique<RDKit::MMFF::MMFFMolProperties>(*typed.mol, variant, RDKit::MMFF::MMFF_VERBOSITY_NONE, log);
    });
    if (!typed.properties->isValid())
        refuseMissing(graph, typed, function);
    return typed;
}

vector<mmff::AtomTerm> findAtoms(const TypedMolecule& typed) {
    const RDKit::PeriodicTable* table = RDKit::PeriodicTable::getTable();
    vector<mmff::AtomTerm> atoms;
    for (const RDKit::Atom* atom : typed.mol->atoms()) {
        const int i = (int) atom->getIdx();
        const ForceFields::MMFF::MMFFVdW& value =
                *(*RDKit::MMFF::DefaultParameters::getMMFFVdW())(typed.properties->getMMFFAtomType(i));
        const double mass = atom->getIsotope() == 0 ?
            table->getAtomicWeight(atom->getAtomicNum()) :
            table->getMassForIsotope(atom->getAtomicNum(), atom->getIsotope());
        atoms.push_back({mass, typed.properties->getMMFFPartialCharge(i), value.R_star, value.G_i * value.alpha_i,
            std::sqrt(value.alpha_i / value.N_i), value.DA == 'D', value.DA == 'A'});
    }
    return atoms;
}

vector<mmff::BondTerm> findBonds(const TypedMolecule& typed) {
    vector<mmff::BondTerm> bonds;
    for (const RDKit::Bond* bond : typed.mol->bonds()) {
        const unsigned int i = bond->getBeginAtomIdx(), j = bond->getEndAtomIdx();
        unsigned int type;
        ForceFields::MMFF::MMFFBond value;
        if (typed.properties->getMMFFBondStretchParams(*typed.mol, i, j, type, value))
            bonds.push_back({(int) i, (int) j, value.kb, value.r0});
    }
    return bonds;
}

vector<mmff::AngleTerm> findAngles(const TypedMolecule& typed) {
    vector<mmff::AngleTerm> angles;
    forEachAngle(typed, [&](int i, int j, int k) {
        unsigned int type;
        ForceFields::MMFF::MMFFAngle value;
        if (typed.properties->getMMFFAngleBendParams(*typed.mol, i, j, k, type, value))
            angles.push_back({i, j, k, value.ka, value.theta0, typed.isLinear(j)});
    });
    return angles;
}

vector<mmff::StretchBendTerm> findStretchBends(const TypedMolecule& typed) {
    vector<mmff::StretchBendTerm> terms;
    forEachAngle(typed, [&](int i, int j, int k) {
        unsigned int type;
        ForceFields::MMFF::MMFFStbn value;
        ForceFields::MMFF::MMFFBond bonds[2];
        ForceFields::MMFF::MMFFAngle angle;
        if (!typed.isLinear(j) &&
                typed.properties->getMMFFStretchBendParams(*typed.mol, i, j, k, type, value, bonds, angle))
            terms.push_back({i, j, k, value.kbaIJK, value.kbaKJI, bonds[0].r0, bonds[1].r0, angle.theta0});
    });
    return terms;
}

vector<mmff::OutOfPlaneTerm> findOutOfPlane(const TypedMolecule& typed) {
    vector<mmff::OutOfPlaneTerm> terms;
    for (int j = 0; j < (int) typed.neighbors.size(); j++) {
        const vector<int>& around = typed.neighbors[j];
        ForceFields::MMFF::MMFFOop value;
        if (around.size() == 3 &&
                typed.properties->getMMFFOopBendParams(*typed.mol, around[0], j, around[1], around[2], value))
            terms.push_back({around[0], j, around[1], around[2], value.koop});
    }
    return terms;
}

bool canTwist(const RDKit::Atom& atom) {
    return atom.getHybridization() == RDKit::Atom::SP2 || atom.getHybridization() == RDKit::Atom::SP3;
}

vector<mmff::TorsionTerm> findTorsions(const TypedMolecule& typed) {
    vector<mmff::TorsionTerm> torsions;
    for (const RDKit::Bond* bond : typed.mol->bonds()) {
        const int j = (int) bond->getBeginAtomIdx(), k = (int) bond->getEndAtomIdx();
        if (!canTwist(*bond->getBeginAtom()) || !canTwist(*bond->getEndAtom()))
            continue;
        for (int i : typed.neighbors[j])
            for (int l : typed.neighbors[k]) {
                unsigned int type;
                ForceFields::MMFF::MMFFTor value;
                if (i != k && l != j && i != l &&
                        typed.properties->getMMFFTorsionParams(*typed.mol, i, j, k, l, type, value))
                    torsions.push_back({i, j, k, l, value.V1, value.V2, value.V3});
            }
    }
    return torsions;
}

} // namespace

mmff::Terms mmff::findTerms(const MolecularGraph& graph, const string& variant, const string& function) {
    if (variant != "MMFF94" && variant != "MMFF94s")
        throw ArgumentError(
                function + ": expected the variant \"MMFF94\" or \"MMFF94s\", got \"" + variant + "\"");
    graph.validate();
    const TypedMolecule typed = typeMolecule(graph, variant, function);
    return {findAtoms(typed), findBonds(typed), findAngles(typed), findStretchBends(typed), findOutOfPlane(typed),
        findTorsions(typed), graph.getTopologicalDistances()};
}

vector<mmff::PairTerm> mmff::findPairs(const Terms& terms) {
    const int n = (int) terms.atoms.size();
    vector<PairTerm> pairs;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const int numBonds = terms.separation[(size_t) i * n + j];
            if (numBonds == 1 || numBonds == 2)
                continue;
            const AtomTerm &a = terms.atoms[i], &b = terms.atoms[j];
            const double mismatch = (a.radius - b.radius) / (a.radius + b.radius);
            const double swell = a.donor || b.donor ? 0 : 0.2 * (1 - std::exp(-12 * mismatch * mismatch));
            const double radius = 0.5 * (a.radius + b.radius) * (1 + swell);
            const double depth = 181.16 * a.depth * b.depth / ((a.spread + b.spread) * std::pow(radius, 6));
            const bool bonded = (a.donor && b.acceptor) || (a.acceptor && b.donor);
            pairs.push_back({i, j, bonded ? 0.8 * radius : radius, bonded ? 0.5 * depth : depth,
                (numBonds == 3 ? 0.75 : 1) * a.charge * b.charge});
        }
    return pairs;
}
