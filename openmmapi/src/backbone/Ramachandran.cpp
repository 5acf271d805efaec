// SPDX-License-Identifier: MIT
// Regions of phi and psi by the contours of the Top8000.
#include "openmmorbit/BackboneReport.h"
#include "openmmorbit/internal/Base64.h"
#include <cmath>

using std::string;
using std::vector;

namespace OrbitPlugin {

extern const char* const ramachandranTableText;

namespace {

/** Kinds of residues with contours of their own, in the order of encode_ramachandran.py. */
enum RamachandranClass {General, Glycine, IleVal, BeforeProline, TransProline, CisProline};

const int NUM_CELLS = 180, CELL = 2;

/** Decode the regions of all cells, [class][phi][psi]. */
vector<char> decodeRegions() {
    vector<char> regions;
    for (char byte : decodeBase64(ramachandranTableText))
        regions.insert(regions.end(), (unsigned char) byte % 64, (char) ((unsigned char) byte / 64));
    return regions;
}

RamachandranClass findClass(const string& residue, const string& next, bool isCis) {
    if (residue == "GLY")
        return Glycine;
    if (residue == "PRO")
        return isCis ? CisProline : TransProline;
    if (next == "PRO")
        return BeforeProline;
    return residue == "ILE" || residue == "VAL" ? IleVal : General;
}

int findCell(double degrees) {
    const int cell = (int) std::floor((degrees + 180) / CELL);
    return ((cell % NUM_CELLS) + NUM_CELLS) % NUM_CELLS;
}

} // namespace

RamachandranRegion findRamachandranRegion(const string& residue, const string& next, double phi, double psi,
        bool isCis) {
    static const vector<char> regions = decodeRegions();
    if (!std::isfinite(phi) || !std::isfinite(psi))
        return RamachandranRegion::Unknown;
    const int plane = (int) findClass(residue, next, isCis) * NUM_CELLS * NUM_CELLS;
    return (RamachandranRegion) regions[plane + findCell(phi) * NUM_CELLS + findCell(psi)];
}

} // namespace OrbitPlugin
