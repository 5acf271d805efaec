// SPDX-License-Identifier: MIT
// The JSON form of a TopologySubject.
#include "JsonReader.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/TopologySubject.h"
#include <limits>

namespace OrbitPlugin {

using nlohmann::json;
using std::string;
using std::vector;

namespace {

const int MAX_ELEMENT = 118;
const int MAX_INT = std::numeric_limits<int>::max();

json writeRanges(const vector<GeometryRange>& ranges, int numAtoms) {
    json rows = json::array();
    for (const GeometryRange& range : ranges) {
        json row = json::array();
        for (int k = 0; k < numAtoms; k++)
            row.push_back(range.atoms[k]);
        for (double value : {range.mean, range.deviation, range.lowest, range.highest})
            row.push_back(value);
        rows.push_back(row);
    }
    return rows;
}

vector<GeometryRange> readRanges(const JsonReader& reader, const string& name, int numRangeAtoms, int numAtoms) {
    vector<GeometryRange> ranges;
    for (const json& value : reader.findList(name)) {
        const json& row = reader.toRow(value, numRangeAtoms + 4, name);
        GeometryRange range;
        for (int k = 0; k < numRangeAtoms; k++)
            range.atoms[k] = (int) reader.toInt(row[k], 0, numAtoms - 1, name);
        range.mean = reader.toNumber(row[numRangeAtoms], name);
        range.deviation = reader.toNumber(row[numRangeAtoms + 1], name);
        range.lowest = reader.toNumber(row[numRangeAtoms + 2], name);
        range.highest = reader.toNumber(row[numRangeAtoms + 3], name);
        ranges.push_back(range);
    }
    return ranges;
}

void readAtoms(const JsonReader& reader, TopologySubject& subject) {
    const vector<int> elements = reader.readInts("elements", 0, MAX_ELEMENT);
    const vector<string> names = reader.readTexts("names");
    subject.residueNames = reader.readTexts("residueNames");
    subject.residueChains = reader.readInts("residueChains", 0, MAX_INT);
    subject.residues = reader.readInts("residues", 0, (int) subject.residueNames.size() - 1);
    subject.numTopologyAtoms = (int) reader.toInt(reader.find("numTopologyAtoms"), 1, MAX_INT, "numTopologyAtoms");
    subject.selection = reader.readInts("selection", 0, subject.numTopologyAtoms - 1);
    if (elements.empty() || names.size() != elements.size() || subject.residues.size() != elements.size() ||
            subject.selection.size() != elements.size())
        reader.refuse("one element, name, residue and index for each atom", "lists of different lengths");
    if (subject.residueChains.size() != subject.residueNames.size())
        reader.refuse("one chain for each residue", "lists of different lengths");
    for (size_t i = 0; i < elements.size(); i++) {
        GraphAtom atom;
        atom.element = elements[i];
        atom.name = names[i];
        subject.graph.atoms.push_back(atom);
    }
}

void readStereo(const JsonReader& reader, TopologySubject& subject) {
    const int last = subject.getNumAtoms() - 1;
    for (const json& value : reader.findList("bonds")) {
        const json& row = reader.toRow(value, 2, "bonds");
        subject.graph.bonds.push_back({(int) reader.toInt(row[0], 0, last, "bonds"),
            (int) reader.toInt(row[1], 0, last, "bonds"), BondOrder::None});
    }
    for (const json& value : reader.findList("centers")) {
        const json& row = reader.toRow(value, 5, "centers");
        TetrahedralStereo center;
        center.center = (int) reader.toInt(row[0], 0, last, "centers");
        for (int k = 0; k < 4; k++)
            center.neighbors[k] = (int) reader.toInt(row[k + 1], k < 3 ? 0 : -1, last, "centers");
        subject.graph.tetrahedral.push_back(center);
    }
    for (const json& value : reader.findList("axes")) {
        const json& row = reader.toRow(value, 5, "axes");
        TorsionStereo axis;
        for (int k = 0; k < 4; k++)
            axis.atoms[k] = (int) reader.toInt(row[k], 0, last, "axes");
        axis.kind = (TorsionStereoKind) reader.toInt(row[4], 1, 4, "axes");
        subject.graph.torsional.push_back(axis);
    }
}

} // namespace

string TopologySubject::toJson() const {
    json object = {{"residueNames", residueNames}, {"residueChains", residueChains}, {"residues", residues},
        {"selection", selection}, {"numTopologyAtoms", numTopologyAtoms}, {"numFrames", numFrames},
        {"bondRanges", writeRanges(bonds, 2)}, {"angleRanges", writeRanges(angles, 3)}};
    for (const char* name : {"elements", "names", "bonds", "centers", "axes", "contacts"})
        object[name] = json::array();
    for (const GraphAtom& atom : graph.atoms) {
        object["elements"].push_back(atom.element);
        object["names"].push_back(atom.name);
    }
    for (const GraphBond& bond : graph.bonds)
        object["bonds"].push_back({bond.atom1, bond.atom2});
    for (const TetrahedralStereo& center : graph.tetrahedral) {
        const auto& n = center.neighbors;
        object["centers"].push_back({center.center, n[0], n[1], n[2], n[3]});
    }
    for (const TorsionStereo& axis : graph.torsional)
        object["axes"].push_back({axis.atoms[0], axis.atoms[1], axis.atoms[2], axis.atoms[3], (int) axis.kind});
    for (const ContactRange& contact : contacts)
        object["contacts"].push_back({contact.element1, contact.element2, (int) contact.isNear, contact.lowest});
    try {
        return object.dump();
    }
    catch (const json::exception& error) {
        throw ArgumentError(string("TopologySubject::toJson: expected names in UTF-8, got ") + error.what());
    }
}

TopologySubject TopologySubject::fromJson(const string& text, const string& where) {
    const json object = parseJson(text);
    const JsonReader reader(object, where, "topology");
    TopologySubject subject;
    readAtoms(reader, subject);
    readStereo(reader, subject);
    subject.numFrames = reader.toInt(reader.find("numFrames"), 0, std::numeric_limits<long long>::max(), "numFrames");
    subject.bonds = readRanges(reader, "bondRanges", 2, subject.getNumAtoms());
    subject.angles = readRanges(reader, "angleRanges", 3, subject.getNumAtoms());
    for (const json& value : reader.findList("contacts")) {
        const json& row = reader.toRow(value, 4, "contacts");
        subject.contacts.push_back({(int) reader.toInt(row[0], 0, MAX_ELEMENT, "contacts"),
            (int) reader.toInt(row[1], 0, MAX_ELEMENT, "contacts"), reader.toInt(row[2], 0, 1, "contacts") == 1,
            reader.toNumber(row[3], "contacts")});
    }
    return subject;
}

} // namespace OrbitPlugin
