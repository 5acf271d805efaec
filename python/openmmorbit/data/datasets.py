# SPDX-License-Identifier: MIT
"""Data sets from SMILES: many molecules on many cores or a Dask cluster, resumable at any moment, into shards."""
from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmmorbit.bars import makeBar
from openmmorbit.data import parallel, recipes
from openmmorbit.data.journal import Journal
from openmmorbit.data.shards import writeShards
from openmmorbit.models import loadModel
from openmmorbit.molecules import repairText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openmmorbit._types import StrPath
    from openmmorbit.data.settings import EnsembleOutcome, EnsembleSettings


@dataclass
class DatasetReport:
    """What makeDataset() did, earlier parts of the same data set included.

    Attributes
    ----------
    folder : pathlib.Path
        Where the data set lies.
    numMolecules, numConformers, numFailed : int
        Molecules with an ensemble, their conformers, and molecules without.
    reasons : dict
        Reason of a failure to its number.
    trainingShards, validationShards : list of pathlib.Path
        Shards for the trainer.
    """
    folder: Path
    numMolecules: int = 0
    numConformers: int = 0
    numFailed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    trainingShards: list[Path] = field(default_factory=list)
    validationShards: list[Path] = field(default_factory=list)


def _provenance(settings: EnsembleSettings, sources: Sequence[StrPath], maxIsomers: int,
                cluster: str | None) -> dict[str, Any]:
    import rdkit

    from openmmorbit import __version__
    from openmmorbit.data import quantum

    engine = ""
    if settings.level == "gfn2":
        # The workers of a cluster may have a program that this machine lacks.
        engine = settings.engine if cluster and settings.engine else quantum.chooseEngine(settings.engine or None)
    # Of a model the weights count, not the name.
    model = loadModel(settings.model or None).getChecksum() if settings.modelStarts > 0 else ""
    return {"settings": {**settings.toDict(), "model": model, "maxIsomers": maxIsomers},
            "condition": settings.condition, "engine": engine, "sources": [str(source) for source in sources],
            "versions": {"openmmorbit": __version__, "rdkit": rdkit.__version__, "python": platform.python_version()},
            "validationRule": "sha256('orbit-validation:' + flat SMILES) below 0.03"}


def _checkProvenance(folder: StrPath, provenance: dict[str, Any]) -> None:
    """Write the provenance of a new data set, or compare it with that of one that goes on."""
    path = Path(folder) / "provenance.json"
    if path.exists():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        begun = {**recipes.EnsembleSettings().toDict(), **earlier["settings"]}
        for key, value in provenance["settings"].items():
            if begun[key] != value:
                raise ValueError(f"makeDataset: expected {key} = {begun[key]!r} as when '{folder}' was begun, "
                                 f"got {value!r}; choose another folder")
        provenance = {**provenance, "sources": sorted({*earlier["sources"], *provenance["sources"]})}
    path.with_suffix(".new").write_text(json.dumps(provenance, indent=1), encoding="utf-8")
    path.with_suffix(".new").replace(path)


def _splitLine(line: str) -> tuple[str, str]:
    """Get the SMILES and the name of a line: the second column if there are tabs, else all that follows."""
    smiles, *rest = repairText(line).split(None, 1) or [""]
    name = rest[0] if rest else ""
    if name.startswith("|"):
        # An extension that some programs write behind a SMILES.
        name = name[name.find("|", 1) + 1:].strip() if name.find("|", 1) > 0 else ""
    return smiles, name.split("\t")[0].strip()


def _readLines(sources: Sequence[StrPath]) -> Iterator[tuple[str, str]]:
    """Yield SMILES and name of the lines of files (.gz is fine); other sources are SMILES themselves."""
    import gzip

    for source in sources:
        if not os.path.isfile(source):
            yield _splitLine(str(source))
            continue
        opened = gzip.open if str(source).lower().endswith(".gz") else open
        with opened(source, "rt", encoding="utf-8-sig", errors="surrogateescape") as stream:
            isFirst = True
            for line in stream:
                if not line.strip() or line.startswith("#"):
                    continue
                if not (isFirst and "smiles" in line.split()[0].lower()):
                    yield _splitLine(line)
                isFirst = False


def _tasks(sources: Sequence[StrPath], maxIsomers: int, journal: Journal) -> Iterator[tuple[str, str]]:
    """Yield (key, name) of what is not done; lines that cannot be read go into the journal."""
    seen = set()
    for smiles, name in _readLines(sources):
        try:
            keys = recipes.enumerateTasks(smiles, maxIsomers)
        except ValueError as error:
            if smiles not in journal.done:
                journal.add(recipes.EnsembleOutcome(smiles, reason=str(error)))
            continue
        for key in keys:
            if key not in journal.done and key not in seen:
                seen.add(key)
                yield key, name


def _makeNamed(task: tuple[str, str], settings: EnsembleSettings) -> EnsembleOutcome:
    key, name = task
    return recipes.makeEnsemble(key, settings, name)


def _summarize(journal: Journal, folder: StrPath, condition: str) -> DatasetReport:
    report = DatasetReport(Path(folder))
    rows = []
    for entry in journal.read():
        if "reason" in entry:
            report.numFailed += 1
            report.reasons[entry["reason"]] = report.reasons.get(entry["reason"], 0) + 1
            rows.append((entry["key"], entry["reason"]))
        else:
            report.numMolecules += 1
            report.numConformers += entry["conformers"]
    with open(report.folder / "failures.tsv", "w", encoding="utf-8") as stream:
        stream.writelines(f"{key}\t{reason}\n" for key, reason in rows)
    report.trainingShards, report.validationShards = writeShards(folder, condition)
    return report


def makeDataset(sources: Sequence[StrPath], folder: StrPath, settings: EnsembleSettings | None = None,
                maxIsomers: int = 4, processes: int | None = None, cluster: str | None = None, limit: int | None = None,
                progress: bool = True, retryFailed: bool = False) -> DatasetReport:
    """Make ensembles of many molecules and shards of them; the same call again continues after any interruption.

    Every SMILES is turned into its stereoisomers where it leaves them open; each of these gives ETKDGv3 geometries,
    MMFF94s minima and (level "gfn2") GFN2-xTB minima, whose bonds and stereochemistry are checked, inside an energy
    window, different from each other. The folder holds ``ensembles-*.sdf.gz``, ``train-*.shard``, ``valid-*.shard``,
    ``journal.jsonl`` (one line a molecule), ``failures.tsv`` (molecule and reason) and ``provenance.json``. Ending the
    process at any moment, also by kill -9, loses the molecules that are being computed, nothing else.

    Parameters
    ----------
    sources : list of str
        SMILES, or files whose lines begin with one (.gz is fine).
    folder : path
        The data set.
    settings : openmmorbit.EnsembleSettings, optional
    maxIsomers : int
        Stereoisomers of one SMILES.
    processes : int, optional
        Worker processes; default: the cores of this machine.
    cluster : str, optional
        Address of a Dask scheduler, or "local" for one of this machine's cores, instead of worker processes.
    limit : int, optional
        Stop after this many new molecules.
    progress : bool
        Show a progress bar on standard error, if that is a terminal.
    retryFailed : bool
        Try the molecules of an earlier call that failed once more, e.g. after a timeout or a missing program. Without
        it a molecule that failed is done.

    Returns
    -------
    DatasetReport

    Raises
    ------
    ValueError
        If the folder was begun with other settings.
    ImportError
        If RDKit, GFN2-xTB or Dask are asked for and missing; the message tells how to install them.
    OSError
        If the disk is full; what was finished is kept.
    """

    from openmmorbit.molecules import requireRDKit

    requireRDKit("makeDataset")
    from rdkit import RDLogger

    RDLogger.DisableLog("rdApp.*")
    settings = settings or recipes.EnsembleSettings()
    provenance = _provenance(settings, sources, maxIsomers, cluster)
    journal = Journal(folder)
    try:
        _checkProvenance(folder, provenance)
        if retryFailed:
            journal.retryFailed()
        conformers = failed = 0
        with makeBar(None, settings.condition, progress, "molecules") as bar:
            bar.set_postfix_str(f"{len(journal.done)} done before")
            tasks = parallel.limited(_tasks(sources, maxIsomers, journal), limit)
            for (key, _), outcome in parallel.run(_makeNamed, tasks, (settings,), processes, cluster):
                if isinstance(outcome, Exception):
                    outcome = recipes.EnsembleOutcome(key, reason=f"worker: {outcome}")
                journal.add(outcome)
                conformers, failed = conformers + outcome.numConformers, failed + bool(outcome.reason)
                bar.update()
                bar.set_postfix_str(f"{conformers} conformers, {failed} failed")
    finally:
        journal.close()
    return _summarize(journal, folder, settings.condition)
