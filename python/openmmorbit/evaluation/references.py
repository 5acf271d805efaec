# SPDX-License-Identifier: MIT
"""Reference ensembles: what generated conformers are compared with."""
from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rdkit import Chem

    from openmmorbit._types import StrPath


@dataclass
class Reference:
    """One molecule of a reference set.

    Attributes
    ----------
    smiles : str
        What a generator is asked for.
    mol : rdkit.Chem.Mol
        The molecule with hydrogens and all reference conformers.
    level : str
        Level of theory of the conformers, e.g. "GFN2-xTB"; empty if it is not told.
    """
    smiles: str
    mol: Chem.Mol
    level: str = ""

    @property
    def numConformers(self) -> int:
        return self.mol.GetNumConformers()


def _perceivedSmiles(mol: Chem.Mol) -> str:
    """Get the SMILES of a molecule with the stereochemistry of its conformer."""
    from rdkit import Chem

    copy = Chem.Mol(mol)
    Chem.AssignStereochemistryFrom3D(copy, copy.GetConformer().GetId(), True)
    return Chem.MolToSmiles(Chem.RemoveHs(copy))


def _readShard(path: str, limit: int | None) -> list[Reference]:
    """Read the molecules of a shard."""
    from rdkit import Chem

    from openmmorbit import chem, orbit

    reader, record = orbit.ShardReader(path), orbit.ShardRecord()
    references: list[Reference] = []
    while (limit is None or len(references) < limit) and reader.next(record):
        positions = np.asarray(record.positions, dtype=float).reshape(record.getNumConformers(), -1, 3)
        mol = Chem.MolFromMolBlock(chem.writeMolBlock(record.graph, positions[0].ravel().tolist()), removeHs=False)
        for values in positions[1:]:
            conformer = Chem.Conformer(mol.GetNumAtoms())
            conformer.SetPositions(np.ascontiguousarray(values))
            mol.AddConformer(conformer, assignId=True)
        references.append(Reference(record.graph.smiles or _perceivedSmiles(mol), mol, record.condition))
    return references


def readReferences(path: StrPath, limit: int | None = None) -> list[Reference]:
    """Read reference ensembles: a shard, or consecutive SDF records with equal SMILES and first part of the ID.

    Without a SMILES tag, the molecule is what the record says, with the stereochemistry of its coordinates. The tag
    LEVEL, which `openmm-orbit dataset` writes, is the level of theory; a shard tells its own.

    Parameters
    ----------
    path : str
        A shard (.shard), or an SDF file, possibly compressed by gzip.
    limit : int, optional
        Stop after this many molecules.

    Returns
    -------
    list of Reference
        Molecules with all their conformers, in file order.
    """
    from rdkit import Chem

    if str(path).endswith(".shard"):
        return _readShard(str(path), limit)
    references: list[Reference] = []
    key = None
    opened = gzip.open(path, "rb") if str(path).endswith(".gz") else open(path, "rb")
    with opened as stream:
        for number, mol in enumerate(Chem.ForwardSDMolSupplier(stream, removeHs=False), 1):
            if mol is None:
                raise ValueError(f"readReferences: record {number} of '{path}' cannot be read")
            smiles = mol.GetProp("SMILES") if mol.HasProp("SMILES") else _perceivedSmiles(mol)
            newKey = (smiles, mol.GetProp("ID").split("_")[0] if mol.HasProp("ID") else "")
            if newKey != key:
                if limit is not None and len(references) == limit:
                    break
                key = newKey
                references.append(Reference(smiles, mol, mol.GetProp("LEVEL") if mol.HasProp("LEVEL") else ""))
            else:
                references[-1].mol.AddConformer(mol.GetConformer(), assignId=True)
    return references
