# SPDX-License-Identifier: MIT
"""Ways out of an Ensemble: Topology, RDKit and OpenFF molecules, files, a place in a Modeller.

openmm.app takes half as long to import as a conformer to make, so only functions that need it do.
"""
import copy
import gzip

import numpy as np
from openmm import unit

from openmmorbit import molecules, orbit

_rdkitBonds = {orbit.BondOrder_Single: "SINGLE", orbit.BondOrder_Double: "DOUBLE", orbit.BondOrder_Triple: "TRIPLE",
               orbit.BondOrder_Aromatic: "AROMATIC", orbit.BondOrder_Dative: "DATIVE"}
_openmmBonds = {orbit.BondOrder_Single: ("Single", 1), orbit.BondOrder_Double: ("Double", 2),
                orbit.BondOrder_Triple: ("Triple", 3), orbit.BondOrder_Aromatic: ("Aromatic", None)}


def makeTopology(graph, residueName="UNL"):
    """Make an openmm.app.Topology of a molecule: one chain, one residue, bonds with types and orders.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    residueName : str
        Name of the residue.
    """
    from openmm import app

    topology = app.Topology()
    residue = topology.addResidue(residueName, topology.addChain("A"))
    atoms = [topology.addAtom(atom.name or f"{index + 1}", app.Element.getByAtomicNumber(atom.element), residue,
                              formalCharge=atom.formalCharge) for index, atom in enumerate(graph.atoms)]
    for bond in graph.bonds:
        kind, order = _openmmBonds.get(bond.order, (None, None))
        topology.addBond(atoms[bond.atom1], atoms[bond.atom2], kind and getattr(app, kind), order)
    return topology


def _rdkitSkeleton(graph):
    """Make a sanitized rdkit.Chem.RWMol of a graph, without conformers and stereochemistry."""
    Chem = molecules.requireRDKit("Ensemble.toRDKit")

    mol = Chem.RWMol()
    for entry in graph.atoms:
        atom = Chem.Atom(entry.element)
        atom.SetFormalCharge(entry.formalCharge)
        atom.SetIsotope(entry.isotope)
        atom.SetNoImplicit(True)
        atom.SetIsAromatic(entry.aromatic)
        mol.AddAtom(atom)
    for bond in graph.bonds:
        mol.AddBond(bond.atom1, bond.atom2, getattr(Chem.BondType, _rdkitBonds[bond.order]))
        if bond.order == orbit.BondOrder_Aromatic:
            mol.GetBondBetweenAtoms(bond.atom1, bond.atom2).SetIsAromatic(True)
    Chem.SanitizeMol(mol)
    mol.SetProp("_Name", graph.name)
    return mol


def _tagAtropisomers(mol, graph, Chem):
    """Tag the axes as RDKit does: clockwise if the dihedral of the lowest indices on either side is positive."""
    kinds = {orbit.TorsionStereoKind_AtropisomerPlus: "STEREOATROPCW",
             orbit.TorsionStereoKind_AtropisomerMinus: "STEREOATROPCCW"}
    for record in graph.torsional:
        a, b, c, d = record.atoms
        lowest = [min(n.GetIdx() for n in mol.GetAtomWithIdx(end).GetNeighbors() if n.GetIdx() != other)
                  for end, other in ((b, c), (c, b))]
        if record.kind in kinds and [a, d] == lowest:
            bond = mol.GetBondBetweenAtoms(b, c)
            bond.SetStereoAtoms(*(lowest if bond.GetBeginAtomIdx() == b else lowest[::-1]))
            bond.SetStereo(getattr(Chem.BondStereo, kinds[record.kind]))


def toRDKit(ensemble):
    """Make one rdkit.Chem.Mol with all atoms in the ensemble's order and all conformers, in Angstrom.

    Stereochemistry is read from the first conformer, where the request specifies it; what the request leaves open stays
    open.
    """
    Chem = molecules.requireRDKit("Ensemble.toRDKit")

    graph = ensemble.graph
    mol = _rdkitSkeleton(graph)
    for positions in ensemble.positions.value_in_unit(unit.angstrom):
        conformer = Chem.Conformer(ensemble.numAtoms)
        conformer.SetPositions(np.ascontiguousarray(positions))
        conformer.Set3D(True)
        mol.AddConformer(conformer, assignId=True)
    if len(ensemble) == 0:
        return mol.GetMol()
    centers = {record.center for record in graph.tetrahedral}
    axes = {frozenset(record.atoms[1:3]) for record in graph.torsional}
    Chem.AssignStereochemistryFrom3D(mol, 0, replaceExistingTags=True)
    for atom in mol.GetAtoms():
        if atom.GetIdx() not in centers:
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
            atom.ClearProp("_CIPCode")
    for bond in mol.GetBonds():
        bond.SetBondDir(Chem.BondDir.NONE)
        if frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())) not in axes:
            bond.SetStereo(Chem.BondStereo.STEREONONE)
    _tagAtropisomers(mol, graph, Chem)
    # Directions on the neighbours let the stereo of a double bond survive the removal of hydrogens.
    Chem.SetDoubleBondNeighborDirections(mol)
    return mol.GetMol()


def toOpenFF(ensemble, source=None):
    """Make an openff.toolkit.Molecule with all conformers.

    Parameters
    ----------
    ensemble : openmmorbit.Ensemble
    source : object, optional
        The OpenFF molecule that the ensemble was made of: a copy of it gets the conformers.
    """
    if source is not None and hasattr(source, "to_rdkit") and hasattr(source, "add_conformer"):
        if getattr(source, "n_atoms", ensemble.numAtoms) == ensemble.numAtoms:
            molecule = copy.deepcopy(source)
            for positions in ensemble.positions:
                molecule.add_conformer(_openffLengths(positions))
            return molecule
    try:
        from openff.toolkit import Molecule
    except ImportError as error:
        raise ImportError("Ensemble.toOpenFF: the OpenFF toolkit is not installed; install it with "
                          "'conda install -c conda-forge openff-toolkit', or use toRDKit()") from error
    return Molecule.from_rdkit(toRDKit(ensemble), allow_undefined_stereo=True, hydrogens_are_explicit=True)


def _openffLengths(positions):
    try:
        from openff.units import Quantity
    except ImportError:
        return positions
    return Quantity(positions.value_in_unit(unit.angstrom), "angstrom")


def _check(ensemble, path):
    if len(ensemble) == 0:
        raise ValueError(f"Ensemble: expected at least one conformer to write to '{path}', got none")


def writePDB(ensemble, path):
    """Write all conformers as the models of a PDB file."""
    from openmm import app

    _check(ensemble, path)
    with open(path, "w", encoding="utf-8") as stream:
        app.PDBFile.writeHeader(ensemble.topology, stream)
        for index, conformer in enumerate(ensemble):
            number = index + 1 if len(ensemble) > 1 else None
            app.PDBFile.writeModel(ensemble.topology, conformer.positions, stream, number)
        app.PDBFile.writeFooter(ensemble.topology, stream)


def writePDBx(ensemble, path):
    """Write all conformers as the models of a PDBx/mmCIF file."""
    from openmm import app

    _check(ensemble, path)
    with open(path, "w", encoding="utf-8") as stream:
        app.PDBxFile.writeHeader(ensemble.topology, stream)
        for index, conformer in enumerate(ensemble):
            app.PDBxFile.writeModel(ensemble.topology, conformer.positions, stream, index + 1)


def writeDCD(ensemble, path):
    """Write all conformers as the frames of a DCD trajectory."""
    from openmm import app

    _check(ensemble, path)
    with open(path, "wb") as stream:
        dcd = app.DCDFile(stream, ensemble.topology, 1.0 * unit.picosecond)
        for conformer in ensemble:
            dcd.writeModel(conformer.positions)


def _findResidue(modeller, residue):
    if not isinstance(residue, str):
        return residue
    found = [r for r in modeller.topology.residues() if r.name == residue]
    if len(found) != 1:
        raise ValueError(f"Ensemble.place: expected one residue named '{residue}', got {len(found)}; "
                         "give the residue itself")
    return found[0]


def superpose(moving, fixed):
    """Rotate and translate positions so that they lie best on others.

    Parameters
    ----------
    moving, fixed : numpy.ndarray
        Shape (n, 3), the same atoms in the same order.

    Returns
    -------
    rotation, origin, target : numpy.ndarray
        Apply as ``(positions - origin) @ rotation.T + target``.
    """
    origin, target = moving.mean(axis=0), fixed.mean(axis=0)
    left, _, right = np.linalg.svd((fixed - target).T @ (moving - origin))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return left @ sign @ right, origin, target


def place(ensemble, modeller, residue, index=0):
    """Give a residue of a Modeller one conformer, superposed on where its heavy atoms are now."""
    residue = _findResidue(modeller, residue)
    atoms = list(residue.atoms())
    found = [atom.element.atomic_number if atom.element is not None else 0 for atom in atoms]
    wanted = [atom.element for atom in ensemble.graph.atoms]
    if found != wanted:
        raise ValueError(f"Ensemble.place: expected the {len(wanted)} atoms of {ensemble.graph.getLabel()} in residue "
                         f"'{residue.name}', got {len(found)} atoms of other elements or in another order; make the "
                         "ensemble from this residue's topology")
    everything = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float)
    indices = [atom.index for atom in atoms]
    conformer = ensemble[index].positions.value_in_unit(unit.nanometer)
    heavy = [i for i, element in enumerate(wanted) if element > 1] or list(range(len(wanted)))
    rotation, origin, target = superpose(conformer[heavy], everything[indices][heavy])
    everything[indices] = (conformer - origin) @ rotation.T + target
    modeller.positions = unit.Quantity(everything, unit.nanometer)


class SDFWriter:
    """Writes ensembles to one SDF file, a record a conformer with its provenance.

    A name that ends in .gz is compressed.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path):
        self._stream = (gzip.open(path, "wt", encoding="utf-8") if str(path).endswith(".gz")
                        else open(path, "w", encoding="utf-8"))

    def write(self, ensemble):
        """Append all conformers of an ensemble."""
        from openmmorbit import chem

        graph = ensemble.graph
        positions = ensemble.positions.value_in_unit(unit.angstrom)
        for index, provenance in enumerate(ensemble.provenance):
            self._stream.write(chem.writeStructureRecord(graph, positions[index], {
                "SMILES": graph.smiles, "ORBIT_MODEL": provenance.modelChecksum,
                "ORBIT_KERNEL": provenance.kernel or "unknown", "ORBIT_SEED": str(provenance.seed),
                "ORBIT_RECORD": str(provenance.record), "ORBIT_COPY": str(provenance.copy),
                "ORBIT_RESAMPLINGS": str(provenance.numResamplings),
                "ORBIT_EVALUATIONS": str(provenance.numEvaluations),
                "ORBIT_CONDITION": provenance.condition or "none",
                "ORBIT_MIRRORED": "yes" if provenance.mirrored else "no",
                "ORBIT_STATUS": ensemble[index].status.message or "ok"}))

    def close(self):
        """Finish the file."""
        self._stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def writeSDF(ensemble, path):
    """Write all conformers as SDF records."""
    _check(ensemble, path)
    with SDFWriter(path) as writer:
        writer.write(ensemble)
