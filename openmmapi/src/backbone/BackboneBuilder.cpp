// SPDX-License-Identifier: MIT
// From CA atoms to N, CA, C, O, CB and OXT: checks of the trace, chains, ends, atoms and bonds.
#include "openmmorbit/BackboneBuilder.h"
#include "BackboneGeometry.h"
#include "PeptidePlanes.h"
#include "ResidueNames.h"
#include "SideChains.h"
#include <array>
#include <limits>
#include <map>

using namespace OpenMM;
using std::string;
using std::to_string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** Distances of neighbouring CA atoms, Angstrom: of cis peptides up to MAX_CIS, of trans peptides above. */
const double MIN_DISTANCE = 2.6, MAX_CIS = 3.3, MAX_DISTANCE = 4.3;
/** Natives have at most 5 residues with positive phi in a row (4,307 domains). */
const int MAX_LEFT_RUN = 5;
/**
 * How much more probable than its mirror image a chain must be, as a logarithm. Pieces of natives of 8 residues have
 * -3 at least, those of 16 residues 8; mirror images have the negatives of these.
 */
const double MIN_HANDEDNESS = -6;
/** The angle N-CA-C that is still a residue, degrees; natives have 100 to 122. */
const double MIN_ANGLE = 85, MAX_ANGLE = 142;
/** Distance from an end of a chain to other residues that is no clash, Angstrom. */
const double CLEARANCE = 3.2;

/** The residues of one chain of the result, N and C of each. */
struct Segment {
    int begin, end;
    vector<Vec3> n, c;
};

/** The trace as points, with words for its residues. */
struct Trace {
    const BackboneTrace& source;
    vector<Vec3> ca;

    int getChain(int residue) const {
        return source.residueChains.empty() ? 0 : source.residueChains[residue];
    }
    string getId(int residue) const {
        return source.residueIds.empty() ? to_string(residue + 1) : source.residueIds[residue];
    }
    string name(int residue) const {
        string text = "residue " + getId(residue);
        if (!source.residueNames.empty())
            text += " (" + source.residueNames[residue] + ")";
        return source.residueChains.empty() ? text : text + " of chain " + nameChain(getChain(residue));
    }
    string nameChain(int chain) const {
        return source.chainNames.empty() ? to_string(chain + 1) : source.chainNames[chain];
    }
};

string formatNumber(double value) {
    const string text = to_string(value);
    return text.substr(0, text.find('.') + 3);
}

void checkSizes(const BackboneTrace& trace) {
    const size_t n = trace.positions.size() / 3;
    if (trace.positions.empty() || trace.positions.size() % 3 != 0)
        throw ArgumentError("buildBackbone: expected 3 coordinates for each of at least 2 CA atoms, got " +
            to_string(trace.positions.size()) + " coordinates");
    const std::array<std::pair<const char*, size_t>, 3> lists{{{"chains", trace.residueChains.size()},
        {"numbers", trace.residueIds.size()}, {"names", trace.residueNames.size()}}};
    for (const auto& [what, size] : lists)
        if (size != 0 && size != n)
            throw ArgumentError("buildBackbone: expected " + to_string(n) + " " + what + " of residues, one for each "
                "CA atom, got " + to_string(size));
    for (int chain : trace.residueChains)
        if (!trace.chainNames.empty() && (chain < 0 || chain >= (int) trace.chainNames.size()))
            throw ArgumentError("buildBackbone: expected a name of every chain, got " +
                to_string(trace.chainNames.size()) + " names, and chain " + to_string(chain));
}

Trace readTrace(const BackboneTrace& source) {
    checkSizes(source);
    Trace trace{source, {}};
    const int n = (int) source.positions.size() / 3;
    for (int i = 0; i < n; i++) {
        trace.ca.emplace_back(source.positions[3 * i], source.positions[3 * i + 1], source.positions[3 * i + 2]);
        const double sum = trace.ca[i][0] + trace.ca[i][1] + trace.ca[i][2];
        if (!std::isfinite(sum))
            throw ArgumentError("buildBackbone: expected coordinates that are finite, got others for CA of " +
                trace.name(i));
        if (i > 0 && trace.getChain(i) < trace.getChain(i - 1))
            throw ArgumentError("buildBackbone: expected residues sorted by chain, got chain " +
                trace.nameChain(trace.getChain(i)) + " after " + trace.nameChain(trace.getChain(i - 1)) + " at " +
                trace.name(i));
        if (!source.residueNames.empty() && !isResidueName(source.residueNames[i]))
            throw ArgumentError("buildBackbone: expected names of the twenty standard residues, got \"" +
                source.residueNames[i] + "\" for residue " + trace.getId(i));
    }
    return trace;
}

/** Find whether residues i and i + 1 are neighbours in a chain, and whether their peptide is cis. */
enum class Link {Trans, Cis, None};

Link findLink(const Trace& trace, int i, const BuilderSettings& settings) {
    if (trace.getChain(i) != trace.getChain(i + 1))
        return Link::None;
    const double distance = getLength(trace.ca[i + 1] - trace.ca[i]);
    const string where = "CA atoms of " + trace.name(i) + " and " + trace.name(i + 1);
    if (distance > MAX_DISTANCE && settings.splitAtBreaks)
        return Link::None;
    if (distance < MIN_DISTANCE || distance > MAX_DISTANCE)
        throw BackboneError(BackboneFault::Break, i, "buildBackbone: expected " + where + " at " +
            formatNumber(MAX_CIS) + " to " + formatNumber(MAX_DISTANCE) + " Angstrom, got " + formatNumber(distance) +
            (distance > MAX_DISTANCE ? "; start another chain there, or set splitAtBreaks" : ""));
    if (distance >= MAX_CIS)
        return Link::Trans;
    if (!settings.keepCis)
        throw BackboneError(BackboneFault::Cis, i, "buildBackbone: expected " + where + " at least " +
            formatNumber(MAX_CIS) + " Angstrom apart, as those of a trans peptide, got " + formatNumber(distance) +
            "; set keepCis to build a cis peptide there");
    return Link::Cis;
}

ResidueKind findKind(const BackboneTrace& source, int residue) {
    if (source.residueNames.empty())
        return ResidueKind::Any;
    const string& name = source.residueNames[residue];
    return name == "GLY" ? ResidueKind::Glycine : name == "PRO" ? ResidueKind::Proline : ResidueKind::General;
}

/** Get the distance from a point to the nearest CA, N or C of residues that are not next to one. */
double findClearance(const Vec3& point, const vector<Segment>& segments, int residue) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const Segment& segment : segments)
        for (int k = 0; k < (int) segment.c.size(); k++)
            if (std::abs(segment.begin + k - residue) > 1) {
                // The first N and the last C of a chain are not placed yet: they are where CA is.
                const Vec3 toN = segment.n[k] - point, toC = segment.c[k] - point;
                nearest = std::min({nearest, toN.dot(toN), toC.dot(toC)});
            }
    return std::sqrt(nearest);
}

/** Choose the first of some dihedral angles that has room for its atom, otherwise the one with the most room. */
Vec3 placeEnd(const Vec3& a, const Vec3& b, const Vec3& c, double length, const vector<double>& dihedrals,
        const vector<Segment>& segments, int residue) {
    double most = -1;
    Vec3 chosen;
    for (double dihedral : dihedrals) {
        const Vec3 point = placeAtom(a, b, c, length, ANGLE_N_CA_C, dihedral);
        const double room = std::min(findClearance(point, segments, residue), CLEARANCE);
        if (room > most) {
            most = room;
            chosen = point;
        }
    }
    return chosen;
}

/** Place N of the first residue and C of the last one, which no peptide holds, as the residues beside them. */
void placeEnds(vector<Segment>& segments, Segment& segment, const vector<Vec3>& ca) {
    const int n = segment.end - segment.begin, first = segment.begin, last = segment.end - 1;
    const bool hasMiddle = n > 2;
    const double psi = hasMiddle ? getDihedral(segment.n[1], ca[first + 1], segment.c[1], segment.n[2]) : 140,
                 phi = hasMiddle ?
            getDihedral(segment.c[n - 3], segment.n[n - 2], ca[last - 1], segment.c[n - 2]) : -90;
    segment.n[0] = placeEnd(segment.n[1], segment.c[0], ca[first], LENGTH_N_CA, {psi, 140, -45, 160, 120, -20, 80},
        segments, first);
    segment.c[n - 1] = placeEnd(segment.c[n - 2], segment.n[n - 1], ca[last], LENGTH_CA_C,
        {phi < 0 ? phi : -90, -65, -90, -120, -140, -160}, segments, last);
}

void checkAngles(const Trace& trace, const Segment& segment) {
    for (int i = segment.begin; i < segment.end; i++) {
        const int k = i - segment.begin;
        const double angle = getAngle(segment.n[k], trace.ca[i], segment.c[k]);
        if (!(angle >= MIN_ANGLE && angle <= MAX_ANGLE))
            throw BackboneError(BackboneFault::Distorted, i, "buildBackbone: expected CA atoms around " +
                trace.name(i) + " between which a residue fits, got an angle N-CA-C of " + formatNumber(angle) +
                " degrees");
    }
}

/** Divide the trace into chains and place N and C. */
vector<Segment> placeSegments(const Trace& trace, const BuilderSettings& settings, vector<int>& breaks) {
    vector<Segment> segments;
    const int n = (int) trace.ca.size();
    vector<char> isCis;
    for (int i = 0, begin = 0; i < n; i++) {
        const Link link = i + 1 < n ? findLink(trace, i, settings) : Link::None;
        if (link != Link::None) {
            isCis.push_back(link == Link::Cis);
            continue;
        }
        if (i + 1 < n && trace.getChain(i) == trace.getChain(i + 1))
            breaks.push_back(i);
        if (i == begin)
            throw ArgumentError("buildBackbone: expected chains of at least 2 residues, got " + trace.name(i) +
                " alone");
        const vector<Vec3> ca(trace.ca.begin() + begin, trace.ca.begin() + i + 1);
        vector<ResidueKind> kinds;
        for (int k = begin; k <= i; k++)
            kinds.push_back(findKind(trace.source, k));
        Segment segment{begin, i + 1, ca, ca};
        const vector<PeptideUnit> units = placePeptides(ca, isCis, kinds);
        for (size_t k = 0; k < units.size(); k++) {
            segment.c[k] = units[k].c;
            segment.n[k + 1] = units[k].n;
        }
        segments.push_back(segment);
        isCis.clear();
        begin = i + 1;
    }
    for (Segment& segment : segments) {
        placeEnds(segments, segment, trace.ca);
        checkAngles(trace, segment);
    }
    return segments;
}

/** Get phi of every residue, degrees; NaN for the first one of a chain. */
vector<double> findPhi(const Trace& trace, const Segment& segment) {
    vector<double> phi(1, std::numeric_limits<double>::quiet_NaN());
    for (int k = 1; k < segment.end - segment.begin; k++)
        phi.push_back(getDihedral(segment.c[k - 1], segment.n[k], trace.ca[segment.begin + k], segment.c[k]));
    return phi;
}

/** Refuse left-handed helices and whole mirror images. */
void checkHand(const Trace& trace, const Segment& segment, const vector<double>& phi) {
    int run = 0;
    const int n = (int) phi.size();
    for (int k = 1; k < n; k++) {
        run = phi[k] > 0 && findKind(trace.source, segment.begin + k) != ResidueKind::Glycine ? run + 1 : 0;
        if (run > MAX_LEFT_RUN)
            throw BackboneError(BackboneFault::Mirrored, segment.begin + k - run + 1,
                "buildBackbone: expected at most " + to_string(MAX_LEFT_RUN) + " residues in a row with positive phi, "
                "got " + to_string(run) + " from " + trace.name(segment.begin + k - run + 1) +
                "; the trace looks like a mirror image there: mirror it, or set keepLeftHanded");
    }
    const vector<Vec3> ca(trace.ca.begin() + segment.begin, trace.ca.begin() + segment.end);
    const double handedness = sumHandedness(ca);
    if (handedness < MIN_HANDEDNESS)
        throw BackboneError(BackboneFault::Mirrored, segment.begin, "buildBackbone: expected a chain of L residues, "
            "got CA atoms from " + trace.name(segment.begin) + " to " + trace.name(segment.end - 1) + " whose mirror "
            "image is more probable, by a factor of exp(" + formatNumber(-handedness) + "); mirror them, or set "
            "keepLeftHanded");
}

/** Get where O is, and OXT at the end of a chain, which turns as the residue before it. */
vector<Vec3> placeOxygens(const Trace& trace, const Segment& segment, int k) {
    const int n = segment.end - segment.begin;
    const Vec3 &ca = trace.ca[segment.begin + k], &c = segment.c[k];
    if (k + 1 < n)
        return {placeAtom(segment.n[k + 1], ca, c, LENGTH_C_O, ANGLE_CA_C_O, 180)};
    const double psi = n > 2 ? getDihedral(segment.n[n - 2], trace.ca[segment.end - 2], segment.c[n - 2],
        segment.n[n - 1]) : 140;
    return {placeAtom(segment.n[k], ca, c, LENGTH_C_O, ANGLE_CA_C_O, psi + 180),
        placeAtom(segment.n[k], ca, c, LENGTH_C_OXT, ANGLE_CA_C_OXT, psi)};
}

/** Appends atoms and bonds to a protein. */
class Assembly {
public:
    explicit Assembly(BuiltBackbone& built) : topology(built.topology), positions(built.positions) {
    }
    void begin(int index) {
        residue = index;
        places.clear();
    }
    void add(const string& name, int element, const Vec3& position) {
        places[name] = (int) topology.atoms.size();
        topology.atoms.push_back({name, element, residue, 0});
        positions.insert(positions.end(), {position[0], position[1], position[2]});
    }
    void bond(const string& first, const string& second, int order) {
        topology.bonds.push_back({places.at(first), places.at(second), order});
    }
    /** Bond N to C of the residue that was added before. */
    void bondToPrevious() {
        topology.bonds.push_back({previousC, places.at("N"), 1});
    }
    void finish() {
        previousC = places.at("C");
    }
private:
    TopologyRecord& topology;
    vector<double>& positions;
    std::map<string, int> places;
    int residue = 0, previousC = -1;
};

/** Add a side chain; the orders of its bonds, some of which resonate, are left open. */
void addSideChain(Assembly& assembly, const string& residue, const vector<PlacedAtom>& atoms) {
    for (const PlacedAtom& placed : atoms) {
        assembly.add(placed.atom->name, placed.atom->element, placed.position);
        assembly.bond(placed.atom->c, placed.atom->name, 0);
    }
    for (const SideChainRing& ring : SIDE_CHAIN_RINGS)
        if (ring.residue == residue)
            assembly.bond(ring.first, ring.second, 0);
}

/** Get the residues as side chains see them. */
vector<ResidueFrame> makeFrames(const Trace& trace, const vector<Segment>& segments, const vector<string>& names) {
    vector<ResidueFrame> frames;
    for (const Segment& segment : segments)
        for (int k = 0; k < segment.end - segment.begin; k++)
            frames.push_back({names[segment.begin + k], segment.n[k], trace.ca[segment.begin + k], segment.c[k],
                placeOxygens(trace, segment, k)[0], k > 0});
    return frames;
}

void addAtoms(const Trace& trace, const vector<Segment>& segments, BuiltBackbone& built) {
    const vector<string>& names = built.topology.residueNames;
    const vector<vector<PlacedAtom>> sideChains = placeSideChains(makeFrames(trace, segments, names));
    Assembly assembly(built);
    for (const Segment& segment : segments)
        for (int k = 0; k < segment.end - segment.begin; k++) {
            const int i = segment.begin + k;
            const vector<Vec3> oxygens = placeOxygens(trace, segment, k);
            assembly.begin(i);
            assembly.add("N", 7, segment.n[k]);
            assembly.add("CA", 6, trace.ca[i]);
            assembly.add("C", 6, segment.c[k]);
            assembly.add("O", 8, oxygens[0]);
            assembly.bond("N", "CA", 1);
            assembly.bond("CA", "C", 1);
            assembly.bond("C", "O", 2);
            if (k > 0)
                assembly.bondToPrevious();
            if (names[i] != "GLY") {
                assembly.add("CB", 6, placeCB(segment.n[k], trace.ca[i], segment.c[k]));
                assembly.bond("CA", "CB", 1);
            }
            addSideChain(assembly, names[i], sideChains[i]);
            if (oxygens.size() > 1) {
                assembly.add("OXT", 8, oxygens[1]);
                assembly.bond("C", "OXT", 1);
            }
            assembly.finish();
        }
}

} // namespace

BuiltBackbone buildBackbone(const BackboneTrace& source, const BuilderSettings& settings) {
    const Trace trace = readTrace(source);
    BuiltBackbone built;
    vector<int> breaks;
    const vector<Segment> segments = placeSegments(trace, settings, breaks);
    built.topology.residueNames = source.residueNames;
    for (size_t chain = 0; chain < segments.size(); chain++) {
        const Segment& segment = segments[chain];
        const vector<double> phi = findPhi(trace, segment);
        if (!settings.keepLeftHanded)
            checkHand(trace, segment, phi);
        for (int k = 0; k < segment.end - segment.begin; k++) {
            built.topology.residueIds.push_back(trace.getId(segment.begin + k));
            built.topology.residueChains.push_back((int) chain);
            if (source.residueNames.empty())
                built.topology.residueNames.push_back(phi[k] > 0 ? "GLY" : "ALA");
        }
    }
    addAtoms(trace, segments, built);
    built.report = measureBackbone(built.topology, built.positions);
    built.report.chainBreaks.insert(built.report.chainBreaks.end(), breaks.begin(), breaks.end());
    return built;
}

} // namespace OrbitPlugin
