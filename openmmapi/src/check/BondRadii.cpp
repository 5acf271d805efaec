// SPDX-License-Identifier: MIT
// Bond lengths of pairs of elements that no table knows. Sources: doi:10.1002/chem.200800987 (single bonds),
// doi:10.1002/chem.200901472 (double and triple bonds).
#include "openmmorbit/internal/GeometryLimits.h"
#include <algorithm>
#include <array>

using namespace OrbitPlugin;

namespace {

struct Radii {
    int element;
    double single, twofold, threefold; // Angstrom
};

const std::array<Radii, 22> RADII = {{{1, 0.32, 0.32, 0.32}, {3, 1.33, 1.24, 1.24}, {4, 1.02, 0.90, 0.85},
        {5, 0.85, 0.78, 0.73}, {6, 0.75, 0.67, 0.60}, {7, 0.71, 0.60, 0.54}, {8, 0.63, 0.57, 0.53},
        {9, 0.64, 0.59, 0.53}, {11, 1.55, 1.60, 1.60}, {12, 1.39, 1.32, 1.27}, {13, 1.26, 1.13, 1.11},
        {14, 1.16, 1.07, 1.02}, {15, 1.11, 1.02, 0.94}, {16, 1.03, 0.94, 0.95}, {17, 0.99, 0.95, 0.93},
        {32, 1.21, 1.11, 1.14}, {33, 1.21, 1.14, 1.06}, {34, 1.16, 1.07, 1.07}, {35, 1.14, 1.09, 1.10},
        {50, 1.40, 1.30, 1.32}, {52, 1.36, 1.28, 1.21}, {53, 1.33, 1.29, 1.25}}};

double getRadius(int element, BondOrder order) {
    const auto place =
            std::find_if(RADII.begin(), RADII.end(), [&](const Radii& row) { return row.element == element; });
    if (place == RADII.end() || order == BondOrder::None)
        return 0;
    switch (order) {
        case BondOrder::Double: return place->twofold;
        case BondOrder::Triple: return place->threefold;
        case BondOrder::Aromatic: return 0.5 * (place->single + place->twofold);
        default: return place->single;
    }
}

} // namespace

double OrbitPlugin::estimateBondLength(int element1, int element2, BondOrder order) {
    const double radius1 = getRadius(element1, order), radius2 = getRadius(element2, order);
    return radius1 > 0 && radius2 > 0 ? radius1 + radius2 : 0;
}
