# SPDX-License-Identifier: MIT
"""What a caller may give as a molecule, turned into a MolecularGraph with the caller's atom order."""
import warnings
from collections import Counter

from openmm import app

from openmmorbit import orbit


def _options(addHydrogens):
    from openmmorbit import chem

    options = chem.ReaderOptions()
    options.addHydrogens = bool(addHydrogens)
    return options


def reorder(graph, order):
    """Renumber the atoms of a graph.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    order : sequence of int
        ``order[k]`` is the new index of atom k; atoms beyond its end keep their places.

    Returns
    -------
    openmmorbit.orbit.MolecularGraph
        A new graph with new default atom names.
    """
    new = list(order) + list(range(len(order), graph.getNumAtoms()))
    result = orbit.MolecularGraph(graph)
    atoms = [None] * len(new)
    for atom, index in zip(graph.atoms, new):
        atoms[index] = atom
    counts = Counter()
    for atom in atoms:
        symbol = app.Element.getByAtomicNumber(atom.element).symbol
        counts[symbol] += 1
        atom.name = f"{symbol}{counts[symbol]}"
    bonds, tetrahedral, torsional = graph.bonds, graph.tetrahedral, graph.torsional
    for bond in bonds:
        bond.atom1, bond.atom2 = new[bond.atom1], new[bond.atom2]
    for record in tetrahedral:
        record.center = new[record.center]
        record.neighbors = [new[atom] if atom >= 0 else -1 for atom in record.neighbors]
    for record in torsional:
        record.atoms = [new[atom] for atom in record.atoms]
    result.atoms, result.bonds, result.tetrahedral, result.torsional = atoms, bonds, tetrahedral, torsional
    result.rings = [[new[atom] for atom in ring] for ring in graph.rings]
    return result


def _warnAboutHydrogens(graph, what):
    if graph.numAddedHydrogens > 0:
        warnings.warn(f"{what} {graph.getLabel()} lacked {graph.numAddedHydrogens} hydrogens, which were appended "
                      "behind its atoms", stacklevel=4)


def fromRDKit(mol, addHydrogens=True):
    """Get the graph of an rdkit.Chem.Mol; atoms keep their order, missing hydrogens stand at the end.

    The molecule crosses as SMILES written in the order of its atoms, since the two RDKit libraries in the process may
    differ in version. Stereochemistry is what the molecule's tags say; conformers are not looked at.
    """
    from rdkit import Chem

    from openmmorbit import chem

    if mol.GetNumAtoms() == 0:
        raise ValueError("readMolecule: expected a molecule of at least 1 atom, got an empty rdkit.Chem.Mol")
    copied = Chem.Mol(mol)
    for atom in copied.GetAtoms():
        atom.SetAtomMapNum(0)
        if atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED:
            # The writer gets a first atom's handedness wrong whose hydrogen is implicit and not counted on the atom.
            atom.SetNumExplicitHs(atom.GetTotalNumHs())
            atom.SetNoImplicit(True)
    Chem.Kekulize(copied, clearAromaticFlags=True)
    text = Chem.MolToSmiles(copied, canonical=False, kekuleSmiles=True)
    order = list(copied.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
    graph = reorder(chem.readSmiles(text, _options(addHydrogens)), order)
    if mol.HasProp("_Name"):
        graph.name = mol.GetProp("_Name")
    _warnAboutHydrogens(graph, "the RDKit molecule")
    return graph


def toGraph(molecule, smiles=None, addHydrogens=True):
    """Get the graph of anything that a caller may give as a molecule.

    Parameters
    ----------
    molecule : str, rdkit.Chem.Mol, OpenFF molecule, MolecularGraph, openmm.app.Topology, or a pair (Topology, dict)
        A SMILES, or a molecule whose atom order is kept.
    smiles : dict, optional
        With a Topology: residue name to SMILES.
    addHydrogens : bool
        Append missing hydrogens; False refuses molecules that lack some.

    Returns
    -------
    graph : openmmorbit.orbit.MolecularGraph
    source : object
        What was given.

    Raises
    ------
    ValueError
        If the molecule cannot be understood.
    TypeError
        If it is nothing of the above.
    """
    if isinstance(molecule, str):
        from openmmorbit import chem

        return chem.readSmiles(molecule, _options(addHydrogens)), molecule
    if isinstance(molecule, orbit.MolecularGraph):
        molecule.validate()
        return molecule, molecule
    if isinstance(molecule, tuple) and len(molecule) == 2 and isinstance(molecule[0], app.Topology):
        return toGraph(molecule[0], molecule[1], addHydrogens)
    if isinstance(molecule, app.Topology):
        from openmmorbit.topologies import fromTopology

        return fromTopology(molecule, smiles or {}, addHydrogens), molecule
    if hasattr(molecule, "to_rdkit"):
        return fromRDKit(molecule.to_rdkit(), addHydrogens), molecule
    if type(molecule).__module__.split(".")[0] == "rdkit" and hasattr(molecule, "GetAtoms"):
        return fromRDKit(molecule, addHydrogens), molecule
    if molecule is None:
        raise ValueError("readMolecule: expected a molecule, got None; RDKit gives None for what it cannot read")
    raise TypeError("readMolecule: expected a SMILES, an rdkit.Chem.Mol, an OpenFF molecule, a MolecularGraph or an "
                    f"openmm.app.Topology, got {type(molecule).__name__}")


def readMolecule(molecule, smiles=None, addHydrogens=True):
    """Get the MolecularGraph of a SMILES, RDKit, OpenFF or OpenMM molecule; see toGraph()."""
    return toGraph(molecule, smiles, addHydrogens)[0]


def readMolecules(path, addHydrogens=True):
    """Read a file of molecules: .sdf, .mol or .smi, also with .gz. A bad record does not stop the others.

    Parameters
    ----------
    path : str
    addHydrogens : bool
        Append missing hydrogens; False refuses records that lack some.

    Yields
    ------
    MolecularGraph or ValueError
        The molecule, or what is wrong with the record, in the order of the file.
    """
    from openmmorbit import chem

    reader = chem.MoleculeReader(str(path), _options(addHydrogens))
    record = chem.MoleculeRecord()
    while reader.next(record):
        yield ValueError(record.error) if record.error else record.graph
