// SPDX-License-Identifier: MIT
// Writes conformers as mol blocks and SD records, through RDKit.
#include "openmmorbit/MoleculeWriter.h"
#include "DataItems.h"
#include "Molecules.h"
#include <GraphMol/Chirality.h>
#include <GraphMol/Conformer.h>
#include <GraphMol/FileParsers/FileParsers.h>
#include <algorithm>
#include <cmath>
#include <sstream>

using namespace OrbitPlugin;
using std::string;
using std::to_string;
using std::vector;

/** Names of data items that tell where a conformer comes from; those of an earlier run do not hold any more. */
static const char* const OWN_PREFIX = "ORBIT_";

static void checkPositions(const string& function, const MolecularGraph& graph, const vector<double>& positions) {
    if (positions.size() != 3 * graph.atoms.size())
        throw ArgumentError(function + ": expected " + to_string(3 * graph.atoms.size()) +
                " coordinates for the molecule " + graph.getLabel() + ", got " + to_string(positions.size()));
    const auto wrong = std::find_if(positions.begin(), positions.end(), [](double x) { return !(std::fabs(x) < 1e4); });
    if (wrong != positions.end())
        throw ArgumentError(function + ": expected finite coordinates below 10000 Angstrom, got " + to_string(*wrong) +
                " at atom " + to_string((wrong - positions.begin()) / 3) + " of the molecule " + graph.getLabel());
}

static void checkItem(const string& name, const string& value) {
    if (name.empty() || name.find_first_of("<>\r\n") != string::npos)
        throw ArgumentError(
                "writeStructureRecord: expected the name of a data item without angle brackets and line ends, got \"" +
                name + "\"");
    std::istringstream lines(value + "\n");
    for (string line; std::getline(lines, line);)
        if ((line.empty() && !value.empty()) || line.rfind("$$$$", 0) == 0 || line.rfind('>', 0) == 0)
            throw ArgumentError("writeStructureRecord: expected a value without empty lines and without \"$$$$\" or "
                                "\">\" at the start "
                                "of a line for the data item \"" +
                    name + "\", got \"" + value + "\"");
}

string OrbitPlugin::writeMolBlock(const MolecularGraph& graph, const vector<double>& positions) {
    checkPositions("writeMolBlock", graph, positions);
    const chem::Origin origin{"writeMolBlock", graph.getLabel()};
    auto mol = chem::molFromGraph(graph, origin);

    mol->setProp(RDKit::common_properties::_Name, chem::toTitle(graph.name));
    auto conformer = std::make_unique<RDKit::Conformer>((unsigned int) graph.getNumAtoms());
    conformer->set3D(true);
    for (int i = 0; i < graph.getNumAtoms(); i++)
        conformer->setAtomPos(i, RDGeom::Point3D(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]));
    mol->addConformer(conformer.release(), true); // The molecule takes ownership.

    // Without ranks RDKit marks bonds as "either" that have no two configurations, even that of ethene.

    return chem::guardRDKit(origin, "a molecule that a mol block can hold", [&]() {
        RDKit::UINT_VECT ranks;
        RDKit::Chirality::assignAtomCIPRanks(*mol, ranks);
        return RDKit::MolToMolBlock(*mol);
    });
}

string OrbitPlugin::writeStructureRecord(
        const MolecularGraph& graph, const vector<double>& positions, const std::map<string, string>& properties) {
    string record = writeMolBlock(graph, positions);
    for (const auto& [name, value] : graph.properties)
        if (properties.count(name) == 0 && name.rfind(OWN_PREFIX, 0) != 0)
            record += chem::writeDataItem(name, value);
    for (const auto& [name, value] : properties) {
        checkItem(name, value);
        record += "> <" + name + ">\n" + value + "\n\n";
    }
    return record + "$$$$\n";
}
