// SPDX-License-Identifier: MIT
// Writes the tables of the inspection from SD files of minima: MeasureGeometry openmmapi/src/check <SD file>...
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/internal/GeometryTerms.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

using namespace OrbitPlugin;
using std::string;
using std::vector;

namespace {

/**
 * Of a class of many molecules, two whose centres lie deeper outside than those of all others by this gap are left out:
 * minima of isomers that cannot exist. Minima of other kinds are all taken.
 */
const size_t MANY_MOLECULES = 50;
const double GAP = 0.08;
/** By kind: a class is left out if neither of its extremes is nearer by so much than those of the wider class. */
const std::array<double, NUM_GEOMETRY_KINDS> GAINS = {0.03, 10, 0.05, 8, 8, 0.03, 8, 6};

struct Range {
    double lowest = 1e30, highest = -1e30;
};

/** The values of one class. */
struct Values {
    GeometryKind kind = GeometryKind::Bond;
    vector<string> wider;           // names of the wider classes, the next one first
    size_t minMolecules = 0;        // for a row
    long long count = 0;
    double sum = 0, squares = 0;
    std::map<int, Range> molecules;
    double lowest = 0, highest = 0; // without what is left out
};

using Classes = std::map<string, Values>;

void addValue(Values& values, int molecule, double value) {
    values.count++;
    values.sum += value;
    values.squares += value * value;
    Range& range = values.molecules[molecule];
    range.lowest = std::min(range.lowest, value);
    range.highest = std::max(range.highest, value);
}

void findExtremes(Values& values) {
    vector<double> low;
    values.highest = -1e30;
    for (const auto& entry : values.molecules) {
        low.push_back(entry.second.lowest);
        values.highest = std::max(values.highest, entry.second.highest);
    }
    std::sort(low.begin(), low.end());
    size_t first = 0;
    if (values.kind == GeometryKind::Centre && low.size() >= MANY_MOLECULES)
        for (size_t k = 0; k < 2; k++)
            if (low[k + 1] - low[k] > GAP)
                first = k + 1;
    values.lowest = low[first];
}

bool isUseful(const Classes& classes, const Values& values) {
    if (values.molecules.size() < values.minMolecules)
        return false;
    for (const string& name : values.wider) {
        const Values& wider = classes.at(name);
        const double gain = GAINS[(int) values.kind];
        if (wider.molecules.size() >= wider.minMolecules)
            return values.lowest - wider.lowest > gain || wider.highest - values.highest > gain;
    }
    return true;
}

string formatRow(const string& name, const Values& values) {
    const double mean = values.sum / values.count;
    const double spread = std::sqrt(std::max(0.0, values.squares / values.count - mean * mean));
    const GeometryKind kind = values.kind;
    const bool degrees =
            kind != GeometryKind::Bond && kind != GeometryKind::Pyramid && kind != GeometryKind::Centre;
    std::ostringstream text;
    text.precision(degrees ? 1 : 3);
    text << std::fixed << "{\"" << name << "\"," << values.molecules.size();
    for (double value : {mean, spread, values.lowest, values.highest})
        text << "," << (std::abs(value) < (degrees ? 0.05 : 0.0005) ? 0.0 : value);
    return text.str() + "}";
}

/** Get the table of a class of angles: a comma stands between neighbours. */
string getAngleTable(const string& className) {
    if (className.find(',') == string::npos)
        return "Angle";
    return className.compare(0, 2, "C,") == 0 ? "CarbonAngle" : "NeighborAngle";
}

/** Write a table; of angles, those classes that belong to it. */
void writeTable(const string& folder, const string& name, const string& what, const Classes& classes) {
    const bool angles = name.find("Angle") != string::npos;
    std::ofstream file(folder + "/" + name + "Table.cpp");
    file << "// SPDX-License-Identifier: MIT\n// " << what
         << " of minima, written by MeasureGeometry.\n// Class, molecules, mean, spread, lowest, highest.\n"
         << "// clang-format off\n#include \"GeometryTables.h\"\n\nusing namespace OrbitPlugin;\n\n"
         << "static const GeometryRow ROWS[] = {";
    string line;
    for (const auto& entry : classes) {
        if ((angles && getAngleTable(entry.first) != name) || !isUseful(classes, entry.second))
            continue;
        const string row = formatRow(entry.first, entry.second) + ",";
        if (line.empty() || line.size() + row.size() > 118) {
            file << line << "\n";
            line = "    ";
        }
        else
            line += " ";
        line += row;
    }
    file << line << "\n};\n\nArrayView<const GeometryRow> OrbitPlugin::get" << name
         << "Table() {\n    return ArrayView<const GeometryRow>(ROWS, sizeof(ROWS) / sizeof(ROWS[0]));\n}\n";
}

/** Add the shapes of one conformer to the tables of bonds, angles, and other shapes. */
void addConformer(std::array<Classes, 3>& tables, int molecule, const MoleculeRecord& record) {
    for (const GeometryTerm& term : listGeometryTerms(record.graph)) {
        const double value = measure(term, record.positions);
        for (size_t k = 0; k < term.classes.size(); k++) {
            Values& values = tables[std::min((int) term.kind, 2)][term.classes[k]];
            values.kind = term.kind;
            if (values.count == 0)
                values.wider.assign(term.classes.begin() + k + 1, term.classes.end());

            // Lengths of a pair of elements and an order help the rule, however few they are.

            const bool pair = term.kind == GeometryKind::Bond && k + 1 == term.classes.size();
            values.minMolecules = pair || (term.isRare && k == 0) ? 1 : MIN_CLASS_MOLECULES;
            addValue(values, molecule, value);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::cerr << "MeasureGeometry: expected a folder and SD files, got " << argc - 1 << " arguments\n";
        return 2;
    }
    std::array<Classes, 3> tables;
    std::map<string, int> molecules;
    int numConformers = 0;
    for (int i = 2; i < argc; i++) {
        MoleculeReader reader(argv[i]);
        MoleculeRecord record;
        while (reader.next(record)) {
            if (!record.error.empty() || record.positions.empty())
                continue;
            const int molecule = molecules.emplace(flatSmiles(record.graph), (int) molecules.size()).first->second;
            numConformers++;
            addConformer(tables, molecule, record);
        }
    }
    for (Classes& classes : tables)
        for (auto& entry : classes)
            findExtremes(entry.second);
    writeTable(argv[1], "Bond", "Bond lengths (Angstrom)", tables[0]);
    const string byNeighbors = "Angles (degrees) by centre and neighbours, the first of them ";
    writeTable(argv[1], "CarbonAngle", byNeighbors + "carbon,", tables[1]);
    writeTable(argv[1], "NeighborAngle", byNeighbors + "not carbon,", tables[1]);
    writeTable(argv[1], "Angle", "Angles (degrees) by centre", tables[1]);
    writeTable(argv[1], "Shape", "Planes, twists (degrees) and depths", tables[2]);
    std::cout << numConformers << " conformers of " << molecules.size() << " molecules\n";
    return 0;
}
