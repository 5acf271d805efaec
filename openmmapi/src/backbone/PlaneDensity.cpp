// SPDX-License-Identifier: MIT
// Densities of the angles of peptide planes, interpolated between the cells of the table.
#include "PeptideTable.h"
#include "BackboneGeometry.h"
#include "openmmorbit/internal/Base64.h"
#include <algorithm>
#include <cmath>

using std::string;

namespace OrbitPlugin {

namespace {

/** The grid of fit_peptides.py. */
const int NUM_DISTANCES = 10, NUM_DIHEDRALS = 30, NUM_CIS = 12, NUM_MODES = 3, NUM_BINS = 36;
const int FIRST = NUM_DISTANCES * NUM_DISTANCES * NUM_DIHEDRALS, LAST = FIRST + NUM_DISTANCES,
          CIS = LAST + NUM_DISTANCES, NUM_ROWS = CIS + NUM_CIS;
const double LOWEST = 4.9, HIGHEST = 7.5, STEP = 360.0 / NUM_PLANES;
/** Modes end after so many spreads. */
const double REACH = 3.5;
/** No angle is impossible. */
const double FLOOR = 1e-6;

typedef PeptideTable::Place Place;

Place placeDistance(double value) {
    const double x = (value - LOWEST) / (HIGHEST - LOWEST) * NUM_DISTANCES - 0.5;
    const double inside = std::clamp(x, 0.0, NUM_DISTANCES - 1.001);
    const int first = (int) inside;
    return {first, first + 1, inside - first};
}

Place placeDihedral(double degrees, int number) {
    const double x = (degrees + 180) / 360 * number - 0.5;
    const double first = std::floor(x);
    return {((int) first + number) % number, ((int) first + 1 + number) % number, x - first};
}

int wrapIndex(double degrees, int number) {
    return (((int) std::floor((degrees + 180) / 360 * number)) % number + number) % number;
}

void normalise(PlaneDensity& density) {
    double sum = 0;
    for (double value : density)
        sum += value;
    for (double& value : density)
        value = value / sum * (1 - NUM_PLANES * FLOOR) + FLOOR;
}

} // namespace

PeptideTable::PeptideTable() {
    for (char byte : decodeBase64(conformationTableText))
        conformations.push_back(((unsigned char) byte - 128) / 16.0);
    highest = *std::max_element(conformations.begin(), conformations.end());
    const string bytes = decodeBase64(peptideTableText);
    for (int k = 0; k < NUM_ROWS * NUM_MODES; k++) {
        const auto byte = [&](int offset) { return (double) (unsigned char) bytes[3 * k + offset]; };
        modes.push_back({byte(0) / 255, byte(1) / 256 * 360, byte(2) / 4});
    }
    counts = bytes.substr(3 * (size_t) NUM_ROWS * NUM_MODES);
}

const PeptideTable& PeptideTable::get() {
    static const PeptideTable table;
    return table;
}

void PeptideTable::add(PlaneDensity& density, int row, double weight) const {
    for (int k = row * NUM_MODES; k < (row + 1) * NUM_MODES; k++) {
        const Mode& mode = modes[k];
        const double height = weight * mode.weight / mode.spread;
        if (height <= 0)
            continue;
        const int from = (int) std::ceil((mode.mean - REACH * mode.spread) / STEP),
                  to = (int) std::floor((mode.mean + REACH * mode.spread) / STEP);
        for (int step = from; step <= to; step++) {
            const double x = (step * STEP - mode.mean) / mode.spread;
            density[((step % NUM_PLANES) + NUM_PLANES) % NUM_PLANES] += height * std::exp(-0.5 * x * x);
        }
    }
}

PlaneDensity PeptideTable::getMiddle(double before, double after, double dihedral) const {
    PlaneDensity density{};
    const Place a = placeDistance(before), b = placeDistance(after), c = placeDihedral(dihedral, NUM_DIHEDRALS);
    for (int corner = 0; corner < 8; corner++) {
        const bool onA = (corner & 1) != 0, onB = (corner & 2) != 0, onC = (corner & 4) != 0;
        const double weight = (onA ? a.share : 1 - a.share) * (onB ? b.share : 1 - b.share) *
            (onC ? c.share : 1 - c.share);
        add(density, ((onA ? a.second : a.first) * NUM_DISTANCES + (onB ? b.second : b.first)) * NUM_DIHEDRALS +
            (onC ? c.second : c.first), weight);
    }
    normalise(density);
    return density;
}

PlaneDensity PeptideTable::blend(int firstRow, const Place& place) const {
    PlaneDensity density{};
    add(density, firstRow + place.first, 1 - place.share);
    add(density, firstRow + place.second, place.share);
    normalise(density);
    return density;
}

PlaneDensity PeptideTable::getFirst(double after) const {
    return blend(FIRST, placeDistance(after));
}

PlaneDensity PeptideTable::getLast(double before) const {
    return blend(LAST, placeDistance(before));
}

PlaneDensity PeptideTable::getCis(double dihedral) const {
    return blend(CIS, placeDihedral(dihedral, NUM_CIS));
}

double PeptideTable::getLogConformation(ResidueKind kind, double phi, double psi) const {
    return conformations[((int) kind * NUM_BINS + wrapIndex(phi, NUM_BINS)) * NUM_BINS + wrapIndex(psi, NUM_BINS)];
}

double PeptideTable::getLogCount(double before, double after, double dihedral) const {
    const Place a = placeDistance(before), b = placeDistance(after);
    const int row = (a.share < 0.5 ? a.first : a.second) * NUM_DISTANCES + (b.share < 0.5 ? b.first : b.second);
    return (unsigned char) counts[row * NUM_DIHEDRALS + wrapIndex(dihedral, NUM_DIHEDRALS)] / 16.0;
}

double PeptideTable::getHandedness(double before, double after, double dihedral) const {
    return getLogCount(before, after, dihedral) - getLogCount(before, after, -dihedral);
}

double sumHandedness(const std::vector<OpenMM::Vec3>& ca) {
    double sum = 0;
    for (size_t i = 0; i + 3 < ca.size(); i++)
        sum += PeptideTable::get().getHandedness(getLength(ca[i + 2] - ca[i]), getLength(ca[i + 3] - ca[i + 1]),
            getDihedral(ca[i], ca[i + 1], ca[i + 2], ca[i + 3]));
    return sum;
}

} // namespace OrbitPlugin
