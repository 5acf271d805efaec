# SPDX-License-Identifier: MIT
"""Files of conformer ensembles to shards, what the trainer reads."""
from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from openmmorbit.io.outputs import isSameFile, replacingPath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit import orbitchem
    from openmmorbit._types import StrPath

#: Endings of files that hold coordinates without bonds.
coordinateEndings = (".xyz", ".extxyz", ".npz")


def buildDataset(inputs: Sequence[StrPath], output: StrPath, condition: str = "GFN2-xTB",
                 validation: bool = False) -> orbitchem.EnsembleShardReport:
    """Turn files of conformer ensembles into a shard for training.

    Consecutive records of one molecule become one entry; the tags REL_E_KCAL and BOLTZ_W, where present, its energies
    and weights. A fixed rule keeps 3 % of all molecules back for validation.

    Parameters
    ----------
    inputs : list of str
        SDF files, possibly compressed by gzip, with all hydrogens; extended XYZ (.xyz, .extxyz) whose frames name their
        molecule by ``smiles=``; npz with the arrays of docs/training.md.
    output : str
        The shard to write.
    condition : str
        Level of theory of the conformers.
    validation : bool
        Write the molecules that are kept back, instead of all others.

    Returns
    -------
    openmmorbit.chem.EnsembleShardReport
        numMolecules, numConformers, numOtherSide, numFaults, messages.

    Raises
    ------
    ValueError
        If a file is missing or the condition empty.
    """
    from openmmorbit import chem

    for path in inputs:
        if isSameFile(path, output):
            raise ValueError(f"buildDataset: expected an output that is not the input, got '{output}' for both; choose "
                             "another name")
    options = chem.EnsembleShardOptions()
    options.condition, options.validation = str(condition), bool(validation)
    with tempfile.TemporaryDirectory(prefix="orbit-dataset-") as folder:
        files, messages = [], []
        for number, path in enumerate(map(str, inputs)):
            if path.lower().endswith(coordinateEndings):
                from openmmorbit.io import ensemblefiles

                if not os.path.isfile(path):
                    raise ValueError(f"openmmorbit.buildDataset: expected an existing file, got '{path}'")
                files.append(os.path.join(folder, f"{number}.sdf"))
                messages += ensemblefiles.toSDF(path, files[-1])
            else:
                files.append(path)
        with replacingPath(output) as part:
            report = chem.writeEnsembleShard(files, part, options)
            if report.numMolecules == 0 and report.numFaults + len(messages) > 0 and os.path.exists(output):
                os.remove(part)  # Nothing came of it: an older shard stays.
    report.numFaults, report.messages = report.numFaults + len(messages), [*messages, *report.messages]
    return report


def _isOlder(path: Path, other: Path) -> bool:
    return not path.exists() or path.stat().st_mtime_ns <= other.stat().st_mtime_ns


def writeShards(folder: StrPath, condition: str) -> tuple[list[Path], list[Path]]:
    """Turn the SDF files of a data set into shards; those that are up to date stay.

    Parameters
    ----------
    folder : path
        A folder of makeDataset().
    condition : str
        Level of theory.

    Returns
    -------
    tuple of list of pathlib.Path
        Shards for training, shards of the molecules that the validation rule keeps back. There are no empty ones.
    """
    found: dict[bool, list[Path]] = {False: [], True: []}
    for source in sorted(Path(folder).glob("ensembles-*.sdf.gz")):
        for validation, name in ((False, "train"), (True, "valid")):
            shard = source.with_name(source.name.replace("ensembles", name).replace(".sdf.gz", ".shard"))
            if source.stat().st_size and _isOlder(shard, source):
                temporary = shard.with_suffix(".new")
                if buildDataset([source], temporary, condition, validation).numMolecules > 0:
                    temporary.replace(shard)
                else:
                    temporary.unlink()
                    shard.unlink(missing_ok=True)
            if shard.exists():
                found[validation].append(shard)
    return found[False], found[True]
