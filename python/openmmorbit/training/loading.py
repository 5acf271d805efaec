# SPDX-License-Identifier: MIT
"""Loads the trainer, and LibTorch with it; says what is missing if that fails."""
from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from openmmorbit._build import torchVersion

if TYPE_CHECKING:
    from types import ModuleType

_module = "openmmorbit.orbittraining"
_install = "run 'pip install \"openmm-orbit[train]\"'"


def installedTorch() -> str | None:
    """Get the version of the installed PyTorch; nothing is imported. None if there is no PyTorch."""
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None


def _importTrainer() -> ModuleType:
    return importlib.import_module(_module)


def _loadLibTorch() -> None:
    """Load the libraries of an installed PyTorch that does not lie beside this package; the trainer then finds them."""
    spec = importlib.util.find_spec("torch")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        for name in ("libc10.so", "libtorch_cpu.so"):
            if (library := Path(folder) / "lib" / name).is_file():
                ctypes.CDLL(str(library))


def loadTrainer(where: str = "openmmorbit.train") -> ModuleType:
    """Get the module of the trainer.

    Parameters
    ----------
    where : str
        The caller, for messages.

    Raises
    ------
    ImportError
        If the package was built without a trainer, or if PyTorch is missing or of another minor version than the
        trainer was built with.
    """
    if not torchVersion or importlib.util.find_spec(_module) is None:
        raise ImportError(f"{where}: this installation has no trainer; build the package with "
                          "-DORBIT_BUILD_TRAINING=ON and LibTorch")
    found = installedTorch()
    if found is not None and found.split(".")[:2] != torchVersion.split("."):
        raise ImportError(f"{where}: expected PyTorch {torchVersion}, with which the trainer was built, got {found}; "
                          f"{_install}")
    try:
        return _importTrainer()
    except ImportError as error:
        if found is None:
            raise ImportError(f"{where}: expected PyTorch {torchVersion}, whose libraries the trainer needs, got none; "
                              f"{_install} ({error})") from error
    try:
        _loadLibTorch()
        return _importTrainer()
    except (ImportError, OSError) as error:
        raise ImportError(f"{where}: expected libraries of PyTorch {found} that can be loaded, got \"{error}\"; "
                          f"install it again: {_install}") from error
