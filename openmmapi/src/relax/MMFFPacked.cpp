// SPDX-License-Identifier: MIT
// Multiplies the units into the terms of MMFF94, and finds out what the processor can do.
#include "openmmorbit/internal/MMFFPacked.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>

using namespace OrbitPlugin;
using namespace OrbitPlugin::mmff;
using std::string;
using std::vector;

namespace {

const double DEG_TO_RAD = 3.14159265358979323846 / 180;

vector<PackedAngle> packAngles(const Terms& terms) {
    const double bend = 0.5 * STIFFNESS * DEG_TO_RAD * DEG_TO_RAD, couple = STIFFNESS * DEG_TO_RAD;
    vector<PackedAngle> packed;
    std::map<std::array<int, 3>, size_t> places;
    for (const AngleTerm& angle : terms.angles)
        if (!angle.linear) {
            places[{angle.i, angle.j, angle.k}] = packed.size();
            packed.push_back({angle.i, angle.j, angle.k, bend * angle.ka, angle.theta0, 0, 0, 0, 0});
        }
    for (const StretchBendTerm& term : terms.stretchBends) {
        const auto found = places.find({term.i, term.j, term.k});
        if (found == places.end() || packed[found->second].theta0 != term.theta0)
            packed.push_back({term.i, term.j, term.k, 0, term.theta0, couple * term.kIJK, couple * term.kKJI,
                term.r0IJ, term.r0KJ});
        else {
            PackedAngle& angle = packed[found->second];
            angle.stretchIJ = couple * term.kIJK;
            angle.stretchKJ = couple * term.kKJI;
            angle.r0IJ = term.r0IJ;
            angle.r0KJ = term.r0KJ;
        }
    }
    return packed;
}

PackedPair packPair(const PairTerm& pair) {
    const double r7 = std::pow(pair.radius, 7);
    return {pair.j, 0.07 * pair.radius, pair.depth * std::pow(1.07 * pair.radius, 7), 1.12 * r7, 0.12 * r7,
        COULOMB * pair.charges};
}

} // namespace

PackedTerms::PackedTerms(const Terms& terms) : numAtoms((int) terms.atoms.size()), angles(packAngles(terms)) {
    for (const BondTerm& bond : terms.bonds)
        bonds.push_back({bond.i, bond.j, 0.5 * STIFFNESS * bond.kb, bond.r0});
    for (const AngleTerm& angle : terms.angles)
        if (angle.linear)
            linear.push_back({angle.i, angle.j, angle.k, STIFFNESS * angle.ka});
    for (const OutOfPlaneTerm& term : terms.outOfPlane)
        if (term.koop != 0)
            centres.push_back({term.i, term.j, term.k, term.l, 0.5 * STIFFNESS * DEG_TO_RAD * DEG_TO_RAD * term.koop});
    for (const TorsionTerm& torsion : terms.torsions)
        if (torsion.v1 != 0 || torsion.v2 != 0 || torsion.v3 != 0)
            torsions.push_back({torsion.i, torsion.j, torsion.k, torsion.l, 0.5 * torsion.v1, 0.5 * torsion.v2,
                0.5 * torsion.v3});
    firstPair.assign(numAtoms + 1, 0);
    for (const PairTerm& pair : findPairs(terms)) {
        pairs.push_back(packPair(pair));
        firstPair[pair.i + 1]++;
    }
    for (int i = 0; i < numAtoms; i++)
        firstPair[i + 1] += firstPair[i];
}

TermView PackedTerms::getView() const {
    TermView view;
    view.numAtoms = numAtoms;
    view.numBonds = (int) bonds.size();
    view.numAngles = (int) angles.size();
    view.numLinear = (int) linear.size();
    view.numCentres = (int) centres.size();
    view.numTorsions = (int) torsions.size();
    view.bonds = bonds.data();
    view.angles = angles.data();
    view.linear = linear.data();
    view.centres = centres.data();
    view.torsions = torsions.data();
    view.pairs = pairs.data();
    view.firstPair = firstPair.data();
    return view;
}

AlignedDoubles::AlignedDoubles(std::size_t size) :
        values(static_cast<double*>(::operator new(size * sizeof(double), ALIGNMENT))) {
    std::fill(values.get(), values.get() + size, 0.0);
}

vector<const KernelTable*> mmff::getKernelTables() {
    vector<const KernelTable*> tables = {getPortableTable()};
#ifdef ORBIT_RELAX_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        tables.push_back(getAvx2Table());
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512vl"))
            tables.push_back(getAvx512Table());
    }
#endif
    return tables;
}

const KernelTable& mmff::chooseKernelTable(const string& function) {
    const vector<const KernelTable*> tables = getKernelTables();
    const char* wish = std::getenv("ORBIT_CPU_ISA");
    string name = wish == nullptr ? "" : wish;
    if (name == "avx512bf16" || name == "amx")
        name = "avx512";
    if (name.empty())
        return *tables.back();
    string known;
    for (const KernelTable* table : tables) {
        if (name == table->instructionSet)
            return *table;
        known += (known.empty() ? "" : ", ") + string(table->instructionSet);
    }
    throw ArgumentError(function + ": expected ORBIT_CPU_ISA to be one of " + known + " on this processor, got \"" +
            wish + "\"");
}
