// SPDX-License-Identifier: MIT
// The turnTorsions stage, Reference.
#include "../MovedPoints.h"
#include "../ReferenceStages.h"
#include <cmath>

using namespace OpenMM;

namespace OrbitPlugin {

static Vec3 getPoint(ArrayView<const double> positions, int point) {
    return Vec3(positions[3 * point], positions[3 * point + 1], positions[3 * point + 2]);
}

static double getLength(const Vec3& vector) {
    return std::sqrt(vector.dot(vector));
}

void reference::turnTorsions(
        const TurnTorsionsShape& shape, ArrayView<const TurnedTorsion> torsions, Output denoised) {
    if (torsions.size() == 0)
        return;
    for (const TurnedTorsion& torsion : torsions) {
        const Vec3 origin = getPoint(denoised, torsion.atoms[2]), bond = origin - getPoint(denoised, torsion.atoms[1]);
        const Vec3 normal1 = (getPoint(denoised, torsion.atoms[1]) - getPoint(denoised, torsion.atoms[0])).cross(bond);
        const Vec3 normal2 = bond.cross(getPoint(denoised, torsion.atoms[3]) - origin);
        const double length = getLength(bond);
        if (!(length > LEAST_TORSION_LENGTH && getLength(normal1) > LEAST_TORSION_LENGTH * length &&
                getLength(normal2) > LEAST_TORSION_LENGTH * length))
            continue;

        // (5.20)
        const double angle = std::atan2(bond.dot(normal1.cross(normal2)) / length, normal1.dot(normal2));
        const double above = angle - torsion.lower - 2 * M_PI * std::floor((angle - torsion.lower) / (2 * M_PI));
        const double width = torsion.upper - torsion.lower;
        const double turn = above <= width ? 0 : above - width < 2 * M_PI - above ? width - above : 2 * M_PI - above;

        // (5.21)
        const Vec3 axis = bond / length;
        for (int point : torsion.moving) {
            const Vec3 arm = getPoint(denoised, point) - origin;
            const Vec3 turned = arm * std::cos(turn) + axis.cross(arm) * std::sin(turn) +
                axis * (axis.dot(arm) * (1 - std::cos(turn)));
            for (int k = 0; k < 3; k++)
                denoised[3 * point + k] = origin[k] + turned[k];
        }
    }
    subtractMean(denoised, shape.numPoints);
}

} // namespace OrbitPlugin
