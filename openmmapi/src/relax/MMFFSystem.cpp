// SPDX-License-Identifier: MIT
// MMFF94 as OpenMM forces: the formulas are written here, in nm and kJ/mol; the terms come from findTerms().
#include "openmmorbit/MMFFSystem.h"
#include "openmmorbit/internal/MMFFTerms.h"
#include "openmm/CustomAngleForce.h"
#include "openmm/CustomBondForce.h"
#include "openmm/CustomCompoundBondForce.h"
#include "openmm/CustomNonbondedForce.h"
#include "openmm/PeriodicTorsionForce.h"
#include <array>
#include <cmath>

using namespace OpenMM;
using namespace OrbitPlugin;
using mmff::ANGSTROM_PER_NM;
using mmff::KJ_PER_KCAL;
using std::make_unique;
using std::string;
using std::to_string;
using std::vector;

namespace {

const double PI = 3.14159265358979323846;
/** Force constants of MMFF94 are in mdyn/Angstrom; this turns them into kJ/mol/Angstrom^2. */
const double STIFFNESS = mmff::STIFFNESS * KJ_PER_KCAL;
/** Coulomb constant of MMFF94, kJ/mol Angstrom. */
const double COULOMB = mmff::COULOMB * KJ_PER_KCAL;

double toRadian(double degrees) {
    return degrees * PI / 180;
}

/** Quartic bonds. */
void addBonds(const mmff::Terms& terms, System& system) {
    auto force = make_unique<CustomBondForce>("k*d^2*(1-2*d+(7/3)*d^2); d=10*(r-r0)");
    force->setName("MMFFBond");
    force->addPerBondParameter("k");
    force->addPerBondParameter("r0");
    for (const mmff::BondTerm& bond : terms.bonds)
        force->addBond(bond.i, bond.j, {0.5 * STIFFNESS * bond.kb, bond.r0 / ANGSTROM_PER_NM});
    system.addForce(force.release()); // The System takes ownership.
}

/** Cubic angles, and another form where the middle atom is linear. */
void addAngles(const mmff::Terms& terms, System& system) {
    auto cubic = make_unique<CustomAngleForce>("k*d^2*(1-0.4*d); d=theta-theta0");
    auto linear = make_unique<CustomAngleForce>("k*(1+cos(theta))");
    cubic->setName("MMFFAngle");
    linear->setName("MMFFLinearAngle");
    cubic->addPerAngleParameter("k");
    cubic->addPerAngleParameter("theta0");
    linear->addPerAngleParameter("k");
    for (const mmff::AngleTerm& angle : terms.angles) {
        if (angle.linear)
            linear->addAngle(angle.i, angle.j, angle.k, {STIFFNESS * angle.ka});
        else
            cubic->addAngle(angle.i, angle.j, angle.k, {0.5 * STIFFNESS * angle.ka, toRadian(angle.theta0)});
    }
    system.addForce(cubic.release()); // The System takes ownership.
    if (linear->getNumAngles() > 0)
        system.addForce(linear.release()); // The System takes ownership.
}

void addStretchBends(const mmff::Terms& terms, System& system) {
    auto force = make_unique<CustomCompoundBondForce>(
            3, "(k1*(distance(p1,p2)-r1)+k2*(distance(p3,p2)-r2))*(angle(p1,p2,p3)-theta0)");
    force->setName("MMFFStretchBend");
    for (const char* name : {"k1", "k2", "r1", "r2", "theta0"})
        force->addPerBondParameter(name);
    const double unit = STIFFNESS * ANGSTROM_PER_NM;
    for (const mmff::StretchBendTerm& term : terms.stretchBends)
        force->addBond({term.i, term.j, term.k}, {unit * term.kIJK, unit * term.kKJI, term.r0IJ / ANGSTROM_PER_NM,
            term.r0KJ / ANGSTROM_PER_NM, toRadian(term.theta0)});
    system.addForce(force.release()); // The System takes ownership.
}

/** The Wilson angle between the bond p2-p4 and the plane p1-p2-p3, for each of the three bonds of a planar centre. */
void addOutOfPlane(const mmff::Terms& terms, System& system) {
    auto force = make_unique<CustomCompoundBondForce>(4, "k*asin(sin(angle(p4,p2,p3))*sin(dihedral(p1,p2,p3,p4)))^2");
    force->setName("MMFFOutOfPlane");
    force->addPerBondParameter("k");
    for (const mmff::OutOfPlaneTerm& term : terms.outOfPlane) {
        const std::array<int, 3> around = {term.i, term.k, term.l};
        for (int last = 0; last < 3; last++)
            force->addBond({around[(last + 1) % 3], term.j, around[(last + 2) % 3], around[last]},
                    {0.5 * STIFFNESS * term.koop});
    }
    system.addForce(force.release()); // The System takes ownership.
}

void addTorsions(const mmff::Terms& terms, System& system) {
    auto force = make_unique<PeriodicTorsionForce>();
    force->setName("MMFFTorsion");
    for (const mmff::TorsionTerm& term : terms.torsions) {
        const std::array<double, 3> heights = {term.v1, term.v2, term.v3};
        for (int n = 1; n <= 3; n++)
            if (heights[n - 1] != 0)
                force->addTorsion(
                        term.i, term.j, term.k, term.l, n, n == 2 ? PI : 0, 0.5 * KJ_PER_KCAL * heights[n - 1]);
    }
    system.addForce(force.release()); // The System takes ownership.
}

/** Buffered 14-7 and buffered Coulomb, and the correction that leaves three quarters of the 1-4 electrostatics. */
void addNonbonded(const mmff::Terms& terms, System& system) {
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
    for (const mmff::AtomTerm& atom : terms.atoms)
        force->addParticle({atom.charge, atom.radius, atom.depth, atom.spread, atom.donor ? 1.0 : 0.0,
            atom.acceptor ? 1.0 : 0.0});
    const int n = (int) terms.atoms.size();
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const int numBonds = terms.separation[(size_t) i * n + j];
            if (numBonds == 1 || numBonds == 2)
                force->addExclusion(i, j);
            else if (numBonds == 3)
                correction->addBond(i, j, {terms.atoms[i].charge * terms.atoms[j].charge});
        }
    system.addForce(force.release());      // The System takes ownership.
    system.addForce(correction.release()); // The System takes ownership.
}

} // namespace

std::unique_ptr<System> OrbitPlugin::makeMMFFSystem(const MolecularGraph& graph, const string& variant) {
    const mmff::Terms terms = mmff::findTerms(graph, variant, "createMMFFSystem");
    auto system = make_unique<System>();
    for (const mmff::AtomTerm& atom : terms.atoms)
        system->addParticle(atom.mass);
    addBonds(terms, *system);
    addAngles(terms, *system);
    addStretchBends(terms, *system);
    addOutOfPlane(terms, *system);
    addTorsions(terms, *system);
    addNonbonded(terms, *system);
    return system;
}

System* OrbitPlugin::createMMFFSystem(const MolecularGraph& graph, const string& variant) {
    return makeMMFFSystem(graph, variant).release(); // The caller takes ownership.
}
