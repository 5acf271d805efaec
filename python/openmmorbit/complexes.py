# SPDX-License-Identifier: MIT
"""Ligands inside a complex: read out of it, generated where they stand, and put back."""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import molecules, orbit
from openmmorbit.ensemble import Ensemble
from openmmorbit.io.outputs import replacing
from openmmorbit.io.pdbxmodels import PDBxModels
from openmmorbit.io.topologyfiles import STRUCTURES, fitsPDB, openStructure
from openmmorbit.selections import selectAtoms
from openmmorbit.shape.superposition import superpose
from openmmorbit.simulation.residues import isMetal, isWater, listObstacles
from openmmorbit.simulation.states import toArray, toPlain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmm import app

    from openmmorbit._types import StrPath

_where = "ConformerGenerator.generate"


def _describe(residue: app.topology.Residue) -> list[str]:
    """Get chain, name and number of a residue; the insertion code is part of the number."""
    return [str(residue.chain.id), residue.name, f"{residue.id}{(residue.insertionCode or '').strip()}"]


def _listCandidates(topology: app.Topology, parts: list[str]) -> list[app.topology.Residue]:
    """Get residues that a caller may have meant: of the same name, else those of several atoms that are not part of a
    chain, such as ligands."""
    residues = list(topology.residues())
    words = {part.upper() for part in parts}
    alike = [residue for residue in residues if residue.name.upper() in words]
    if alike:
        return alike
    chained = {atom.residue for bond in topology.bonds() for atom in bond
               if bond[0].residue is not bond[1].residue and not isMetal(bond[0]) and not isMetal(bond[1])}
    several = [residue for residue in residues if len(list(residue.atoms())) > 1 and not isWater(residue)]
    return [residue for residue in several if residue not in chained] or several


def _findResidue(topology: app.Topology, residue: Any) -> app.topology.Residue:
    """Get the residue of a name, "name:number", "chain:name" or "chain:name:number", or check the one that was given.
    """
    if hasattr(residue, "atoms"):
        known = list(topology.residues())
        if residue.index >= len(known) or known[residue.index] is not residue:
            raise ValueError(f"{_where}: expected a residue of the given topology, got {residue.name} of another one")
        return residue
    parts, found = str(residue).split(":"), []
    for entry in topology.residues():
        chain, name, number = _describe(entry)
        if parts in ([name], [name, number], [chain, name], [chain, name, number]):
            found.append(entry)
    if len(found) == 1:
        return found[0]
    counts = Counter(":".join(_describe(entry)) for entry in found or _listCandidates(topology, parts))
    names = [name + (f" ({count} times)" if count > 1 else "") for name, count in counts.items()]
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    twice = ", or the residue itself, e.g. one of topology.residues()" if max(counts.values(), default=0) > 1 else ""
    raise ValueError(f"{_where}: expected one residue '{residue}', got {len(found)}; give chain:name:number of one of "
                     f"{shown or 'the residues, of which there are none'}{twice}")


def _bondsByDistance(part: app.Topology, positions: np.ndarray) -> None:
    """Add the bonds that the atoms of a residue without bonds have by their distances."""
    from openmmorbit.io.bondorders import makeAtoms

    atoms = list(part.atoms())
    mol = makeAtoms([atom.element.atomic_number for atom in atoms], 10 * positions, None)
    for bond in mol.GetBonds():
        part.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])


def _placeHydrogens(graph: orbit.MolecularGraph, positions: np.ndarray) -> np.ndarray:
    """Get positions, nm, of all atoms: those of hydrogens that were appended follow from their neighbours."""
    added = graph.getNumAtoms() - len(positions)
    if not added:
        return positions
    Chem = molecules.requireRDKit("hydrogens of a residue")
    mol, numKnown = Chem.RWMol(Ensemble(graph).toRDKit()), len(positions)
    conformer = Chem.Conformer(graph.getNumAtoms())
    conformer.SetPositions(10 * np.vstack([positions, np.tile(positions.mean(axis=0), (added, 1))]))
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    for index in range(numKnown, graph.getNumAtoms()):
        neighbor = next(iter(mol.GetAtomWithIdx(index).GetNeighbors())).GetIdx()
        Chem.SetTerminalAtomCoords(mol, index, neighbor)
    return 0.1 * mol.GetConformer().GetPositions()


@dataclass(frozen=True)
class Ligand:
    """A residue of a complex as a molecule.

    Attributes
    ----------
    topology : openmm.app.Topology
        The complex.
    positions : numpy.ndarray
        Shape (number of its atoms, 3), nm.
    residue : openmm.app.topology.Residue
    atoms : list of int
        The atoms of the residue in the complex.
    part : openmm.app.Topology
        The residue alone.
    graph : openmmorbit.orbit.MolecularGraph
        Its molecule: the atoms of the residue in their order, then hydrogens that it lacks.
    pose : numpy.ndarray
        Shape (number of atoms of the molecule, 3), nm: where they are now.
    """
    topology: app.Topology
    positions: np.ndarray
    residue: app.topology.Residue
    atoms: list[int]
    part: app.Topology
    graph: orbit.MolecularGraph
    pose: np.ndarray

    def findAtoms(self, names: Sequence[str]) -> list[int]:
        """Get the atoms of names in the molecule.

        Raises
        ------
        ValueError
            For a name that the residue does not have, listing those that it has.
        """
        known = [atom.name for atom in self.residue.atoms()]
        for name in names:
            if known.count(name) != 1:
                raise ValueError(f"{_where}: expected one atom '{name}' in residue {self.residue.name}, got "
                                 f"{known.count(name)}; its atoms are {', '.join(known)}")
        return sorted(known.index(name) for name in names)


def readLigand(source: Any, positions: Any, residue: Any, smiles: str | Mapping[str, str] | None,
               addHydrogens: bool, fragments: str = "refuse") -> Ligand:
    """Read a residue of a complex as a molecule.

    Parameters
    ----------
    source : openmm.app.Topology, PDBFile, PDBxFile, Modeller or path
    positions : Quantity or array_like, optional
        Those of the complex, nm if they have no unit; default: those of the source.
    residue : str or openmm.app.topology.Residue
        Its name, "name:number", "chain:name:number", or the residue itself.
    smiles : str or dict, optional
        Its molecule, which tells bond orders, charges and missing hydrogens.
    addHydrogens : bool
        Append missing hydrogens; False refuses residues that lack some.
    fragments : str
        "largest" takes that fragment of the SMILES of a salt; a residue itself is one molecule.

    Returns
    -------
    Ligand

    Raises
    ------
    ValueError
        For a residue that is not there or not alone, is bonded to another one, or has other atoms than the SMILES.
    """
    from openmm import app

    if isinstance(source, (str, os.PathLike)) and os.fspath(source).lower().endswith(STRUCTURES):
        source = openStructure(_where, source)
    topology = getattr(source, "topology", source)
    if not isinstance(topology, app.Topology):
        raise TypeError(f"{_where}: expected an openmm.app.Topology, PDBFile, Modeller or path of a .pdb or .cif "
                        f"file with residue=, got {type(source).__name__}")
    positions = getattr(source, "positions", None) if positions is None else positions
    if positions is None:
        raise ValueError(f"{_where}: expected positions of the complex with residue=, got none; give positions=, or a "
                         "PDBFile or Modeller, which have some")
    everything = toArray(_where, "positions", toPlain(_where, "positions", positions, unit.nanometer))
    if everything.shape != (topology.getNumAtoms(), 3) or not np.isfinite(everything).all():
        raise ValueError(f"{_where}: expected finite positions of the {topology.getNumAtoms()} atoms of the complex, "
                         f"got an array of shape {everything.shape}")
    chosen = _findResidue(topology, residue)
    atoms = [atom.index for atom in chosen.atoms()]
    for first, second in topology.bonds():
        # Files tell which atoms a metal is coordinated by, too.
        if (first.residue is chosen) != (second.residue is chosen) and not isMetal(first) and not isMetal(second):
            inside, outside = (first, second) if first.residue is chosen else (second, first)
            raise ValueError(f"{_where}: expected a residue without bonds to others, got {chosen.name} {chosen.id}, "
                             f"whose atom {inside.name} is bonded to {outside.name} of {outside.residue.name} "
                             f"{outside.residue.id}; what is bonded to it must be part of the molecule")
    part = selectAtoms(topology, atoms)
    if len(atoms) > 1 and next(part.bonds(), None) is None:
        _bondsByDistance(part, everything[atoms])
    if smiles is not None and not isinstance(smiles, (str, Mapping)):
        raise TypeError(f"{_where}: expected smiles= as a SMILES, or a dict of residue name and SMILES, got "
                        f"{type(smiles).__name__}")
    molecules.checkFragments(fragments)
    if fragments == "apart":
        raise ValueError(f"{_where}: expected fragments of 'refuse' or 'largest' with residue=, because a residue is "
                         "one molecule, got 'apart'")
    words = {chosen.name: smiles} if isinstance(smiles, str) else dict(smiles or {})
    if fragments == "largest":
        words = {name: molecules.readMolecule(text, fragments=fragments).smiles if "." in text else text
                 for name, text in words.items()}
    graph = _readPart(part, words, addHydrogens)
    pose = _placeHydrogens(graph, everything[atoms])
    return Ligand(topology, everything, chosen, atoms, part, _keepIsomer(graph, pose), pose)


def _readPart(part: app.Topology, words: dict[str, str], addHydrogens: bool) -> orbit.MolecularGraph:
    """Read the molecule of a residue alone; say where a SMILES of the same atoms differs from it."""
    if not words:
        return molecules.readMolecule(part, words, addHydrogens)
    from openmmorbit import topologies

    try:
        # The SMILES tells what hydrogens are missing, so that nobody has to be warned about them.
        return topologies.fromTopology(part, words, molecules.readerOptions(addHydrogens))
    except ValueError as error:
        smiles = words.get(next(part.residues()).name, "") if "with the atoms and bonds of" in str(error) else ""
        different = _nameDifferent(part, smiles) if smiles else ""
        raise ValueError(f"{error}; {different}" if different else str(error)) from error


def _nameDifferent(part: app.Topology, smiles: str) -> str:
    """Name the heavy atoms of a residue outside the largest part that it has in common with a SMILES, and count those
    of the SMILES that it lacks."""
    Chem = molecules.requireRDKit("a residue of another SMILES")
    from rdkit.Chem import rdFMCS

    wanted = Chem.MolFromSmiles(smiles)
    if wanted is None:
        return ""
    found, heavy = Chem.RWMol(), {}
    for atom in part.atoms():
        if atom.element is not None and atom.element.atomic_number > 1:
            heavy[found.AddAtom(Chem.Atom(atom.element.atomic_number))] = atom
    places = {atom: index for index, atom in heavy.items()}
    for first, second in part.bonds():
        if first in places and second in places:
            found.AddBond(places[first], places[second], Chem.BondType.SINGLE)
    if found.GetNumAtoms() < 2 or wanted.GetNumHeavyAtoms() < 2:
        return ""
    common = rdFMCS.FindMCS([found.GetMol(), wanted], timeout=5, bondCompare=rdFMCS.BondCompare.CompareAny)
    match = found.GetSubstructMatch(common.queryMol) if common.numAtoms else ()
    others = [atom.name for index, atom in heavy.items() if index not in match]
    outside = f", without {', '.join(others[:8])}{', ...' if len(others) > 8 else ''}" if others else ""
    missing = wanted.GetNumHeavyAtoms() - len(match)
    lacking = f"; the residue lacks {missing} of the SMILES" if missing and not others else ""
    return f"{len(match)} heavy atoms agree{outside}{lacking}" if match else ""


def _keepIsomer(graph: orbit.MolecularGraph, pose: np.ndarray) -> orbit.MolecularGraph:
    """Let the pose decide what the SMILES leaves open; refuse a pose of another isomer."""
    from openmmorbit import chem, openstereo

    flat = (10 * pose).ravel().tolist()
    status = orbit.checkConformer(graph, flat)
    if not status.stereoCorrect:
        faults = [text for text in status.message.split("; ") if "tetrahedral centre" in text or "stereo axis" in text]
        raise ValueError(f"{_where}: expected a SMILES of the isomer that stands in the complex, got {graph.smiles}: "
                         f"{'; '.join(faults)}; correct its labels, or leave them out")
    found = openstereo.findOpenStereo(graph)
    return chem.specifyStereo(graph, found, flat) if found else graph


class ComplexEnsemble(Ensemble):
    """Copies of a ligand where it stands in a complex.

    Attributes
    ----------
    complexTopology : openmm.app.Topology
        The complex: atoms have their order and names. Hydrogens that the residue lacked stand at its end; if it lacked
        none, and had bonds, this is the Topology that was given.
    ligandAtoms : list of int
        The atoms of the ligand in it, in the order of the ensemble.
    """

    def __init__(self, core: orbit.Ensemble, ligand: Ligand, isomers: list[str] | None = None) -> None:
        super().__init__(core, ligand.part, isomers)
        self._ligand = ligand
        self.complexTopology, self.ligandAtoms, self._frame = _complete(ligand)

    def _remake(self, core: orbit.Ensemble) -> Ensemble:
        return ComplexEnsemble(core, self._ligand, self.isomers)

    @property
    def _isPlaced(self) -> bool:
        return True

    @property
    def complexPositions(self) -> unit.Quantity:
        """Positions of the whole complex with each copy: a Quantity of shape (numConformers, atoms, 3), in nm."""
        everything = np.tile(self._frame, (len(self), 1, 1))
        everything[:, self.ligandAtoms] = self.positions.value_in_unit(unit.nanometer)
        return unit.Quantity(everything, unit.nanometer)

    @property
    def closestContacts(self) -> unit.Quantity:
        """Shape (numConformers,): the least distance of heavy atoms of the ligand and of the rest without water, in nm.
        """
        ours = set(self.ligandAtoms)
        rest = self._frame[[atom.index for atom in listObstacles(self.complexTopology) if atom.index not in ours]]
        heavy = [i for i, atom in enumerate(self.graph.atoms) if atom.element > 1] or list(range(self.numAtoms))
        nearest = [min((float(np.linalg.norm(rest - point, axis=1).min()) for point in copy[heavy]),
                       default=np.inf) if len(rest) else np.inf
                   for copy in self.positions.value_in_unit(unit.nanometer)]
        return unit.Quantity(np.array(nearest), unit.nanometer)

    def writeComplex(self, path: StrPath) -> None:
        """Write the complex with each copy as a model of a .pdb or .cif file."""
        from openmm import app

        if len(self) == 0:
            raise ValueError("ComplexEnsemble.writeComplex: expected at least one conformer to write to "
                             f"'{path}', got none")
        ending = str(path).lower().rsplit(".", 1)[-1]
        if ending not in ("pdb", "cif"):
            raise ValueError(f"ComplexEnsemble.writeComplex: expected a file that ends in .pdb or .cif, got '{path}'")
        topology = self.complexTopology
        fits = fitsPDB(topology)
        with replacing(path) as stream:
            if ending == "cif":
                models = PDBxModels(topology)
                models.writeHeader(stream)
                for index, positions in enumerate(self.complexPositions):
                    models.writeModel(positions, stream, index + 1)
                return
            app.PDBFile.writeHeader(topology, stream)
            for index, positions in enumerate(self.complexPositions):
                app.PDBFile.writeModel(topology, positions, stream, index + 1, keepIds=fits)
            app.PDBFile.writeFooter(topology, stream)


def _complete(ligand: Ligand) -> tuple[app.Topology, list[int], np.ndarray]:
    """Get the complex with hydrogens and bonds that the residue lacked, the ligand's atoms in it, and positions."""
    from openmm import app

    added = ligand.graph.atoms[len(ligand.atoms):]
    unbonded = len(ligand.atoms) > 1 and next(ligand.residue.internal_bonds(), None) is None
    if not added and not unbonded:
        return ligand.topology, ligand.atoms, ligand.positions
    result, new, rows, extra = app.Topology(), {}, [], []
    result.setPeriodicBoxVectors(ligand.topology.getPeriodicBoxVectors())
    for chain in ligand.topology.chains():
        ours = result.addChain(chain.id)
        for residue in chain.residues():
            place = result.addResidue(residue.name, ours, residue.id, residue.insertionCode)
            for atom in residue.atoms():
                new[atom] = result.addAtom(atom.name, atom.element, place, atom.id)
                rows.append(ligand.positions[atom.index])
            if residue is ligand.residue:
                for index, entry in enumerate(added, len(ligand.atoms)):
                    extra.append(result.addAtom(entry.name, app.Element.getByAtomicNumber(entry.element), place))
                    rows.append(ligand.pose[index])
    for bond in ligand.topology.bonds():
        result.addBond(new[bond[0]], new[bond[1]], bond.type, bond.order)
    atoms = [new[atom] for atom in ligand.residue.atoms()] + extra
    for bond in ligand.graph.bonds:
        if unbonded or max(bond.atom1, bond.atom2) >= len(ligand.atoms):
            result.addBond(atoms[bond.atom1], atoms[bond.atom2])
    return result, [atom.index for atom in atoms], np.array(rows)


def layOntoPose(core: orbit.Ensemble, ligand: Ligand) -> None:
    """Lay the heavy atoms of all copies onto those of the pose."""
    heavy = [i for i, atom in enumerate(ligand.graph.atoms) if atom.element > 1] or list(range(len(ligand.pose)))
    for index in range(core.getNumConformers()):
        copy = core.getPositions(index).value_in_unit(unit.nanometer)
        rotation, origin, target = superpose(copy[heavy], ligand.pose[heavy])
        core.setPositions(index, (copy - origin) @ rotation.T + target)
