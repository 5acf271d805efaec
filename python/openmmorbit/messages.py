# SPDX-License-Identifier: MIT
"""Words of messages: numbers with their nouns, and errors without the names of functions."""
from __future__ import annotations

import re


def counted(number: int, what: str) -> str:
    """Get a number with its noun: "1 molecule", "2 molecules", "0 copies"."""
    return f"{number:,} {what if number == 1 else re.sub('(?<![aeiou])y$', 'ie', what) + 's'}"


def explain(error: BaseException | str) -> str:
    """Get the message of an error without the names of functions in front of it."""
    return re.sub(r"\b[A-Za-z_]\w*(?:(?:::|\.)\w+)*: (?=expected |this )", "", str(error))
