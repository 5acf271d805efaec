# SPDX-License-Identifier: MIT
"""Conformers as text records that can stand one behind the other: SDF, extended XYZ and MOL2."""
from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import molecules, orbit
from openmmorbit.arguments import KJ_PER_KCAL
from openmmorbit.io import conversions

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdkit import Chem

    from openmmorbit._types import StrPath
    from openmmorbit.ensemble import Ensemble


#: Coordinates that the columns of V2000 hold for sure, Angstrom.
_largest = 9999.0
#: Words in the comment of an XYZ frame that are not data items; other conformers have other energies.
_frameWords = ("smiles", "name", "charge", "properties", "energy", "energy_ev", "energy_kcal")
_flatKinds = (orbit.TorsionStereoKind_Cis, orbit.TorsionStereoKind_Trans)


def plainEnding(path: StrPath) -> str:
    """Get the ending of a name in small letters, without .gz."""
    name = os.fsdecode(path).lower()
    return os.path.splitext(name[:-3] if name.endswith(".gz") else name)[1]


def _energyItems(ensemble: Ensemble, index: int) -> dict[str, str]:
    """Get the data items of a conformer's energy, if it is known."""
    if ensemble._energies is None:
        return {}
    values = ensemble._energies.values / KJ_PER_KCAL
    return {"ORBIT_ENERGY_KCAL": f"{values[index]:.4f}",
            "ORBIT_RELATIVE_ENERGY_KCAL": f"{values[index] - values.min():.4f}",
            "ORBIT_FORCE_FIELD": ensemble._energies.field}


def _provenanceItems(ensemble: Ensemble, index: int) -> dict[str, str]:
    """Get our data items of one conformer, in the order in which chem.writeStructureRecord() writes them."""
    provenance, conformer = ensemble._core.getProvenance(index), ensemble[index]
    items = {
        "SMILES": ensemble._core.getGraph().smiles, "ORBIT_MODEL": provenance.modelChecksum or "none",
        "ORBIT_KERNEL": provenance.kernel or "unknown", "ORBIT_SEED": str(provenance.seed),
        "ORBIT_ORIGIN": conformer.origin, "ORBIT_RECORD": str(provenance.record), "ORBIT_COPY": str(provenance.copy),
        "ORBIT_REDRAWS": str(provenance.numRedraws), "ORBIT_EVALUATIONS": str(provenance.numEvaluations),
        "ORBIT_CONDITION": provenance.condition or "none",
        "ORBIT_MIRRORED": "yes" if provenance.mirrored else "no",
        "ORBIT_ISOMER": str(conformer.isomer), "ORBIT_ISOMER_SMILES": conformer.smiles,
        "ORBIT_DEVIATION": f"{conformer.status.maxDeviation:.2f}", "ORBIT_STATUS": conformer.status.message or "ok",
        **_energyItems(ensemble, index)}
    return dict(sorted(items.items()))


def _itemText(items: dict[str, str]) -> str:
    return "".join(f"> <{name}>\n{value}\n\n" for name, value in items.items()) + "$$$$\n"


def _coordinateTemplate(record: str, items: dict[str, str], numAtoms: int) -> str:
    """Get a V2000 record without its items and with places for other coordinates; empty if it has another form."""
    end, lines = _itemText(items), record.split("\n", 4 + numAtoms)
    if not record.endswith(end) or len(lines) < 5 + numAtoms or not lines[3].endswith("V2000"):
        return ""
    lines[-1] = lines[-1][:len(lines[-1]) - len(end)]
    lines = [line.replace("%", "%%") for line in lines]
    lines[4:4 + numAtoms] = [f"%10.4f%10.4f%10.4f{line[30:]}" for line in lines[4:4 + numAtoms]]
    return "\n".join(lines)


def sdfRecords(ensemble: Ensemble) -> str:
    """Get all conformers as SDF records: name, data items of the molecule, and the provenance."""
    from openmmorbit import chem

    graph, texts, template = ensemble.graph, [], ""
    # RDKit draws wedges at centres and axes, and their directions depend on the coordinates.
    hasWedges = len(graph.tetrahedral) > 0 or any(record.kind not in _flatKinds for record in graph.torsional)
    positions = ensemble.positions.value_in_unit(unit.angstrom)
    for index, points in enumerate(positions):
        items = _provenanceItems(ensemble, index)
        # Records of one molecule differ in coordinates and items only; RDKit takes longer for a block than for these.
        if template and np.all(np.abs(points) < _largest) and "\n" not in items["ORBIT_STATUS"]:
            texts.append(template % tuple(points.ravel().tolist()) + _itemText(items))
            continue
        texts.append(chem.writeStructureRecord(graph, points, items))
        template = "" if hasWedges else _coordinateTemplate(texts[-1], items, ensemble.numAtoms)
    return "".join(texts)


def _quoted(value: str) -> str:
    """Get a value for the comment of an XYZ frame: it has one line, and no quotes inside."""
    return '"' + " ".join(value.replace('"', "'").split()) + '"'


def xyzRecords(ensemble: Ensemble) -> str:
    """Get all conformers as frames of extended XYZ, in Angstrom.

    The comment has the isomeric SMILES, charge and name of the molecule, those of its data items whose names are words,
    and the energy in kcal/mol if it is known.
    """
    from openmm import app

    graph = ensemble.graph
    symbols = [app.Element.getByAtomicNumber(atom.element).symbol for atom in graph.atoms]
    items = {name: value for name, value in graph.properties.items()
             if re.fullmatch(r"[A-Za-z]\w*", name) and not name.startswith("ORBIT_")
             and name.lower() not in _frameWords}
    charge = sum(atom.formalCharge for atom in graph.atoms)
    texts = []
    for index, points in enumerate(ensemble.positions.value_in_unit(unit.angstrom)):
        comment = {"smiles": _quoted(ensemble[index].smiles), "charge": str(charge), "name": _quoted(graph.name),
                   **{name: _quoted(value) for name, value in items.items()}}
        if ensemble._energies is not None:
            comment["energy_kcal"] = f"{ensemble._energies.values[index] / KJ_PER_KCAL:.4f}"
        texts.append(f"{len(symbols)}\nProperties=species:S:1:pos:R:3 "
                     + " ".join(f"{name}={value}" for name, value in comment.items()) + "\n")
        texts.extend(f"{symbol:2s} {x:12.6f} {y:12.6f} {z:12.6f}\n" for symbol, (x, y, z) in zip(symbols, points))
    return "".join(texts)


def _sybylType(atom: Chem.Atom, isAmide: bool) -> str:
    """Get the atom type of SYBYL of an atom in a molecule with its aromatic flags."""
    symbol, hybridization = atom.GetSymbol(), str(atom.GetHybridization())
    numNeighbors = atom.GetDegree()
    if symbol == "C":
        return "C.ar" if atom.GetIsAromatic() else {"SP3": "C.3", "SP2": "C.2", "SP": "C.1"}.get(hybridization, "C.3")
    if symbol == "N":
        if atom.GetIsAromatic():
            return "N.pl3" if numNeighbors == 3 and atom.GetFormalCharge() == 0 else "N.ar"
        if numNeighbors == 4:
            return "N.4"
        if isAmide:
            return "N.am"
        return {"SP3": "N.3", "SP": "N.1"}.get(hybridization, "N.pl3" if numNeighbors == 3 else "N.2")
    if symbol == "O":
        return "O.2" if numNeighbors == 1 and atom.GetFormalCharge() == 0 else "O.3"
    if symbol == "S":
        numOxygens = sum(other.GetSymbol() == "O" and other.GetDegree() == 1 for other in atom.GetNeighbors())
        return {1: "S.o", 2: "S.o2"}.get(numOxygens, "S.2" if numNeighbors == 1 else "S.3") \
            if numNeighbors > 2 or numNeighbors == 1 else "S.3"
    return "P.3" if symbol == "P" else symbol


def _isAmideBond(bond: Chem.Bond) -> bool:
    """Tell whether a single bond is one between the nitrogen and the carbon of an amide."""
    ends = sorted((bond.GetBeginAtom(), bond.GetEndAtom()), key=lambda atom: atom.GetSymbol())
    if [atom.GetSymbol() for atom in ends] != ["C", "N"] or bond.GetBondTypeAsDouble() != 1 or bond.GetIsAromatic():
        return False
    carbon, nitrogen = ends
    return nitrogen.GetDegree() == 3 and any(
        other.GetOtherAtom(carbon).GetSymbol() in ("O", "S") and other.GetBondTypeAsDouble() == 2
        for other in carbon.GetBonds())


def _mol2Frame(mol: Chem.Mol, names: list[str]) -> tuple[list[tuple[str, str, float]], str, str]:
    """Get name, type and charge of the atoms of a MOL2 record, what the charges are, and all that follows the atoms."""
    Chem = molecules.requireRDKit("writing MOL2 files")
    from rdkit.Chem import rdPartialCharges

    rdPartialCharges.ComputeGasteigerCharges(mol, throwOnParamFailure=False)
    charges = [float(atom.GetProp("_GasteigerCharge")) for atom in mol.GetAtoms()]
    kind = "GASTEIGER"
    if not np.all(np.isfinite(charges)):
        charges, kind = [float(atom.GetFormalCharge()) for atom in mol.GetAtoms()], "USER_CHARGES"
    amides = {bond.GetIdx() for bond in mol.GetBonds() if _isAmideBond(bond)}
    nitrogens = {atom.GetIdx() for index in amides for atom in
                 (mol.GetBondWithIdx(index).GetBeginAtom(), mol.GetBondWithIdx(index).GetEndAtom())}
    types = [_sybylType(atom, atom.GetIdx() in nitrogens) for atom in mol.GetAtoms()]
    plain = Chem.RWMol(mol)
    Chem.Kekulize(plain, clearAromaticFlags=True)
    bonds = "".join(f"{bond.GetIdx() + 1:6d} {bond.GetBeginAtomIdx() + 1:5d} {bond.GetEndAtomIdx() + 1:5d} "
                    f"{'am' if bond.GetIdx() in amides else int(bond.GetBondTypeAsDouble())}\n"
                    for bond in plain.GetBonds())
    return (list(zip(names, types, charges)), kind,
            f"@<TRIPOS>BOND\n{bonds}@<TRIPOS>SUBSTRUCTURE\n     1 UNL1 1 GROUP\n\n")


def mol2Records(ensemble: Ensemble) -> str:
    """Get all conformers as MOL2 records in Angstrom, with SYBYL's atom types and Gasteiger charges.

    The format has no formal charges: readers find them by valences, as RDKit and this package do.

    Raises
    ------
    ImportError
        Without RDKit's Python package.
    """
    mol = conversions.toRDKit(ensemble)
    atoms, kind, rest = _mol2Frame(mol, [atom.name for atom in ensemble.graph.atoms])
    title = " ".join(ensemble.name.split()) or "*****"
    title = title.replace("@<TRIPOS>", "TRIPOS")
    texts: list[str] = []
    for points in ensemble.positions.value_in_unit(unit.angstrom):
        texts.append(f"@<TRIPOS>MOLECULE\n{title}\n{len(atoms):6d} {mol.GetNumBonds():5d} 1 0 0\nSMALL\n{kind}\n\n"
                     "@<TRIPOS>ATOM\n")
        texts.extend(f"{k:6d} {name:6s} {x:11.6f} {y:11.6f} {z:11.6f} {kindOfAtom:6s} 1 UNL1 {charge:9.5f}\n"
                     for k, ((name, kindOfAtom, charge), (x, y, z)) in enumerate(zip(atoms, points), 1))
        texts.append(rest)
    return "".join(texts)


#: Endings of files of records, each also with .gz, and what makes the records of an ensemble.
recordFormats: dict[str, Callable[[Any], str]] = {
    ".sdf": sdfRecords, ".sd": sdfRecords, ".xyz": xyzRecords, ".mol2": mol2Records}


def findFormat(path: StrPath) -> Callable[[Any], str]:
    """Get what makes the records of a file.

    Raises
    ------
    ValueError
        If the name ends as no file of records.
    """
    ending = plainEnding(path)
    if ending not in recordFormats:
        raise ValueError(f"findFormat: expected a file of records that ends in {', '.join(recordFormats)}, also with "
                         f".gz, got '{os.fsdecode(path)}'")
    return recordFormats[ending]
