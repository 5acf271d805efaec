// SPDX-License-Identifier: MIT
// Reads molecules from SMILES, mol blocks and files of many records; a bad record does not stop the others.
#ifndef OPENMM_ORBIT_MOLECULEREADER_H_
#define OPENMM_ORBIT_MOLECULEREADER_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Settings of the readers. */
struct OPENMM_EXPORT_ORBIT ReaderOptions {
    bool addHydrogens = true;   ///< append missing hydrogens; if false, a record that lacks some is refused
    /** Read stereochemistry from three-dimensional coordinates; if false, such records have none */
    bool stereoFrom3D = true;
    int maxAtoms = 2000;        ///< refuse larger molecules, hydrogens included; 1 to 2,000
    /**
     * Of several fragments keep the largest one; if false, several are refused. One with carbon counts as larger than
     * one without; then the number of heavy atoms decides, then the mass, then the order of the SMILES.
     */
    bool keepLargestFragment = false;
    /** Take several fragments as they are, in one graph that validate() refuses, because it is not connected */
    bool keepAllFragments = false;
};

/** One record of a file. */
struct OPENMM_EXPORT_ORBIT MoleculeRecord {
    MolecularGraph graph;                           ///< empty if the record has an error
    std::vector<double> positions;                  ///< [numAtoms * 3], Angstrom; empty without coordinates in 3D
    std::map<std::string, std::string> properties;  ///< data items of the record
    std::string error;                              ///< why the record could not be read; empty if it was
    int index = 0;                                  ///< number of the record in its file, from 0
};

/**
 * Read a molecule from SMILES, optionally followed by white space and a name.
 *
 * @param smiles    the SMILES; hydrogens written as atoms keep their place, the others are appended
 * @param options   settings of the reader
 * @return a validated graph
 * @throws ArgumentError for SMILES that cannot be understood, dummy atoms, several fragments, no atoms, too many atoms
 */
OPENMM_EXPORT_ORBIT MolecularGraph readSmiles(
        const std::string& smiles, const ReaderOptions& options = ReaderOptions());

/**
 * Read a molecule from a mol block (V2000 or V3000). The order of the atoms is kept.
 *
 * @param block     the text of the mol block
 * @param options   settings of the reader
 * @return a validated graph
 * @throws ArgumentError for a block that cannot be understood, dummy or query atoms, several fragments, no atoms, too
 *                       many atoms
 */
OPENMM_EXPORT_ORBIT MolecularGraph readMolBlock(
        const std::string& block, const ReaderOptions& options = ReaderOptions());

/**
 * Read a molecule with its coordinates from a mol block.
 *
 * @return the record; its positions are empty if the block has no coordinates in three dimensions
 * @throws ArgumentError as readMolBlock()
 */
OPENMM_EXPORT_ORBIT MoleculeRecord readMolBlockRecord(const std::string& block,
        const ReaderOptions& options = ReaderOptions());

/**
 * Get the SMILES by which molecules are compared whatever their stereochemistry: RDKit's canonical SMILES without
 * hydrogens, isotopes and stereochemistry.
 */
OPENMM_EXPORT_ORBIT std::string flatSmiles(const MolecularGraph& graph);

/**
 * Reads the records of a file one after another: .sdf, .sd, .mol, .smi, .smiles, .ism, each also with .gz. Lines end
 * with LF, CR LF or CR. What is not UTF-8 is read as Windows-1252 (Latin-1). The graph of a record has its title as
 * name and its data items as properties. A file of SMILES may have further columns, separated by tabs: the second one
 * is the name, unless a first line "SMILES ..." says otherwise, and the others become properties.
 */
class OPENMM_EXPORT_ORBIT MoleculeReader {
public:
    /**
     * Open a file.
     *
     * @param path      the file's path; its ending tells the format
     * @param options   settings of the readers
     * @throws ArgumentError if the file cannot be opened, is empty or no text, or the ending is unknown
     */
    explicit MoleculeReader(const std::string& path, const ReaderOptions& options = ReaderOptions());
    ~MoleculeReader();
    MoleculeReader(MoleculeReader&&) noexcept;
    MoleculeReader& operator=(MoleculeReader&&) noexcept;
    /**
     * Read the next record. If it cannot be read, its `error` gives the number, the title and the reason. A file
     * without records gives one record with an error that says so.
     *
     * @param record   the record, replaced
     * @return false at the end of the file
     */
    bool next(MoleculeRecord& record);
    /** Read all records that are left. */
    std::vector<MoleculeRecord> readAll();
private:
    struct Impl;
    std::unique_ptr<Impl> impl;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULEREADER_H_
