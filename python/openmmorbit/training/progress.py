# SPDX-License-Identifier: MIT
"""A progress bar of a training run, made from the lines that the trainer writes."""
from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from openmmorbit.bars import makeBar

if TYPE_CHECKING:
    from openmmorbit import orbittraining

_step = re.compile(r"step (\d+)  loss (\S+) .*  minutes (\S+)")
_validation = re.compile(r"step \d+  validation loss (\S+)")


class TrainingBar:
    """Shows loss, validation loss and the time that is left; other lines stand above the bar.

    Where standard error is no terminal, all lines are written to it as they come.

    Parameters
    ----------
    settings : openmmorbit.orbittraining.TrainingSettings
    show : bool, optional
        Whether to show a bar; default: if standard error is a terminal.
    """

    def __init__(self, settings: orbittraining.TrainingSettings, show: bool | None = None) -> None:
        self._maxSteps, self._maxMinutes = settings.maxSteps, settings.maxMinutes
        self._validation = ""
        show = sys.stderr.isatty() if show is None else show
        self._bar = makeBar(1000, "training", form="{desc} {percentage:3.0f} % {bar}{postfix}", anywhere=True) \
            if show else None

    def take(self, line: str) -> None:
        """Take one line of the trainer."""
        if self._bar is None:
            print(line, file=sys.stderr, flush=True)
            return
        found = _validation.match(line)
        if found:
            self._validation = f", validation {float(found[1]):.4g}"
            return
        found = _step.match(line)
        if not found:
            self._bar.write(line, file=sys.stderr)
            return
        step, loss, minutes = int(found[1]), float(found[2]), float(found[3])
        share = max(step / self._maxSteps, minutes / self._maxMinutes if self._maxMinutes > 0 else 0.0)
        left = minutes * max(1 / max(share, 1e-9) - 1, 0)
        self._bar.set_postfix_str(f"step {step}, loss {loss:.4g}{self._validation}, {left:.1f} min left", refresh=False)
        self._bar.update(min(int(1000 * share), 1000) - self._bar.n)
        self._bar.refresh()

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
