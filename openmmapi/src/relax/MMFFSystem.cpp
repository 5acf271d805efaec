// SPDX-License-Identifier: MIT
// MMFF94 as OpenMM forces. RDKit finds types, charges and parameters; the formulas are written here, in nm and kJ/mol.
#include "openmmorbit/MMFFSystem.h"
#include "../chem/Molecules.h"
#include "openmm/CustomAngleForce.h"
#include "openmm/CustomBondForce.h"
#include "openmm/CustomCompoundBondForce.h"
#include "openmm/CustomNonbondedForce.h"
#include "openmm/PeriodicTorsionForce.h"
#include <GraphMol/ForceFieldHelpers/MMFF/AtomTyper.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/PeriodicTable.h>
#include <array>
#include <cmath>
#include <sstream>

using namespace OpenMM;
using namespace OrbitPlugin;
using std::make_unique;
using std::string;
using std::to_string;
using std::vector;

namespace {

const double PI = 3.14159265358979323846;
const double KJ_PER_KCAL = 4.184, ANGSTROM_PER_NM = 10;
/** Force constants of MMFF94 are in mdyn/Angstrom; this turns them into kJ/mol/Angstrom^2. */
const double STIFFNESS = 143.9325 * KJ_PER_KCAL;
/** Coulomb constant of MMFF94, kJ/mol Angstrom. */
const double COULOMB = 332.0716 * KJ_PER_KCAL;

double toRadian(double degrees) {
    return degrees * PI / 180;
}

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

void refuseMissing(const MolecularGraph& graph, const TypedMolecule& typed) {
    for (int i = 0; i < graph.getNumAtoms(); i++)
        if (typed.properties->getMMFFAtomType(i) == 0)
            throw ArgumentError("createMMFFSystem: expected atoms that MMFF94 has parameters for, got atom " +
                    to_string(i) + " (" + graph.atoms[i].name + ") of the molecule " + graph.getLabel() +
                    "; use another force field, for example GAFF or SMIRNOFF");
    throw ArgumentError("createMMFFSystem: expected a molecule that MMFF94 has parameters for, got " +
            graph.getLabel() + "; use another force field, for example GAFF or SMIRNOFF");
}

TypedMolecule typeMolecule(const MolecularGraph& graph, const string& variant) {
    TypedMolecule typed;
    typed.neighbors = graph.getNeighbors();
    const chem::Origin origin{"createMMFFSystem", graph.getLabel()};
    typed.mol = chem::molFromGraph(graph, origin);
    std::ostringstream log;
    typed.properties = chem::guardRDKit(origin, "a molecule that MMFF94 can type", [&]() {
        return make_unique<RDKit::MMFF::MMFFMolProperties>(*typed.mol, variant, RDKit::MMFF::MMFF_VERBOSITY_NONE, log);
    });
    if (!typed.properties->isValid())
        refuseMissing(graph, typed);
    return typed;
}

void addParticles(const TypedMolecule& typed, System& system) {
    const RDKit::PeriodicTable* table = RDKit::PeriodicTable::getTable();
    for (const RDKit::Atom* atom : typed.mol->atoms())
        system.addParticle(atom->getIsotope() == 0 ? table->getAtomicWeight(atom->getAtomicNum()) :
            table->getMassForIsotope(atom->getAtomicNum(), atom->getIsotope()));
}

/** Quartic bonds. */
void addBonds(const TypedMolecule& typed, System& system) {
    auto force = make_unique<CustomBondForce>("k*d^2*(1-2*d+(7/3)*d^2); d=10*(r-r0)");
    force->setName("MMFFBond");
    force->addPerBondParameter("k");
    force->addPerBondParameter("r0");
    for (const RDKit::Bond* bond : typed.mol->bonds()) {
        const unsigned int i = bond->getBeginAtomIdx(), j = bond->getEndAtomIdx();
        unsigned int type;
        ForceFields::MMFF::MMFFBond value;
        if (typed.properties->getMMFFBondStretchParams(*typed.mol, i, j, type, value))
            force->addBond((int) i, (int) j, {0.5 * STIFFNESS * value.kb, value.r0 / ANGSTROM_PER_NM});
    }
    system.addForce(force.release()); // The System takes ownership.
}

/** Cubic angles, and another form where the middle atom is linear. */
void addAngles(const TypedMolecule& typed, System& system) {
    auto cubic = make_unique<CustomAngleForce>("k*d^2*(1-0.4*d); d=theta-theta0");
    auto linear = make_unique<CustomAngleForce>("k*(1+cos(theta))");
    cubic->setName("MMFFAngle");
    linear->setName("MMFFLinearAngle");
    cubic->addPerAngleParameter("k");
    cubic->addPerAngleParameter("theta0");
    linear->addPerAngleParameter("k");
    forEachAngle(typed, [&](int i, int j, int k) {
        unsigned int type;
        ForceFields::MMFF::MMFFAngle value;
        if (!typed.properties->getMMFFAngleBendParams(*typed.mol, i, j, k, type, value))
            return;
        if (typed.isLinear(j))
            linear->addAngle(i, j, k, {STIFFNESS * value.ka});
        else
            cubic->addAngle(i, j, k, {0.5 * STIFFNESS * value.ka, toRadian(value.theta0)});
    });
    system.addForce(cubic.release()); // The System takes ownership.
    if (linear->getNumAngles() > 0)
        system.addForce(linear.release()); // The System takes ownership.
}

void addStretchBends(const TypedMolecule& typed, System& system) {
    auto force = make_unique<CustomCompoundBondForce>(
            3, "(k1*(distance(p1,p2)-r1)+k2*(distance(p3,p2)-r2))*(angle(p1,p2,p3)-theta0)");
    force->setName("MMFFStretchBend");
    for (const char* name : {"k1", "k2", "r1", "r2", "theta0"})
        force->addPerBondParameter(name);
    forEachAngle(typed, [&](int i, int j, int k) {
        unsigned int type;
        ForceFields::MMFF::MMFFStbn value;
        ForceFields::MMFF::MMFFBond bonds[2];
        ForceFields::MMFF::MMFFAngle angle;
        if (typed.isLinear(j) ||
                !typed.properties->getMMFFStretchBendParams(*typed.mol, i, j, k, type, value, bonds, angle))
            return;
        const double unit = STIFFNESS * ANGSTROM_PER_NM;
        force->addBond({i, j, k}, {unit * value.kbaIJK, unit * value.kbaKJI, bonds[0].r0 / ANGSTROM_PER_NM,
            bonds[1].r0 / ANGSTROM_PER_NM, toRadian(angle.theta0)});
    });
    system.addForce(force.release()); // The System takes ownership.
}

/** The Wilson angle between the bond p2-p4 and the plane p1-p2-p3, for each of the three bonds of a planar centre. */
void addOutOfPlane(const TypedMolecule& typed, System& system) {
    auto force = make_unique<CustomCompoundBondForce>(4, "k*asin(sin(angle(p4,p2,p3))*sin(dihedral(p1,p2,p3,p4)))^2");
    force->setName("MMFFOutOfPlane");
    force->addPerBondParameter("k");
    for (int j = 0; j < (int) typed.neighbors.size(); j++) {
        const vector<int>& around = typed.neighbors[j];
        ForceFields::MMFF::MMFFOop value;
        if (around.size() != 3 ||
                !typed.properties->getMMFFOopBendParams(*typed.mol, around[0], j, around[1], around[2], value))
            continue;
        for (int last = 0; last < 3; last++)
            force->addBond(
                    {around[(last + 1) % 3], j, around[(last + 2) % 3], around[last]}, {0.5 * STIFFNESS * value.koop});
    }
    system.addForce(force.release()); // The System takes ownership.
}

bool canTwist(const RDKit::Atom& atom) {
    return atom.getHybridization() == RDKit::Atom::SP2 || atom.getHybridization() == RDKit::Atom::SP3;
}

void addTorsions(const TypedMolecule& typed, System& system) {
    auto force = make_unique<PeriodicTorsionForce>();
    force->setName("MMFFTorsion");
    for (const RDKit::Bond* bond : typed.mol->bonds()) {
        const int j = (int) bond->getBeginAtomIdx(), k = (int) bond->getEndAtomIdx();
        if (!canTwist(*bond->getBeginAtom()) || !canTwist(*bond->getEndAtom()))
            continue;
        for (int i : typed.neighbors[j])
            for (int l : typed.neighbors[k]) {
                unsigned int type;
                ForceFields::MMFF::MMFFTor value;
                if (i == k || l == j || i == l ||
                        !typed.properties->getMMFFTorsionParams(*typed.mol, i, j, k, l, type, value))
                    continue;
                const std::array<double, 3> heights = {value.V1, value.V2, value.V3};
                for (int n = 1; n <= 3; n++)
                    if (heights[n - 1] != 0)
                        force->addTorsion(i, j, k, l, n, n == 2 ? PI : 0, 0.5 * KJ_PER_KCAL * heights[n - 1]);
            }
    }
    system.addForce(force.release()); // The System takes ownership.
}

/** Buffered 14-7 and buffered Coulomb, and the correction that leaves three quarters of the 1-4 electrostatics. */
void addNonbonded(const MolecularGraph& graph, const TypedMolecule& typed, System& system) {
    const int n = graph.getNumAtoms();
    auto force = make_unique<CustomNonbondedForce>(
            "ec*q1*q2/(x+0.05)+eps*(1.07*s/(x+0.07*s))^7*(1.12*s^7/(x^7+0.12*s^7)-2);"
            "s=rs*(1-0.2*da); eps=757.97344*ga1*ga2/((sa1+sa2)*rs^6)*(1-0.5*da); da=donor1*acceptor2+donor2*acceptor1;"
            "rs=0.5*(radius1+radius2)*(1+0.2*(1-max(donor1,donor2))*(1-exp(-12*g^2))); "
            "g=(radius1-radius2)/(radius1+radius2);"
            "x=10*r; ec=" +
            to_string(COULOMB));
    force->setName("MMFFNonbonded");
    for (const char* name : {"q", "radius", "ga", "sa", "donor", "acceptor"})
        force->addPerParticleParameter(name);
    auto correction = make_unique<CustomBondForce>("-0.25*" + to_string(COULOMB) + "*qq/(10*r+0.05)");
    correction->setName("MMFF14Electrostatics");
    correction->addPerBondParameter("qq");
    vector<double> charges(n);
    for (int i = 0; i < n; i++) {
        charges[i] = typed.properties->getMMFFPartialCharge(i);
        const ForceFields::MMFF::MMFFVdW& value =
                *(*RDKit::MMFF::DefaultParameters::getMMFFVdW())(typed.properties->getMMFFAtomType(i));
        force->addParticle({charges[i], value.R_star, value.G_i * value.alpha_i, std::sqrt(value.alpha_i / value.N_i),
            value.DA == 'D' ? 1.0 : 0.0, value.DA == 'A' ? 1.0 : 0.0});
    }
    const vector<int> separation = graph.getTopologicalDistances();
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const int numBonds = separation[(size_t) i * n + j];
            if (numBonds == 1 || numBonds == 2)
                force->addExclusion(i, j);
            else if (numBonds == 3)
                correction->addBond(i, j, {charges[i] * charges[j]});
        }
    system.addForce(force.release());      // The System takes ownership.
    system.addForce(correction.release()); // The System takes ownership.
}

} // namespace

std::unique_ptr<System> OrbitPlugin::makeMMFFSystem(const MolecularGraph& graph, const string& variant) {
    if (variant != "MMFF94" && variant != "MMFF94s")
        throw ArgumentError(
                "createMMFFSystem: expected the variant \"MMFF94\" or \"MMFF94s\", got \"" + variant + "\"");
    graph.validate();
    const TypedMolecule typed = typeMolecule(graph, variant);
    auto system = make_unique<System>();
    addParticles(typed, *system);
    addBonds(typed, *system);
    addAngles(typed, *system);
    addStretchBends(typed, *system);
    addOutOfPlane(typed, *system);
    addTorsions(typed, *system);
    addNonbonded(graph, typed, *system);
    return system;
}

System* OrbitPlugin::createMMFFSystem(const MolecularGraph& graph, const string& variant) {
    return makeMMFFSystem(graph, variant).release(); // The caller takes ownership.
}
