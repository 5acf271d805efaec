// SPDX-License-Identifier: MIT
// Measures the geometry of a protein; it repairs nothing.
#include "openmmorbit/BackboneReport.h"
#include "BackboneGeometry.h"
#include "PeptideTable.h"
#include "openmmorbit/ArgumentError.h"
#include <limits>

using namespace OpenMM;
using std::string;
using std::to_string;
using std::vector;

namespace OrbitPlugin {

namespace {

const double NONE = std::numeric_limits<double>::quiet_NaN();
/** Distances of atoms that are no clash, Angstrom: of N and O with each other, with carbon, and all others. */
const double MIN_POLAR = 2.4, MIN_MIXED = 2.7, MIN_OTHER = 3.0;
/** C and N of neighbours in a chain that are farther apart are not bonded, Angstrom. */
const double MAX_PEPTIDE = 2.5;

/** The atoms of one residue. */
struct Residue {
    int n = -1, ca = -1, c = -1, cb = -1, begin = 0, end = 0;
    double reach = 0;   ///< from CA to the farthest of them, Angstrom
};

/** A protein whose atoms are found by name. */
struct Protein {
    const TopologyRecord& topology;
    vector<Vec3> points;
    vector<Residue> residues;
    vector<char> isLinked;      ///< [numResidues] whether a peptide bond leads to the next residue

    string name(int residue) const {
        const string id = topology.residueIds.empty() ? to_string(residue + 1) : topology.residueIds[residue];
        return topology.residueNames[residue] + " " + id;
    }
    string nameAtom(int atom) const {
        return name(topology.atoms[atom].residue) + " " + topology.atoms[atom].name;
    }
    bool areLinked(int i, int j) const {
        return i >= 0 && j == i + 1 && isLinked[i];
    }
};

void checkSizes(const TopologyRecord& topology, const vector<double>& positions) {
    const size_t numAtoms = topology.atoms.size(), numResidues = topology.residueNames.size();
    if (positions.size() != 3 * numAtoms)
        throw ArgumentError("measureBackbone: expected " + to_string(3 * numAtoms) + " coordinates, got " +
            to_string(positions.size()));
    for (size_t size : {topology.residueIds.size(), topology.residueChains.size()})
        if (size != 0 && size != numResidues)
            throw ArgumentError("measureBackbone: expected numbers and chains of " + to_string(numResidues) +
                " residues, got " + to_string(size));
    for (const TopologyAtom& atom : topology.atoms)
        if (atom.residue < 0 || atom.residue >= (int) numResidues)
            throw ArgumentError("measureBackbone: expected atoms of " + to_string(numResidues) +
                " residues, got an atom of residue " + to_string(atom.residue));
}

/** Find the atoms of residues by their names. */
void findAtoms(Protein& protein) {
    for (int i = 0; i < (int) protein.points.size(); i++) {
        const TopologyAtom& atom = protein.topology.atoms[i];
        Residue& residue = protein.residues[atom.residue];
        residue.begin = residue.end == 0 ? i : residue.begin;
        residue.end = i + 1;
        for (const auto& [name, place] : {std::pair<const char*, int*>{"N", &residue.n}, {"CA", &residue.ca},
                {"C", &residue.c}, {"CB", &residue.cb}})
            if (atom.name == name)
                *place = i;
    }
}

/** Find the peptide bonds, and the breaks of chains. */
void findLinks(Protein& protein, vector<int>& breaks) {
    const vector<int>& chains = protein.topology.residueChains;
    const int n = (int) protein.residues.size();
    protein.isLinked.assign(n, 0);
    for (int i = 0; i + 1 < n; i++) {
        if (!chains.empty() && chains[i] != chains[i + 1])
            continue;
        const Vec3 bond = protein.points[protein.residues[i + 1].n] - protein.points[protein.residues[i].c];
        protein.isLinked[i] = getLength(bond) <= MAX_PEPTIDE;
        if (!protein.isLinked[i])
            breaks.push_back(i);
    }
}

Protein readProtein(const TopologyRecord& topology, const vector<double>& positions) {
    checkSizes(topology, positions);
    Protein protein{topology, {}, vector<Residue>(topology.residueNames.size()), {}};
    for (size_t k = 0; k < positions.size(); k += 3) {
        protein.points.emplace_back(positions[k], positions[k + 1], positions[k + 2]);
        if (!std::isfinite(positions[k]) || !std::isfinite(positions[k + 1]) || !std::isfinite(positions[k + 2]))
            throw ArgumentError("measureBackbone: expected finite coordinates, got others for " +
                protein.nameAtom((int) k / 3));
    }
    findAtoms(protein);
    for (int i = 0; i < (int) protein.residues.size(); i++) {
        Residue& residue = protein.residues[i];
        if (residue.n < 0 || residue.ca < 0 || residue.c < 0)
            throw ArgumentError("measureBackbone: expected atoms N, CA and C in each residue, got " + protein.name(i) +
                " without " + (residue.n < 0 ? "N" : residue.ca < 0 ? "CA" : "C"));
        for (int k = residue.begin; k < residue.end; k++)
            residue.reach = std::max(residue.reach, getLength(protein.points[k] - protein.points[residue.ca]));
    }
    return protein;
}

void measureLinks(const Protein& protein, BackboneReport& report) {
    const vector<Vec3>& p = protein.points;
    for (int i = 0; i < (int) protein.residues.size(); i++) {
        const Residue &residue = protein.residues[i], &next = protein.residues[protein.areLinked(i, i + 1) ? i + 1 : i];
        const bool isLinked = protein.areLinked(i, i + 1);
        report.caDistances.push_back(isLinked ? getLength(p[next.ca] - p[residue.ca]) : NONE);
        report.peptideLengths.push_back(isLinked ? getLength(p[next.n] - p[residue.c]) : NONE);
        report.omega.push_back(isLinked ? getDihedral(p[residue.ca], p[residue.c], p[next.n], p[next.ca]) : NONE);
        report.psi.push_back(isLinked ? getDihedral(p[residue.n], p[residue.ca], p[residue.c], p[next.n]) : NONE);
        if (std::abs(report.omega.back()) < 90)
            report.cisPeptides.push_back(i);
    }
}

void measureResidues(const Protein& protein, BackboneReport& report) {
    const vector<Vec3>& p = protein.points;
    for (int i = 0; i < (int) protein.residues.size(); i++) {
        const Residue& residue = protein.residues[i];
        const bool hasPrevious = protein.areLinked(i - 1, i);
        report.phi.push_back(hasPrevious ?
            getDihedral(p[protein.residues[i - 1].c], p[residue.n], p[residue.ca], p[residue.c]) : NONE);
        report.angles.push_back(getAngle(p[residue.n], p[residue.ca], p[residue.c]));
        double volume = NONE;
        if (residue.cb >= 0) {
            const Vec3 ca = p[residue.ca];
            volume = getUnit(p[residue.n] - ca).dot(getUnit(p[residue.c] - ca).cross(getUnit(p[residue.cb] - ca)));
        }
        report.chirality.push_back(volume);
        const bool isCis = hasPrevious && std::abs(report.omega[i - 1]) < 90;
        const string next = protein.areLinked(i, i + 1) ? protein.topology.residueNames[i + 1] : "";
        report.regions.push_back((int) findRamachandranRegion(protein.topology.residueNames[i], next, report.phi[i],
            report.psi[i], isCis));
    }
}

double measureHandedness(const Protein& protein) {
    double sum = 0;
    int number = 0;
    vector<Vec3> ca;
    for (int i = 0; i < (int) protein.residues.size(); i++) {
        ca.push_back(protein.points[protein.residues[i].ca]);
        if (protein.areLinked(i, i + 1))
            continue;
        sum += sumHandedness(ca);
        number += std::max((int) ca.size() - 3, 0);
        ca.clear();
    }
    return number > 0 ? sum / number : 0;
}

bool isPolar(int element) {
    return element == 7 || element == 8;
}

void findClashes(const Protein& protein, int i, int j, vector<std::pair<int, int>>& clashes) {
    const Residue &first = protein.residues[i], &second = protein.residues[j];
    const auto& atoms = protein.topology.atoms;
    // Atoms of neighbours are at most three bonds apart in the backbone; their side chains are looked at.
    const auto isBackbone = [&](int atom) {
        const string& name = atoms[atom].name;
        return name == "N" || name == "CA" || name == "C" || name == "O" || name == "CB" || name == "OXT";
    };
    for (int a = first.begin; a < first.end; a++)
        for (int b = second.begin; b < second.end; b++) {
            const int elementA = atoms[a].element, elementB = atoms[b].element;
            if (elementA < 2 || elementB < 2 || (protein.areLinked(i, j) && (isBackbone(a) || isBackbone(b))))
                continue;
            const double limit = isPolar(elementA) && isPolar(elementB) ? MIN_POLAR :
                isPolar(elementA) || isPolar(elementB) ? MIN_MIXED : MIN_OTHER;
            const Vec3 edge = protein.points[a] - protein.points[b];
            const bool isDisulfide = atoms[a].name == "SG" && atoms[b].name == "SG";
            if (edge.dot(edge) < limit * limit && !isDisulfide)
                clashes.emplace_back(a, b);
        }
}

} // namespace

BackboneReport measureBackbone(const TopologyRecord& topology, const vector<double>& positions) {
    Protein protein = readProtein(topology, positions);
    BackboneReport report;
    findLinks(protein, report.chainBreaks);
    measureLinks(protein, report);
    measureResidues(protein, report);
    report.handedness = measureHandedness(protein);
    const int n = (int) protein.residues.size();
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const Residue &first = protein.residues[i], &second = protein.residues[j];
            const Vec3 edge = protein.points[first.ca] - protein.points[second.ca];
            const double reach = first.reach + second.reach + MIN_OTHER;
            if (edge.dot(edge) < reach * reach)
                findClashes(protein, i, j, report.clashes);
        }
    return report;
}

int BackboneReport::getNumD() const {
    return (int) std::count_if(chirality.begin(), chirality.end(), [](double volume) { return volume < 0; });
}

int BackboneReport::getNumInRegion(RamachandranRegion region) const {
    return (int) std::count(regions.begin(), regions.end(), (int) region);
}

vector<string> BackboneReport::describeFaults(const TopologyRecord& topology) const {
    if (topology.residueNames.size() != regions.size())
        throw ArgumentError("BackboneReport::describeFaults: expected the topology of the report, of " +
            to_string(regions.size()) + " residues, got one of " + to_string(topology.residueNames.size()));
    const Protein protein{topology, {}, {}, {}};
    vector<string> result;
    for (int i = 0; i < (int) regions.size(); i++) {
        if (chirality[i] < 0)
            result.push_back(protein.name(i) + " is D");
        if (regions[i] == (int) RamachandranRegion::Outlier)
            result.push_back(protein.name(i) + " has phi " + to_string(std::lround(phi[i])) + " and psi " +
                to_string(std::lround(psi[i])) + ", an outlier");
    }
    for (int i : cisPeptides)
        result.push_back("the peptide bond after " + protein.name(i) + " is cis");
    for (int i : chainBreaks)
        result.push_back("the chain is broken after " + protein.name(i));
    for (const auto& [a, b] : clashes)
        result.push_back(protein.nameAtom(a) + " and " + protein.nameAtom(b) + " clash");
    return result;
}

} // namespace OrbitPlugin
