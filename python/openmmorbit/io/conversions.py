# SPDX-License-Identifier: MIT
"""An Ensemble as Topology, RDKit and OpenFF molecule."""
from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import mixtures, molecules, orbit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from openmm import app
    from rdkit import Chem

    from openmmorbit.ensemble import Ensemble

# Residue index, chain id, residue name, residue id, insertion code and name of an atom.
ResidueEntry = tuple[int, str, str, str, str, str]
_rdkitBonds = {orbit.BondOrder_Single: "SINGLE", orbit.BondOrder_Double: "DOUBLE", orbit.BondOrder_Triple: "TRIPLE",
               orbit.BondOrder_Aromatic: "AROMATIC", orbit.BondOrder_Dative: "DATIVE"}
_openmmBonds = {orbit.BondOrder_Single: ("Single", 1), orbit.BondOrder_Double: ("Double", 2),
                orbit.BondOrder_Triple: ("Triple", 3), orbit.BondOrder_Aromatic: ("Aromatic", None)}


def _sourceResidues(source: Any) -> list[ResidueEntry]:
    """Get (residue index, chain id, residue name, residue id, insertion code, atom name) of a source's atoms."""
    from openmm import app

    source = source[0] if isinstance(source, tuple) else source
    if isinstance(source, app.Topology):
        return [(atom.residue.index, atom.residue.chain.id, atom.residue.name, atom.residue.id,
                 atom.residue.insertionCode, atom.name) for atom in source.atoms()]
    known = source.GetAtoms() if hasattr(source, "GetAtoms") else None
    infos: list[Any] = [None] if known is None else [atom.GetPDBResidueInfo() for atom in known]
    if None in infos:
        return []
    entries: list[ResidueEntry] = []
    seen: dict[tuple[str, ...], int] = {}
    for info in infos:
        key = (info.GetChainId().strip() or "A", info.GetResidueName().strip() or "UNL", str(info.GetResidueNumber()),
               info.GetInsertionCode().strip())
        entries.append((seen.setdefault(key, len(seen)), *key, info.GetName().strip()))
    return entries


def _fragmentResidues(graph: orbit.MolecularGraph) -> list[ResidueEntry]:
    """Get a residue for every fragment, UNL or named as an ion, as _sourceResidues() does; of a single one none."""
    from openmm import app

    fragments = mixtures.findFragments(graph) if mixtures.isMixture(graph) else []
    places = {index: number for number, atoms in enumerate(fragments) for index in atoms}
    atoms = graph.atoms
    ions = {group[0]: app.Element.getByAtomicNumber(atoms[group[0]].element).symbol.upper()
            for group in fragments if len(group) == 1}
    return [(places[index], "A", ions.get(index, "UNL"), str(places[index] + 1), "", "") for index in sorted(places)]


def _addAtoms(topology: app.Topology, graph: orbit.MolecularGraph,
              entries: list[ResidueEntry]) -> list[app.topology.Atom]:
    """Add the atoms in their order; those behind the source's stand in its only residue, or in one of their own."""
    from openmm import app

    indices = [entry[0] for entry in entries]
    if len(entries) > graph.getNumAtoms() or indices != sorted(indices):
        # Atoms of a residue must stand together.
        entries = []
    rest = entries[0][:5] if entries and max(indices) == 0 else (len(entries), "A", "UNL", "1", "")
    entries = [*entries, *[(*rest, "")] * (graph.getNumAtoms() - len(entries))]
    atoms: list[app.topology.Atom] = []
    chain = residue = None
    before: tuple[int, str] = (-1, "")
    for index, (atom, (place, chainId, name, number, insertion, atomName)) in enumerate(zip(graph.atoms, entries)):
        if chain is None or chainId != before[1]:
            chain = topology.addChain(chainId)
        if place != before[0]:
            residue = topology.addResidue(name, chain, number, insertion)
        before = (place, chainId)
        atoms.append(topology.addAtom(atomName or atom.name or f"{index + 1}",
                                      app.Element.getByAtomicNumber(atom.element), residue,
                                      formalCharge=atom.formalCharge))
    return atoms


def lacksOrders(graph: orbit.MolecularGraph) -> bool:
    """Whether a graph is one of a system, whose bonds have no orders."""
    return any(bond.order == orbit.BondOrder__None for bond in graph.bonds)


def makeTopology(graph: orbit.MolecularGraph, source: Any = None) -> app.Topology:
    """Make an openmm.app.Topology of a molecule with bond types and orders.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    source : object, optional
        The molecule as the caller gave it. Chains, residues and names of atoms are those of a Topology, or of an
        rdkit.Chem.Mol with PDB residues; otherwise there is one chain with one residue UNL, or one a fragment (of an
        ion with its symbol) if the atoms of each stand together. Hydrogens that were appended to several residues are
        a residue UNL at the end.
    """
    from openmm import app

    if isinstance(source, app.Topology) and lacksOrders(graph):
        return source
    topology = app.Topology()
    atoms = _addAtoms(topology, graph, _sourceResidues(source) or _fragmentResidues(graph))
    for bond in graph.bonds:
        kind, order = _openmmBonds.get(bond.order, (None, None))
        topology.addBond(atoms[bond.atom1], atoms[bond.atom2], kind and getattr(app, kind), order)
    return topology


def rdkitSkeleton(graph: orbit.MolecularGraph, where: str = "Ensemble.toRDKit") -> Chem.RWMol:
    """Make a sanitized rdkit.Chem.RWMol of a graph, without conformers and stereochemistry.

    Raises
    ------
    ValueError
        For the graph of a system, which has no bond orders.
    """
    Chem = molecules.requireRDKit(where)

    if lacksOrders(graph):
        way = "writePDB(), writePDBx() and writeDCD() need none" if where == "Ensemble.toRDKit" else \
            "a System knows its energies"
        raise ValueError(f"{where}: expected a molecule with bond orders, got states of a system, which has none; "
                         f"{way}")
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
    for name, value in graph.properties.items():
        if not name.startswith("_"):
            mol.SetProp(name, value)
    return mol


def _tagAtropisomers(mol: Chem.Mol, graph: orbit.MolecularGraph, Chem: ModuleType) -> None:
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


def _isOdd(places: Sequence[int]) -> bool:
    return sum(a > b for index, a in enumerate(places) for b in places[index + 1:]) % 2 == 1


def _tagStereo(mol: Chem.Mol, graph: orbit.MolecularGraph, Chem: ModuleType) -> None:
    """Tag centres and double bonds as the graph says, whatever RDKit would perceive."""
    for record in graph.tetrahedral:
        atom, neighbors = mol.GetAtomWithIdx(record.center), list(record.neighbors)
        bonded = [bond.GetOtherAtomIdx(record.center) for bond in atom.GetBonds()]
        clockwise = _isOdd([neighbors.index(index) for index in bonded]) != (len(bonded) == 4)
        atom.SetChiralTag(Chem.ChiralType.CHI_TETRAHEDRAL_CW if clockwise else Chem.ChiralType.CHI_TETRAHEDRAL_CCW)
    kinds = {orbit.TorsionStereoKind_Cis: "STEREOCIS", orbit.TorsionStereoKind_Trans: "STEREOTRANS"}
    for record in graph.torsional:
        a, b, c, d = record.atoms
        if record.kind in kinds:
            bond = mol.GetBondBetweenAtoms(b, c)
            bond.SetStereoAtoms(*((a, d) if bond.GetBeginAtomIdx() == b else (d, a)))
            bond.SetStereo(getattr(Chem.BondStereo, kinds[record.kind]))
    _tagAtropisomers(mol, graph, Chem)
    # Directions on the neighbours let the stereo of a double bond survive the removal of hydrogens.
    Chem.SetDoubleBondNeighborDirections(mol)
    # Labels of the tags, which stay as they are.
    Chem.AssignStereochemistry(mol, cleanIt=False, force=True)


def toRDKit(ensemble: Ensemble) -> Chem.Mol:
    """Make one rdkit.Chem.Mol with all atoms in the ensemble's order and all conformers, in Angstrom.

    Tags of centres, double bonds and axes are those of the request; what it leaves open stays open.
    """
    Chem = molecules.requireRDKit("Ensemble.toRDKit")

    graph = ensemble.graph
    mol = rdkitSkeleton(graph)
    _tagStereo(mol, graph, Chem)
    for positions in ensemble.positions.value_in_unit(unit.angstrom):
        conformer = Chem.Conformer(ensemble.numAtoms)
        conformer.SetPositions(np.ascontiguousarray(positions))
        conformer.Set3D(True)
        mol.AddConformer(conformer, assignId=True)
    return mol.GetMol()


def toOpenFF(ensemble: Ensemble, source: Any = None) -> Any:
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
        raise ImportError(f"Ensemble.toOpenFF: expected the OpenFF toolkit, which is not installed or lacks something "
                          f"({error}); install it with 'conda install -c conda-forge openff-toolkit', or use toRDKit()"
                          ) from error
    return Molecule.from_rdkit(toRDKit(ensemble), allow_undefined_stereo=True, hydrogens_are_explicit=True)


def _openffLengths(positions: unit.Quantity) -> Any:
    try:
        from openff.units import Quantity
    except ImportError:
        return positions
    return Quantity(positions.value_in_unit(unit.angstrom), "angstrom")
