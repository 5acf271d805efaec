# SPDX-License-Identifier: MIT
"""Reads files that torch.save() wrote, without PyTorch and without executing anything that stands in them.

Such a file is a zip archive: a pickle (data.pkl), which is a small program that builds objects, and the numbers of the
tensors. Only instructions that build plain values are obeyed: numbers, texts, lists, dicts and tensors. An object of
any other class is not made; an Opaque value with what the file says of it stands in its place. Numbers of tensors are
read when they are asked for.
"""
from __future__ import annotations

import os
import pickletools
import zipfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, NoReturn

import numpy as np

from openmmorbit.io.outputs import checkPath

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from openmmorbit._types import StrPath

_MARK = object()
#: NumPy type of every kind of storage; numbers of bfloat16 are the upper halves of float32.
_kinds = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "BFloat16Storage": "<u2",
          "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1",
          "BoolStorage": "?"}


@dataclass(eq=False)
class Opaque:
    """An object of a class that is not known: nothing of it was executed.

    Attributes
    ----------
    name : str
        The class or function, e.g. "omegaconf.dictconfig.DictConfig".
    arguments : tuple
        What it would be called with.
    state, entries, items
        What would be put into it: its attributes, its entries as a list, and as a dict.
    """
    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
    entries: list[Any] = field(default_factory=list)
    items: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Global:
    """The name of a class or function; it is never looked up."""
    name: str


@dataclass(frozen=True)
class StoredTensor:
    """A tensor of which only the description was read.

    Attributes
    ----------
    kind : str
        E.g. "FloatStorage".
    key : str
        Name of its storage in the archive.
    numStored : int
        Numbers of the storage, which several tensors can share.
    offset : int
        First number in the storage.
    shape, stride : tuple of int
    """
    kind: str
    key: str
    numStored: int
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Refused(Exception):
    """What a pickle must not ask for."""


def _isCount(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _makeTensor(arguments: tuple[Any, ...]) -> StoredTensor:
    """Do what torch._utils._rebuild_tensor_v2 would do."""
    storage, offset, shape, stride = arguments[:4] if len(arguments) >= 4 else (None, 0, (), ())
    if not isinstance(storage, StoredTensor) or not _isCount(offset):
        raise _Refused("a tensor without a storage")
    for sizes in (shape, stride):
        if not isinstance(sizes, tuple) or not all(map(_isCount, sizes)):
            raise _Refused("a tensor whose shape or stride is no tuple of whole numbers")
    count, last = 1, offset
    for size, step in zip(shape, stride):
        count *= size
        last += max(size - 1, 0) * step
    if len(shape) != len(stride) or count > storage.numStored or (count > 0 and last >= storage.numStored):
        raise _Refused(f"a tensor of shape {list(shape)} in a storage of {storage.numStored} numbers")
    return StoredTensor(storage.kind, storage.key, storage.numStored, offset, shape, stride)


def _findStorage(identity: Any) -> Any:
    """Understand the persistent id of a storage."""
    if not (isinstance(identity, tuple) and len(identity) >= 5 and identity[0] == "storage" and
            isinstance(identity[1], _Global) and isinstance(identity[2], str) and _isCount(identity[4])):
        raise _Refused("a persistent id that is no storage of a tensor")
    module, _, kind = identity[1].name.rpartition(".")
    if module not in ("torch", "torch.storage") or kind not in _kinds:
        return Opaque(identity[1].name)
    return StoredTensor(kind, identity[2], identity[4], 0, (identity[4],), (1,))


def _call(function: Any, arguments: Any) -> Any:
    """Make what a call would make, if it is a plain value; otherwise describe the call."""
    if not isinstance(function, (_Global, Opaque)) or not isinstance(arguments, tuple):
        raise _Refused("a call of something that is no function")
    if function.name in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor") and \
            not (arguments and isinstance(arguments[0], Opaque)):
        return _makeTensor(arguments)
    if function.name == "torch._utils._rebuild_parameter" and arguments:
        return arguments[0]
    if function.name == "collections.OrderedDict" and not arguments:
        return {}
    return Opaque(function.name, arguments)


class _Machine:
    """Obeys the instructions of a pickle that build plain values; the others are refused by name."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _Refused("an instruction without its values")
        return self.stack.pop()

    def popToMark(self) -> list[Any]:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                found = self.stack[place + 1:]
                del self.stack[place:]
                return found
        raise _Refused("an end of a list without its beginning")

    def drop(self, value: Any) -> None:
        """Forget a value."""

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _Refused("an instruction without its object")
        return self.stack[-1]

    def recall(self, key: Any) -> None:
        if int(key) not in self.memo:
            raise _Refused("a value that was not stored before")
        self.push(self.memo[int(key)])

    def extend(self, values: list[Any]) -> None:
        target = self.top()
        if not isinstance(target, (list, Opaque)):
            raise _Refused("entries for something that is no list")
        (target if isinstance(target, list) else target.entries).extend(values)

    def setItems(self, values: list[Any]) -> None:
        target = self.top()
        if not isinstance(target, (dict, Opaque)) or len(values) % 2:
            raise _Refused("items for something that is no dict")
        items = target if isinstance(target, dict) else target.items
        for key, value in zip(values[::2], values[1::2]):
            # Only keys whose hash is cheap are used as they are.
            plain = key is None or isinstance(key, (str, int, float, bytes, Opaque))
            items[key if plain else Opaque("key", (key,))] = value

    def makeDict(self) -> None:
        values = self.popToMark()
        self.push({})
        self.setItems(values)

    def build(self) -> None:
        state = self.pop()
        if isinstance(self.top(), Opaque):
            self.top().state = state

    def globalOf(self) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise _Refused("a class whose name is no text")
        self.push(_Global(f"{module}.{name}"))

    def callWith(self, count: int) -> None:
        keywords = self.pop() if count == 3 else None
        arguments, function = self.pop(), self.pop()
        self.push(_call(function, arguments))
        if keywords and isinstance(self.top(), Opaque):
            self.top().state = keywords

    def tuple(self, count: int) -> None:
        values = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(values)))

    def run(self, program: bytes) -> Any:
        for opcode, argument, _ in pickletools.genops(program):
            if opcode.name == "STOP":
                return self.pop()
            if opcode.name not in _instructions:
                raise _Refused(f"the instruction {opcode.name}")
            _instructions[opcode.name](self, argument)
        raise _Refused("no end")


def _same(names: str, action: Callable[[_Machine, Any], None]) -> dict[str, Callable[[_Machine, Any], None]]:
    return dict.fromkeys(names.split(), action)


_instructions: dict[str, Callable[[_Machine, Any], None]] = {
    **_same("PROTO FRAME", lambda machine, value: None),
    **_same("INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE "
            "BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8",
            lambda machine, value: machine.push(value)),
    "NONE": lambda machine, value: machine.push(None),
    "NEWTRUE": lambda machine, value: machine.push(True),
    "NEWFALSE": lambda machine, value: machine.push(False),
    "MARK": lambda machine, value: machine.push(_MARK),
    **_same("EMPTY_LIST EMPTY_SET", lambda machine, value: machine.push([])),
    "EMPTY_DICT": lambda machine, value: machine.push({}),
    "EMPTY_TUPLE": lambda machine, value: machine.push(()),
    "TUPLE1": lambda machine, value: machine.tuple(1),
    "TUPLE2": lambda machine, value: machine.tuple(2),
    "TUPLE3": lambda machine, value: machine.tuple(3),
    "TUPLE": lambda machine, value: machine.push(tuple(machine.popToMark())),
    **_same("LIST FROZENSET", lambda machine, value: machine.push(machine.popToMark())),
    "DICT": lambda machine, value: machine.makeDict(),
    "APPEND": lambda machine, value: machine.extend([machine.pop()]),
    **_same("APPENDS ADDITEMS", lambda machine, value: machine.extend(machine.popToMark())),
    "SETITEM": lambda machine, value: machine.setItems([machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, value: machine.setItems(machine.popToMark()),
    "DUP": lambda machine, value: machine.push(machine.top()),
    "POP": lambda machine, value: machine.drop(machine.pop()),
    "POP_MARK": lambda machine, value: machine.drop(machine.popToMark()),
    **_same("PUT BINPUT LONG_BINPUT", lambda machine, value: machine.memo.update({int(value): machine.top()})),
    "MEMOIZE": lambda machine, value: machine.memo.update({len(machine.memo): machine.top()}),
    **_same("GET BINGET LONG_BINGET", lambda machine, value: machine.recall(value)),
    "GLOBAL": lambda machine, value: machine.push(_Global(value.replace(" ", "."))),
    "STACK_GLOBAL": lambda machine, value: machine.globalOf(),
    **_same("REDUCE NEWOBJ", lambda machine, value: machine.callWith(2)),
    "NEWOBJ_EX": lambda machine, value: machine.callWith(3),
    "BUILD": lambda machine, value: machine.build(),
    "BINPERSID": lambda machine, value: machine.push(_findStorage(machine.pop())),
}


class TorchArchive:
    """A file that torch.save() wrote, open for reading: ``content`` is what was saved. Use it in a with statement.

    Raises
    ------
    ValueError
        For a file of another kind, one that is cut off or damaged, and a pickle that asks for more than plain values;
        the message names the file.
    """

    def __init__(self, path: StrPath) -> None:
        checkPath("TorchArchive", path)
        self.path = os.fspath(path)
        if not os.path.isfile(self.path):
            raise FileNotFoundError(f"TorchArchive: expected a checkpoint, got '{self.path}', which is no file")
        try:
            self._archive = zipfile.ZipFile(self.path)
        except zipfile.BadZipFile:
            raise ValueError(f"TorchArchive: expected a file that torch.save() of PyTorch 1.6 or later wrote, got "
                             f"'{self.path}', which is no zip archive or is cut off") from None
        try:
            programs = [name for name in self._archive.namelist() if name.split("/")[1:] == ["data.pkl"]]
            if len(programs) != 1:
                self._refuse("one entry data.pkl", f"{len(programs)}")
            self._folder = programs[0].split("/")[0]
            if f"{self._folder}/byteorder" in self._archive.namelist() and \
                    self._readEntry(f"{self._folder}/byteorder").strip() != b"little":
                self._refuse("numbers with the low byte first", "others")
            self.content = self._obey(self._readEntry(programs[0]))
        except BaseException:
            self._archive.close()
            raise

    def __enter__(self) -> TorchArchive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._archive.close()

    def _refuse(self, expected: str, got: str) -> NoReturn:
        raise ValueError(f"TorchArchive: expected {expected} in '{self.path}', got {got}")

    def _obey(self, program: bytes) -> Any:
        try:
            return _Machine().run(program)
        except _Refused as error:
            self._refuse("a pickle that only describes values and tensors", f"one with {error}; nothing was executed")
        except (ValueError, TypeError, OverflowError, IndexError, RecursionError, MemoryError) as error:
            self._refuse("a whole pickle", f"a damaged one ({type(error).__name__}: {str(error)[:80]})")

    def _readEntry(self, name: str) -> bytes:
        try:
            entry = self._archive.getinfo(name)
        except KeyError:
            self._refuse(f"the entry {name}", "none; the file is not complete")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > os.path.getsize(self.path):
            self._refuse(f"the entry {name} as torch.save() writes it", "one that is compressed or too long")
        try:
            stream: IO[bytes]
            with self._archive.open(entry) as stream:
                return stream.read()
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise ValueError(f"TorchArchive: expected the whole entry {name} in '{self.path}', got a damaged one "
                             f"({error})") from None

    def read(self, tensor: StoredTensor, name: str) -> np.ndarray:
        """Read the numbers of a tensor.

        Parameters
        ----------
        tensor : StoredTensor
            From ``content``.
        name : str
            Its name, for messages.

        Returns
        -------
        numpy.ndarray
            In the type of the file; bfloat16 as float32.
        """
        kind = np.dtype(_kinds[tensor.kind])
        raw = self._readEntry(f"{self._folder}/data/{tensor.key}")
        if len(raw) != tensor.numStored * kind.itemsize:
            self._refuse(f"{tensor.numStored} numbers of {kind.itemsize} bytes for tensor \"{name}\"",
                         f"{len(raw)} bytes")
        values = np.frombuffer(raw, kind)
        if tensor.kind == "BFloat16Storage":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        steps = [step * values.itemsize for step in tensor.stride]
        return np.lib.stride_tricks.as_strided(values[tensor.offset:], tensor.shape, steps, writeable=False)
