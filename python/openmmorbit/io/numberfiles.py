# SPDX-License-Identifier: MIT
"""Files with a row of numbers, as text or as a NumPy array."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openmmorbit._types import StrPath


def _readText(where: str, what: str, path: StrPath) -> list[float]:
    """Get the number of each line that has one."""
    numbers = []
    for line, text in enumerate(Path(path).read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        words = text.partition("#")[0].strip()
        try:
            numbers += [float(words)] if words else []
        except ValueError:
            raise ValueError(f"{where}: expected {what} in '{path}', one in each line, got '{words[:40]}' in line "
                             f"{line}") from None
    return numbers


def readNumbers(where: str, what: str, path: StrPath) -> np.ndarray:
    """Read the numbers of a file: a .npy file with one array, or text with a number in each line.

    Parameters
    ----------
    where : str
        The function, for messages.
    what : str
        What the numbers are, for messages.
    path : path
        In text, what follows a # in its line is a comment.

    Returns
    -------
    numpy.ndarray
        Shape (numNumbers,), float64.

    Raises
    ------
    ValueError
        If there are no numbers, or not one in each line.
    FileNotFoundError
        If there is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{where}: expected a file with {what}, got '{path}', which is no file; check the path")
    if str(path).lower().endswith(".npy"):
        try:
            numbers = np.asarray(np.load(path, allow_pickle=False), dtype=float)
        except (ValueError, TypeError, EOFError) as error:
            raise ValueError(f"{where}: expected {what} in '{path}', got a file that is no array of numbers ({error})"
                             ) from error
    else:
        numbers = np.array(_readText(where, what, path))
    if numbers.ndim != 1 or not len(numbers):
        raise ValueError(f"{where}: expected {what} in '{path}', one after the other, got "
                         f"{f'an array of shape {numbers.shape}' if numbers.size else 'no numbers'}")
    return numbers
