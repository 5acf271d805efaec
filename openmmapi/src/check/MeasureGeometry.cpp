// SPDX-License-Identifier: MIT
// Lengths, angles and depths of one shape.
#include "Positions.h"
#include "openmmorbit/internal/GeometryTerms.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <cmath>

using namespace OpenMM;
using namespace OrbitPlugin;

static const double DEGREE = 3.14159265358979323846 / 180;

static Vec3 getDirection(ArrayView<const double> positions, int from, int to) {
    const Vec3 vector = getPosition(positions, to) - getPosition(positions, from);
    const double length = std::sqrt(vector.dot(vector));
    return length > 0 ? vector / length : Vec3();
}

static double measureTriple(const Vec3& a, const Vec3& b, const Vec3& c) {
    return a.dot(b.cross(c));
}

// The barycentric coordinates of the centre among the ends of its unit vectors; the least of them is negative if the
// centre lies outside.

static double measureDepth(const std::array<int, 5>& atoms, ArrayView<const double> positions) {
    std::array<Vec3, 4> u;
    for (int k = 0; k < 4; k++)
        u[k] = getDirection(positions, atoms[0], atoms[k + 1]);
    const std::array<double, 4> volumes = {measureTriple(u[1], u[3], u[2]), measureTriple(u[0], u[2], u[3]),
            measureTriple(u[0], u[3], u[1]), measureTriple(u[0], u[1], u[2])};
    const double sum = volumes[0] + volumes[1] + volumes[2] + volumes[3];
    double least = 0.25;
    for (double volume : volumes)
        least = std::min(least, std::abs(sum) > 1e-12 ? volume / sum : -1);
    return least;
}

static double measureAngle(const std::array<int, 5>& atoms, ArrayView<const double> positions) {
    const double cosine =
            getDirection(positions, atoms[1], atoms[0]).dot(getDirection(positions, atoms[1], atoms[2]));
    return std::acos(std::clamp(cosine, -1.0, 1.0)) / DEGREE;
}

double OrbitPlugin::measure(const GeometryTerm& term, ArrayView<const double> positions) {
    const std::array<int, 5>& a = term.atoms;
    switch (term.kind) {
        case GeometryKind::Bond: {
            const Vec3 vector = getPosition(positions, a[1]) - getPosition(positions, a[0]);
            return std::sqrt(vector.dot(vector));
        }
        case GeometryKind::Angle: return measureAngle(a, positions);
        case GeometryKind::Octahedron: {
            const double angle = measureAngle(a, positions);
            return std::min(std::abs(angle - 90), 180 - angle);
        }
        case GeometryKind::Pyramid:
            return std::abs(measureTriple(getDirection(positions, a[0], a[1]), getDirection(positions, a[0], a[2]),
                    getDirection(positions, a[0], a[3])));
        case GeometryKind::Centre: return measureDepth(a, positions);
        default: break;
    }
    const double dihedral = std::abs(getDihedral({{a[0], a[1], a[2], a[3]}}, positions)) / DEGREE;
    if (term.kind == GeometryKind::RingTwist)
        return dihedral;
    const double twist = std::min(dihedral, 180 - dihedral);
    return term.kind == GeometryKind::Allene ? 90 - twist : twist;
}
