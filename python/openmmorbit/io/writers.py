# SPDX-License-Identifier: MIT
"""Files of an Ensemble: SDF, PDB, PDBx/mmCIF and DCD."""
from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from openmm import unit

from openmmorbit.io.outputs import RecordFile, replacing

if TYPE_CHECKING:
    from openmmorbit._types import StrPath
    from openmmorbit.ensemble import Ensemble


def _check(ensemble: Ensemble, path: StrPath) -> None:
    if len(ensemble) == 0:
        raise ValueError(f"Ensemble: expected at least one conformer to write to '{path}', got none")


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
    from openmm import app

    _check(ensemble, path)
    with replacing(path) as stream:
        app.PDBxFile.writeHeader(ensemble.topology, stream, keepIds=True)
        for index, conformer in enumerate(ensemble):
            app.PDBxFile.writeModel(ensemble.topology, conformer.positions, stream, index + 1, keepIds=True)


def writeDCD(ensemble: Ensemble, path: StrPath) -> None:
    """Write all conformers as the frames of a DCD trajectory."""
    from openmm import app

    _check(ensemble, path)
    with replacing(path, "wb") as stream:
        dcd = app.DCDFile(stream, ensemble.topology, 1.0 * unit.picosecond)
        for conformer in ensemble:
            dcd.writeModel(conformer.positions)


def _records(ensemble: Ensemble) -> str:
    """Get all conformers as SDF records."""
    from openmmorbit import chem

    graph, texts = ensemble.graph, []
    positions = ensemble.positions.value_in_unit(unit.angstrom)
    for index, provenance in enumerate(ensemble.provenance):
        texts.append(chem.writeStructureRecord(graph, positions[index], {
            "SMILES": graph.smiles, "ORBIT_MODEL": provenance.modelChecksum,
            "ORBIT_KERNEL": provenance.kernel or "unknown", "ORBIT_SEED": str(provenance.seed),
            "ORBIT_RECORD": str(provenance.record), "ORBIT_COPY": str(provenance.copy),
            "ORBIT_REDRAWS": str(provenance.numRedraws),
            "ORBIT_EVALUATIONS": str(provenance.numEvaluations),
            "ORBIT_CONDITION": provenance.condition or "none",
            "ORBIT_MIRRORED": "yes" if provenance.mirrored else "no",
            "ORBIT_ISOMER": str(ensemble[index].isomer), "ORBIT_ISOMER_SMILES": ensemble[index].smiles,
            "ORBIT_DEVIATION": f"{ensemble[index].status.maxDeviation:.2f}",
            "ORBIT_STATUS": ensemble[index].status.message or "ok"}))
    return "".join(texts)


class SDFWriter:
    """Writes ensembles to one SDF file, a record a conformer with its provenance.

    Name and properties of the molecule come first. The file is whole up to the last ensemble at any moment, see
    openmmorbit.io.outputs.RecordFile. A name that ends in .gz is compressed.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path: StrPath) -> None:
        self.file = RecordFile(path)

    def write(self, ensemble: Ensemble) -> None:
        """Append all conformers of an ensemble."""
        self.file.add(_records(ensemble))

    def close(self) -> None:
        """Finish the file; it takes the place of an older one."""
        self.file.finish()

    def __enter__(self) -> SDFWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.file.abandon()


def writeSDF(ensemble: Ensemble, path: StrPath) -> None:
    """Write all conformers as SDF records."""
    _check(ensemble, path)
    text = _records(ensemble).encode("utf-8", "replace")
    with replacing(path, "wb") as stream:
        stream.write(gzip.compress(text) if str(path).lower().endswith(".gz") else text)
