# SPDX-License-Identifier: MIT
"""What a generator does with molecules that leave centres or double bonds open."""
from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from openmmorbit import orbit

modes = ("mixed", "refuse", "enumerate")


class OpenStereoWarning(UserWarning):
    """A molecule leaves stereochemistry open: its conformers are those of several isomers."""


def checkMode(mode: str, maxIsomers: int) -> None:
    """Refuse an unknown mode, and a number of isomers below 1.

    Raises
    ------
    ValueError
        Listing the known modes.
    """
    if mode not in modes:
        raise ValueError(f"ConformerGenerator: expected stereo of {', '.join(map(repr, modes))}, got {mode!r}")
    if maxIsomers < 1:
        raise ValueError(f"ConformerGenerator: expected maxIsomers of at least 1, got {maxIsomers}")


def findOpenStereo(graph: orbit.MolecularGraph) -> list[Any]:
    """Get what a molecule leaves open, as openmmorbit.chem.OpenStereo; nothing without libOpenMMOrbitChem."""
    try:
        from openmmorbit import chem

        return list(chem.findOpenStereo(graph))
    except (ImportError, ValueError):
        return []


def describeOpenStereo(graph: orbit.MolecularGraph) -> tuple[str, ...]:
    """Name what a molecule leaves open: a tuple of phrases such as "centre C2 (atom 1)"."""
    found = findOpenStereo(graph)
    atoms = graph.atoms if found else ()
    return tuple(f"centre {atoms[entry.atom1].name} (atom {entry.atom1})" if entry.atom2 < 0 else
                 f"double bond {atoms[entry.atom1].name}={atoms[entry.atom2].name} "
                 f"(atoms {entry.atom1} and {entry.atom2})" for entry in found)


def resolve(graph: orbit.MolecularGraph, mode: str,
            maxIsomers: int) -> tuple[list[orbit.MolecularGraph], tuple[str, ...]]:
    """Get the molecules that a mode makes of one.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    mode : str
        "mixed": the molecule as it is; "refuse"; "enumerate": its isomers.
    maxIsomers : int
        With "enumerate", at most so many.

    Returns
    -------
    graphs : list of openmmorbit.orbit.MolecularGraph
    phrases : tuple of str
        What describeOpenStereo() says.

    Raises
    ------
    ValueError
        With "refuse", if something is open.
    """
    phrases = describeOpenStereo(graph)
    if not phrases or mode == "mixed":
        return [graph], phrases
    if mode == "refuse":
        raise ValueError(f"ConformerGenerator: expected specified stereochemistry, got {graph.getLabel()} with open "
                         f"{', '.join(phrases)}; specify it, or give stereo=\"enumerate\" or \"mixed\"")
    from openmmorbit import chem

    return list(chem.enumerateStereo(graph, maxIsomers)), phrases


def isomerNumbers(graph: orbit.MolecularGraph, positions: np.ndarray, known: list[str]) -> list[int]:
    """Number conformers by the isomer that they are.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    positions : numpy.ndarray
        Shape (numConformers, numAtoms, 3), any unit.
    known : list of str
        Isomeric SMILES of numbers 1, 2, …; new ones are appended.

    Returns
    -------
    list of int
    """
    found, numbers = findOpenStereo(graph), []
    for points in positions:
        smiles = graph.smiles
        if found:
            from openmmorbit import chem

            smiles = chem.specifyStereo(graph, found, points).smiles
        if smiles not in known:
            known.append(smiles)
        numbers.append(known.index(smiles) + 1)
    return numbers


def describeIsomers(numbers: Iterable[int]) -> str:
    """Say how many conformers of which isomers there are, e.g. "12 + 8 conformers of 2 isomers"."""
    counts = [count for _, count in sorted(Counter(numbers).items())]
    noun = "conformer" if counts == [1] else "conformers"
    return f"{' + '.join(map(str, counts))} {noun} of {len(counts)} isomer{'' if len(counts) == 1 else 's'}"


def warn(graph: orbit.MolecularGraph, phrases: Sequence[str], mode: str, numIsomers: int, maxIsomers: int,
         stacklevel: int = 3) -> None:
    """Warn of a molecule that leaves something open, if it is not enumerated in full."""
    label = graph.getLabel()
    if phrases and mode == "mixed":
        warnings.warn(f"{label} leaves open {', '.join(phrases)}: its conformers may be of several isomers; the "
                      "attribute isomer of each tells, stereo=\"enumerate\" gives every isomer",
                      OpenStereoWarning, stacklevel=stacklevel)
    elif mode == "enumerate" and numIsomers >= maxIsomers and 2**len(phrases) > maxIsomers:
        warnings.warn(f"{label} leaves open {', '.join(phrases)}, which gives up to {2**len(phrases)} isomers: the "
                      f"first {maxIsomers} are generated; raise maxIsomers", OpenStereoWarning, stacklevel=stacklevel)


def ignoreMixed() -> None:
    """Give no warnings of molecules that leave something open, because the caller tells of them."""
    warnings.filterwarnings("ignore", ".* leaves open .* may be of several isomers", OpenStereoWarning)
