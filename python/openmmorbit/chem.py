# SPDX-License-Identifier: MIT
"""The reading room: SMILES, mol blocks and files to molecular graphs. Importing it loads RDKit's C++ libraries."""
try:
    from openmmorbit.orbitchem import *  # noqa: F403
except ImportError as error:
    raise ImportError("openmmorbit.chem: this installation has no working reading room (libOpenMMOrbitChem); build the "
                      "package with RDKit's C++ libraries (Debian: librdkit-dev), or give MolecularGraph objects "
                      f"instead of SMILES and molecules ({error})") from error
