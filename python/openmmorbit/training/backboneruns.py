# SPDX-License-Identifier: MIT
"""Settings of runs that train a model of backbones."""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmmorbit import orbit
from openmmorbit.io.outputs import replacing
from openmmorbit.training.systemruns import CHECKPOINT, SETTINGS, assign, toJson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openmmorbit import orbittraining
    from openmmorbit._types import StrPath

_where = "openmmorbit.train"


def holdBackbones(shards: Sequence[str]) -> bool:
    """Tell whether the first subject of shards is a backbone."""
    subject = orbit.ShardSubject()
    return any(orbit.ShardReader(path).nextSubject(subject) and subject.kind == orbit.SubjectKind_Backbone
               for path in shards[:1])


def _count(shards: Sequence[str]) -> tuple[int, int]:
    """Get the numbers of backbones and residues."""
    numBackbones = numResidues = 0
    for path in shards:
        reader, subject = orbit.ShardReader(path), orbit.ShardSubject()
        while reader.nextSubject(subject):
            if subject.kind != orbit.SubjectKind_Backbone:
                raise ValueError(f"{_where}: expected backbones in all shards, got \"{path}\" with "
                                 f"{subject.getLabel()}")
            numBackbones, numResidues = numBackbones + 1, numResidues + subject.backbone.getNumResidues()
    return numBackbones, numResidues


def makeSettings(shards: Sequence[str], folder: StrPath, minutes: float, metadata: Mapping[str, str] | None,
                 values: Mapping[str, Any]) -> orbittraining.TrainingSettings:
    """Make the settings of a run on backbones, and keep them in its folder as settings.json.

    Parameters
    ----------
    shards : list of str
    folder : path
    minutes : float
        Length of the run, with what it has done already.
    metadata : dict or None
        Texts of the model card beside those that are known.
    values : dict
        Settings by name; ``validation`` is a shard, or a list of shards, for the validation loss.

    Raises
    ------
    ValueError
        For shards with something else, and for values out of range.
    TypeError
        For settings that do not exist.
    """
    from openmmorbit import orbittraining

    folder, values = Path(folder), dict(values)
    numBackbones, numResidues = _count(shards)
    if not minutes > 0:
        raise ValueError(f"{_where}: expected minutes above 0, got {minutes}")
    settings = orbittraining.TrainingSettings.suggest(list(shards), float(minutes))
    settings.numThreads = max(1, len(os.sched_getaffinity(0)) - 1)
    validation = values.pop("validation", [])
    paths = [validation] if isinstance(validation, (str, os.PathLike)) else list(validation)
    settings.validationShards = [os.path.realpath(path) for path in paths]
    if (folder / CHECKPOINT).is_file() and (folder / SETTINGS).is_file():
        earlier = orbittraining.TrainingSettings.load(str(folder / SETTINGS))
        settings.network, settings.seed = earlier.network, earlier.seed
    assign(settings, values)
    settings.outputDirectory = os.path.abspath(folder)
    card = {"name": folder.resolve().name, "data": f"{numBackbones:,} backbones of {numResidues:,} residues",
            **(metadata or {})}
    settings.metadata = [str(text) for pair in card.items() for text in pair]
    settings.validate()
    folder.mkdir(parents=True, exist_ok=True)
    if int(os.environ.get("RANK", 0)) == 0:
        with replacing(folder / SETTINGS) as stream:
            json.dump(toJson(settings), stream, indent=1)
    return settings
