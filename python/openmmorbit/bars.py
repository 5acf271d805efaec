# SPDX-License-Identifier: MIT
"""Progress bars, all of one kind: on terminals only, with what is done, of how much, and the time that is left."""
from __future__ import annotations

import os
from typing import Any

_known = "{desc} {percentage:3.0f} % {bar} {n_fmt} of {total_fmt}{unit}, {remaining} left{postfix}"
_open = "{desc} {n_fmt}{unit} in {elapsed}, {rate_noinv_fmt}{postfix}"
_color = "#5b9bb5"


def makeBar(total: int | None, words: str, show: bool = True, unit: str = "", form: str | None = None,
            anywhere: bool = False) -> Any:
    """Make a progress bar on standard error. It goes when it is closed; what was done is told by others.

    Parameters
    ----------
    total : int or None
        How much there is to do; None if nobody knows.
    words : str
        What is done.
    show : bool
        False shows none. On what is no terminal there is none either.
    unit : str
        What is counted, e.g. "molecules".
    form : str, optional
        What the bar looks like, in tqdm's language.
    anywhere : bool
        Show it on what is no terminal, too.

    Returns
    -------
    tqdm.tqdm
    """
    # Importing it takes longer than many a generation.
    from tqdm import tqdm

    hidden = (False if anywhere else None) if show else True
    return tqdm(total=total, desc=words, unit=f" {unit}" if unit else "", disable=hidden, leave=False,
                dynamic_ncols=True, mininterval=0.2, colour=None if os.environ.get("NO_COLOR") else _color,
                bar_format=form or (_open if total is None else _known))
