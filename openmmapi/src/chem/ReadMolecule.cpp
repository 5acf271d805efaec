// SPDX-License-Identifier: MIT
// Reads one molecule from SMILES or from a mol block.
#include "Molecules.h"
#include "TextLines.h"
#include <GraphMol/FileParsers/FileParsers.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/SmilesParse/SmilesParse.h>
#include <algorithm>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;

/** No SMILES of 2,000 atoms comes near this length; longer mol blocks are measured before they are understood. */
static const std::size_t MAX_TEXT_LENGTH = 100000;

static void checkOptions(const string& function, const ReaderOptions& options) {
    if (options.maxAtoms < 1 || options.maxAtoms > 2000)
        throw ArgumentError(function + ": expected maxAtoms of 1 to 2000, got " + to_string(options.maxAtoms));
}

static string toPrintable(string text) {
    std::replace_if(
            text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return text;
}

static string quote(const string& text) {
    return "\"" + shorten(text, 200) + "\"";
}

/** Sanitize a molecule that was parsed. */
static std::unique_ptr<RDKit::RWMol> sanitizeParsed(const RDKit::RWMol& mol, const Origin& origin,
        const string& expected) {
    return callRDKit(origin, expected, [&]() {
        auto sanitized = std::make_unique<RDKit::RWMol>(mol);
        sanitize(*sanitized);
        return sanitized.release(); // callRDKit() takes ownership.
    });
}

std::unique_ptr<RDKit::RWMol> chem::parseSmiles(const string& smiles, const ReaderOptions& options,
        const Origin& origin) {
    // This RDKit's parser stops at the first other character and returns what it has.

    if (smiles != toPrintable(smiles))
        throw ArgumentError(origin.function + ": expected ASCII characters in a SMILES, got " +
            quote(toPrintable(smiles)) + " with others in the place of \"?\"");
    RDKit::SmilesParserParams parameters;
    parameters.removeHs = false;
    parameters.sanitize = false;
    parameters.allowCXSMILES = false;
    parameters.parseName = false;
    const string expected = "a valid SMILES";
    const auto mol = callRDKit(origin, expected, [&]() { return RDKit::SmilesToMol(smiles, parameters); });

    // RDKit's perception of a molecule that is far too large takes minutes.

    checkSize(*mol, options, origin, "");
    return sanitizeParsed(*mol, origin, expected);
}

MolecularGraph OrbitPlugin::readSmiles(const string& smiles, const ReaderOptions& options) {
    checkOptions("readSmiles", options);
    const std::size_t first = smiles.find_first_not_of(" \t\r\n");
    if (first == string::npos)
        throw ArgumentError("readSmiles: expected a SMILES, got an empty text");
    if (smiles.size() > MAX_TEXT_LENGTH)
        throw ArgumentError("readSmiles: expected at most " + to_string(MAX_TEXT_LENGTH) + " characters, got " +
            to_string(smiles.size()) + "; molecules have at most " + to_string(options.maxAtoms) + " atoms");
    const std::size_t end = std::min(smiles.find_first_of(" \t\r\n", first), smiles.size());
    const string core = smiles.substr(first, end - first);
    const Origin origin{"readSmiles", quote(core)};

    // What follows the SMILES is the name, except for the extensions that some programs write between bars.

    string name = smiles.substr(std::min(smiles.find_first_not_of(" \t", end), smiles.size()));
    const std::size_t bar = name.empty() || name[0] != '|' ? string::npos : name.find('|', 1);
    if (bar != string::npos) {
        checkSmilesExtensions(name.substr(1, bar - 1), origin);
        name.erase(0, bar + 1);
    }
    MolecularGraph graph = recordFromMol(*parseSmiles(core, options, origin), options, origin).graph;
    name.erase(0, std::min(name.find_first_not_of(" \t\r\n"), name.size()));
    name.erase(name.find_last_not_of(" \t\r\n") + 1);
    graph.name = name;
    return graph;
}

MoleculeRecord OrbitPlugin::readMolBlockRecord(const string& block, const ReaderOptions& options) {
    checkOptions("readMolBlock", options);
    if (block.find_first_not_of(" \t\r\n") == string::npos)
        throw ArgumentError("readMolBlock: expected a mol block, got an empty text");
    const Origin origin{"readMolBlock", "the block titled " + quote(block.substr(0, block.find_first_of("\r\n")))};
    const string expected = "a valid mol block";
    auto mol = callRDKit(origin, expected, [&]() { return RDKit::MolBlockToMol(block, false, false, true); });
    checkSize(*mol, options, origin, "");
    mol = sanitizeParsed(*mol, origin, expected);

    // Wedges became tags of atoms; the sides of double bonds want rings, which are known now.

    RDKit::MolOps::clearSingleBondDirFlags(*mol);
    RDKit::MolOps::detectBondStereochemistry(*mol);
    return recordFromMol(*mol, options, origin);
}

MolecularGraph OrbitPlugin::readMolBlock(const string& block, const ReaderOptions& options) {
    return readMolBlockRecord(block, options).graph;
}
