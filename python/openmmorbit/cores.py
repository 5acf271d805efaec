# SPDX-License-Identifier: MIT
"""Cores: which atoms of a molecule take the places of those of another one, and where these are."""
from __future__ import annotations

import hashlib
import os
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from openmm import unit

from openmmorbit import molecules, orbit
from openmmorbit.arguments import checkInteger
from openmmorbit.messages import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdkit import Chem

    #: Atoms of a molecule, each with the atom of the reference whose place it takes.
    Pairs = list[tuple[int, int]]

#: Atoms that a common part has at least, if nobody says what the core is.
FEWEST = 3
#: Ways to lay a molecule onto its reference that are tried.
MAX_MATCHES = 8
#: Seconds for the search of a common part.
SEARCH_SECONDS = 20


class CoreMatch(NamedTuple):
    """One way to lay a molecule onto its reference.

    Attributes
    ----------
    atoms : tuple of int
        Atoms of the molecule, ascending.
    referenceAtoms : tuple of int
        The atom of the reference whose place each takes.
    positions : numpy.ndarray
        Shape (number of atoms, 3): these places, in nm.
    """
    atoms: tuple[int, ...]
    referenceAtoms: tuple[int, ...]
    positions: np.ndarray


class _Reference(NamedTuple):
    """A molecule with positions, nm; without a molecule the atoms are those of whatever is generated."""
    mol: Chem.Mol | None
    positions: np.ndarray
    atoms: tuple[int, ...]


def _toNanometers(where: str, positions: Any) -> np.ndarray:
    from openmmorbit.simulation.states import toArray, toPlain

    array = toArray(where, "positions of a core", toPlain(where, "core", positions, unit.nanometer))
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"{where}: expected positions of a core of shape (number of atoms, 3), got {array.shape}")
    return array


def _fromMol(mol: Chem.Mol) -> _Reference:
    if mol.GetNumConformers() == 0 or not mol.GetConformer().Is3D():
        found = "without a conformer" if mol.GetNumConformers() == 0 else "with a flat drawing"
        raise ValueError(f"Core: expected a molecule with coordinates in three dimensions, got one {found}; read a "
                         "file with coordinates, or embed it")
    positions = 0.1 * mol.GetConformer().GetPositions()
    plain = type(mol)(mol)
    plain.RemoveAllConformers()
    return _Reference(_renewAromaticity(plain), positions, ())


def _renewAromaticity(mol: Chem.Mol) -> Chem.Mol:
    """Get RDKit's own aromatic bonds back: its MMFF94 leaves others in a molecule that it has minimised."""
    from rdkit import Chem

    renewed = Chem.Mol(mol)
    steps = Chem.SANITIZE_KEKULIZE | Chem.SANITIZE_SETAROMATICITY
    fault = Chem.SanitizeMol(renewed, steps, catchErrors=True)
    return mol if fault != Chem.SANITIZE_NONE else renewed


def _fromGraph(graph: orbit.MolecularGraph, positions: np.ndarray) -> _Reference:
    from openmmorbit.ensemble import Ensemble

    number = graph.getNumAtoms()
    if len(positions) not in (number, number - graph.numAddedHydrogens):
        raise ValueError(f"Core: expected positions of the {number} atoms of {graph.getLabel()}, got {len(positions)}")
    missing = np.full((number - len(positions), 3), np.nan)
    return _Reference(Ensemble(graph).toRDKit(), np.vstack([positions, missing]), ())


def _fromFile(path: str) -> _Reference:
    from openmmorbit import chem

    if not path.lower().endswith((".sdf", ".sd", ".mol", ".sdf.gz", ".sd.gz", ".mol.gz")):
        raise ValueError(f"Core: expected a file that ends in .sdf or .mol, got '{path}'; for another one give a "
                         "molecule of RDKit with its conformer")
    record = chem.MoleculeRecord()
    if not chem.MoleculeReader(path, molecules.readerOptions(True)).next(record) or record.error:
        raise ValueError(f"Core: expected a molecule in '{path}', got {record.error or 'none'}")
    if len(record.positions) == 0:
        raise ValueError(f"Core: expected coordinates in three dimensions in '{path}', got a flat drawing")
    return _fromGraph(record.graph, 0.1 * np.asarray(record.positions, float).reshape(-1, 3))


def _fromPlaces(places: dict[Any, Any]) -> _Reference:
    atoms = [checkInteger("the atoms of a core", atom, 0, "Core") for atom in places]
    if not atoms:
        raise ValueError("Core: expected the place of at least one atom, got none")
    from openmmorbit.simulation.states import toArray, toPlain

    rows = [toArray("Core", f"the place of atom {atom}", toPlain("Core", "core", place, unit.nanometer))
            for atom, place in zip(atoms, places.values())]
    wrong = next((k for k, row in enumerate(rows) if row.shape != (3,)), None)
    if wrong is not None:
        raise ValueError(f"Core: expected the place of atom {atoms[wrong]} as three coordinates, got shape "
                         f"{rows[wrong].shape}")
    return _Reference(None, np.array(rows), tuple(atoms))


def _readReference(reference: Any) -> _Reference:
    """Get the molecule and positions of what a caller may give as a reference."""
    if isinstance(reference, dict):
        return _fromPlaces(reference)
    if isinstance(reference, (str, os.PathLike)):
        return _fromFile(os.fspath(reference))
    if type(reference).__module__.split(".")[0] == "rdkit" and hasattr(reference, "GetConformer"):
        return _fromMol(reference)
    if isinstance(reference, tuple) and len(reference) == 2:
        graph = molecules.readMolecule(reference[0])
        return _fromGraph(graph, _toNanometers("Core", reference[1]))
    if hasattr(reference, "ensemble") and hasattr(reference, "positions"):
        return _fromGraph(reference.ensemble.graph, reference.positions.value_in_unit(unit.nanometer))
    if hasattr(reference, "graph") and hasattr(reference, "provenance"):
        if len(reference) != 1:
            raise ValueError(f"Core: expected one conformer, got an Ensemble of {len(reference)}; choose one, e.g. "
                             "ensemble[0]")
        return _readReference(reference[0])
    shown = f"{reference!r}"[:100] if isinstance(reference, (list, tuple)) else type(reference).__name__
    raise TypeError("Core: expected an rdkit.Chem.Mol with a conformer, the path of an SDF file, a Conformer, a pair "
                    "of molecule and positions, a dict of atom and position, or, with residue=, a list of names of its "
                    f"atoms, got {shown}")


def _strip(mol: Chem.Mol) -> tuple[Chem.Mol, list[int]]:
    """Get the heavy atoms of a molecule, without charges and isotopes, and their indices."""
    from rdkit import Chem

    kept = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    plain = Chem.RWMol(mol)
    plain.BeginBatchEdit()
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() <= 1:
            plain.RemoveAtom(atom.GetIdx())
    plain.CommitBatchEdit()
    for atom in plain.GetAtoms():
        atom.SetFormalCharge(0)
        atom.SetIsotope(0)
        atom.SetNumRadicalElectrons(0)
    plain.UpdatePropertyCache(strict=False)
    Chem.GetSymmSSSR(plain)
    return plain.GetMol(), kept


def _outside(mol: Chem.Mol, core: set[int], index: int) -> Counter[int]:
    """Count the elements of the heavy neighbours of an atom that do not belong to the core."""
    return Counter(other.GetAtomicNum() for other in mol.GetAtomWithIdx(index).GetNeighbors()
                   if other.GetIdx() not in core and other.GetAtomicNum() > 1)


def _score(target: Chem.Mol, reference: Chem.Mol, pairs: Pairs) -> tuple[int, int]:
    """Count at how many places the core goes on in both molecules: with the same element, and with any."""
    inTarget, inReference = {a for a, _ in pairs}, {b for _, b in pairs}
    same = some = 0
    for a, b in pairs:
        ours, theirs = _outside(target, inTarget, a), _outside(reference, inReference, b)
        same += sum((ours & theirs).values())
        some += min(sum(ours.values()), sum(theirs.values()))
    return same, some


def _matchPattern(target: Chem.Mol, reference: Chem.Mol, smarts: str, label: str) -> Iterator[Pairs]:
    """Yield the pairs of heavy atoms of all ways to lay a pattern onto both molecules."""
    from rdkit import Chem

    query = Chem.MolFromSmarts(smarts)
    ours = target.GetSubstructMatches(query, uniquify=False, maxMatches=1000)
    theirs = reference.GetSubstructMatches(query, uniquify=True, maxMatches=100)
    for found, what in ((ours, label), (theirs, "the reference")):
        if not found:
            raise ValueError(f"Core: expected {what} to have the core '{smarts}', got a molecule without it")
    return ([(a, b) for a, b in zip(first, second) if target.GetAtomWithIdx(a).GetAtomicNum() > 1]
            for second in theirs for first in ours)


def _matchCommon(target: Chem.Mol, reference: Chem.Mol, label: str) -> Iterator[Pairs]:
    """Yield the pairs of heavy atoms of all ways to lay the largest common part onto both molecules."""
    ours, ourAtoms = _strip(target)
    theirs, theirAtoms = _strip(reference)
    isPart = FEWEST <= theirs.GetNumAtoms() <= ours.GetNumAtoms()
    pairs = _keepFitting(ours, theirs, _layOn(ours, theirs, theirs)) if isPart else []
    if not pairs:
        query, number = _searchCommon(ours, theirs, label)
        if number < FEWEST:
            raise ValueError(f"Core: expected at least {FEWEST} heavy atoms that {label} has in common with "
                             f"the reference, got {number}; give another reference, or smarts= for a smaller core")
        found = _layOn(ours, theirs, query)
        pairs = _keepFitting(ours, theirs, found) or found
    return ([(ourAtoms[a], theirAtoms[b]) for a, b in way] for way in pairs)


def _layOn(ours: Chem.Mol, theirs: Chem.Mol, query: Chem.Mol) -> list[Pairs]:
    """Get the pairs of atoms of all ways to lay a common part onto both molecules."""
    first = ours.GetSubstructMatches(query, uniquify=False, maxMatches=1000)
    second = theirs.GetSubstructMatches(query, uniquify=True, maxMatches=100)
    return [list(zip(x, y)) for y in second for x in first]


def _keepFitting(ours: Chem.Mol, theirs: Chem.Mol, found: list[Pairs]) -> list[Pairs]:
    """Leave out the ways in which not the same atoms are bonded: a ring that only one has closed fits no other."""
    bonds, others = ({frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())) for bond in mol.GetBonds()}
                     for mol in (ours, theirs))
    kept = []
    for pairs in found:
        places = dict(pairs)
        moved = {frozenset(places[atom] for atom in bond) for bond in bonds if bond <= places.keys()}
        if moved == {bond for bond in others if bond <= set(places.values())}:
            kept.append(pairs)
    return kept


def _searchCommon(ours: Chem.Mol, theirs: Chem.Mol, label: str) -> tuple[Chem.Mol, int]:
    """Find the largest common part with whole rings.

    Bonds are compared exactly: RDKit would else lay a saturated ring onto an aromatic one. Fused rings are compared
    ring by ring: else the rim of two of them would count as one ring, wherever the bond across it is.
    """
    from rdkit.Chem import rdFMCS

    found = rdFMCS.FindMCS([ours, theirs], timeout=SEARCH_SECONDS, ringMatchesRingOnly=True, completeRingsOnly=True,
                           atomCompare=rdFMCS.AtomCompare.CompareElements,
                           bondCompare=rdFMCS.BondCompare.CompareOrderExact,
                           ringCompare=rdFMCS.RingCompare.PermissiveRingFusion)
    if found.canceled:
        warnings.warn(f"the core of {label} may be smaller than it could be: its search took more than "
                      f"{SEARCH_SECONDS} s; smarts= says what the core is", stacklevel=2)
    return found.queryMol, found.numAtoms


def _choose(target: Chem.Mol, reference: Chem.Mol, positions: np.ndarray, found: Iterator[Pairs]) -> list[CoreMatch]:
    """Get the different ones, in the order in which they are to be tried."""
    from rdkit import Chem

    ranks = list(Chem.CanonicalRankAtoms(target, breakTies=False))
    different: dict[Any, Any] = {}
    for pairs in found:
        pairs = sorted(pairs)
        same, some = _score(target, reference, pairs)
        entry = (-same, -some, pairs)
        key = tuple(sorted((b, ranks[a]) for a, b in pairs))
        different[key] = min(entry, different.get(key, entry))
    matches = []
    for _, _, pairs in sorted(different.values())[:MAX_MATCHES]:
        places = positions[[b for _, b in pairs]]
        if not np.isfinite(places).all():
            raise ValueError("Core: expected finite positions of the core, got others")
        matches.append(CoreMatch(tuple(a for a, _ in pairs), tuple(b for _, b in pairs), places))
    return matches


class Core:
    """A part of a molecule that keeps its place: where it is, and how it is found in other molecules.

    Parameters
    ----------
    reference : rdkit.Chem.Mol, path, Conformer, tuple or dict
        A molecule with a conformer, e.g. a docked pose or a fragment; the path of an SDF file, whose first record is
        taken; a conformer of ours; a pair of molecule and positions, in nm if they have no unit. The core is the
        largest part that it has in common with the molecule that is generated: elements, bond orders (aromatic is one
        of its own) and whole rings are compared, and the same atoms must be bonded. Dummy atoms, such as attachment
        points, do not count. A dict of atom and position says it for atoms of the generated molecule itself.
    smarts : str, optional
        What the core is, instead of the largest common part: a pattern that both molecules have.

    Raises
    ------
    ValueError, TypeError
        For a reference without coordinates, and a pattern that is none.
    """

    def __init__(self, reference: Any, smarts: str = "") -> None:
        self._mol, self._positions, self._atoms = _readReference(reference)
        self.smarts = smarts
        if smarts and self._mol is None:
            raise ValueError("Core: expected smarts with a reference molecule, got it with places of atoms")
        if smarts and molecules.requireRDKit("Core: smarts").MolFromSmarts(smarts) is None:
            raise ValueError(f"Core: expected smarts as a pattern that RDKit reads, got '{smarts}'")

    def __repr__(self) -> str:
        return f"<Core of {counted(len(self._atoms), 'atom')}{f', {self.smarts}' if self.smarts else ''}>"

    @property
    def digest(self) -> str:
        """A checksum of the molecule, its positions and the pattern."""
        text = "" if self._mol is None else molecules.requireRDKit("Core").MolToSmiles(self._mol, canonical=False)
        return hashlib.sha256(f"{text} {self.smarts} {self._atoms} {self._positions.tolist()}".encode()).hexdigest()

    def match(self, molecule: Any) -> list[CoreMatch]:
        """Find the ways to lay a molecule onto the reference.

        Parameters
        ----------
        molecule : str, rdkit.Chem.Mol, MolecularGraph or openmm.app.Topology

        Returns
        -------
        list of CoreMatch
            At most 8, each different with regard to the symmetry of the molecule. First stands the one in which most
            substituents of the core are where the reference has some; then the order of the atoms decides.

        Raises
        ------
        ValueError
            If the molecules have too little in common.
        """
        graph = molecules.readMolecule(molecule)
        if self._mol is None:
            outside = [atom for atom in self._atoms if atom >= graph.getNumAtoms()]
            if outside:
                raise ValueError(f"Core: expected atoms below {graph.getNumAtoms()}, those of {graph.getLabel()}, got "
                                 f"{outside[0]}")
            order = np.argsort(self._atoms)
            atoms = tuple(sorted(self._atoms))
            return [CoreMatch(atoms, atoms, self._positions[order])]
        from openmmorbit.ensemble import Ensemble

        target, label = Ensemble(graph).toRDKit(), graph.getLabel()
        pairs = _matchPattern(target, self._mol, self.smarts, label) if self.smarts else \
            _matchCommon(target, self._mol, label)
        return _choose(target, self._mol, self._positions, pairs)


def makeCore(core: Any) -> Core | None:
    """Get the Core of what was given as core=; None for None."""
    return core if core is None or isinstance(core, Core) else Core(core)
