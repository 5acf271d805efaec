// SPDX-License-Identifier: MIT
// The lines of a file of SMILES: which column is the SMILES, which the name, and what the others are called.
#ifndef OPENMM_ORBIT_SMILESLINES_H_
#define OPENMM_ORBIT_SMILESLINES_H_

#include "DataItems.h"
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace chem {

/** One line of a file of SMILES. */
struct SmilesLine {
    std::string smiles; ///< with the extension that some programs write between bars
    std::string name; ///< may be empty
    DataItems items; ///< further columns that are not empty
};

/** Understands the lines of one file. */
class SmilesLineReader {
public:
    /**
     * Take the first line if it is a header: its first word contains "smiles", and its words name the columns.
     *
     * @return whether it is one
     */
    bool takeHeader(const std::string& line);
    /**
     * Read a line. Its columns are separated by tabs, or by white space if a header has as many words; otherwise all
     * that follows the SMILES is the name.
     *
     * @param line   without white space at its ends, not empty
     */
    SmilesLine read(const std::string& line) const;

private:
    std::vector<std::string> header;
    int nameColumn = 1;
};

} // namespace chem
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SMILESLINES_H_
