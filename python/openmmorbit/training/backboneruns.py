# SPDX-License-Identifier: MIT
"""Settings of runs that train a model of backbones."""
from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmmorbit import orbit
from openmmorbit.training.systemruns import (CHECKPOINT, MODEL, SETTINGS, assign, keepSettings, readEarlier,
                                             suggestSettings)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openmmorbit import orbittraining
    from openmmorbit._types import StrPath

_where = "openmmorbit.train"
#: A model of fewer backbones hardly learns more than to repeat them.
_FEW = 20


def holdBackbones(shards: Sequence[str]) -> bool:
    """Tell whether the first subject of shards is a backbone."""
    subject = orbit.ShardSubject()
    return any(orbit.ShardReader(path).nextSubject(subject) and subject.kind == orbit.SubjectKind_Backbone
               for path in shards[:1])


def checkPoints(folder: StrPath, points: int) -> None:
    """Refuse to continue a run on backbones with other points, before its shards are written anew.

    Raises
    ------
    ValueError
        With both numbers.
    """
    from openmmorbit import orbittraining

    settings = Path(folder) / SETTINGS
    if not (Path(folder) / CHECKPOINT).is_file() or not settings.is_file():
        return
    known = orbittraining.TrainingSettings.load(str(settings)).network.pointsPerToken
    if known != points:
        raise ValueError(f"{_where}: expected {known} point{'' if known == 1 else 's'} for each residue, as the run in "
                         f"\"{folder}\" has, got {points}; train in another folder")


def _countLengths(vocabularies: Sequence[orbit.FeatureVocabulary]) -> int:
    """Get how many lengths of backbones a network tells apart."""
    return next(len(entry.values) for entry in vocabularies if entry.name == "length")


def checkLongest(folder: StrPath, longest: int, values: Mapping[str, Any]) -> None:
    """Refuse to continue a run on backbones that need another network, before anything of the run is written anew.

    A network tells lengths apart up to that of the longest training backbone. One with an initial model keeps its own.

    Parameters
    ----------
    folder : path
    longest : int
        Residues of the longest training backbone.
    values : dict
        Settings by name.

    Raises
    ------
    ValueError
        With both numbers.
    """
    path = Path(folder) / MODEL
    if values.get("initialModel") or not (Path(folder) / CHECKPOINT).is_file() or not path.is_file():
        return
    model = orbit.DenoiserModel.load(str(path))
    if model.getBackbones().numBackbones == 0:
        return
    known = _countLengths(model.getAtomVocabularies())
    if known != _countLengths(orbit.makeBackboneVocabularies(longest).residues):
        raise ValueError(f"{_where}: expected backbones of up to {model.getBackbones().longest} residues, as the run "
                         f"in \"{folder}\" was begun with, got up to {longest}; train in another folder, with "
                         f"initialModel='{path}' to begin with its weights")


def countShards(shards: Sequence[str]) -> tuple[int, int, int, int]:
    """Get the numbers of backbones and residues, of points of a residue, and of residues of the longest backbone."""
    numBackbones = numResidues = points = longest = 0
    for path in shards:
        reader, subject = orbit.ShardReader(path), orbit.ShardSubject()
        while reader.nextSubject(subject):
            if subject.kind != orbit.SubjectKind_Backbone:
                raise ValueError(f"{_where}: expected backbones in all shards, got \"{path}\" with "
                                 f"{subject.getLabel()}")
            points = subject.pointsPerToken
            number = subject.backbone.getNumResidues()
            numBackbones, numResidues, longest = numBackbones + 1, numResidues + number, max(longest, number)
    return numBackbones, numResidues, points, longest


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
    folder, values = Path(folder), dict(values)
    numBackbones, numResidues, points, longest = countShards(shards)
    checkPoints(folder, points)
    checkLongest(folder, longest, values)
    if numBackbones < _FEW:
        warnings.warn(f"{_where}: expected at least {_FEW} backbones to learn from, got {numBackbones}; a model of so "
                      "few can repeat them, not more. Thousands of domains make one that generates new folds",
                      stacklevel=4)
    settings = suggestSettings(shards, minutes)
    validation = values.pop("validation", [])
    paths = [validation] if isinstance(validation, (str, os.PathLike)) else list(validation)
    settings.validationShards = [os.path.realpath(path) for path in paths]
    earlier = readEarlier(settings, folder)
    if earlier is not None:
        settings.network, settings.seed = earlier.network, earlier.seed
    assign(settings, values)
    keepSettings(settings, folder, {
        "name": folder.resolve().name, "data": f"{numBackbones:,} backbones of {numResidues:,} residues",
        **(metadata or {})})
    return settings
