# SPDX-License-Identifier: MIT
"""A System for any organic molecule: MMFF94 as OpenMM forces."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmmorbit import molecules

if TYPE_CHECKING:
    import openmm

    from openmmorbit._types import MoleculeLike


def mmffSystem(molecule: MoleculeLike, variant: str = "MMFF94") -> openmm.System:
    """Make an openmm.System of a molecule with the MMFF94 force field, its terms taken from RDKit.

    Parameters
    ----------
    molecule : str, MolecularGraph, rdkit.Chem.Mol, OpenFF molecule or openmm.app.Topology
        The molecule; particle i of the System is atom i.
    variant : str
        "MMFF94" or "MMFF94s".

    Returns
    -------
    openmm.System
        Particles with masses, and forces whose energy is the MMFF94 energy. No cutoff, no constraints.

    Raises
    ------
    ValueError
        If the force field lacks parameters for an atom, which the message names.

    Examples
    --------
    >>> import openmmorbit
    >>> openmmorbit.mmffSystem("CCO").getNumParticles()
    9
    """
    from openmmorbit import chem

    return chem.createMMFFSystem(molecules.toGraph(molecule)[0], str(variant))
