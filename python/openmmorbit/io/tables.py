# SPDX-License-Identifier: MIT
"""Tables of molecules (CSV, TSV): which columns have the SMILES and the name, and rows that may be broken."""
from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from openmmorbit.molecules import repairText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from openmmorbit.io.moleculefiles import FileOptions

_fieldLimit = 16 * 2**20
_names = ("identifier", "compound", "molecule")
#: How columns of SMILES are called, the best ones first; InChI is as good if there are none.
_smilesNames: tuple[Callable[[str], bool], ...] = (
    lambda name: name == "smiles", lambda name: "smiles" in name,
    lambda name: name in ("smi", "structure") or name.endswith(("_smi", " smi")),
    lambda name: "inchi" in name and "key" not in name)


class ColumnError(ValueError):
    """A table does not have a column that the caller names."""


class TableRow(NamedTuple):
    """A row: the line where it begins, from 1, the texts of molecule and name, and those of further columns."""
    line: int
    smiles: str
    name: str
    properties: dict[str, str]


def _isName(column: str) -> bool:
    lower = column.lower()
    return "name" in lower or "title" in lower or lower.endswith("id") or lower in _names


def _findNamed(column: str, header: Sequence[str], path: str) -> int:
    """Get the place of a column that the caller names; capitals do not matter if that is clear."""
    same = [k for k, name in enumerate(header) if name == column.strip()]
    found = same or [k for k, name in enumerate(header) if name.lower() == column.strip().lower()]
    if len(found) != 1:
        number = f"{len(found)} of that name" if found else "none of that name"
        raise ColumnError(f"readMolecules: expected a column '{column}' in '{path}', got {number} among "
                          f"{', '.join(repr(name) for name in header)[:500]}")
    return found[0]


def _refuseSameNames(header: Sequence[str], path: str) -> None:
    """Refuse a table of which two columns have one name: only one of them would become a property."""
    for place, name in enumerate(header):
        if name and name in header[:place]:
            raise ValueError(f"readMolecules: expected columns of different names in '{path}', got '{name}' twice, as "
                             f"columns {header.index(name) + 1} and {place + 1}; rename one of them")


def _findColumns(header: Sequence[str], path: str, options: FileOptions) -> tuple[int, int | None]:
    """Get the columns of the SMILES and of the name, None if there is none."""
    lower = [column.lower() for column in header]
    found: list[int] = []
    if options.smilesColumn:
        found = [_findNamed(options.smilesColumn, header, path)]
    for isSmiles in _smilesNames:
        found = found or [k for k, name in enumerate(lower) if isSmiles(name)]
    if len({lower[k] for k in found}) > 1:
        raise ValueError(f"readMolecules: expected one column of molecules in '{path}', got "
                         f"{', '.join(repr(header[k]) for k in found)[:500]}; name it (smilesColumn=, --smiles-column)")
    if not found:
        raise ValueError(f"readMolecules: expected a first line with a column SMILES in '{path}', got "
                         f"'{', '.join(header)[:500]}'; name the column (smilesColumn=, --smiles-column), add a first "
                         "line, or save the SMILES as a .smi file")
    if options.nameColumn:
        return found[0], _findNamed(options.nameColumn, header, path)
    return found[0], next((k for k, name in enumerate(header) if k != found[0] and _isName(name)), None)


def _fields(stream: IO[str], header: str, before: int, delimiter: str,
            path: str) -> Iterator[tuple[int, list[str] | ValueError]]:
    """Yield the lines where rows begin and their fields, and exceptions for those that are broken."""
    yield before, next(csv.reader([header], delimiter=delimiter))
    csv.field_size_limit(_fieldLimit)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    while True:
        begin = before + reader.line_num + 1
        try:
            yield begin, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begin, ValueError(f"{path}, the row that begins in line {begin}: expected fields with quotes in "
                                    f"pairs, got others ({error}); everything up to line {before + reader.line_num} is "
                                    "left out")


def readRows(stream: IO[str], path: str, isTabbed: bool, options: FileOptions) -> Iterator[TableRow | ValueError]:
    """Read a table whose first line names its columns.

    Parameters
    ----------
    stream : text file
        Read from its beginning to its end.
    path : str
        For messages.
    isTabbed : bool
        Whether tabs are between the columns; otherwise commas, semicolons, tabs or bars, what the first line has most.
    options : FileOptions
        Its smilesColumn and nameColumn.

    Yields
    ------
    TableRow or ValueError
        Rows that are not blank, and what is wrong with those that are broken.

    Raises
    ------
    ValueError
        If there is no line with the columns, or two of them have one name.
    """
    first, before = "", 0
    while not first.strip():
        first, before = stream.readline(), before + 1
        if not first:
            return
    delimiter = "\t" if isTabbed else max(",;\t|", key=first.count)
    rows = _fields(stream, first, before, delimiter, path)
    titles: Any = next(rows)[1]
    header = [repairText(column).strip() for column in titles]
    smilesAt, nameAt = _findColumns(header, path, options)
    _refuseSameNames(header, path)
    for line, row in rows:
        if isinstance(row, ValueError):
            yield row
            continue
        fields = [repairText(field).strip() for field in row]
        if not any(fields):
            continue
        names = [*header, *(f"COLUMN_{k + 1}" for k in range(len(header), len(fields)))]
        properties = {names[k] or f"COLUMN_{k + 1}": field for k, field in enumerate(fields)
                      if field and k not in (smilesAt, nameAt)}
        name = fields[nameAt] if nameAt is not None and nameAt < len(fields) else ""
        yield TableRow(line, fields[smilesAt] if smilesAt < len(fields) else "", name, properties)
