// SPDX-License-Identifier: MIT
// Topology records: lines of residues, atoms and bonds made into a record. See README.md beside it.
#include "Fuzz.h"
#include "openmmorbit/TopologyReader.h"
#include <sstream>

using namespace OrbitPlugin;

/** Read lines: "R name [SMILES]" a residue, "A name element charge" an atom of the last one, "B atom atom order". */
static TopologyRecord parse(const std::string& text) {
    TopologyRecord record;
    std::istringstream lines(text);
    std::string line, kind, name;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        words >> kind;
        if (kind == "R" && words >> name) {
            record.residueNames.push_back(name);
            std::string smiles;
            if (words >> smiles)
                record.smiles[name] = smiles;
        }
        TopologyAtom atom;
        if (kind == "A" && words >> atom.name >> atom.element) {
            words >> atom.formalCharge;
            atom.residue = (int) record.residueNames.size() - 1;
            record.atoms.push_back(atom);
        }
        TopologyBond bond;
        if (kind == "B" && words >> bond.atom1 >> bond.atom2) {
            words >> bond.order;
            record.bonds.push_back(bond);
        }
    }
    return record;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const TopologyRecord record = parse(std::string((const char*) data, size));
    expectOnly<ArgumentError>([&] { readTopology(record).validate(); });
    ReaderOptions strict;
    strict.addHydrogens = false;
    expectOnly<ArgumentError>([&] { readTopology(record, strict).validate(); });
    return 0;
}
