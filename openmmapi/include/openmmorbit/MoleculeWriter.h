// SPDX-License-Identifier: MIT
// Writes conformers as mol blocks and SD records.
#ifndef OPENMM_ORBIT_MOLECULEWRITER_H_
#define OPENMM_ORBIT_MOLECULEWRITER_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {

/**
 * Write one conformer as a mol block: V2000, or V3000 beyond 999 atoms or bonds. Aromatic rings are written with
 * alternating bonds, atoms keep their order, the title is the graph's name.
 *
 * @param graph       the molecule
 * @param positions   [numAtoms * 3], Angstrom
 * @return the mol block
 * @throws ArgumentError if the number of positions is not that of the graph, or one is not finite
 */
OPENMM_EXPORT_ORBIT std::string writeMolBlock(const MolecularGraph& graph, const std::vector<double>& positions);

/**
 * Write one conformer as a record of an SD file. The data items of the graph come first. Left out are those with a name
 * that is also in properties, and those named ORBIT_..., which are from an earlier run.
 *
 * @param graph        the molecule; parts of its title and data items that an SD file cannot hold are changed: line
 * ends
 *                     and brackets in names, and lines of values that would end the record or the value
 * @param positions    [numAtoms * 3], Angstrom
 * @param properties   data items; names without line ends and angle brackets, values without empty lines
 * @return mol block, data items and the final line $$$$
 * @throws ArgumentError as writeMolBlock(), and for a data item that an SD file cannot hold
 */
OPENMM_EXPORT_ORBIT std::string writeStructureRecord(const MolecularGraph& graph, const std::vector<double>& positions,
        const std::map<std::string, std::string>& properties = std::map<std::string, std::string>());

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULEWRITER_H_
