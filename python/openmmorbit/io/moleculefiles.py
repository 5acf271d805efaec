# SPDX-License-Identifier: MIT
"""Files of molecules: SMILES, SDF and mol files through openmmorbit.chem, and tables (CSV, TSV) of SMILES."""
from __future__ import annotations

import csv
import gzip
import io
import os
from typing import TYPE_CHECKING, Any

from openmmorbit.molecules import readerOptions, repairText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openmmorbit import orbit, orbitchem
    from openmmorbit._types import StrPath

#: Endings of the files that readMolecules() reads, each also with .gz, in upper or lower case.
moleculeEndings = (".smi", ".smiles", ".ism", ".sdf", ".sd", ".mol", ".csv", ".tsv")
_tableEndings = (".csv", ".tsv")
_fieldLimit = 16 * 2**20


def _plainName(path: StrPath) -> str:
    name = os.fsdecode(path).lower()
    return name[:-3] if name.endswith(".gz") else name


def isMoleculeFile(path: StrPath) -> bool:
    """Tell whether the name of a file ends as those of files of molecules do."""
    return _plainName(path).endswith(moleculeEndings)


def _plainError(text: str, path: str, number: int) -> ValueError:
    """Say which record of which file is wrong, without the names of our functions."""
    for prefix, new in ((f'MoleculeReader::next: record {number} of "{path}" (', f"{path}, record {number} ("),
                        ("MoleculeReader::next: ", "")):
        if text.startswith(prefix):
            text = new + text[len(prefix):]
            break
    for name in ("readSmiles: ", "readMolBlock: "):
        text = text.replace(f"): {name}", "): ", 1)
    return ValueError(text)


def _readRecords(path: StrPath, options: orbitchem.ReaderOptions) -> Iterator[orbit.MolecularGraph | ValueError]:
    from openmmorbit import chem

    reader, record = chem.MoleculeReader(path, options), chem.MoleculeRecord()
    while reader.next(record):
        yield _plainError(record.error, os.fsdecode(path), record.index + 1) if record.error else record.graph


def _openTable(path: StrPath) -> io.TextIOWrapper:
    """Open a table as text; what is not UTF-8 stays in it as surrogates."""
    stream: Any = open(path, "rb")
    start = stream.read(4)
    stream.seek(0)
    if start[:2] == b"\x1f\x8b":
        stream = gzip.open(stream)
        start = stream.read(4)
        stream.seek(0)
    if not start:
        raise ValueError(f"readMolecules: expected a file with records, got the empty file '{path}'")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start:
        raise ValueError(f"readMolecules: expected text in UTF-8, got '{path}', which is text in UTF-16, or no text; "
                         "save it as UTF-8")
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=None)


def _isName(column: str) -> bool:
    lower = column.lower()
    known = ("identifier", "compound", "molecule")
    return "name" in lower or "title" in lower or lower.endswith("id") or lower in known


def _findColumns(header: Sequence[str], path: StrPath) -> tuple[int, int | None]:
    """Get the columns of the SMILES and of the name, None if there is none."""
    lower = [column.lower() for column in header]
    found = [lower.index("smiles")] if "smiles" in lower else [k for k, name in enumerate(lower) if "smiles" in name]
    if not found:
        raise ValueError(f"readMolecules: expected a first line with a column SMILES in '{path}', got "
                         f"'{', '.join(header)[:80]}'; add one, or save the SMILES as a .smi file")
    return found[0], next((k for k, name in enumerate(header) if k != found[0] and _isName(name)), None)


def _rows(path: StrPath, stream: io.TextIOWrapper) -> Iterator[list[str] | ValueError]:
    """Yield the rows of a table, and exceptions for those that are broken."""
    header = ""
    while not header.strip():
        header = stream.readline()
        if not header:
            raise ValueError(f"readMolecules: expected at least one record, got none in '{path}'")
    delimiter = "\t" if _plainName(path).endswith(".tsv") else max(",;\t|", key=header.count)
    yield next(csv.reader([header], delimiter=delimiter))
    csv.field_size_limit(_fieldLimit)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    while True:
        begin = reader.line_num + 2
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield ValueError(f"{path}, the row that begins in line {begin}: expected fields with quotes in pairs, got "
                             f"others ({error}); everything up to line {reader.line_num + 1} is left out")


def _readTable(path: StrPath, options: orbitchem.ReaderOptions) -> Iterator[orbit.MolecularGraph | ValueError]:
    from openmmorbit import chem

    number = 0
    with _openTable(path) as stream:
        rows = _rows(path, stream)
        titles: Any = next(rows)
        header = [repairText(column).strip() for column in titles]
        smilesAt, nameAt = _findColumns(header, path)
        for row in rows:
            if isinstance(row, Exception):
                number += 1
                yield row
                continue
            fields = [repairText(field).strip() for field in row]
            if not any(fields):
                continue
            number += 1
            smiles = fields[smilesAt] if smilesAt < len(fields) else ""
            try:
                graph = chem.readSmiles(smiles, options)
            except (ValueError, RuntimeError) as error:
                text = str(error).removeprefix("readSmiles: ")
                yield ValueError(f'{path}, record {number} ("{smiles[:100]}"): {text}')
                continue
            graph.name = fields[nameAt] if nameAt is not None and nameAt < len(fields) else graph.name
            names = [*header, *(f"COLUMN_{k + 1}" for k in range(len(header), len(fields)))]
            graph.properties = {names[k] or f"COLUMN_{k + 1}": field for k, field in enumerate(fields)
                                if field and k not in (smilesAt, nameAt)}
            yield graph
    if number == 0:
        raise ValueError(f"readMolecules: expected at least one record, got none in '{path}'")


def readMolecules(path: StrPath, addHydrogens: bool = True) -> Iterator[orbit.MolecularGraph | ValueError]:
    """Read a file of molecules: .sdf, .mol, .smi, .csv or .tsv, also with .gz. A bad record does not stop the others.

    A graph has the record's title as ``name`` and its data items or further columns as the dict ``properties``. A
    table needs a first line that names its columns, one of them SMILES.

    Parameters
    ----------
    path : path
    addHydrogens : bool
        Append missing hydrogens; False refuses records that lack some.

    Yields
    ------
    MolecularGraph or ValueError
        The molecule, or what is wrong with the record, in the order of the file.

    Raises
    ------
    ValueError
        If there is no such file, it is empty, or no file of molecules.
    """
    options = readerOptions(addHydrogens)
    if not isMoleculeFile(path):
        raise ValueError(f"readMolecules: expected a file that ends in {', '.join(moleculeEndings)}, with or without "
                         f".gz, got '{os.fsdecode(path)}'; rename or convert it")
    if not _plainName(path).endswith(_tableEndings):
        yield from _readRecords(path, options)
    elif not os.path.isfile(path):
        raise ValueError(f"readMolecules: expected a readable file with records, got no file '{path}'")
    else:
        try:
            yield from _readTable(path, options)
        except (EOFError, OSError) as error:
            yield ValueError(f"{path}: expected a complete file, got a truncated or damaged one ({error})")
