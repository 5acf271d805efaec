# SPDX-License-Identifier: MIT
"""An openmm.app.Topology as the flat lists of atoms, bonds and residues that the reading room understands."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmm import app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openmmorbit import orbit, orbitchem

_orders = {app.Single: 1, app.Double: 2, app.Triple: 3, app.Aromatic: 4, app.Amide: 1}


def _order(bond: app.topology.Bond) -> int:
    """Get 1, 2, 3, 4 for aromatic, or 0 for unknown."""
    return bond.order if bond.order in (1, 2, 3) else _orders.get(bond.type, 0)


def fromTopology(topology: app.Topology, smiles: Mapping[str, str],
                 options: orbitchem.ReaderOptions) -> orbit.MolecularGraph:
    """Get the graph of an openmm.app.Topology that is one molecule; atoms keep their order and their names.

    Parameters
    ----------
    topology : openmm.app.Topology
    smiles : dict
        Residue name to SMILES, for every residue that is neither a standard one nor complete with bond orders.
    options : openmmorbit.chem.ReaderOptions

    Returns
    -------
    openmmorbit.orbit.MolecularGraph

    Raises
    ------
    ValueError
        Naming the residue whose bond orders are unknown, or whose SMILES disagrees with the Topology.
    """
    from openmmorbit import chem

    record, atoms, bonds = chem.TopologyRecord(), [], []
    residues = list(topology.residues())
    indices = {residue: index for index, residue in enumerate(residues)}
    for entry in topology.atoms():
        atom = chem.TopologyAtom()
        atom.name = entry.name or ""
        atom.element = entry.element.atomic_number if entry.element is not None else 0
        atom.residue = indices[entry.residue]
        atom.formalCharge = int(getattr(entry, "formalCharge", None) or 0)
        atoms.append(atom)
    for entry in topology.bonds():
        bond = chem.TopologyBond()
        bond.atom1, bond.atom2, bond.order = entry[0].index, entry[1].index, _order(entry)
        bonds.append(bond)
    record.atoms, record.bonds = atoms, bonds
    record.residueNames = [residue.name for residue in residues]
    record.residueIds = [str(residue.id) for residue in residues]
    record.smiles = dict(smiles)
    return chem.readTopology(record, options)
