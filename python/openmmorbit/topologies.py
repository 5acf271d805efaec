# SPDX-License-Identifier: MIT
"""From an openmm.app.Topology to a MolecularGraph: bond orders come from SMILES or from RDKit's own residues."""
from dataclasses import dataclass

from openmm import app

from openmmorbit import molecules

_aminoAcids = {
    "ALA": "A", "ARG": "R", "ASN": "N", "ASP": "D", "CYS": "C", "GLN": "Q", "GLU": "E", "GLY": "G", "HIS": "H",
    "ILE": "I", "LEU": "L", "LYS": "K", "MET": "M", "PHE": "F", "PRO": "P", "SER": "S", "THR": "T", "TRP": "W",
    "TYR": "Y", "VAL": "V", "HID": "H", "HIE": "H", "HIP": "H", "CYX": "C", "CYM": "C", "ASH": "D", "GLH": "E",
    "LYN": "K"}
_commonSmiles = {"HOH": "O", "WAT": "O", "ACE": "CC=O", "NME": "CN"}
_valences = {7: 3, 8: 2, 16: 2}
_orders = {"SINGLE": 1, "DOUBLE": 2, "TRIPLE": 3}


@dataclass
class _Residue:
    """One residue: its atoms in the molecule, heavy ones by name."""
    name: str
    label: str
    heavy: list
    names: dict


def _connectedAtoms(topology):
    """Get atoms, bonds and residues of a Topology, checked."""
    atoms = list(topology.atoms())
    if not atoms:
        raise ValueError("readMolecule: expected a Topology of at least 1 atom, got an empty one")
    for atom in atoms:
        if atom.element is None:
            raise ValueError(f"readMolecule: expected an element for every atom, got none for atom {atom.index} "
                             f"({atom.name}) of residue {atom.residue.name}; leave extra particles out")
    residues = []
    for residue in topology.residues():
        heavy = [atom.index for atom in residue.atoms() if atom.element.atomic_number > 1]
        residues.append(_Residue(residue.name, f"residue {residue.name} {residue.id}".strip(), heavy,
                                 {atom.name: atom.index for atom in residue.atoms()}))
    return atoms, list(topology.bonds()), residues


def _bondOrder(bond):
    """Get 1, 2, 3, 1.5 for an aromatic bond of unknown order, or None."""
    if bond.order in (1, 2, 3):
        return bond.order
    return {app.Single: 1, app.Double: 2, app.Triple: 3, app.Aromatic: 1.5}.get(bond.type)


def _skeleton(atoms, bonds):
    """Make an RDKit molecule of single bonds, or of the orders that the Topology knows."""
    from rdkit import Chem

    mol = Chem.RWMol()
    complete = any(atom.element.atomic_number == 1 for atom in atoms)
    for entry in atoms:
        atom = Chem.Atom(entry.element.atomic_number)
        atom.SetNoImplicit(complete)
        atom.SetFormalCharge(int(getattr(entry, "formalCharge", None) or 0))
        mol.AddAtom(atom)
    for bond in bonds:
        ends, order = (bond[0].index, bond[1].index), _bondOrder(bond)
        kind = {None: "SINGLE", 1: "SINGLE", 1.5: "AROMATIC", 2: "DOUBLE", 3: "TRIPLE"}[order]
        mol.AddBond(*ends, getattr(Chem.BondType, kind))
        if order == 1.5:
            mol.GetBondBetweenAtoms(*ends).SetIsAromatic(True)
            for end in ends:
                mol.GetAtomWithIdx(end).SetIsAromatic(True)
    mol.UpdatePropertyCache(strict=False)
    try:
        Chem.Kekulize(mol, clearAromaticFlags=True)
    except ValueError as error:
        raise ValueError("readMolecule: expected aromatic bonds that single and double ones can stand for, got a "
                         f"Topology where they cannot ({error}); give bond orders, or smiles= for the residue") from error
    return mol, complete


def _hydrogens(mol, index):
    return [n.GetIdx() for n in mol.GetAtomWithIdx(index).GetNeighbors() if n.GetAtomicNum() == 1]


def _matches(mol, residue, template, complete):
    """Yield mappings of the template's heavy atoms that agree in elements, bonds and, if there are any, hydrogens."""
    from rdkit import Chem

    query, plain = Chem.RWMol(), Chem.RWMol()
    heavy = [atom.GetIdx() for atom in template.GetAtoms() if atom.GetAtomicNum() > 1]
    for source, target, indices in ((template, query, heavy), (mol, plain, residue.heavy)):
        place = {index: target.AddAtom(Chem.Atom(source.GetAtomWithIdx(index).GetAtomicNum())) for index in indices}
        for bond in source.GetBonds():
            ends = (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
            if all(end in place for end in ends):
                target.AddBond(place[ends[0]], place[ends[1]], Chem.BondType.SINGLE)
        for atom in target.GetAtoms():
            atom.SetNoImplicit(True)
    if query.GetNumAtoms() != plain.GetNumAtoms() or query.GetNumBonds() != plain.GetNumBonds():
        return
    for match in plain.GetSubstructMatches(query, uniquify=False, maxMatches=10000):
        mapping = {heavy[k]: residue.heavy[index] for k, index in enumerate(match)}
        if not complete or all(len(_hydrogens(template, a)) == len(_hydrogens(mol, b)) for a, b in mapping.items()):
            yield mapping


def _transfer(mol, template, mapping):
    """Give bonds, charges and stereochemistry of a template to the atoms that it is mapped to."""
    from rdkit import Chem

    mapping = dict(mapping)
    for source, target in list(mapping.items()):
        mapping.update(zip(_hydrogens(template, source), _hydrogens(mol, target)))
    for bond in template.GetBonds():
        ends = (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        if not all(end in mapping for end in ends):
            continue
        copied = mol.GetBondBetweenAtoms(*(mapping[end] for end in ends))
        if copied is None:
            continue
        copied.SetBondType(bond.GetBondType())
        if bond.GetStereo() in (Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOZ):
            copied.SetStereoAtoms(*(mapping[a] for a in bond.GetStereoAtoms()))
            copied.SetStereo(Chem.BondStereo.STEREOTRANS if bond.GetStereo() == Chem.BondStereo.STEREOE
                             else Chem.BondStereo.STEREOCIS)
    for source, target in mapping.items():
        old, new = template.GetAtomWithIdx(source), mol.GetAtomWithIdx(target)
        new.SetFormalCharge(old.GetFormalCharge())
        new.SetIsotope(old.GetIsotope())
        wanted = [mapping.get(b.GetOtherAtomIdx(source)) for b in old.GetBonds()]
        found = [b.GetOtherAtomIdx(target) for b in new.GetBonds()]
        if old.GetChiralTag() == Chem.ChiralType.CHI_UNSPECIFIED or set(wanted) != set(found):
            continue
        new.SetChiralTag(old.GetChiralTag())
        order = [found.index(index) for index in wanted]
        if sum(order[i] > order[j] for i in range(len(order)) for j in range(i + 1, len(order))) % 2:
            new.InvertChirality()


def _fromSmiles(mol, residue, smiles, complete):
    """Assign a residue from its SMILES."""
    from rdkit import Chem

    template = Chem.MolFromSmiles(smiles)
    if template is None:
        raise ValueError(f"readMolecule: expected a valid SMILES for {residue.label}, got '{smiles}'")
    template = Chem.AddHs(template) if complete else template
    Chem.Kekulize(template, clearAromaticFlags=True)
    mapping = next(_matches(mol, residue, template, complete), None)
    if mapping is None:
        heavy = sum(atom.GetAtomicNum() > 1 for atom in template.GetAtoms())
        raise ValueError(f"readMolecule: expected a SMILES with the atoms and bonds of {residue.label} "
                         f"({len(residue.heavy)} heavy atoms), got '{smiles}' ({heavy} heavy atoms); correct the "
                         "SMILES, or the Topology's bonds and hydrogens")
    _transfer(mol, template, mapping)


def _fromSequence(mol, residue, letter, complete):
    """Assign an amino acid by its atom names, from the residue that RDKit builds."""
    from rdkit import Chem

    template = Chem.MolFromSequence(f"G{letter}G")
    template = Chem.AddHs(template) if complete else template
    Chem.Kekulize(template, clearAromaticFlags=True)
    mapping = {}
    for atom in template.GetAtoms():
        info = atom.GetPDBResidueInfo()
        if info is not None and info.GetResidueNumber() == 2 and info.GetName().strip() in residue.names:
            mapping[atom.GetIdx()] = residue.names[info.GetName().strip()]
    missing = [name for name in residue.names if residue.names[name] in residue.heavy
               and residue.names[name] not in mapping.values() and name != "OXT"]
    if missing:
        raise ValueError(f"readMolecule: expected the standard atoms of {residue.label}, got {', '.join(missing)} "
                         f"besides; give smiles={{'{residue.name}': ...}} for it")
    _transfer(mol, template, mapping)
    if letter == "H" and complete:
        _setHistidine(mol, residue)


def _setHistidine(mol, residue):
    """Place the double bonds of histidine's ring as its hydrogens ask for."""
    from rdkit import Chem

    ring = [residue.names[name] for name in ("CG", "ND1", "CE1", "NE2", "CD2")]
    for k, index in enumerate(ring):
        mol.GetBondBetweenAtoms(index, ring[(k + 1) % 5]).SetBondType(Chem.BondType.SINGLE)
    other = ring[3] if _hydrogens(mol, ring[1]) and not _hydrogens(mol, ring[3]) else ring[1]
    mol.GetBondBetweenAtoms(ring[2], other).SetBondType(Chem.BondType.DOUBLE)
    mol.GetBondBetweenAtoms(ring[0], ring[4]).SetBondType(Chem.BondType.DOUBLE)


def _chargeByValence(mol, residue):
    """Set the charges of N, O and S that explicit hydrogens and bonds leave over or short."""
    for index in residue.heavy:
        atom = mol.GetAtomWithIdx(index)
        if atom.GetAtomicNum() in _valences:
            valence = sum(_orders[str(bond.GetBondType())] for bond in atom.GetBonds())
            if atom.GetAtomicNum() != 16 or valence < 2:
                atom.SetFormalCharge(valence - _valences[atom.GetAtomicNum()])


def fromTopology(topology, smiles, addHydrogens=True):
    """Get the graph of an openmm.app.Topology that is one molecule; atoms keep their order and their names.

    Parameters
    ----------
    topology : openmm.app.Topology
    smiles : dict
        Residue name to SMILES, for every residue that is neither a standard one nor complete with bond orders.
    addHydrogens : bool
        Append missing hydrogens; False refuses a Topology that lacks some.

    Raises
    ------
    ValueError
        Naming the residue whose bond orders are unknown, or whose SMILES disagrees with the Topology.
    """
    Chem = molecules.requireRDKit("readMolecule: an openmm.app.Topology")
    atoms, bonds, residues = _connectedAtoms(topology)
    unused = sorted(set(smiles) - {residue.name for residue in residues})
    if unused:
        raise ValueError(f"readMolecule: expected SMILES for residues of the Topology, got one for '{unused[0]}', "
                         "which has no such residue")
    mol, complete = _skeleton(atoms, bonds)
    unknown = {atom.index for bond in bonds if _bondOrder(bond) is None for atom in (bond[0], bond[1])}
    for residue in residues:
        text = smiles.get(residue.name, _commonSmiles.get(residue.name) if len(residues) == 1 else None)
        if text is not None:
            _fromSmiles(mol, residue, text, complete)
        elif residue.name in _aminoAcids:
            _fromSequence(mol, residue, _aminoAcids[residue.name], complete)
            if complete:
                _chargeByValence(mol, residue)
        elif residue.name in ("ACE", "NME"):
            if residue.name == "ACE":
                mol.GetBondBetweenAtoms(residue.names["C"], residue.names["O"]).SetBondType(Chem.BondType.DOUBLE)
        elif unknown & set(residue.heavy):
            raise ValueError(f"readMolecule: expected known bond orders, got none for {residue.label}; give "
                             f"smiles={{'{residue.name}': ...}} for it")
        else:
            for index in residue.heavy:
                mol.GetAtomWithIdx(index).SetNoImplicit(False)  # Hydrogens that lack are appended, not left as radicals.
    try:
        Chem.SanitizeMol(mol)
    except ValueError as error:
        raise ValueError(f"readMolecule: expected a Topology that makes a molecule, got one that RDKit refuses "
                         f"({error}); check its bonds and hydrogens") from error
    Chem.SetDoubleBondNeighborDirections(mol)
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    graph = molecules.fromRDKit(mol.GetMol(), addHydrogens)
    molecules.keepNames(graph, [atom.name for atom in atoms])
    return graph
