# SPDX-License-Identifier: MIT
"""Training runs, and the counts of what a model was trained on. train() loads LibTorch."""
from __future__ import annotations

import fcntl
import json
import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmm import unit

from openmmorbit.data.backbonedataset import BackboneDataset
from openmmorbit.data.frameshards import SHARD
from openmmorbit.data.trajectories import TrajectoryDataset
from openmmorbit.io.outputs import makeFolder
from openmmorbit.io.trajectoryfiles import MODELS, STREAMED
from openmmorbit.simulation.states import toNumber
from openmmorbit.training import backboneruns, systemruns
from openmmorbit.training.loading import loadTrainer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from openmmorbit import orbit, orbittraining
    from openmmorbit._types import StrPath


def _findModels(settings: orbittraining.TrainingSettings) -> None:
    """Replace names of packaged models by paths."""
    from openmmorbit.models import findModel

    if settings.initialModel:
        settings.initialModel = findModel(settings.initialModel)
    if settings.distillation.teacher:
        distillation = settings.distillation
        distillation.teacher = findModel(distillation.teacher)
        settings.distillation = distillation


def _refuseFiles(data: Any) -> None:
    """Refuse files that a data set has to be made of first."""
    from openmmorbit.data.backbones import ENDINGS

    where, what = "openmmorbit.train", "a configuration file, a TrajectoryDataset, a BackboneDataset or shards"
    for path in data if isinstance(data, (list, tuple)) else [data]:
        if not isinstance(path, (str, os.PathLike, loadTrainer().TrainingSettings)):
            raise TypeError(f"{where}: expected {what}, got {path!r}")
        name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
        ending = os.path.splitext(name)[1].lower()
        if name.lower().endswith(ENDINGS):
            raise ValueError(f"{where}: expected {what}, got the structure '{name}'; give openmmorbit.BackboneDataset("
                             "files) for a model of backbones, or openmmorbit.TrajectoryDataset(topology, files) for "
                             "one of a system")
        if ending in STREAMED or ending in MODELS:
            raise ValueError(f"{where}: expected {what}, got the trajectory '{name}'; give "
                             f"openmmorbit.TrajectoryDataset(topology, '{name}')")
        if name and not os.path.isfile(name):
            raise ValueError(f"{where}: expected {what}, got '{name}', which is "
                             f"{'a folder' if os.path.isdir(name) else 'no file'}; check the path")
        if ending == ".shard":
            raise ValueError(f"{where}: expected a shard, got '{name}', which is an empty or another file")


def _readConfig(config: Any) -> orbittraining.TrainingSettings:
    """Get settings from an object or a JSON file; the caller's stay as they are."""
    orbittraining = loadTrainer()
    if not isinstance(config, orbittraining.TrainingSettings):
        if not isinstance(config, (str, os.PathLike)) or not os.path.isfile(config):
            raise ValueError(f"openmmorbit.train: expected a configuration file, a TrajectoryDataset, a "
                             f"BackboneDataset or shards, got '{config}'; check the path")
        config = orbittraining.TrainingSettings.load(str(config))
    return orbittraining.TrainingSettings(config)


def train(data: StrPath | Sequence[StrPath] | TrajectoryDataset | BackboneDataset | orbittraining.TrainingSettings,
          folder: StrPath | None = None, minutes: float | None = None, *, progress: bool = True,
          forceField: str | None = None, metadata: Mapping[str, str] | None = None,
          **settings: Any) -> orbittraining.TrainingResult:
    """Train a model: of one system on frames of simulations, of backbones, or as settings say.

    Ctrl-C ends a run with a checkpoint and a model. The same call again continues the run in the folder, also after
    more frames have come. The folder receives model.safetensors, a checkpoint, log.csv and metrics.csv, and at the end
    report.md and training.png. Started by torchrun, the processes train one model together.

    Parameters
    ----------
    data : TrajectoryDataset, BackboneDataset, path, list of paths, or openmmorbit.orbittraining.TrainingSettings
        Frames of one system, which are written to ``frames.shard`` in the folder, or backbones, which are written to
        ``train.shard`` and ``validation.shard``; shards of one system, or of backbones (buildBackboneDataset()); or
        settings, also as a JSON file.
    folder : path, optional
        Where the run lies; with settings, these tell.
    minutes : float, optional
        Length of the run with what it has done already, 30 by default; settings have one of their own.
    progress : bool
        Show a progress bar with loss, validation loss and the time that is left; where standard error is no terminal,
        and for runs that settings describe, a line every ``logSteps`` steps.
    forceField : str, optional
        What the frames were made with, for the model card.
    metadata : dict, optional
        More texts for the model card.
    **settings
        Settings of docs/training.md by name, instead of the suggested ones, e.g. ``width=64``, ``rotations="SO3"``,
        ``target="plain"``, ``seed=2``, ``threads=4``. For backbones also ``validation``, one or more shards.

    Returns
    -------
    openmmorbit.orbittraining.TrainingResult
        Steps, loss, and the path of the exported model. Functions that take a model's path take the result too.

    Raises
    ------
    ImportError
        If this installation was built without the trainer.
    ValueError
        For settings, frames and shards that are wrong.
    TypeError
        For names that are no settings.

    Examples
    --------
    >>> dataset = openmmorbit.TrajectoryDataset(pdb.topology, "run.dcd", temperature=300)  # doctest: +SKIP
    >>> model = openmmorbit.train(dataset, "folder", minutes=30)  # doctest: +SKIP
    >>> states = openmmorbit.TopologyGenerator(model, pdb.topology).generate(1000)  # doctest: +SKIP
    """
    if isinstance(folder, bool):        # Former second argument.
        folder, progress = None, folder
    with ExitStack() as stack:
        return _train(stack, data, folder, minutes, progress, forceField, metadata, settings)


def _train(stack: ExitStack, data: Any, folder: StrPath | None, minutes: float | None, progress: bool,
           forceField: str | None, metadata: Mapping[str, str] | None,
           settings: dict[str, Any]) -> orbittraining.TrainingResult:
    """Train as train() says; the folder is locked while the stack lasts."""
    orbittraining = loadTrainer()
    shards = systemruns.listShards(data)
    isSystem = isinstance(data, (TrajectoryDataset, BackboneDataset)) or bool(shards)
    if not isSystem:
        _refuseFiles(data)
        if folder is not None or minutes is not None or forceField or metadata or settings:
            raise TypeError("openmmorbit.train: expected all settings in the configuration, got some beside it; write "
                            "them into it")
        config = _readConfig(data)
        if config.outputDirectory:
            stack.enter_context(_locked(config.outputDirectory))
    else:
        if folder is None:
            raise TypeError("openmmorbit.train: expected a folder for the model, got none; train(dataset, 'folder')")
        duration = 30.0 if minutes is None else toNumber("openmmorbit.train", "minutes", minutes, unit.minute)
        systemruns.checkSettings(duration, {name: value for name, value in settings.items() if name != "validation"})
        stack.enter_context(_locked(folder))
        if isinstance(data, TrajectoryDataset):
            shards = [_writeFrames(data, Path(folder), progress)]
        elif isinstance(data, BackboneDataset):
            _refuseGroup(data)
            backboneruns.checkPoints(folder, data.points)
            training, validation = data.write(folder, progress, lambda path: backboneruns.checkLongest(
                folder, backboneruns.countShards([path])[3], settings))
            shards = [training]
            if validation is not None:
                settings = {"validation": validation, **settings}
        if backboneruns.holdBackbones(shards):
            if forceField is not None:
                raise TypeError("openmmorbit.train: expected no forceField with backbones, got one; metadata takes "
                                "texts for the model card")
            config = backboneruns.makeSettings(shards, folder, duration, metadata, settings)
        else:
            config = systemruns.makeSettings(shards, folder, duration, forceField, metadata, settings)
    _findModels(config)
    if not progress:
        result = orbittraining.train(config)
    elif isSystem:
        result = _trainWithBar(config)
    else:
        result = orbittraining.trainWithProgress(config)
    if int(os.environ.get("RANK", 0)) == 0:
        from openmmorbit.training import report

        report.writeReport(config.outputDirectory, result)
    return result


@contextmanager
def _locked(folder: StrPath) -> Iterator[None]:
    """Keep other processes from training in a folder: two runs would overwrite each other's files."""
    if os.environ.get("RANK", "0") != "0":      # the first process of a group holds the lock
        yield
        return
    descriptor = os.open(makeFolder("openmmorbit.train", folder), os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(f"openmmorbit.train: expected a folder in which nobody trains, got '{folder}', in which "
                             "another run is in progress; wait for its end, or choose another folder") from error
        except OSError:
            pass    # a file system without locks
        yield
    finally:
        os.close(descriptor)


def _refuseGroup(dataset: TrajectoryDataset | BackboneDataset) -> None:
    """Refuse to write shards in several processes at once."""
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise ValueError(f"openmmorbit.train: expected shards for several processes, got a {type(dataset).__name__}; "
                         "call its write() in one process first, and train() with the paths of the shards here")


def _writeFrames(dataset: TrajectoryDataset, folder: Path, progress: bool) -> str:
    """Write what the shard in the folder does not have yet."""
    _refuseGroup(dataset)
    makeFolder("openmmorbit.train", folder)
    path = os.path.realpath(folder / SHARD)
    dataset.write(path, progress=progress)
    return path


def _trainWithBar(config: orbittraining.TrainingSettings) -> orbittraining.TrainingResult:
    from openmmorbit.training.progress import TrainingBar

    bar = TrainingBar(config)
    try:
        return loadTrainer().trainWithLines(config, bar.take)
    finally:
        bar.close()


def addTrainingCounts(model: StrPath, shards: Iterable[StrPath], output: StrPath | None = None) -> orbit.TrainingCounts:
    """Give a model file the counts of what it was trained on, from its training shards. The weights do not change.

    A training run writes them itself; this is for models that came about otherwise, e.g. as a mean of several. Counts
    that the file has are kept: the larger of two numbers stands.

    Parameters
    ----------
    model : str or path
        The model file.
    shards : list of str
        Shards that it was trained on.
    output : str or path, optional
        The file to write; default: the model file itself.

    Returns
    -------
    openmmorbit.orbit.TrainingCounts
        What the file tells now.

    Raises
    ------
    ValueError
        If a file is missing or another one than a model or a shard.
    """
    from openmmorbit import orbit
    from openmmorbit.models import findModel

    path = findModel(str(model))
    loaded, counts = orbit.DenoiserModel.load(path), orbit.countTraining([str(shard) for shard in shards])
    tensors = _tensorChecksum(Path(path).read_bytes())
    counts.include(loaded.getTrainingCounts())
    loaded.setTrainingCounts(counts)
    for storage in (orbit.TensorStorage_BFloat16, orbit.TensorStorage_Float32):
        data = loaded.toBytes(storage)
        if _tensorChecksum(data) == tensors:
            break
    output = Path(path if output is None else output)
    temporary = output.with_name(output.name + ".new")
    temporary.write_bytes(data)
    temporary.replace(output)
    return counts


def _tensorChecksum(data: bytes) -> str:
    """Get the SHA-256 of the tensors that a model file states."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + length])["__metadata__"]["sha256"]
