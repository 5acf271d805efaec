// SPDX-License-Identifier: MIT
// The angles of the peptide planes of a chain by dynamic programming.
#include "PeptidePlanes.h"
#include "BackboneGeometry.h"
#include <limits>

using namespace OpenMM;
using std::vector;

namespace OrbitPlugin {

namespace {

/** Planes of less than this share of the most probable one are not tried. */
const double LEAST_SHARE = 2e-3;
/** Standard deviation of the angle N-CA-C, degrees; wider than natives' (2.8), for CA atoms are not exact. */
const double ANGLE_SPREAD = 3.5;
/** Weight of phi and psi: the density of planes knows a part of it. */
const double CONFORMATION_WEIGHT = 0.7;

/** A flat peptide: C and N along the axis between CA atoms and across it, Angstrom. */
struct FlatPeptide {
    double axis, cAlong, cAcross, nAlong, nAcross;
};

/** Lay out CA-C-N-CA in a plane; sign is 1 for trans, -1 for cis. */
FlatPeptide layOut(double angleC, double angleN, double sign) {
    const double turn1 = (180 - angleC) / DEGREES, turn2 = turn1 - sign * (180 - angleN) / DEGREES;
    const Vec3 c(LENGTH_CA_C, 0, 0), n = c + Vec3(std::cos(turn1), std::sin(turn1), 0) * LENGTH_C_N,
               end = n + Vec3(std::cos(turn2), std::sin(turn2), 0) * LENGTH_N_CA;
    const Vec3 along = getUnit(end), across = Vec3(along[1], -along[0], 0);
    return {getLength(end), c.dot(along), c.dot(across), n.dot(along), n.dot(across)};
}

const FlatPeptide TRANS = layOut(ANGLE_CA_C_N, ANGLE_C_N_CA, 1), CIS = layOut(119, 126.5, -1);

/** What is known of one residue when its N is placed, and when its C is. */
struct Arm {
    Vec3 direction, normal, outer;
};

/** The planes of one unit that are tried. */
struct Candidates {
    vector<double> scores;
    vector<PeptideUnit> units;
    vector<Arm> first, second;      ///< as seen from the first CA atom and from the second one
};

PlaneDensity findDensity(const vector<Vec3>& ca, int unit, bool isCis, Vec3& reference) {
    const PeptideTable& table = PeptideTable::get();
    const bool hasBefore = unit > 0, hasAfter = unit + 2 < (int) ca.size();
    if (hasAfter)
        reference = ca[unit + 2] - ca[unit + 1];
    else if (hasBefore)
        reference = ca[unit - 1] - ca[unit];
    PlaneDensity uniform;
    uniform.fill(1.0 / NUM_PLANES);
    if (hasBefore && hasAfter) {
        const double dihedral = getDihedral(ca[unit - 1], ca[unit], ca[unit + 1], ca[unit + 2]);
        return isCis ? table.getCis(dihedral) : table.getMiddle(getLength(ca[unit + 1] - ca[unit - 1]),
            getLength(ca[unit + 2] - ca[unit]), dihedral);
    }
    if (isCis || (!hasBefore && !hasAfter))
        return uniform;
    return hasAfter ? table.getFirst(getLength(ca[unit + 2] - ca[unit])) :
        table.getLast(getLength(ca[unit + 1] - ca[unit - 1]));
}

/** Get a unit vector at right angles to an axis, in the direction of a reference as far as that has one. */
Vec3 findAcross(const Vec3& axis, const Vec3& reference) {
    Vec3 across = reference - axis * reference.dot(axis);
    if (getLength(across) < 1e-3)
        across = std::abs(axis[0]) < 0.8 ? axis.cross(Vec3(1, 0, 0)) : axis.cross(Vec3(0, 1, 0));
    return getUnit(across);
}

Candidates makeCandidates(const vector<Vec3>& ca, int unit, bool isCis) {
    Vec3 reference;
    const PlaneDensity density = findDensity(ca, unit, isCis, reference);
    double highest = 0;
    for (double value : density)
        highest = std::max(highest, value);
    const Vec3 start = ca[unit], end = ca[unit + 1], axis = getUnit(end - start);
    const Vec3 zero = findAcross(axis, reference), quarter = axis.cross(zero);
    const FlatPeptide& flat = isCis ? CIS : TRANS;
    const double shift = (getLength(end - start) - flat.axis) / 2;
    const Vec3 cFoot = start + axis * (flat.cAlong + shift), nFoot = start + axis * (flat.nAlong + shift);
    Candidates result;
    for (int k = 0; k < NUM_PLANES; k++) {
        if (density[k] < LEAST_SHARE * highest)
            continue;
        const double angle = 2 * 180 / DEGREES * k / NUM_PLANES;
        const Vec3 across = zero * std::cos(angle) + quarter * std::sin(angle);
        const PeptideUnit placed{cFoot + across * flat.cAcross, nFoot + across * flat.nAcross};
        result.scores.push_back(std::log(density[k]));
        result.units.push_back(placed);
        const Vec3 bond = placed.n - placed.c, toC = placed.c - start, toN = placed.n - end;
        result.first.push_back({getUnit(toC), getUnit(toC).cross(bond), bond});
        result.second.push_back({getUnit(toN), getUnit(toN).cross(bond), bond});
    }
    return result;
}

/** Get the score of the angle N-CA-C of a residue; its deviation is taken from the cosine, which is exact if small. */
double scoreAngle(const Arm& before, const Arm& after) {
    static const double cosine = std::cos(ANGLE_N_CA_C / DEGREES), sine = std::sin(ANGLE_N_CA_C / DEGREES);
    const double excess = (before.direction.dot(after.direction) - cosine) / sine * DEGREES / ANGLE_SPREAD;
    return -0.5 * excess * excess;
}

/** Get the score of phi and psi of a residue between two units. */
double scoreConformation(const PeptideTable& table, const Arm& before, const Arm& after, ResidueKind kind) {
    // The normal of N-CA-C; those of C-N-CA and CA-C-N are known.
    const Vec3 normal = after.direction.cross(before.direction);
    const double phi = DEGREES * std::atan2(before.outer.dot(normal), before.normal.dot(normal)),
                 psi = DEGREES * std::atan2(-before.direction.dot(after.normal), normal.dot(after.normal));
    return CONFORMATION_WEIGHT * table.getLogConformation(kind, phi, psi);
}

/** Find the best plane before each plane of a unit, and add their scores. */
vector<int> findOrigins(const Candidates& previous, const Candidates& current, ResidueKind kind,
        const vector<double>& best, vector<double>& scores) {
    const PeptideTable& table = PeptideTable::get();
    const double limit = CONFORMATION_WEIGHT * table.getHighestLogConformation();
    vector<int> origins;
    for (size_t k = 0; k < scores.size(); k++) {
        double highest = -std::numeric_limits<double>::infinity();
        int origin = 0;
        for (size_t j = 0; j < best.size(); j++) {
            double score = best[j] + scoreAngle(previous.second[j], current.first[k]);
            if (score + limit <= highest)
                continue;
            score += scoreConformation(table, previous.second[j], current.first[k], kind);
            if (score > highest) {
                highest = score;
                origin = (int) j;
            }
        }
        scores[k] += highest;
        origins.push_back(origin);
    }
    return origins;
}

} // namespace

vector<PeptideUnit> placePeptides(const vector<Vec3>& ca, const vector<char>& isCis, const vector<ResidueKind>& kinds) {
    const int numUnits = (int) ca.size() - 1;
    vector<Candidates> candidates;
    vector<vector<int>> origins(numUnits);
    vector<double> best;
    for (int unit = 0; unit < numUnits; unit++) {
        candidates.push_back(makeCandidates(ca, unit, isCis[unit] != 0));
        const Candidates& current = candidates.back();
        vector<double> scores = current.scores;
        if (unit > 0)
            origins[unit] = findOrigins(candidates[unit - 1], current, kinds[unit], best, scores);
        best = scores;
    }
    vector<PeptideUnit> result(numUnits);
    int chosen = (int) (std::max_element(best.begin(), best.end()) - best.begin());
    for (int unit = numUnits - 1; unit >= 0; unit--) {
        result[unit] = candidates[unit].units[chosen];
        if (unit > 0)
            chosen = origins[unit][chosen];
    }
    return result;
}

} // namespace OrbitPlugin
