# SPDX-License-Identifier: MIT
"""The settings of the sampler as one list, which the C++ library keeps; every face in Python is made from it.

Names, words and defaults are those of openmmorbit.orbit.SamplerSettings. ConformerGenerator takes them as keywords, and
the command openmm-orbit as options. A new setting in C++ needs a sentence in ``descriptions``, nothing else.
"""
from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from openmmorbit import orbit
from openmmorbit.arguments import checkChoice, checkInteger

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

#: What each setting is.
descriptions = {
    "numSteps": "steps of the sampler",
    "method": "integration method; heun and bespoke evaluate the network twice in a step",
    "schedule": "placement of the noise levels",
    "sigmaMax": "first noise level, Angstrom",
    "sigmaMin": "last noise level, Angstrom",
    "rho": "exponent of the Karras schedule",
    "renewal": "share of the noise that each step renews, from 0 (probability-flow ODE) to below 1",
    "renewalRule": "what renewal means: the share itself, or the rate of a stochastic differential equation (1: the "
                   "reverse SDE)",
    "noiseScale": "variance of the renewed noise over that of its level; below 1 conformers are less diverse",
    "stereoGuidance": "how far the atoms of a stereocentre move in one step while it disagrees with the others, "
                      "Angstrom; 0: not",
    "guidanceScale": "how strongly backbones follow the secondary structure that was asked for: 1 as in the training "
                     "data, above 1 more, at twice the cost",
}


@dataclass(frozen=True)
class Setting:
    """One setting of the sampler.

    Attributes
    ----------
    name : str
        Its name in C++ and Python.
    kind : type
        int, float, or str for a word.
    words : tuple of str
        The words that it may have; none for numbers.
    """
    name: str
    kind: type
    words: tuple[str, ...]

    @property
    def description(self) -> str:
        """What it is."""
        return descriptions.get(self.name, "a setting of the sampler")

    @property
    def option(self) -> str:
        """Its option on the command line, e.g. --sigma-max of sigmaMax, and --steps of numSteps."""
        plain = re.sub("^num(?=[A-Z])", "", self.name)
        return "--" + re.sub("(?<!^)([A-Z])", r"-\1", plain).lower()

    def read(self, value: Any, where: str) -> int | float:
        """Get a value as C++ has it.

        Raises
        ------
        ValueError, TypeError
            For a word that is not known, and for what is no number of its kind.
        """
        if self.words:
            return checkChoice(self.name, value, self.words, where)
        if self.kind is int:
            return checkInteger(self.name, value, -2**31, where)
        try:
            return float(value)
        except (TypeError, ValueError):
            length = " of Angstrom" if "Angstrom" in self.description else ""
            raise TypeError(f"{where}: expected {self.name} as a plain number{length}, got {value}, a "
                            f"{type(value).__name__}") from None


@lru_cache(maxsize=1)
def listSettings() -> tuple[Setting, ...]:
    """Get all settings of the sampler, those with a description first and in the order of these."""
    defaults = json.loads(orbit.SamplerSettings().toJson())
    names = sorted(defaults, key=lambda name: [*descriptions, name].index(name))
    return tuple(Setting(name, type(defaults[name]), tuple(orbit.SamplerSettings.getWords(name))) for name in names)


def assign(settings: orbit.SamplerSettings, values: Mapping[str, Any], where: str) -> None:
    """Change settings by their names.

    Parameters
    ----------
    settings : openmmorbit.orbit.SamplerSettings
        Changed.
    values : dict
        Name to value; None leaves a setting as it is.
    where : str
        Start of the messages.

    Raises
    ------
    TypeError
        For a name that is no setting, and for fractions where whole numbers are expected.
    ValueError
        For unknown words.
    """
    known = {setting.name: setting for setting in listSettings()}
    for name, value in values.items():
        if name not in known:
            raise TypeError(f"{where}: expected a setting of {', '.join(known)}, got an argument '{name}'")
        if value is not None:
            setattr(settings, name, known[name].read(value, where))


def addOptions(group: argparse._ArgumentGroup) -> None:
    """Add an option for every setting to a group of a parser."""
    for setting in listSettings():
        if setting.words:
            group.add_argument(setting.option, dest=setting.name, choices=setting.words, help=setting.description)
        else:
            group.add_argument(setting.option, dest=setting.name, type=setting.kind, help=setting.description,
                               metavar="N" if setting.kind is int else "X")


def readOptions(options: argparse.Namespace) -> dict[str, Any]:
    """Get the settings that were given as options, for ConformerGenerator."""
    given = {setting.name: getattr(options, setting.name) for setting in listSettings()}
    return {name: value for name, value in given.items() if value is not None}
