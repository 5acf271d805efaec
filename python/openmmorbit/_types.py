# SPDX-License-Identifier: MIT
"""Names for the types that several modules have in their hints; imported by type checkers only."""
from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from openmm import app
    from rdkit import Chem

    from openmmorbit.orbit import DenoiserModel, MolecularGraph

#: Path of a file or folder.
StrPath = Union[str, "os.PathLike[str]"]

#: A model: its path, the name of a packaged one, the model itself, or None for the default one.
ModelLike = Union[StrPath, "DenoiserModel", None]

#: A molecule: a SMILES, or an object of RDKit, OpenMM, the OpenFF toolkit or this package.
MoleculeLike = Union[str, "Chem.Mol", "MolecularGraph", "app.Topology", Any]

#: The parser of openmm-orbit, to which subcommands are added.
Subparsers = argparse._SubParsersAction

#: A value with the lower and the upper bound of its 95 % interval.
Interval = tuple[float, float, float]
