# SPDX-License-Identifier: MIT
"""Alternative locations of atoms in structures: of each residue the conformer of highest occupancy is kept."""
from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from openmmorbit.io.pdbxrows import findAtoms, splitRow

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


class _Site(NamedTuple):
    """One place of an atom."""

    residue: Hashable
    residueName: str
    name: str
    label: str
    """Empty for an atom with one place."""
    occupancy: float


def _rankLabels(sites: Sequence[_Site]) -> list[str]:
    """Get the labels of a residue, that of the highest mean occupancy first, equal ones in their order."""
    found: dict[str, list[float]] = {}
    for site in sites:
        if site.label:
            found.setdefault(site.label, []).append(site.occupancy)
    return sorted(found, key=lambda label: (-round(sum(found[label]) / len(found[label]), 4), label))


def _chooseSites(sites: Sequence[_Site]) -> set[int]:
    """Get which sites are kept: one for each atom. An atom that a conformer lacks is taken from the next one."""
    residues: dict[Hashable, list[int]] = {}
    for k, site in enumerate(sites):
        residues.setdefault(site.residue, []).append(k)
    kept = set()
    for members in residues.values():
        ranks = {label: rank for rank, label in enumerate(_rankLabels([sites[k] for k in members]))}
        if not ranks:
            kept.update(members)
            continue
        # Conformers may be different residues, e.g. SER and THR.
        name = next(sites[k].residueName for k in members if ranks.get(sites[k].label) == 0)
        possible = [k for k in members if not sites[k].label or sites[k].residueName == name]
        possible.sort(key=lambda k: sites[k].name)
        for _, group in groupby(possible, key=lambda k: sites[k].name):
            alike = list(group)
            labelled = [k for k in alike if sites[k].label]
            kept.update(k for k in alike if not sites[k].label)
            if len(labelled) == len(alike):
                kept.add(min(labelled, key=lambda k: ranks[sites[k].label]))
    return kept


def _toOccupancy(text: str) -> float:
    try:
        return float(text)
    except ValueError:      # OpenMM reads such ones too
        return 1.0


def keepConformersPdb(text: str) -> str:
    """Get the text of one model of a PDB file without the atoms of other conformers."""
    lines = text.splitlines()
    atoms = [k for k, line in enumerate(lines) if line.startswith(("ATOM  ", "HETATM"))]
    if all(lines[k][16:17] == " " for k in atoms):
        return text
    sites = [_Site(line[21:27], line[17:21], line[12:16], line[16].strip(), _toOccupancy(line[54:60]))
             for line in (lines[k] for k in atoms)]
    kept = {atoms[k] for k in _chooseSites(sites)}
    others = set(atoms) - kept
    return "\n".join(line for k, line in enumerate(lines) if k not in others) + "\n"


def keepConformersPdbx(text: str) -> str:
    """Get the text of a data block of a PDBx/mmCIF file without the atoms of other conformers."""
    lines = text.splitlines()
    table = findAtoms(lines)
    column = None if table is None else table.find("label_alt_id")
    if table is None or column is None:
        return text
    rows = [splitRow(line) for line in lines[table.begin:table.end]]
    # A row over several lines is left to OpenMM, which reads it.
    if any(len(row) != len(table.columns) for row in rows) or all(row[column] in ".?" for row in rows):
        return text
    places = [table.find(*names) for names in (
        ("pdbx_pdb_model_num",), ("auth_asym_id", "label_asym_id"), ("auth_seq_id", "label_seq_id"),
        ("pdbx_pdb_ins_code",))]
    name, residueName = table.find("auth_atom_id", "label_atom_id"), table.find("auth_comp_id", "label_comp_id")
    occupancy = table.find("occupancy")
    sites = [_Site(tuple(None if place is None else row[place] for place in places),
                   "" if residueName is None else row[residueName], "" if name is None else row[name],
                   "" if row[column] in ".?" else row[column],
                   1.0 if occupancy is None else _toOccupancy(row[occupancy])) for row in rows]
    kept = _chooseSites(sites)
    return "\n".join([*lines[:table.begin], *(lines[table.begin + k] for k in sorted(kept)), *lines[table.end:]]) + "\n"
