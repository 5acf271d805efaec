# SPDX-License-Identifier: MIT
"""Training runs, and the counts of what a model was trained on. train() loads LibTorch."""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def train(config: StrPath | orbittraining.TrainingSettings, progress: bool = True) -> orbittraining.TrainingResult:
    """Train a model, or continue the run whose checkpoint lies in the output folder. Ctrl-C ends it with a checkpoint.

    The output folder receives the model, a checkpoint, log.csv and metrics.csv, and at the end report.md and
    training.png.
    Started by torchrun, the processes train one model together.

    Parameters
    ----------
    config : str, path or openmmorbit.orbittraining.TrainingSettings
        Settings, or the JSON file that holds them.
    progress : bool
        Write a line to standard error every ``logSteps`` steps and at every validation.

    Returns
    -------
    openmmorbit.orbittraining.TrainingResult
        Steps, loss, and the path of the exported model.

    Raises
    ------
    ImportError
        If this installation was built without the trainer.
    ValueError
        For settings and shards that are wrong.
    """
    try:
        from openmmorbit import orbittraining
    except ImportError as error:
        raise ImportError("openmmorbit.train: this installation has no trainer; build the package with "
                          f"-DORBIT_BUILD_TRAINING=ON and LibTorch ({error})") from error
    if not isinstance(config, orbittraining.TrainingSettings):
        if not os.path.isfile(config):
            raise ValueError(f"openmmorbit.train: expected a configuration file, got '{config}'; check the path")
        config = orbittraining.TrainingSettings.load(str(config))
    config = orbittraining.TrainingSettings(config)     # The caller's stay as they are.
    _findModels(config)
    result = orbittraining.trainWithProgress(config) if progress else orbittraining.train(config)
    if int(os.environ.get("RANK", 0)) == 0:
        from openmmorbit.training import report

        report.writeReport(config.outputDirectory, result)
    return result


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
