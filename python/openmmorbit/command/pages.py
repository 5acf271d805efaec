# SPDX-License-Identifier: MIT
"""Markdown pages on a terminal: tables in columns, headings in bold. In files and pipes they stay as they are."""
from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap

_narrowest = 24


def _cells(line: str) -> list[str]:
    return [re.sub(r"[`*]", "", cell.strip()) for cell in line.strip().strip("|").split("|")]


def _isNumber(text: str) -> bool:
    return re.match(r"[-+−–]?[\d.,]*\d|–$", text) is not None


def formatTable(lines: list[str], width: int) -> list[str]:
    """Set the rows of a Markdown table in columns; the last column is broken into lines if the table is too wide.

    Parameters
    ----------
    lines : list of str
        With the line of dashes below the head.
    width : int
        Of the terminal.
    """
    rows = [_cells(line) for line in lines if not re.fullmatch(r"[\s|:-]+", line)]
    number = max(len(row) for row in rows)
    rows = [row + [""] * (number - len(row)) for row in rows]
    widths = [max(len(row[k]) for row in rows) for k in range(number)]
    right = [all(_isNumber(row[k]) or not row[k] for row in rows[1:]) for k in range(number)]
    room = max(width - sum(widths[:-1]) - 2 * (number - 1), _narrowest)
    found = []
    for index, row in enumerate(rows):
        last = textwrap.wrap(row[-1], room) or [""]
        shown = [cell.rjust(w) if isRight else cell.ljust(w) for cell, w, isRight in zip(row, widths, right)]
        shown[-1] = last[0].rjust(min(widths[-1], room)) if right[-1] else last[0]
        found.append("  ".join(shown).rstrip())
        indent = " " * (sum(widths[:-1]) + 2 * (number - 1))
        found += [indent + part for part in last[1:]]
        if index == 0:
            found.append("─" * min(width, sum(widths[:-1]) + 2 * (number - 1) + min(widths[-1], room)))
    return found


def formatPage(text: str, width: int, bold: bool = True) -> str:
    """Get a Markdown page as a terminal shows it."""
    found: list[str] = []
    table: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|"):
            table.append(line)
            continue
        if table:
            found += formatTable(table, width)
            table = []
        heading = re.match(r"#+ (.*)", line)
        found.append(f"\033[1m{heading[1]}\033[0m" if heading and bold else heading[1] if heading else line)
    return "\n".join(found[:-1])


def printPage(text: str) -> None:
    """Print a Markdown page: set in columns on a terminal that can show them, otherwise as it is."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    if sys.stdout.isatty() and encoding == "utf8":
        text = formatPage(text, shutil.get_terminal_size().columns, not os.environ.get("NO_COLOR"))
    print(text)
