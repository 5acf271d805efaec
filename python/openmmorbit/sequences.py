# SPDX-License-Identifier: MIT
"""Sequences of proteins: names of residues from letters, names or a Topology, and whether they fit a backbone."""
from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from itertools import groupby
from typing import Union

from openmm import app

from openmmorbit.aminoacids import LETTERS, NAMES
from openmmorbit.messages import counted
from openmmorbit.selections import findAtoms

#: What is taken as a sequence.
SequenceLike = Union[str, Sequence[Union[str, None]], app.Topology]
#: Residues are open where a backbone has this name.
_open = "ALA"
#: What stands between the chains of a text.
_marks = "/:"


def findResidues(topology: app.Topology, where: str) -> list[app.topology.Residue]:
    """Get the residues that have a CA atom; calcium is none."""
    chosen = set(findAtoms(topology, "CA", where))
    return [atom.residue for atom in topology.atoms() if atom.index in chosen]


def nameResidues(chains: Sequence[object], numbers: Sequence[object]) -> list[str]:
    """Get texts such as "residue 12 of chain A"; without numbers residues count from 1 in each chain."""
    if not len(numbers):
        numbers = [1 + k for _, group in groupby(chains) for k, _ in enumerate(group)]
    return [f"residue {number} of chain {chain}" for chain, number in zip(chains, numbers)]


def _listEntries(sequence: SequenceLike) -> list[str]:
    """Get letters or names."""
    if isinstance(sequence, str):
        return list(_withoutMarks(sequence.upper()))
    if isinstance(sequence, app.Topology):
        return [residue.name.upper() for residue in findResidues(sequence, "readSequence")]
    try:
        entries = None if isinstance(sequence, (bytes, bytearray)) else list(sequence)
    except TypeError:
        entries = None
    if entries is None:
        raise TypeError(f"readSequence: expected a text of letters, a list of names or a Topology, got {sequence!r}, a "
                        f"{type(sequence).__name__}")
    return ["" if entry is None else str(entry).upper() for entry in entries]


def readSequence(sequence: SequenceLike, residues: Sequence[str] = ()) -> list[str]:
    """Get the names of residues, three letters each; an empty text for one that is open.

    Parameters
    ----------
    sequence : str, sequence of str or openmm.app.Topology
        Letters, with "/" or ":" between chains and blanks anywhere; or a list of letters or of names of three letters;
        or a Topology, whose residues with a CA atom are taken. Names of protonation states become those of their
        residues. The letter X, and None in a list, leave a residue open.
    residues : sequence of str, optional
        What each residue is called in messages.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        Naming the place of a residue that is none of the twenty.
    TypeError
        For what is no sequence.
    """
    entries = _listEntries(sequence)
    known = LETTERS if isinstance(sequence, str) else {**LETTERS, **NAMES, "": ""}
    for k, entry in enumerate(entries):
        if entry not in known:
            label = f", {residues[k]}" if k < len(residues) else ""
            raise ValueError(f"readSequence: expected the twenty standard residues, got {entry!r} at place {k + 1}"
                             f"{label}; {'X' if isinstance(sequence, str) else 'None'} leaves a residue open")
    return [known[entry] for entry in entries]


def _withoutMarks(text: str) -> str:
    """Get the letters of all chains in one row."""
    return "".join(letter for letter in text if letter not in _marks and not letter.isspace())


def joinChains(where: str, what: str, text: str, chains: Sequence[object]) -> str:
    """Get the letters of a text with "/" or ":" between chains and blanks anywhere; without a mark it is one row.

    Parameters
    ----------
    where, what : str
        The caller, and what the text is, for messages.
    text : str
    chains : sequence
        Name of the chain of every residue.

    Raises
    ------
    ValueError
        Naming the chain, if the marks do not stand between these chains.
    """
    letters = _withoutMarks(text)
    parts = [part for part in map(_withoutMarks, re.split(f"[{_marks}]", text)) if part]
    lengths = [(chain, len(list(group))) for chain, group in groupby(chains)]
    if len(parts) < 2:
        return letters
    if len(parts) != len(lengths):
        raise ValueError(f"{where}: expected a {what} of {counted(len(lengths), 'chain')}, as the backbone has, got "
                         f"{len(parts)} with {counted(len(letters), 'residue')} in all; '/' and ':' stand between "
                         "chains")
    for (chain, length), part in zip(lengths, parts):
        if len(part) != length:
            raise ValueError(f"{where}: expected a {what} of {counted(length, 'residue')} for chain {chain}, as the "
                             f"backbone has, got {len(part)}")
    return letters


def fitSequence(where: str, sequence: SequenceLike, chains: Sequence[object], numbers: Sequence[object],
                areKnown: bool = True) -> list[str]:
    """Get the names of the residues of a backbone, as readSequence() does.

    Parameters
    ----------
    where : str
        The caller, for messages.
    sequence : str, sequence of str or openmm.app.Topology
    chains, numbers : sequence
        Chain of every residue, and its number; no numbers: they count from 1 in each chain.
    areKnown : bool
        Whether the chains are those that "/" and ":" in a text must stand between.

    Raises
    ------
    ValueError
        Naming chain and residue, for a sequence of another length, chains of other lengths, and unknown residues.
    """
    residues = nameResidues(chains, numbers)
    names = readSequence(sequence, residues)
    if isinstance(sequence, str) and areKnown:
        joinChains(where, "sequence", sequence, chains)
    if len(names) != len(residues):
        entries = _listEntries(sequence)
        rest = f"{residues[len(names)]} is the first without a name" if len(names) < len(residues) else \
            f"'{entries[len(residues)]}' comes after {residues[-1] if residues else 'none'}"
        raise ValueError(f"{where}: expected a sequence of {len(residues)} residues, one for each CA atom, got "
                         f"{len(names)}; {rest}")
    return names


def warnOfOthers(where: str, sequence: SequenceLike, topology: app.Topology) -> None:
    """Warn of a sequence with other residues than a motif, which the Topology of its copies names; ALA is open."""
    kept = findResidues(topology, where)
    names = readSequence(sequence)
    others = [(residue, name) for residue, name in zip(kept, names)
              if name and residue.name != _open and NAMES.get(residue.name, residue.name) != name]
    if others:
        residue, name = others[0]
        more = f", and {len(others) - 1} more like this" if len(others) > 1 else ""
        warnings.warn(f"{where}: expected the residues of the motif in the sequence, got {name} for {residue.name} "
                      f"{residue.id}{residue.insertionCode.strip()} of chain {residue.chain.id}{more}; the sequence is "
                      "built", stacklevel=4)
