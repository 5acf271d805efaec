# SPDX-License-Identifier: MIT
"""One figure of a report: of a model, beside what its reference has, with a sentence on how to read it."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

#: Bins of an angle, and of another value.
ANGLE_BINS, VALUE_BINS = 36, 50


@dataclass(frozen=True)
class Figure:
    """One figure of the summary."""

    key: str
    """Short name, e.g. "phiPsi.ALA 2"."""
    title: str
    """What it is, with its unit."""
    value: float | tuple[float, float]
    """Of the model; two numbers are the smallest and the largest."""
    own: float | tuple[float, float] | None
    """What the reference itself has: its halves' distance, or its own value."""
    reading: str
    """How to read it."""
    numStates: int | None = None
    """States, or backbones, on either side."""
    chance: float | None = None
    """What random sets of the reference give at this number of states."""
    error: float | None = None
    """Standard error of the value."""
    ownError: float | None = None
    """Standard error of what the reference has."""
    isDistance: bool = False
    """Whether it is a distance although nothing is known of chance."""

    @property
    def ratio(self) -> float | None:
        """Of a distance: the model's over the reference's own."""
        if not self.isDistance and self.chance is None:
            return None
        if not isinstance(self.own, float) or isinstance(self.value, tuple) or self.own <= 0:
            return None
        return self.value / self.own

    @staticmethod
    def text(value: float | tuple[float, float] | None, error: float | None = None) -> str:
        """Get a value as the report writes it."""
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return "–"
        if isinstance(value, tuple):
            return " to ".join(f"{entry:.3g}" for entry in value)
        number = "infinite" if np.isinf(value) else f"{value:.3g}"
        return number if error is None or not np.isfinite(error) else f"{number} ± {error:.2g}"


def valueEdges(values: np.ndarray) -> np.ndarray:
    """Get the edges of bins over the range of a reference's values; what lies beyond counts at the ends."""
    low, high = float(values.min()), float(values.max())
    margin = max(0.05 * (high - low), 1e-6)
    return np.linspace(low - margin, high + margin, VALUE_BINS + 1)


def figureEntry(figure: Figure) -> dict[str, Any]:
    """Get a figure as the JSON file has it."""
    return {name: value for name, value in asdict(figure).items() if value is not None and name != "isDistance"}
