# SPDX-License-Identifier: MIT
"""Loads the package's own OpenMM plugins once and explains a failure in words."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import openmm

from openmmorbit._build import openmmVersion, version

if TYPE_CHECKING:
    from openmmorbit._types import StrPath

_folder = Path(__file__).resolve().parent
# Platforms that need a device's driver, and why their plugins could not be loaded here.
_gpuPlatforms = ("OpenCL", "CUDA", "HIP")
_failures: dict[str, str] = {}


def checkOpenMMVersion(found: str | None = None) -> None:
    """Refuse an OpenMM whose binary interface differs from the one this package was built for.

    Parameters
    ----------
    found : str, optional
        OpenMM's version; default: that of the imported OpenMM.

    Raises
    ------
    ImportError
        If the major or minor version differs.
    """
    found = found or openmm.Platform.getOpenMMVersion()
    if found.split(".")[:2] != openmmVersion.split(".")[:2]:
        series = ".".join(openmmVersion.split(".")[:2])
        raise ImportError(f"openmmorbit {version} was built for OpenMM {openmmVersion}, and OpenMM {found} "
                          f"is installed; install a matching one (pip install 'openmm=={series}.*') "
                          "or build openmmorbit again")


def loadPlugins(folder: StrPath | None = None) -> tuple[str, ...]:
    """Load the platform plugins of this package into OpenMM.

    Parameters
    ----------
    folder : path, optional
        Folder of the plugins; default: the package's own.

    Returns
    -------
    tuple of str
        Paths of the loaded libraries.

    A plugin of a GPU platform that cannot be loaded, for want of a driver, is left out; checkPlatform() tells why.

    Raises
    ------
    ImportError
        If the folder holds no plugin, or one of them cannot be loaded.
    """
    folder = Path(folder or _folder / "plugins")
    if not any(folder.glob("libOpenMMOrbit*")):
        raise ImportError(f"openmmorbit: expected platform plugins in {folder}, found none; the installation is "
                          "incomplete: install or build the package again")
    known = set(openmm.Platform.getPluginLoadFailures())
    loaded = openmm.Platform.loadPluginsFromDirectory(str(folder))
    failures = []
    for text in openmm.Platform.getPluginLoadFailures():
        platform = next((name for name in _gpuPlatforms if f"libOpenMMOrbit{name}." in text), None)
        if text in known or "OpenMMOrbit" not in text:
            continue
        if platform is not None:
            _failures[platform] = text
        else:
            failures.append(text)
    if failures:
        raise ImportError(f"openmmorbit {version} (built for OpenMM {openmmVersion}, running with "
                          f"{openmm.Platform.getOpenMMVersion()}) could not load its plugins: " + "; ".join(failures))
    return tuple(loaded)


def checkPlatform(name: str, where: str = "ConformerGenerator") -> None:
    """Refuse a GPU platform whose plugin was left out when the package was imported.

    Parameters
    ----------
    name : str
        Name of a platform.
    where : str
        The caller, for messages.

    Raises
    ------
    ValueError
        With the reason why the plugin could not be loaded.
    """
    if name in _failures:
        raise ValueError(f"{where}: expected a platform that works here, got \"{name}\", whose plugin could not "
                         f"be loaded ({_failures[name]}); install its driver and OpenMM's plugin for it")


def libraryPath() -> str:
    """Get the folder of the C++ libraries, for programs that link them."""
    return str(_folder / "lib")


def includePath() -> str:
    """Get the folder of the C++ headers, for programs that compile against them."""
    return str(_folder / "include")
