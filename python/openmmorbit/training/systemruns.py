# SPDX-License-Identifier: MIT
"""Settings of runs that train a model of one system: suggested, changed by name, kept beside the checkpoint."""
from __future__ import annotations

import difflib
import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit import orbit
from openmmorbit.arguments import checkInteger
from openmmorbit.data.frameshards import CHECKPOINT, MODEL, NO_TEMPERATURE, SETTINGS, Contents, isShard, readContents
from openmmorbit.io.outputs import makeFolder, replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openmmorbit import orbittraining
    from openmmorbit._types import StrPath

_where = "openmmorbit.train"
#: Other names of settings.
_aliases = {"threads": "numThreads", "batchThreads": "numBatchThreads"}
#: Settings that come from the data and the folder, or have an argument of their own.
_fixed = ("conditions", "datasets", "validationShards", "outputDirectory", "network", "distillation", "metadata",
          "maxMinutes")
#: Fewer frames are warned of.
FEW_FRAMES = 50
#: Labels of simulations that the model card lists.
_maxLabels = 5


def _names(kind: type) -> list[str]:
    """Get the names of the members of a C++ struct."""
    return [name for name, value in vars(kind).items() if isinstance(value, property) and name != "thisown"]


def _convert(name: str, value: Any, current: Any) -> Any:
    """Get a value of the kind that a setting has."""
    if isinstance(current, bool):
        if not isinstance(value, bool):
            raise TypeError(f"{_where}: expected {name} as True or False, got {value!r}")
        return value
    if isinstance(current, int):
        return checkInteger(name, value, -2**31, _where)
    try:
        if isinstance(current, str):
            return str(os.fspath(value))            # text, a path, or the result of a run as initialModel
        return float(value) if isinstance(current, float) else list(value)
    except (TypeError, ValueError) as error:
        kind = "text or a path" if isinstance(current, str) else f"a {type(current).__name__}"
        raise TypeError(f"{_where}: expected {name} as {kind}, got {value!r}") from error


def assign(settings: orbittraining.TrainingSettings, values: Mapping[str, Any]) -> None:
    """Change settings by name; sizes of the network are known by their names too.

    Raises
    ------
    TypeError
        For a name that is no setting, and a value of another kind.
    """
    network = orbit.PairBiasTransformerSettings(settings.network)
    inNetwork, known = _names(type(network)), [n for n in _names(type(settings)) if n not in _fixed]
    for given, value in values.items():
        name = _aliases.get(given, given)
        if name not in (*inNetwork, *known):
            close = difflib.get_close_matches(name, [*inNetwork, *known, *_aliases], 3)
            raise TypeError(f"{_where}: expected a setting of docs/training.md, got '{given}'"
                            f"{'; close to it are ' + ', '.join(close) if close else ''}")
        target = network if name in inNetwork else settings
        setattr(target, name, _convert(given, value, getattr(target, name)))
    settings.network = network


def toJson(settings: orbittraining.TrainingSettings) -> dict[str, Any]:
    """Get what TrainingSettings.load() reads; without a distillation, which models of systems do not have."""
    result = {name: getattr(settings, name) for name in _names(type(settings)) if name != "distillation"}
    result["network"] = {name: getattr(settings.network, name) for name in _names(type(settings.network))}
    result["datasets"] = [{"shards": list(entry.shards), "weight": entry.weight} for entry in settings.datasets]
    result["metadata"] = dict(zip(settings.metadata[::2], settings.metadata[1::2]))
    # Lists of numbers come from C++ as arrays, those of texts as tuples.
    return {name: value if isinstance(value, (str, dict, list)) or np.ndim(value) == 0 else np.asarray(value).tolist()
            for name, value in result.items()}


def _readAll(shards: Sequence[str]) -> list[Contents]:
    """Get what shards of one system hold."""
    found = []
    for path in shards:
        contents = readContents(_where, path)
        if contents is None or contents.numFrames == 0:
            raise ValueError(f"{_where}: expected frames in \"{path}\", got none yet; add some first")
        found.append(contents)
        difference = orbit.describeDifference(found[0].topology, contents.topology)
        if difference:
            raise ValueError(f"{_where}: expected one system in all shards, got \"{path}\" with {difference}")
    if len({entry.hasWeights for entry in found}) > 1:
        raise ValueError(f"{_where}: expected weights in all shards or in none, got some with and some without")
    return found


def listShards(data: Any) -> list[str]:
    """Get paths of shards; none if the data are something else."""
    entries = list(data) if isinstance(data, (list, tuple)) else [data]
    if not entries or not all(isinstance(entry, (str, os.PathLike)) for entry in entries):
        return []
    paths = [os.fspath(entry) for entry in entries]
    shards = [path for path in paths if isShard(path)]
    if shards and len(shards) < len(paths):
        other = next(path for path in paths if path not in shards)
        raise ValueError(f"{_where}: expected shards, got \"{other}\", which is none")
    return [os.path.realpath(path) for path in shards]


def _card(found: Sequence[Contents], folder: Path, forceField: str | None) -> dict[str, str]:
    """Get the texts of the model card."""
    labels = [name.rsplit(" ", 1)[0] for entry in found for name in entry.series]
    more = f" and {len(labels) - _maxLabels} more" if len(labels) > _maxLabels else ""
    numFrames, subject = sum(entry.numFrames for entry in found), found[0].topology
    conditions = list(dict.fromkeys(name for entry in found for name in entry.conditions))
    residues = list(subject.residueNames)
    words = "-".join(residues[:8]) + (f"-... ({len(residues)} residues)" if len(residues) > 8 else "")
    card = {"name": folder.resolve().name, "system": f"{subject.getNumAtoms()} atoms of {words}",
            "data": f"{numFrames:,} frames of {', '.join(labels[:_maxLabels])}{more}",
            "temperatures": ", ".join("unknown" if name == NO_TEMPERATURE else name for name in conditions)}
    return card if forceField is None else {**card, "force field": str(forceField)}


def checkSettings(minutes: float, values: Mapping[str, Any]) -> None:
    """Refuse what can be known to be wrong before frames are written, which may take long.

    Raises
    ------
    ValueError
        For a run of no length.
    TypeError
        For settings that do not exist, and values of another kind.
    """
    from openmmorbit import orbittraining

    if not minutes > 0:
        raise ValueError(f"{_where}: expected minutes above 0, got {minutes}")
    assign(orbittraining.TrainingSettings(), values)


def suggestSettings(shards: Sequence[str], minutes: float) -> orbittraining.TrainingSettings:
    """Get settings that suit what the shards hold, for all processors but one."""
    from openmmorbit import orbittraining

    settings = orbittraining.TrainingSettings.suggest(list(shards), float(minutes))
    settings.numThreads = max(1, len(os.sched_getaffinity(0)) - 1)
    return settings


def readEarlier(settings: orbittraining.TrainingSettings, folder: Path) -> orbittraining.TrainingSettings | None:
    """Get the settings of the run in a folder that is continued; None if there is none."""
    if not (folder / CHECKPOINT).is_file() or not (folder / SETTINGS).is_file():
        return None
    return type(settings).load(str(folder / SETTINGS))


def keepSettings(settings: orbittraining.TrainingSettings, folder: Path, card: Mapping[str, str]) -> None:
    """Complete the settings with the folder and the model card, check them, and write them as settings.json."""
    settings.outputDirectory = os.path.abspath(folder)
    settings.metadata = [str(text) for pair in card.items() for text in pair]
    settings.validate()
    makeFolder(_where, folder)
    if int(os.environ.get("RANK", 0)) == 0:
        with replacing(folder / SETTINGS) as stream:
            json.dump(toJson(settings), stream, indent=1)


def _keepNetwork(settings: orbittraining.TrainingSettings, folder: Path) -> None:
    """Let a run that is continued keep its network: the scales of more frames may be others."""
    earlier = readEarlier(settings, folder)
    if earlier is None:
        return
    if list(earlier.conditions) != list(settings.conditions):
        known, asked = ", ".join(earlier.conditions), ", ".join(settings.conditions)
        raise ValueError(f"{_where}: expected the temperatures of the run in \"{folder}\" ({known}), got {asked}; "
                         f"train in another folder, with initialModel='{folder / MODEL}' to begin with "
                         "its weights")
    settings.network, settings.seed = earlier.network, earlier.seed


def makeSettings(shards: Sequence[str], folder: StrPath, minutes: float, forceField: str | None,
                 metadata: Mapping[str, str] | None, values: Mapping[str, Any]) -> orbittraining.TrainingSettings:
    """Make the settings of a run on one system, and keep them in its folder as settings.json.

    Parameters
    ----------
    shards : list of str
    folder : path
    minutes : float
        Length of the run, with what it has done already.
    forceField : str or None
    metadata : dict or None
        Texts of the model card beside those that are known.
    values : dict
        Settings by name.

    Raises
    ------
    ValueError
        For shards without frames or of several systems, and for values out of range.
    TypeError
        For settings that do not exist.
    """
    folder, found = Path(folder), _readAll(shards)
    numFrames = sum(entry.numFrames for entry in found)
    if numFrames < FEW_FRAMES:
        warnings.warn(f"{_where}: expected some thousand frames, got {numFrames}; a model can only repeat them",
                      stacklevel=4)
    settings = suggestSettings(shards, minutes)
    settings.boltzmannShare = 1.0 if found[0].hasWeights else 0.0
    if not any(orbit.getTimeSplit(series.numFrames, True).getNumFrames() for entry in found
               for series in entry.series.values()):
        settings.validationShards = []
    _keepNetwork(settings, folder)
    assign(settings, values)
    keepSettings(settings, folder, {**_card(found, folder, forceField), **(metadata or {})})
    return settings
