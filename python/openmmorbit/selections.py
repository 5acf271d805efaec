# SPDX-License-Identifier: MIT
"""Selections of the atoms of a Topology: words, mdtraj's language, indices, atoms and residues."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openmmorbit.aminoacids import NAMES
from openmmorbit.arguments import checkInteger, fromMask
from openmmorbit.io.trajectoryfiles import requireMdtraj

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmm import app


def isAlpha(atom: app.topology.Atom) -> bool:
    """Tell whether an atom is an alpha carbon; calcium is none, and a carbon of that name in a ligand neither."""
    if atom.name != "CA" or not (atom.element is None or atom.element.symbol == "C"):
        return False
    # A trace has CA atoms alone, or beads beside them. A ligand has an atom of that name, and neither N nor C.
    names = {other.name for other in atom.residue.atoms()}
    return len(names) == 1 or not names.isdisjoint(("N", "C")) or atom.residue.name.upper() in NAMES


_words = {"all": lambda atom: True, "heavy": lambda atom: atom.element is None or atom.element.atomic_number > 1,
          "CA": isAlpha}


def _select(topology: app.Topology, text: str, where: str) -> list[int]:
    """Get the atoms of a word, or of a selection in mdtraj's language."""
    if text in _words:
        return [atom.index for atom in topology.atoms() if _words[text](atom)]
    md = requireMdtraj(f"{where}: a selection of atoms by words")
    try:
        return [int(index) for index in md.Topology.from_openmm(topology).select(text)]
    except Exception as error:
        raise ValueError(f"{where}: expected atoms as {', '.join(map(repr, _words))}, a list of indices, or a "
                         f"selection in mdtraj's language such as 'protein and not element H', got {text!r} ({error})"
                         ) from error


def _list(topology: app.Topology, entries: Sequence[Any], where: str) -> list[int]:
    """Get the atoms of indices, atoms and residues, or of a mask."""
    chosen = []
    for entry in fromMask("atoms", entries, topology.getNumAtoms(), where):
        chosen += [atom.index for atom in entry.atoms()] if hasattr(entry, "atoms") else \
            [checkInteger("atoms", getattr(entry, "index", entry), 0, where)]
    return sorted(chosen)


def findAtoms(topology: app.Topology, atoms: str | Sequence[Any] | None, where: str = "findAtoms") -> list[int]:
    """Get the indices of selected atoms, ascending.

    Parameters
    ----------
    topology : openmm.app.Topology
    atoms : str or sequence, optional
        "all" (the default), "heavy" (all but hydrogens), "CA" (alpha carbons), a selection in mdtraj's language, e.g.
        "protein and not element H", or indices, atoms or residues of the Topology, or a mask: a truth value for each
        atom.
    where : str
        The function, for messages.

    Raises
    ------
    ValueError
        For a selection that is not understood, a mask of another length, an index out of range or given twice, or a
        selection without atoms.
    """
    total = topology.getNumAtoms()
    chosen = _select(topology, atoms or "all", where) if atoms is None or isinstance(atoms, str) \
        else _list(topology, atoms, where)
    if not chosen:
        raise ValueError(f"{where}: expected at least one selected atom, got none of {total} for {atoms!r}")
    if chosen[-1] >= total:
        raise ValueError(f"{where}: expected atoms below {total}, the number of the Topology, got {chosen[-1]}")
    twice = [first for first, second in zip(chosen, chosen[1:]) if first == second]
    if twice:
        raise ValueError(f"{where}: expected every atom once, got atom {twice[0]} twice")
    return chosen


def selectAtoms(topology: app.Topology, atoms: Sequence[int]) -> app.Topology:
    """Get the Topology of some atoms, with the bonds among them; the periodic box stays.

    Parameters
    ----------
    topology : openmm.app.Topology
    atoms : sequence of int
        Indices, ascending.
    """
    from openmm import app

    part, known, residues, chains = app.Topology(), {}, {}, {}
    everything = list(topology.atoms())
    for index in atoms:
        atom = everything[index]
        old = atom.residue
        if old.chain not in chains:
            chains[old.chain] = part.addChain(old.chain.id)
        if old not in residues:
            residues[old] = part.addResidue(old.name, chains[old.chain], old.id, old.insertionCode)
        known[index] = part.addAtom(atom.name, atom.element, residues[old], atom.id)
    for bond in topology.bonds():
        if bond[0].index in known and bond[1].index in known:
            part.addBond(known[bond[0].index], known[bond[1].index], bond.type, bond.order)
    part.setPeriodicBoxVectors(topology.getPeriodicBoxVectors())
    return part
