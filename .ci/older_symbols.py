# SPDX-License-Identifier: MIT
"""Lets libraries that were linked on a newer system run with glibc 2.34 and GCC 11's libstdc++, as OpenMM's wheel does.

A linker asks for the newest version of each symbol. Two of them have an older version that does the same and that newer
systems keep: the version in the library's table is changed, as polyfill tools do.
"""
import struct
from pathlib import Path

#: Symbol: the version that is asked for, and the older one.
OLDER = {b"hypot": (b"GLIBC_2.35", b"GLIBC_2.2.5"),
         b"_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE": (b"GLIBCXX_3.4.30", b"GLIBCXX_3.4.11")}
_SYMBOLS, _STRINGS, _VERSIONS, _NEEDS = 11, 3, 0x6fffffff, 0x6ffffffe


class _Library:
    """The tables of a 64-bit little-endian ELF file that tell which versions of which symbols it wants."""

    def __init__(self, data):
        self.data = data
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("expected a 64-bit little-endian ELF file")
        (start,), (size, count) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<HH", data, 58)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, start + size * i) for i in range(count)]
        sections = {header[1]: header for header in headers if header[1] != _STRINGS}
        self.symbols, self.numSymbols = sections[_SYMBOLS][4], sections[_SYMBOLS][5] // 24
        self.strings = headers[sections[_SYMBOLS][6]][4]
        self.versions = sections[_VERSIONS][4] if _VERSIONS in sections else None
        self.needs = sections[_NEEDS][4] if _NEEDS in sections else None

    def text(self, offset):
        begin = self.strings + offset
        return bytes(self.data[begin:self.data.index(b"\0", begin)])

    def eachNeed(self):
        """Yield (file's entry, where the link to the version stands, version's entry, its number, its name)."""
        place = self.needs
        while place is not None:
            link = place + 8
            (step,) = struct.unpack_from("<I", self.data, link)
            entry = place + step
            while step:
                number, name = struct.unpack_from("<HI", self.data, entry + 6)
                yield place, link, entry, number & 0x7fff, self.text(name)
                link = entry + 12
                (step,) = struct.unpack_from("<I", self.data, link)
                entry += step
            (step,) = struct.unpack_from("<I", self.data, place + 12)
            place = place + step if step else None

    def getNumber(self, symbol):
        return struct.unpack_from("<H", self.data, self.versions + 2 * symbol)[0] & 0x7fff


def _lowerSymbol(library, symbol, newer, older):
    """Give one symbol the older version, which another symbol of the library must ask for already."""
    wanted = {name: number for _, _, _, number, name in library.eachNeed()}
    if wanted.get(newer) != library.getNumber(symbol):
        return False
    if older not in wanted:
        raise ValueError(f"expected that the library wants {older.decode()} too, got {sorted(wanted)}")
    struct.pack_into("<H", library.data, library.versions + 2 * symbol, wanted[older])
    return True


def _dropUnused(library, version):
    """Take a version that no symbol asks for any more out of the list."""
    used = {library.getNumber(symbol) for symbol in range(library.numSymbols)}
    for place, link, entry, number, name in library.eachNeed():
        if name == version and number not in used:
            (step,), (following,) = (struct.unpack_from("<I", library.data, at) for at in (link, entry + 12))
            struct.pack_into("<I", library.data, link, step + following if following else 0)
            (count,) = struct.unpack_from("<H", library.data, place + 2)
            if count == 1:
                raise ValueError("expected another version of the same file")
            struct.pack_into("<H", library.data, place + 2, count - 1)
            return


def lowerVersions(path):
    """Lower the versions of OLDER in a library; returns whether anything changed."""
    library = _Library(bytearray(Path(path).read_bytes()))
    if library.needs is None:
        return False
    lowered = set()
    for symbol in range(1, library.numSymbols):
        (name,) = struct.unpack_from("<I", library.data, library.symbols + 24 * symbol)
        newer, older = OLDER.get(library.text(name), (None, None))
        if newer is not None and _lowerSymbol(library, symbol, newer, older):
            lowered.add(newer)
    for version in lowered:
        _dropUnused(library, version)
    if lowered:
        Path(path).write_bytes(library.data)
    return bool(lowered)
