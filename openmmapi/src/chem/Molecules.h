// SPDX-License-Identifier: MIT
// The door between RDKit's molecules and ours; only the reading room and the relaxation field look through it.
#ifndef OPENMM_ORBIT_MOLECULES_H_
#define OPENMM_ORBIT_MOLECULES_H_

#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include <GraphMol/RDKitBase.h>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace OrbitPlugin {
namespace chem {

/** Where molecules come from, for messages: the name of the public function and the text the user gave. */
struct Origin {
    std::string function;   ///< e.g. "readSmiles"
    std::string text;       ///< e.g. "\"CCO\"", in quotes
};

/**
 * Call RDKit. Its exceptions, a null result and its log become an ArgumentError with our sentence first.
 *
 * @param origin     for the message
 * @param expected   what the user should have given, e.g. "a valid SMILES"
 * @param call       makes a molecule; called a second time with the log captured if it fails
 */
std::unique_ptr<RDKit::RWMol> callRDKit(const Origin& origin, const std::string& expected,
        const std::function<RDKit::RWMol*()>& call);

/**
 * Call something that may throw RDKit's exceptions; they become an ArgumentError with our sentence first, ours pass.
 *
 * @param expected   what the user should have given
 */
template <class Call>
auto guardRDKit(const Origin& origin, const std::string& expected, Call call) -> decltype(call()) {
    try {
        return call();
    }
    catch (const OpenMM::OpenMMException&) {
        throw;
    }
    catch (const std::exception& error) {
        throw ArgumentError(
                origin.function + ": expected " + expected + ", got " + origin.text + "; RDKit says: " + error.what());
    }
}

/** Refuse a molecule without atoms or with more than the options allow. The note follows the number in the message. */
void checkSize(const RDKit::ROMol& mol, const ReaderOptions& options, const Origin& origin, const std::string& note);

/**
 * Turn a sanitized RDKit molecule into a record: hydrogens are added, stereochemistry is read, coordinates are copied.
 *
 * @param mol   the molecule, changed: hydrogens are appended
 * @throws ArgumentError for what MolecularGraph cannot hold
 */
MoleculeRecord recordFromMol(RDKit::RWMol& mol, const ReaderOptions& options, const Origin& origin);

/**
 * Fill the stereo records of a graph from the chiral tags and bond stereo of a molecule with all hydrogens, in
 * canonical form. Coordinates [numAtoms * 3], if there are any, show atropisomers.
 */
void readStereo(const RDKit::ROMol& mol, const std::vector<double>& positions, MolecularGraph& graph);

/**
 * Make a sanitized RDKit molecule with all atoms of a graph in its order, stereochemistry included.
 *
 * @throws ArgumentError if RDKit refuses the graph
 */
std::unique_ptr<RDKit::RWMol> molFromGraph(const MolecularGraph& graph, const Origin& origin);

/** Write the stereo records of a graph into a molecule made from it. */
void writeStereo(const MolecularGraph& graph, RDKit::RWMol& mol);

/** Get the canonical SMILES without hydrogens of a molecule. */
std::string canonicalSmiles(const RDKit::ROMol& mol, bool isomeric);

} // namespace chem
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULES_H_
