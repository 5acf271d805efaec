// SPDX-License-Identifier: MIT
// The geometry of frames: running means by class, and what never changes.
#include "openmmorbit/FrameStatistics.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/Contacts.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include "openmmorbit/internal/TopologyFeatures.h"
#include <algorithm>
#include <cmath>
#include <set>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

const double PI = 3.14159265358979323846;
/** An axis is flat if the root mean square of its twist is below this, radian. */
const double MAX_TWIST = 35 * PI / 180;

struct Point {
    double x[3];
};

Point subtract(const vector<double>& positions, int i, int j) {
    return {{positions[3 * i] - positions[3 * j], positions[3 * i + 1] - positions[3 * j + 1],
        positions[3 * i + 2] - positions[3 * j + 2]}};
}

double dot(const Point& a, const Point& b) {
    return a.x[0] * b.x[0] + a.x[1] * b.x[1] + a.x[2] * b.x[2];
}

double measureAngle(const vector<double>& positions, const vector<int>& atoms) {
    const Point a = subtract(positions, atoms[0], atoms[1]), b = subtract(positions, atoms[2], atoms[1]);
    return std::acos(std::clamp(dot(a, b) / std::sqrt(dot(a, a) * dot(b, b)), -1.0, 1.0)) * 180 / PI;
}

/** Whether one value stands for all frames. */
bool isConstant(long long first, long long second, long long numFrames) {
    return (first == numFrames) != (second == numFrames);
}

} // namespace

void FrameStatistics::Series::add(double value) {
    count++;
    const double change = value - mean;
    mean += change / count;
    squares += change * (value - mean);
    lowest = count == 1 ? value : std::min(lowest, value);
    highest = count == 1 ? value : std::max(highest, value);
}

FrameStatistics::FrameStatistics(const TopologySubject& newSubject) :
        subject(newSubject), classes(findAtomClasses(newSubject.graph)), neighbors(newSubject.graph.getNeighbors()),
        distances(newSubject.graph.getTopologicalDistances()) {
    listTerms();
    listCenters();
    listAxes();
}

void FrameStatistics::listTerms() {
    for (const GraphBond& bond : subject.graph.bonds) {
        const auto key = std::minmax(classes[bond.atom1], classes[bond.atom2]);
        bonds[{key.first, key.second}].atoms.push_back({bond.atom1, bond.atom2});
    }
    for (int center = 0; center < subject.getNumAtoms(); center++)
        for (int a : neighbors[center])
            for (int b : neighbors[center])
                if (a < b) {
                    const auto ends = std::minmax(classes[a], classes[b]);
                    angles[{ends.first, classes[center], ends.second}].atoms.push_back({a, center, b});
                }
}

void FrameStatistics::listCenters() {
    for (int center = 0; center < subject.getNumAtoms(); center++) {
        const vector<int>& around = neighbors[center];
        std::set<int> different;
        for (int j : around)
            different.insert(classes[j]);
        if (different.size() != around.size() || around.size() < 3 || around.size() > 4)
            continue;
        Center entry;
        entry.stereo.center = center;
        std::copy(around.begin(), around.end(), entry.stereo.neighbors.begin());
        centers.push_back(entry);
    }
}

void FrameStatistics::listAxes() {
    // An end of an axis is named by the atom of the highest class, unless another one shares that class.

    auto findEnd = [&](int atom, int other) {
        int best = -1;
        for (int j : neighbors[atom])
            if (j != other && (best < 0 || classes[j] > classes[best]))
                best = j;
        const bool shared = std::count_if(neighbors[atom].begin(), neighbors[atom].end(),
            [&](int j) { return best >= 0 && j != other && classes[j] == classes[best]; }) > 1;
        return shared || neighbors[atom].size() > 3 ? -1 : best;
    };
    for (const GraphBond& bond : subject.graph.bonds) {
        const int first = findEnd(bond.atom1, bond.atom2), last = findEnd(bond.atom2, bond.atom1);
        if (first >= 0 && last >= 0 && first != last)
            axes.push_back({{{first, bond.atom1, bond.atom2, last}}, 0, 0, 0});
    }
}

void FrameStatistics::add(const vector<double>& positions) {
    if (positions.size() != 3 * (size_t) subject.getNumAtoms())
        throw ArgumentError("FrameStatistics::add: expected " + std::to_string(3 * subject.getNumAtoms()) +
            " coordinates, got " + std::to_string(positions.size()));
    if (!std::all_of(positions.begin(), positions.end(), [](double x) { return std::isfinite(x); }))
        throw ArgumentError("FrameStatistics::add: expected finite coordinates, got others");
    numFrames++;
    for (auto& [key, series] : bonds)
        for (const vector<int>& atoms : series.atoms) {
            const Point edge = subtract(positions, atoms[0], atoms[1]);
            series.add(std::sqrt(dot(edge, edge)));
        }
    for (auto& [key, series] : angles)
        for (const vector<int>& atoms : series.atoms)
            series.add(measureAngle(positions, atoms));
    for (Center& center : centers) {
        const double volume = getSignedVolume(center.stereo, positions);
        center.numPositive += volume > MIN_SIGNED_VOLUME;
        center.numNegative += volume < -MIN_SIGNED_VOLUME;
    }
    for (Axis& axis : axes) {
        const double angle = std::abs(getDihedral(axis.atoms, positions)), twist = std::min(angle, PI - angle);
        axis.numCis += angle < PI / 2;
        axis.numTrans += angle > PI / 2;
        axis.squaredTwist += twist * twist;
    }
    addContacts(positions);
}

void FrameStatistics::addContacts(const vector<double>& positions) {
    forEachContact(subject.graph, distances, [&](int i, int j, const ContactKind& kind) {
        const Point edge = subtract(positions, i, j);
        const auto place = contacts.insert({kind, HUGE_VAL}).first;
        place->second = std::min(place->second, dot(edge, edge));
    });
}

void FrameStatistics::finish(TopologySubject& target) const {
    if (numFrames == 0)
        throw ArgumentError("FrameStatistics::finish: expected at least 1 frame, got none");
    auto writeRanges = [](const SeriesMap& map, vector<GeometryRange>& ranges) {
        ranges.clear();
        for (const auto& [key, series] : map)
            for (const vector<int>& atoms : series.atoms) {
                GeometryRange range;
                std::copy(atoms.begin(), atoms.end(), range.atoms.begin());
                range.mean = series.mean;
                range.deviation = std::sqrt(series.squares / series.count);
                range.lowest = series.lowest;
                range.highest = series.highest;
                ranges.push_back(range);
            }
    };
    target.numFrames = numFrames;
    writeRanges(bonds, target.bonds);
    writeRanges(angles, target.angles);
    target.contacts.clear();
    for (const auto& [key, squared] : contacts)
        target.contacts.push_back({key[0], key[1], key[2] != 0, std::sqrt(squared)});
    target.graph.tetrahedral.clear();
    for (const Center& center : centers)
        if (isConstant(center.numPositive, center.numNegative, numFrames)) {
            target.graph.tetrahedral.push_back(center.stereo);
            auto& around = target.graph.tetrahedral.back().neighbors;
            if (center.numNegative == numFrames)
                std::swap(around[0], around[1]);
        }
    target.graph.torsional.clear();
    for (const Axis& axis : axes)
        if (isConstant(axis.numCis, axis.numTrans, numFrames) &&
                axis.squaredTwist < MAX_TWIST * MAX_TWIST * numFrames)
            target.graph.torsional.push_back(
                {axis.atoms, axis.numCis == numFrames ? TorsionStereoKind::Cis : TorsionStereoKind::Trans});
}

} // namespace OrbitPlugin
