# SPDX-License-Identifier: MIT
"""The table of atoms in the text of a PDBx/mmCIF file, line by line."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_prefix = "_atom_site."
_value = re.compile(r"""'(?:[^']|'(?=\S))*'(?=\s|$)|"(?:[^"]|"(?=\S))*"(?=\s|$)|\S+""")


class AtomTable(NamedTuple):
    """Where the table of atoms stands in the lines of a data block."""

    begin: int
    """Its first row."""
    end: int
    """The line behind its last row."""
    columns: list[str]
    """Their names in small letters, without "_atom_site."."""

    def find(self, *names: str) -> int | None:
        """Get the number of the first of these columns that is there."""
        return next((self.columns.index(name) for name in names if name in self.columns), None)


def splitRow(line: str) -> list[str]:
    """Get the values of a row; those in quotes keep them."""
    return _value.findall(line) if "'" in line or '"' in line else line.split()


def isRow(line: str) -> bool:
    """Tell whether a line below the names of the columns belongs to their table."""
    return not line.startswith(("#", "_")) and bool(line.strip()) and \
        not line.lower().startswith(("loop_", "data_", "save_"))


def isBlock(line: str) -> bool:
    """Tell whether a line begins a data block."""
    return line[:5].lower() == "data_"


def isColumn(line: str) -> bool:
    """Tell whether a line names a column of the atoms."""
    return line[:len(_prefix)].lower() == _prefix


def nameColumn(line: str) -> str:
    """Get the name of a column of the atoms from its line."""
    return line.split()[0][len(_prefix):].lower()


def findAtoms(lines: Sequence[str]) -> AtomTable | None:
    """Find the table of atoms; None without one, and for a single atom, which needs no table."""
    first, isText = 0, False
    for k, line in enumerate(lines):
        if line.startswith(";"):        # The beginning or the end of a text of several lines.
            isText = not isText
        elif not isText and isColumn(line):
            first = k
            break
    if first == 0 or lines[first - 1].strip().lower() != "loop_":
        return None
    begin = first
    while begin < len(lines) and isColumn(lines[begin]):
        begin += 1
    end = begin
    while end < len(lines) and isRow(lines[end]):
        end += 1
    return AtomTable(begin, end, [nameColumn(line) for line in lines[first:begin]])
