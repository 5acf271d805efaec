# SPDX-License-Identifier: MIT
"""Files of ensembles: SDF, XYZ, MOL2, npz, PDB, PDBx/mmCIF and DCD."""
from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.arguments import KJ_PER_KCAL
from openmmorbit.io import recordformats
from openmmorbit.io.outputs import STANDARD, RecordFile, checkPath, replacing
from openmmorbit.io.topologyfiles import STRUCTURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openmmorbit._types import StrPath
    from openmmorbit.ensemble import Ensemble


def _check(ensemble: Ensemble, path: StrPath) -> None:
    if len(ensemble) == 0:
        raise ValueError(f"Ensemble: expected at least one conformer to write to '{path}', got none")


def checkName(where: str, path: StrPath, *own: str) -> None:
    """Refuse what is no path, and a name that says another format than the own endings do.

    Raises
    ------
    TypeError, ValueError
        Naming the function.
    """
    checkPath(where, path)
    name = os.fsdecode(path)
    ending, isPacked = recordformats.plainEnding(name), name.lower().endswith(".gz")
    isOther = ending in (*outputEndings(), *STRUCTURES) and ending not in own
    if isOther or (isPacked and own[0] not in recordformats.recordFormats):
        raise ValueError(f"{where}: expected a name that ends in {' or '.join(own)}, got '{name}'; writeEnsembles() "
                         "writes what the ending says, and compresses .sdf, .xyz and .mol2 files")


def writePDB(ensemble: Ensemble, path: StrPath) -> None:
    """Write all conformers as the models of a PDB file."""
    from openmm import app

    _check(ensemble, path)
    # The columns of a PDB file are narrow.
    fits = all(len(residue.id) <= 4 and len(residue.chain.id) == 1 for residue in ensemble.topology.residues())
    with replacing(path) as stream:
        app.PDBFile.writeHeader(ensemble.topology, stream)
        for index, conformer in enumerate(ensemble):
            number = index + 1 if len(ensemble) > 1 else None
            app.PDBFile.writeModel(ensemble.topology, conformer.positions, stream, number, keepIds=fits)
        app.PDBFile.writeFooter(ensemble.topology, stream)


def writePDBx(ensemble: Ensemble, path: StrPath) -> None:
    """Write all conformers as the models of a PDBx/mmCIF file."""
    from openmmorbit.io.pdbxmodels import PDBxModels

    _check(ensemble, path)
    models = PDBxModels(ensemble.topology)
    with replacing(path) as stream:
        models.writeHeader(stream)
        for index, conformer in enumerate(ensemble):
            models.writeModel(conformer.positions, stream, index + 1)


def writeDCD(ensemble: Ensemble, path: StrPath) -> None:
    """Write all conformers as the frames of a DCD trajectory."""
    from openmm import app

    _check(ensemble, path)
    with replacing(path, "wb") as stream:
        dcd = app.DCDFile(stream, ensemble.topology, 1.0 * unit.picosecond)
        for conformer in ensemble:
            dcd.writeModel(conformer.positions)


def writeNpz(ensembles: Sequence[Ensemble], path: StrPath) -> None:
    """Write ensembles as arrays: smiles, name, numAtoms, numConformers, numbers, positions in Angstrom, and energies in
    kcal/mol if those of all ensembles are known.

    The arrays are those that openmm-orbit dataset reads; see docs/training.md.
    """
    sizes = np.array([ensemble.numAtoms for ensemble in ensembles], dtype=np.int32)
    counts = np.array([len(ensemble) for ensemble in ensembles], dtype=np.int32)
    numbers = [atom.element for ensemble in ensembles for atom in ensemble.graph.atoms]
    positions = [ensemble.positions.value_in_unit(unit.angstrom).reshape(-1, 3) for ensemble in ensembles]
    known = [ensemble._energies.values for ensemble in ensembles if ensemble._energies is not None]
    energies: dict[str, Any] = {"energies": np.concatenate(known) / KJ_PER_KCAL} if len(known) == len(ensembles) else {}
    with replacing(path, "wb") as stream:
        np.savez_compressed(stream, smiles=np.array([ensemble.graph.smiles for ensemble in ensembles]),
                            name=np.array([ensemble.name for ensemble in ensembles]), numAtoms=sizes,
                            numConformers=counts, numbers=np.array(numbers, dtype=np.uint8),
                            positions=np.concatenate(positions).astype(np.float32), **energies)


#: Endings of files of one molecule, and what writes them.
singleFormats = {".pdb": writePDB, ".cif": writePDBx, ".pdbx": writePDBx, ".dcd": writeDCD}


def outputEndings() -> list[str]:
    """Get the endings of all files that EnsembleWriter writes."""
    packed = [f"{ending}.gz" for ending in recordformats.recordFormats]
    return [*recordformats.recordFormats, *packed, ".npz", *singleFormats]


class EnsembleWriter:
    """Writes ensembles to one file, whose format its name tells.

    An .sdf, .xyz or .mol2 file (also .gz) has a record a conformer, and is whole up to the last ensemble at any moment,
    see openmmorbit.io.outputs.RecordFile. An .npz file gets all ensembles when it is closed. A .pdb, .cif or .dcd file
    has one molecule. A path of "-" is standard output. Without any ensemble no file is written.

    Parameters
    ----------
    path : path
    format : str, optional
        The ending that tells the format, instead of that of the path: ".sdf", for example.

    Raises
    ------
    ValueError
        If the name ends as no file that is known.
    """

    def __init__(self, path: StrPath, format: str | None = None) -> None:
        checkPath("EnsembleWriter", path)
        self.path, name = path, "x." + format.lstrip(".") if format else os.fsdecode(path)
        self._ending = recordformats.plainEnding(name)
        self._kept: list[Ensemble] = []
        self.file: RecordFile | None = None
        if self._ending in recordformats.recordFormats:
            self._write = recordformats.recordFormats[self._ending]
            self.file = RecordFile(path, name.lower().endswith(".gz"))
        elif not name.lower().endswith((*singleFormats, ".npz")):
            raise ValueError(f"EnsembleWriter: expected a file that ends in {', '.join(outputEndings())}, got "
                             f"'{os.fsdecode(path)}'")
        elif path == STANDARD:
            raise ValueError(f"EnsembleWriter: expected {', '.join(recordformats.recordFormats)} for standard output, "
                             f"got {self._ending}")

    def write(self, ensemble: Ensemble) -> None:
        """Append all conformers of an ensemble.

        Raises
        ------
        ValueError
            For a second molecule in a file of one.
        """
        if self.file is not None:
            self.file.add(self._write(ensemble))
            return
        _check(ensemble, self.path)
        if self._kept and self._ending in singleFormats:
            raise ValueError(f"EnsembleWriter: expected one molecule for '{os.fsdecode(self.path)}', got another one, "
                             f"{ensemble.graph.getLabel()}; write .sdf, .xyz, .mol2 or .npz")
        self._kept.append(ensemble)

    def close(self) -> None:
        """Finish the file; it takes the place of an older one."""
        if self.file is not None:
            self.file.finish()
        elif self._kept and self._ending == ".npz":
            writeNpz(self._kept, self.path)
        elif self._kept:
            singleFormats[self._ending](self._kept[0], self.path)
        self._kept = []

    def abandon(self) -> str:
        """Finish the file where it is: an older one stays. Returns the path of what was written."""
        self._kept = []
        if self.file is None:
            return os.fspath(self.path)
        self.file.abandon()
        return self.file.writtenPath

    def __enter__(self) -> EnsembleWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def writeEnsembles(ensembles: Ensemble | Iterable[Ensemble], path: StrPath, format: str | None = None) -> int:
    """Write an ensemble, or many of any molecules, to one file, see EnsembleWriter.

    Parameters
    ----------
    ensembles : Ensemble or iterable of Ensemble
        An iterable is read one by one.
    path : path
    format : str, optional
        As of EnsembleWriter.

    Returns
    -------
    int
        Number of conformers that were written.

    Raises
    ------
    TypeError
        For something that is no Ensemble, e.g. a GenerationResult: give its ensemble.
    """
    from openmmorbit.ensemble import Ensemble

    if not hasattr(ensembles, "__iter__") or isinstance(ensembles, (str, bytes)):
        raise TypeError(f"writeEnsembles: expected Ensembles and a path, got {type(ensembles).__name__} first; a part "
                        "of an Ensemble is one, e.g. ensemble[:1]")
    number = 0
    with EnsembleWriter(path, format) as writer:
        for ensemble in [ensembles] if isinstance(ensembles, Ensemble) else ensembles:
            if not isinstance(ensemble, Ensemble):
                raise TypeError("writeEnsembles: expected objects of Ensemble, got one of "
                                f"{type(ensemble).__name__}; of results of generateMany() give the attribute ensemble "
                                "where it is not None, and parts of an Ensemble as ensemble[[0, 4]]")
            writer.write(ensemble)
            number += len(ensemble)
    return number


class SDFWriter(EnsembleWriter):
    """Writes ensembles to one SDF file, whatever its name."""

    def __init__(self, path: StrPath) -> None:
        super().__init__(path, ".sdf.gz" if os.fsdecode(path).lower().endswith(".gz") else ".sdf")


def writeSDF(ensemble: Ensemble, path: StrPath) -> None:
    """Write all conformers as SDF records."""
    _check(ensemble, path)
    text = recordformats.sdfRecords(ensemble).encode("utf-8", "replace")
    with replacing(path, "wb") as stream:
        stream.write(gzip.compress(text, 6) if str(path).lower().endswith(".gz") else text)
