# SPDX-License-Identifier: MIT
"""InChI to RDKit molecules, with mobile hydrogens where chemists draw them."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from rdkit import Chem

#: A formula and layers that begin with a letter.
_form = re.compile(r"InChI=1S/[A-Za-z0-9.]+(/[a-z][0-9A-Za-z().,;:*+?!-]*)*")
#: Donor of a hydrogen, the carbon between, and the nitrogen that gets it: imidic acids, imines of rings, lactims.
_moves = ("[OX2H1,SX2H1]-[CX3]=[NX2]", "[OX2H1,SX2H1]-[cX3]:[nX2H0]", "[#7X3H1;r]-,:[#6X3;r]=[#7X2;!r]")


def _moveHydrogen(mol: Chem.Mol, atoms: tuple[int, int, int], Chem: ModuleType) -> Chem.Mol | None:
    """Move a hydrogen from the first atom to the third; None if there are no bond orders for that."""
    donor, center, acceptor = atoms
    editable = Chem.RWMol(mol)
    for index, change in ((donor, -1), (acceptor, 1)):
        atom = editable.GetAtomWithIdx(index)
        atom.SetNumExplicitHs(atom.GetTotalNumHs() + change)
        atom.SetNoImplicit(True)
    for other, order in ((donor, Chem.BondType.DOUBLE), (acceptor, Chem.BondType.SINGLE)):
        bond = editable.GetBondBetweenAtoms(center, other)
        if not bond.GetIsAromatic():
            bond.SetStereo(Chem.BondStereo.STEREONONE)
            bond.SetBondType(order)
    try:
        Chem.SanitizeMol(editable)
    except ValueError:
        return None
    return editable.GetMol()


def readInchi(text: str, Chem: ModuleType) -> Chem.Mol:
    """Read a standard InChI.

    It does not say which of several atoms has a mobile hydrogen. Amides and lactams are made where they are possible,
    and amines of rings instead of imines; the rest is as RDKit chooses it.

    Parameters
    ----------
    text : str
    Chem : module
        rdkit.Chem.

    Returns
    -------
    rdkit.Chem.Mol
        With all hydrogens behind the other atoms.

    Raises
    ------
    ValueError
        If it cannot be read, or if the molecule does not have this InChI again.
    """
    from rdkit import rdBase

    text = text.strip()
    if not text.startswith("InChI=1S/"):
        raise ValueError(f"readMolecule: expected a standard InChI, which begins with InChI=1S/, got '{text[:200]}'")
    if not _form.fullmatch(text):
        raise ValueError(f"readMolecule: expected a valid InChI, got '{text[:200]}', which has other characters or "
                         "layers")
    blocked = rdBase.BlockLogs()
    try:
        mol = Chem.MolFromInchi(text, removeHs=True)
        if mol is None or mol.GetNumAtoms() == 0:
            raise ValueError(f"readMolecule: expected a valid InChI, got '{text[:200]}', which RDKit cannot read")
        for move in map(Chem.MolFromSmarts, _moves):
            tried: set[tuple[int, int, int]] = set()
            while found := [match for match in mol.GetSubstructMatches(move) if match not in tried]:
                tried.add(found[0])
                moved = _moveHydrogen(mol, found[0], Chem)
                mol = mol if moved is None or Chem.MolToInchi(moved) != text else moved
        again = Chem.MolToInchi(mol)
    finally:
        del blocked
    if again != text:
        raise ValueError(f"readMolecule: expected an InChI that its molecule has again, got '{text[:200]}', whose "
                         f"molecule has '{again[:200]}'; give a SMILES")
    return Chem.AddHs(mol)
