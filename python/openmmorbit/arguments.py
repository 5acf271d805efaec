# SPDX-License-Identifier: MIT
"""Checks of what a caller gives to a generator, before it crosses to C++."""
from __future__ import annotations

import operator
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import openmm

from openmmorbit._plugins import checkPlatform

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Inside all energies are in kJ/mol; files and the command line of chemistry have kcal/mol.
KJ_PER_KCAL = 4.184
#: Force fields for molecules that are known by name.
FORCE_FIELDS = ("MMFF94", "MMFF94s", "UFF")


def checkInteger(name: str, value: Any, lowest: int, where: str = "ConformerGenerator") -> int:
    """Get a number that crosses to C++ as int; fractions are refused, not cut.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : int
    lowest : int
        The least number that is allowed.
    where : str
        Whose argument it is.

    Raises
    ------
    TypeError
        If it is no whole number.
    ValueError
        If it is out of range.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{where}: expected {name} as a whole number, got {value!r}, a "
                        f"{type(value).__name__}") from None
    if not lowest <= number < 2**31:
        raise ValueError(f"{where}: expected {name} from {lowest} to {2**31 - 1}, got {number}")
    return number


def _isSingle(value: Any) -> bool:
    """Whether a value is a text, or has no entries."""
    return isinstance(value, (str, bytes)) or not hasattr(value, "__iter__") or getattr(value, "shape", None) == ()


def listEntries(name: str, value: Any, where: str = "ConformerGenerator") -> list[Any]:
    """Get the entries of a list or an array; a text and a single value are refused whole.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : iterable
    where : str
        Whose argument it is.

    Raises
    ------
    TypeError
        If it has no entries, or is a text.
    """
    if _isSingle(value):
        raise TypeError(f"{where}: expected {name} as a list, got {value!r}, a {type(value).__name__}")
    return list(value)


def checkBounds(name: str, value: Any, where: str = "ConformerGenerator") -> tuple[int, int]:
    """Get the fewest and the most of something from one number or two.

    Raises
    ------
    TypeError, ValueError
        For what is no whole number of at least 1, and other than one or two that ascend.
    """
    entries = [value] if _isSingle(value) else list(value)
    bounds = [checkInteger(name, entry, 1, where) for entry in entries]
    if len(bounds) not in (1, 2) or bounds[0] > bounds[-1]:
        raise ValueError(f"{where}: expected {name} as the fewest and the most residues, or one number, got {value}")
    return bounds[0], bounds[-1]


def fromMask(name: str, entries: Iterable[Any], number: int, where: str) -> list[Any]:
    """Get indices and other entries as they are; a mask of truth values stands for the indices of those that are true.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    entries : sequence
    number : int
        How many values a mask must have.
    where : str
        Whose argument it is.

    Raises
    ------
    TypeError
        For a text, and a single value.
    ValueError
        For a mask of another length, and for truth values among indices.
    """
    listed = listEntries(name, entries, where)
    truths = [isinstance(entry, (bool, np.bool_)) for entry in listed]
    if not any(truths):
        return listed
    if not all(truths):
        raise ValueError(f"{where}: expected {name} as indices or as a mask of truth values, got both: "
                         f"{listed[truths.index(True)]} and {listed[truths.index(False)]!r}")
    if len(listed) != number:
        raise ValueError(f"{where}: expected {name} as indices, or as a mask of {number} truth values, got "
                         f"{len(listed)} of them")
    return [index for index, truth in enumerate(listed) if truth]


def chooseSeed(seed: int) -> int:
    """Get a random seed; 0 stands for one that is chosen."""
    return seed or random.randrange(1, 2**31 - 1)


def nextSeed(seed: int, step: int) -> int:
    """Get another seed that follows from one, for random numbers beside its own."""
    return (seed + step) % (2**31 - 1) or 1


def checkChoice(name: str, value: Any, words: Sequence[str], where: str = "ConformerGenerator") -> int:
    """Get the place of a word among those that are allowed.

    Raises
    ------
    ValueError
        Listing the words.
    """
    if value not in words:
        raise ValueError(f"{where}: expected a {name} of {', '.join(map(repr, words))}, got {value!r}")
    return list(words).index(value)


def findPlatform(platform: str | openmm.Platform, where: str = "ConformerGenerator") -> str:
    """Get the name of a platform that can generate; capitals do not matter."""
    name = platform.getName() if isinstance(platform, openmm.Platform) else str(platform)
    known = [openmm.Platform.getPlatform(i) for i in range(openmm.Platform.getNumPlatforms())]
    name = next((spelling for spelling in (*(entry.getName() for entry in known), "OpenCL", "CUDA", "HIP")
                 if spelling.lower() == name.lower()), name)
    checkPlatform(name, where)
    able = [entry.getName() for entry in known if entry.supportsKernels(["IntegrateOrbitDiffusionStep"])]
    if name not in able:
        raise ValueError(f"{where}: expected a platform of {', '.join(able)}, got \"{name}\"; openmmorbit has no "
                         "kernels for another one here")
    return name
