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

/** Describe an atom for messages: its index and element. */
std::string describeAtom(const RDKit::Atom& atom);

/** Refuse a molecule without atoms or with more than the options allow. The note follows the number in the message. */
void checkSize(const RDKit::ROMol& mol, const ReaderOptions& options, const Origin& origin, const std::string& note);

/** RDKit's sanitization without its clean-up of chiral tags, which drops those of sulfur in conjugation. */
void sanitize(RDKit::RWMol& mol);

/** Property of atoms and bonds whose label RDKit drops, but which may say something: readStereo() looks closer. */
inline const std::string DOUBTFUL = "_orbitDoubtful";

/** Where the configurations of a molecule stand. */
enum class StereoSource { None, Labels, Coordinates };

/**
 * Settle the chiral tags and the stereo of the double bonds of a molecule with all hydrogens.
 *
 * @param mol      made by sanitize()
 * @param source   whether they are what labels say or what coordinates show; None drops all
 * @throws ArgumentError naming the atom and the reason if a label cannot be kept
 */
void perceiveStereo(RDKit::RWMol& mol, StereoSource source, const Origin& origin);

/** Remove chiral tags, the stereo of double bonds and the directions of their neighbours. */
void dropLabels(RDKit::RWMol& mol);

/** Tell RDKit that stereochemistry is settled, so that nothing perceives it anew. */
void markPerceived(RDKit::RWMol& mol);

/**
 * Read a SMILES without blanks; hydrogens stay as they are written, labels of stereochemistry wait for
 * perceiveStereo().
 *
 * @throws ArgumentError for a wrong SMILES and one of too many atoms
 */
std::unique_ptr<RDKit::RWMol> parseSmiles(const std::string& smiles, const ReaderOptions& options,
        const Origin& origin);

/**
 * Check what stands between the bars behind a SMILES.
 *
 * @throws ArgumentError naming the first part that would change the molecule, e.g. a racemate
 */
void checkSmilesExtensions(const std::string& extensions, const Origin& origin);

/**
 * Turn a sanitized RDKit molecule into a record: hydrogens are added, stereochemistry is read, coordinates are copied.
 *
 * @param mol   the molecule, changed: hydrogens are appended
 * @throws ArgumentError for what MolecularGraph cannot hold
 */
MoleculeRecord recordFromMol(RDKit::RWMol& mol, const ReaderOptions& options, const Origin& origin);

/**
 * Fill the stereo records of a graph from the chiral tags and bond stereo of a molecule with all hydrogens, in
 * canonical form. Coordinates [numAtoms * 3], if there are any, show atropisomers. Labels that coordinates gave, and
 * doubtful ones, are dropped where they say nothing: the molecule with such a label inverted is the same.
 */
void readStereo(const RDKit::ROMol& mol, const std::vector<double>& positions, MolecularGraph& graph);

/**
 * Make a sanitized RDKit molecule with all atoms of a graph in its order, stereochemistry included.
 *
 * @throws ArgumentError if RDKit refuses the graph
 */
std::unique_ptr<RDKit::RWMol> molFromGraph(const MolecularGraph& graph, const Origin& origin);

/** Write the stereo records of a graph into a molecule made from it; other labels of the molecule are removed. */
void writeStereo(const MolecularGraph& graph, RDKit::RWMol& mol);

/** Get the canonical SMILES without hydrogens of a molecule. */
std::string canonicalSmiles(const RDKit::ROMol& mol, bool isomeric);

} // namespace chem
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULES_H_
