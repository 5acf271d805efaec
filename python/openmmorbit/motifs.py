# SPDX-License-Identifier: MIT
"""Designs of backbones from known proteins: variations of all residues, and motifs that others are designed around."""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openmmorbit import orbit
from openmmorbit.arguments import checkBounds, checkInteger
from openmmorbit.data.proteinchecks import findLeftHanded, isMirrorImage
from openmmorbit.designs import OPEN_RESIDUE, BackboneDesign, splitNumber
from openmmorbit.proteinresidues import ProteinResidue, chooseRange, getDistance, isBonded, readResidues

_where = "designBackbone"
_examples = {"fixed": "A10-25,A40", "contig": "10-20/A10-25/15", "residues": "A1-60"}
#: CA atoms that are nearer are those of a cis peptide, nm.
_cis = 0.33
#: CA atoms of a stretched chain are so far apart, nm, and a motif may be off by so much.
_stretched, _slack = 0.38, 0.05
_gap = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True)
class _Gap:
    """Residues that are designed: their least and their largest number."""

    low: int
    high: int


def _requireWhole(text: str, residues: Sequence[ProteinResidue], chosen: Sequence[int]) -> list[int]:
    """Refuse a piece with a residue missing, which would come out as one chain."""
    for before, after in zip(chosen, chosen[1:]):
        if not isBonded(residues[before], residues[after]):
            raise ValueError(f"{_where}: expected residues that are bonded to each other in '{text}', got "
                             f"{residues[before].label} and {residues[after].label}, whose CA atoms are "
                             f"{getDistance(residues[before], residues[after]):.2f} nm apart; give the parts one by "
                             "one")
    return list(chosen)


def _split(name: str, text: str | Sequence[str]) -> list[str]:
    """Get the parts of a text, or of a list of texts."""
    if isinstance(text, str):
        plain = text.strip("[]'\" ")
        words = re.split(r"\s*[,/]\s*|\s+", plain) if plain else []
    elif isinstance(text, Iterable):
        words = [str(word).strip() for word in text]
    else:
        raise TypeError(f"{_where}: expected {name} as a text such as {_examples[name]}, or a list of its parts, got "
                        f"{text!r}, a {type(text).__name__}")
    if "" in words:
        raise ValueError(f"{_where}: expected a part on both sides of every separator in {name}, got '{text}'")
    return words


def _readFixed(name: str, fixed: str | Sequence[str], residues: Sequence[ProteinResidue]) -> set[int]:
    chosen: set[int] = set()
    for word in _split(name, fixed):
        piece = chooseRange(word, residues)
        if chosen & set(piece):
            raise ValueError(f"{_where}: expected every residue once as {name}, got "
                             f"{residues[min(chosen & set(piece))].label} twice, in '{word}' again")
        chosen |= set(piece)
    if not chosen:
        raise ValueError(f"{_where}: expected residues as {name}, such as A10-25, got none")
    return chosen


def _readContig(contig: str | Sequence[str], residues: Sequence[ProteinResidue]) -> list[list[_Gap | list[int]]]:
    """Get the parts of every chain."""
    chains: list[list[_Gap | list[int]]] = [[]]
    used: set[int] = set()
    for word in _split("contig", contig):
        match = _gap.fullmatch(word)
        if word == "0":
            chains.append([])
        elif match is not None:
            low, high = int(match[1]), int(match[2] or match[1])
            if low > high:
                raise ValueError(f"{_where}: expected numbers of residues from low to high in the contig, got '{word}'")
            chains[-1].append(_Gap(low, high))
        else:
            piece = _requireWhole(word, residues, chooseRange(word, residues))
            if used & set(piece):
                raise ValueError(f"{_where}: expected every residue once in the contig, got "
                                 f"{residues[min(used & set(piece))].label} twice")
            used |= set(piece)
            chains[-1].append(piece)
    if not all(chains):
        raise ValueError(f"{_where}: expected residues on both sides of the 0 between chains, got '{contig}'")
    if not used:
        raise ValueError(f"{_where}: expected a part of the protein in the contig, such as 10-20/A10-25/15, got "
                         f"'{contig}'")
    return chains


def _drawGaps(parts: Sequence[_Gap | list[int]], lengths: tuple[int, int] | None, seed: int) -> list[int]:
    """Draw the number of residues in each gap, so that their total fits."""
    gaps = [part for part in parts if isinstance(part, _Gap)]
    kept = sum(len(part) for part in parts if not isinstance(part, _Gap))
    least, most = sum(gap.low for gap in gaps), sum(gap.high for gap in gaps)
    low, high = (least, most) if lengths is None else (max(least, lengths[0] - kept), min(most, lengths[1] - kept))
    if low > high:
        wanted = "any number" if lengths is None else f"{lengths[0]} to {lengths[1]}"
        raise ValueError(f"{_where}: expected a contig of {wanted} residues, got one of {least + kept} to "
                         f"{most + kept}")
    random = np.random.default_rng(seed)
    left, drawn = int(random.integers(low, high + 1)), []
    for k, gap in enumerate(gaps):
        rest = gaps[k + 1:]
        first = max(gap.low, left - sum(other.high for other in rest))
        last = min(gap.high, left - sum(other.low for other in rest))
        drawn.append(int(random.integers(first, last + 1)))
        left -= drawn[-1]
    return drawn


def _placeContig(chains: Sequence[Sequence[_Gap | list[int]]], drawn: Sequence[int]) -> list[list[int | None]]:
    """Get the residue of the protein at every place of every chain; None where one is designed."""
    counts, placed = iter(drawn), []
    for chain in chains:
        row: list[int | None] = []
        for part in chain:
            row += [None] * next(counts) if isinstance(part, _Gap) else part
        placed.append(row)
    return [row for row in placed if row]


def _placeWhole(residues: Sequence[ProteinResidue], chosen: Sequence[int], isMotif: bool) -> list[list[int | None]]:
    """Get all residues in their places, and None for those that are missing."""
    rows: list[list[int | None]] = []
    for before, after in zip([None, *chosen], chosen):
        if before is None or residues[before].chainIndex != residues[after].chainIndex:
            rows.append([after])
            continue
        gap = 0 if isBonded(residues[before], residues[after]) else _countMissing(residues[before], residues[after])
        if gap and not isMotif:
            raise ValueError(f"{_where}: expected a protein without missing residues to start from, got none between "
                             f"{residues[before].label} and {residues[after].label}; choose some with residues= "
                             "(--residues), or keep the others fixed, so that these are designed")
        rows[-1] += [*[None] * gap, after]
    return rows


def _countMissing(before: ProteinResidue, after: ProteinResidue) -> int:
    """Get the number of residues between two that are not bonded, by their numbers."""
    numbers = [int(re.sub(r"[A-Za-z]", "", entry.number)) for entry in (before, after)]
    if numbers[1] - numbers[0] < 2:
        raise ValueError(f"{_where}: expected residues {before.label} and {after.label} to be bonded, got CA atoms "
                         f"{getDistance(before, after):.2f} nm apart, and no numbers between theirs; say with contig= "
                         "(--contig) how many residues to design there")
    return numbers[1] - numbers[0] - 1


def _countNeeded(before: ProteinResidue, after: ProteinResidue) -> int:
    """Get how many residues at least reach from one to another that it is not bonded to."""
    return max(1, int(np.ceil((getDistance(before, after) - _slack) / _stretched)) - 1)


def _widenGaps(residues: Sequence[ProteinResidue], chain: Sequence[_Gap | list[int]]) -> list[_Gap | list[int]]:
    """Leave numbers out that cannot reach from one part of a motif to the next."""
    found = list(chain)
    for k in range(1, len(found) - 1):
        before, gap, after = found[k - 1:k + 2]
        if isinstance(gap, _Gap) and not isinstance(before, _Gap) and not isinstance(after, _Gap):
            needed = _countNeeded(residues[before[-1]], residues[after[0]])
            found[k] = _Gap(min(max(gap.low, needed), gap.high), gap.high)
    return found


def _checkGaps(residues: Sequence[ProteinResidue], row: Sequence[int | None]) -> None:
    """Refuse designed residues that cannot reach from one part of a motif to the next."""
    known = [(place, k) for place, k in enumerate(row) if k is not None]
    for (first, before), (second, after) in zip(known, known[1:]):
        steps, distance = second - first, getDistance(residues[before], residues[after])
        isNext = steps == 1 and not isBonded(residues[before], residues[after])
        if isNext or distance > _stretched * steps + _slack:
            needed = _countNeeded(residues[before], residues[after])
            raise ValueError(f"{_where}: expected at least {needed} designed residue{'s' if needed > 1 else ''} "
                             f"between {residues[before].label} and {residues[after].label}, whose CA atoms are "
                             f"{distance:.2f} nm apart, got {steps - 1}")


def _checkMotif(residues: Sequence[ProteinResidue], row: Sequence[int | None]) -> None:
    """Refuse what copies would not be accepted with, or would silently change."""
    kept = [k for k in row if k is not None]
    for k in kept:
        if residues[k].isDextral:
            raise ValueError(f"{_where}: expected L-amino acids to keep, got the D-amino acid {residues[k].name} "
                             f"{residues[k].label}; leave it out, or take it with keepUnusual=True (--keep-unusual)")
    blank = np.full((3, 3), np.nan)
    isLinked = [before is not None and after is not None and isBonded(residues[before], residues[after])
                for before, after in zip(row, row[1:])]
    found = findLeftHanded(np.array([blank if k is None else residues[k].places for k in row]), isLinked)
    if found is not None:
        labels = ["" if k is None else residues[k].label for k in row]
        raise ValueError(f"{_where}: expected L-amino acids to keep, got a left-handed chain from {labels[found[0]]} "
                         f"to {labels[found[1]]}, as in a mirror image; mirror the protein, or take it with "
                         "keepUnusual=True (--keep-unusual)")
    for before, after in zip(row, row[1:]):
        if before is not None and after is not None and getDistance(residues[before], residues[after]) < _cis:
            raise ValueError(f"{_where}: expected trans peptides to keep, got a cis peptide between "
                             f"{residues[before].label} and {residues[after].label}; divide the motif there, or take "
                             "it with keepUnusual=True (--keep-unusual), and without the inspection of copies, which "
                             "refuses it, check=False (--no-check)")


def _refuseMirrorImage(residues: Sequence[ProteinResidue]) -> None:
    """Refuse a protein whose parts would come out mirrored, however short they are."""
    isLinked = [isBonded(before, after) for before, after in zip(residues, residues[1:])]
    if isMirrorImage(np.array([entry.places for entry in residues]), isLinked):
        raise ValueError(f"{_where}: expected a protein of L-amino acids, got one that is left-handed, as a mirror "
                         "image is; mirror it, or take it with keepUnusual=True (--keep-unusual)")


def _numberRow(residues: Sequence[ProteinResidue], row: Sequence[int | None]) -> list[str]:
    """Get the numbers of residues in their places; those that are missing count on from the one before."""
    numbers: list[str] = []
    for k in row:
        numbers.append(residues[k].number if k is not None else str(1 + int(splitNumber(numbers[-1])[0])))
    return numbers


def _makeDesign(residues: Sequence[ProteinResidue], rows: Sequence[Sequence[int | None]], fixed: set[int],
                keepNumbers: bool) -> BackboneDesign:
    # Only a backbone without insertion codes can have the numbers of the protein.
    names = [_numberRow(residues, row) if keepNumbers else [str(1 + k) for k in range(len(row))] for row in rows]
    firsts = [int(splitNumber(row[0])[0]) for row in names]
    subject = orbit.BackboneSubject()
    subject.chains = np.array([index for index, row in enumerate(rows) for _ in row], np.int32)
    subject.numbers = np.array([first + k for first, row in zip(firsts, rows) for k in range(len(row))], np.int32)
    places: list[int | None] = [k for row in rows for k in row]
    subject.structure = "?" * len(places)
    subject.validate()
    unknown = np.full((3, 3), np.nan)
    return BackboneDesign(
        subject, np.array([unknown if k is None else residues[k].places for k in places]),
        tuple(place for place, k in enumerate(places) if k in fixed),
        tuple(residues[k].name if k is not None and k in fixed else OPEN_RESIDUE for k in places),
        tuple("" if k is None else residues[k].label for k in places),
        tuple(number for row in names for number in row))


def designBackbone(protein: Any, fixed: str | Sequence[str] | None = None, *,
                   contig: str | Sequence[str] | None = None, residues: str | Sequence[str] | None = None,
                   lengths: int | tuple[int, int] | None = None, seed: int = 0, keepUnusual: bool = False,
                   state: int | None = None) -> BackboneDesign:
    """Say what to generate from a known protein; BackboneGenerator.generate() takes it in the place of a length.

    Without ``fixed`` and ``contig`` all residues are a start that a level of noise varies (partial diffusion). With
    ``fixed`` these residues keep their places, and the others, also those that are missing in the protein, are designed
    around them. With ``contig`` parts of the protein are put into a chain with new residues between them.

    Parameters
    ----------
    protein : path, Ensemble, or an object with positions and topology such as an app.PDBFile
        A .pdb or .cif file. Residues without CA, such as water, are left out.
    fixed : str or sequence of str, optional
        Residues to keep, e.g. "A10-25,A40": chain, first and last number with its insertion code. "A" is a whole
        chain; the chain may be left out if there is one only, and has a colon behind it if it is no single letter.
    contig : str or sequence of str, optional
        Parts of a chain in their order, e.g. "10-20/A10-25/15/A40-52/5": numbers of designed residues or ranges to draw
        them from, and residues of the protein. "/0/" starts another chain.
    residues : str or sequence of str, optional
        With ``fixed``, or to vary: the part of the protein that is taken; default: all residues.
    lengths : int or tuple of int, optional
        With ``contig``: the residues in all, or the fewest and the most.
    seed : int
        With ``contig``: of the numbers that are drawn.
    keepUnusual : bool
        Keep D-amino acids and cis peptides among the fixed residues, and take mirror images.
    state : int, optional
        Which of several models or states, from 0. Default: the first, with a warning if there are more.

    Returns
    -------
    BackboneDesign

    Raises
    ------
    ValueError
        Naming the residue or the part: for residues that are not there, parts with missing residues, and parts that the
        designed residues between them cannot connect.

    Examples
    --------
    >>> design = openmmorbit.designBackbone(app.PDBFile("1abc.pdb"), contig="10-20/A10-25/10-20")  # doctest: +SKIP
    >>> ensemble = generator.generate(design, 10)  # doctest: +SKIP
    """
    known, bounds = readResidues(protein, state), None if lengths is None else checkBounds("lengths", lengths, _where)
    if not keepUnusual:
        _refuseMirrorImage(known)
    if contig is None:
        if lengths is not None:
            raise ValueError(f"{_where}: expected lengths with a contig, got {lengths} without one")
        chosen = list(range(len(known))) if residues is None else sorted(_readFixed("residues", residues, known))
        kept = set() if fixed is None else _readFixed("fixed", fixed, known)
        if kept - set(chosen):
            raise ValueError(f"{_where}: expected fixed residues among those that are taken, got "
                             f"{known[min(kept - set(chosen))].label}")
        rows = _placeWhole(known, chosen, fixed is not None)
    elif fixed is not None or residues is not None:
        raise ValueError(f"{_where}: expected a contig alone, which names the residues to keep, got "
                         f"{'fixed' if fixed is not None else 'residues'} beside it")
    else:
        parts = [_widenGaps(known, chain) for chain in _readContig(contig, known)]
        drawn = _drawGaps([part for chain in parts for part in chain], bounds,
                          checkInteger("seed", seed, 0, _where))
        rows = _placeContig(parts, drawn)
        kept = {k for row in rows for k in row if k is not None}
    places = [k for row in rows for k in row]
    if all(k in kept for k in places):
        raise ValueError(f"{_where}: expected residues to design, got all {len(places)} as fixed")
    for row in rows:
        motif = [k if k in kept else None for k in row]
        _checkGaps(known, motif)
        if not keepUnusual:
            _checkMotif(known, motif)
    return _makeDesign(known, rows, kept, contig is None)
