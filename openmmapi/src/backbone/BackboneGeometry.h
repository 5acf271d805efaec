// SPDX-License-Identifier: MIT
// Bond lengths and angles of backbones, and atoms placed by them; Angstrom and degrees.
#ifndef OPENMM_ORBIT_BACKBONEGEOMETRY_H_
#define OPENMM_ORBIT_BACKBONEGEOMETRY_H_

#include "openmm/Vec3.h"
#include <algorithm>
#include <cmath>

namespace OrbitPlugin {

constexpr double DEGREES = 180 / 3.14159265358979323846;

/** Ideal lengths and angles. Source: Engh and Huber, International Tables for Crystallography F, 18.3 (2001). */
constexpr double LENGTH_N_CA = 1.459, LENGTH_CA_C = 1.525, LENGTH_C_N = 1.329, LENGTH_C_O = 1.231,
                 LENGTH_C_OXT = 1.25, ANGLE_N_CA_C = 111.0, ANGLE_CA_C_N = 117.2, ANGLE_C_N_CA = 121.7,
                 ANGLE_CA_C_O = 120.1, ANGLE_CA_C_OXT = 117.5;

inline double getLength(const OpenMM::Vec3& v) {
    return std::sqrt(v.dot(v));
}

inline OpenMM::Vec3 getUnit(const OpenMM::Vec3& v) {
    return v / getLength(v);
}

/** Get the angle at b, degrees. */
inline double getAngle(const OpenMM::Vec3& a, const OpenMM::Vec3& b, const OpenMM::Vec3& c) {
    return DEGREES * std::acos(std::clamp(getUnit(a - b).dot(getUnit(c - b)), -1.0, 1.0));
}

/** Get the dihedral angle of four points, degrees. */
inline double getDihedral(const OpenMM::Vec3& a, const OpenMM::Vec3& b, const OpenMM::Vec3& c, const OpenMM::Vec3& d) {
    const OpenMM::Vec3 first = (b - a).cross(c - b), second = (c - b).cross(d - c);
    return DEGREES * std::atan2(getLength(c - b) * (b - a).dot(second), first.dot(second));
}

/** Get the point that is bonded to c, at an angle to b and a dihedral angle to a, degrees. */
inline OpenMM::Vec3 placeAtom(const OpenMM::Vec3& a, const OpenMM::Vec3& b, const OpenMM::Vec3& c, double length,
        double angle, double dihedral) {
    const OpenMM::Vec3 along = getUnit(c - b), normal = getUnit((b - a).cross(along)), across = normal.cross(along);
    return c - along * (length * std::cos(angle / DEGREES)) + across * (length * std::sin(angle / DEGREES) *
        std::cos(dihedral / DEGREES)) + normal * (length * std::sin(angle / DEGREES) * std::sin(dihedral / DEGREES));
}

/** Get where CB of an L residue is. */
inline OpenMM::Vec3 placeCB(const OpenMM::Vec3& n, const OpenMM::Vec3& ca, const OpenMM::Vec3& c) {
    const OpenMM::Vec3 b = ca - n, d = c - ca, a = b.cross(d);
    return ca - a * 0.58273431 + b * 0.56802827 - d * 0.54067466;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONEGEOMETRY_H_
