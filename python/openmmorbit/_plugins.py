# SPDX-License-Identifier: MIT
"""Loads the package's own OpenMM plugins once and explains a failure in words."""
from pathlib import Path

import openmm

from openmmorbit._build import openmmVersion, version

_folder = Path(__file__).resolve().parent


def checkOpenMMVersion(found=None):
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


def loadPlugins(folder=None):
    """Load the platform plugins of this package into OpenMM.

    Parameters
    ----------
    folder : path, optional
        Folder of the plugins; default: the package's own.

    Returns
    -------
    tuple of str
        Paths of the loaded libraries.

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
    failures = [text for text in openmm.Platform.getPluginLoadFailures() if text not in known and "OpenMMOrbit" in text]
    if failures:
        raise ImportError(f"openmmorbit {version} (built for OpenMM {openmmVersion}, running with "
                          f"{openmm.Platform.getOpenMMVersion()}) could not load its plugins: " + "; ".join(failures))
    return tuple(loaded)


def libraryPath():
    """Get the folder of the C++ libraries, for programs that link them."""
    return str(_folder / "lib")


def includePath():
    """Get the folder of the C++ headers, for programs that compile against them."""
    return str(_folder / "include")
