# SPDX-License-Identifier: MIT
"""SMILES, mol blocks and files to molecular graphs. Importing it loads RDKit's C++ libraries."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from openmmorbit.orbitchem import *  # noqa: F403
except ImportError as error:
    raise ImportError("openmmorbit.chem: this installation has no working libOpenMMOrbitChem, which reads molecules; "
                      "build the package with RDKit's C++ libraries (Debian: librdkit-dev), or give MolecularGraph "
                      f"objects instead of SMILES and molecules ({error})") from error

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any:
        """Tell type checkers that the module has the names of orbitchem, which SWIG writes without types."""
