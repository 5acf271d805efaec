# SPDX-License-Identifier: MIT
"""What a caller may give as a molecule, turned into a MolecularGraph with the caller's atom order."""
from __future__ import annotations

import re
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from openmmorbit import mixtures, orbit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from rdkit import Chem

    from openmmorbit import orbitchem
    from openmmorbit._types import MoleculeLike


#: What can be done with a molecule of several fragments.
FRAGMENTS = ("refuse", "largest", "apart")


def checkFragments(fragments: str) -> None:
    """Refuse an unknown way with fragments.

    Raises
    ------
    ValueError
        Listing the known ones.
    """
    if fragments not in FRAGMENTS:
        raise ValueError(f"readMolecule: expected fragments of {', '.join(map(repr, FRAGMENTS))}, got {fragments!r}")


def readerOptions(addHydrogens: bool, fragments: str = "refuse") -> orbitchem.ReaderOptions:
    """Get the openmmorbit.chem.ReaderOptions."""
    from openmmorbit import chem

    options = chem.ReaderOptions()
    options.addHydrogens, options.keepLargestFragment = bool(addHydrogens), fragments == "largest"
    options.keepAllFragments = fragments == "apart"
    return options


def repairText(text: str) -> str:
    """Get a text that can be written as UTF-8: bytes that Python kept as surrogates are read as Latin-1.

    Parameters
    ----------
    text : str
    """
    return re.sub("[\ud800-\udfff]", lambda found: chr(ord(found[0]) - 0xdc00) if found[0] > "\udc7f" else "\ufffd",
                  text)


def _symbol(atom: orbit.GraphAtom) -> str:
    """Get the element symbol of a GraphAtom."""
    from openmm import app  # takes long to import, and few ask

    return app.Element.getByAtomicNumber(atom.element).symbol


def requireRDKit(purpose: str) -> ModuleType:
    """Get the module rdkit.Chem.

    Parameters
    ----------
    purpose : str
        What needs it, for the message.

    Raises
    ------
    ImportError
        If RDKit's Python package is not installed.
    """
    try:
        from rdkit import Chem
    except ImportError as error:
        raise ImportError(f"{purpose} needs RDKit's Python package, which is not installed; run 'pip install rdkit', "
                          "or 'pip install \"openmm-orbit[chem]\"'") from error
    return Chem


def reorder(graph: orbit.MolecularGraph, order: Sequence[int]) -> orbit.MolecularGraph:
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
    atoms: list[Any] = [None] * len(new)
    for atom, index in zip(graph.atoms, new):
        atoms[index] = atom
    counts: Counter[str] = Counter()
    for atom in atoms:
        symbol = _symbol(atom)
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


def keepNames(graph: orbit.MolecularGraph, names: Sequence[str]) -> None:
    """Give the first atoms of a graph the names that they have at the caller's, if those are complete and unique.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
        Changed; hydrogens behind the named atoms take default names that are free.
    names : list of str
    """
    if not all(names) or len(set(names)) < len(names):
        return
    atoms, taken, number = graph.atoms, set(names), 0
    for atom, name in zip(atoms, names):
        atom.name = name
    for atom in atoms[len(names):]:
        while atom.name in taken:
            number += 1
            atom.name = f"{_symbol(atom)}{number}"
        taken.add(atom.name)
    graph.atoms = atoms


def _rdkitNames(mol: Chem.Mol) -> list[str]:
    """Get the names of an RDKit molecule's atoms: of its PDB residues, or as the OpenFF toolkit gives them."""
    names = []
    for atom in mol.GetAtoms():
        info = atom.GetPDBResidueInfo()
        name = info.GetName().strip() if info is not None else ""
        names.append(name or (atom.GetProp("_Name").strip() if atom.HasProp("_Name") else ""))
    return names


def _rdkitProperties(mol: Chem.Mol) -> dict[str, str]:
    """Get the data items of an RDKit molecule as texts."""
    properties = {}
    for name in mol.GetPropNames(includePrivate=False, includeComputed=False):
        try:
            properties[name] = str(mol.GetProp(name))
        except (KeyError, RuntimeError):  # no text, e.g. a vector
            properties[name] = str(mol.GetPropsAsDict().get(name, ""))
    return {repairText(name): repairText(value) for name, value in properties.items()}


def _atropisomers(mol: Chem.Mol, Chem: ModuleType) -> list[orbit.TorsionStereo]:
    """Get the axes that an RDKit molecule tags; clockwise: a positive dihedral of the lowest indices on either side."""
    axes = []
    for bond in mol.GetBonds():
        if bond.GetStereo() not in (Chem.BondStereo.STEREOATROPCW, Chem.BondStereo.STEREOATROPCCW):
            continue
        begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
        sides = [[n.GetIdx() for n in a.GetNeighbors() if n.GetIdx() != b.GetIdx()]
                 for a, b in ((begin, end), (end, begin))]
        if not all(sides):
            ends = f"{begin.GetIdx()}-{end.GetIdx()} ({begin.GetSymbol()}-{end.GetSymbol()})"
            raise ValueError("readMolecule: expected an atropisomer axis between atoms with other neighbours, got a "
                             f"tag on bond {ends}; clear it")
        axis = orbit.TorsionStereo()
        axis.atoms = [min(sides[0]), begin.GetIdx(), end.GetIdx(), min(sides[1])]
        isPositive = bond.GetStereo() == Chem.BondStereo.STEREOATROPCW
        axis.kind = orbit.TorsionStereoKind_AtropisomerPlus if isPositive else orbit.TorsionStereoKind_AtropisomerMinus
        axes.append(axis)
    return axes


def _warnAboutHydrogens(graph: orbit.MolecularGraph, what: str) -> None:
    if graph.numAddedHydrogens > 0:
        warnings.warn(f"{what} {graph.getLabel()} lacked {graph.numAddedHydrogens} hydrogens, which were appended "
                      "behind its atoms", stacklevel=4)


def _largestFragment(mol: Chem.Mol, Chem: ModuleType) -> Chem.Mol:
    """Get the fragment that chem.ReaderOptions.keepLargestFragment keeps."""
    def rank(part: Any) -> tuple[bool, int, float, str]:
        atoms = list(part.GetAtoms())
        return (any(atom.GetAtomicNum() == 6 for atom in atoms), sum(atom.GetAtomicNum() > 1 for atom in atoms),
                sum(atom.GetMass() for atom in atoms), Chem.MolToSmiles(part))

    parts = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False)
    if len(parts) < 2:
        return mol
    largest = max(parts, key=rank)
    for name in mol.GetPropNames(includePrivate=True, includeComputed=False):
        largest.SetProp(name, mol.GetProp(name))
    return largest


def fromRDKit(mol: Chem.Mol, addHydrogens: bool = True, fragments: str = "refuse") -> orbit.MolecularGraph:
    """Get the graph of an rdkit.Chem.Mol; atoms keep their order, missing hydrogens stand at the end.

    The molecule is passed as a SMILES written in the order of its atoms, because the two RDKit libraries in the process
    may have different versions. Stereochemistry is read from the molecule's tags; its conformers are ignored. Names of
    atoms are kept if all of them are different; the molecule's name and properties are kept.

    Raises
    ------
    ValueError
        For an empty molecule, and for an atropisomer tag on a bond that is no axis.
    """
    from openmmorbit import chem

    Chem = requireRDKit("readMolecule: an rdkit.Chem.Mol")
    if mol.GetNumAtoms() == 0:
        raise ValueError("readMolecule: expected a molecule of at least 1 atom, got an empty rdkit.Chem.Mol")
    mol = _largestFragment(mol, Chem) if fragments == "largest" else mol
    axes = _atropisomers(mol, Chem)
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
    graph = reorder(chem.readSmiles(text, readerOptions(addHydrogens, "apart" if fragments == "apart" else "refuse")),
                    order)
    if axes:
        # SMILES cannot carry them.
        graph = orbit.withStereoAxes(graph, axes)
    if mol.HasProp("_Name"):
        graph.name = repairText(mol.GetProp("_Name"))
    graph.properties = _rdkitProperties(mol)
    keepNames(graph, _rdkitNames(mol))
    _warnAboutHydrogens(graph, "the RDKit molecule")
    return graph


def fromInchi(text: str, addHydrogens: bool = True, fragments: str = "refuse") -> orbit.MolecularGraph:
    """Get the graph of a standard InChI, see openmmorbit.inchi."""
    from openmmorbit.inchi import readInchi

    return fromRDKit(readInchi(text, requireRDKit("readMolecule: an InChI")), addHydrogens, fragments)


def readText(text: str, addHydrogens: bool = True, fragments: str = "refuse") -> orbit.MolecularGraph:
    """Get the graph of a SMILES or an InChI."""
    from openmmorbit import chem

    lines = text.strip().replace("\r", "\n").split("\n")
    if len(lines) > 1:
        raise ValueError(f"readMolecule: expected a molecule in one line, got '{lines[0][:100]}' and more lines; give "
                         "them one by one, or in a file")
    if text.lstrip().startswith("InChI="):
        return fromInchi(text, addHydrogens, fragments)
    return mixtures.groupAtoms(chem.readSmiles(repairText(text), readerOptions(addHydrogens, fragments)))


def _checkGraph(graph: orbit.MolecularGraph, fragments: str) -> orbit.MolecularGraph:
    """Check a graph that was given; of several fragments do what is wanted."""
    if graph.getNumAtoms() == 0 or not mixtures.isMixture(graph):
        graph.validate()
        return graph
    if fragments == "refuse":
        raise ValueError(f"readMolecule: expected one connected molecule, got {len(mixtures.findFragments(graph))} "
                         f"fragments in the graph of {graph.getLabel()}; give fragments=\"apart\" or \"largest\"")
    mixtures.checkFragments(graph)
    return mixtures.largestFragment(graph) if fragments == "largest" else graph


def toGraph(molecule: MoleculeLike, smiles: Mapping[str, str] | None = None, addHydrogens: bool = True,
            fragments: str = "refuse") -> tuple[orbit.MolecularGraph, Any]:
    """Get the graph of anything that a caller may give as a molecule.

    Parameters
    ----------
    molecule : str, rdkit.Chem.Mol, OpenFF molecule, MolecularGraph, openmm.app.Topology, or a pair (Topology, dict)
        A SMILES or an InChI, or a molecule whose atom order is kept.
    smiles : dict, optional
        With a Topology: residue name to SMILES.
    addHydrogens : bool
        Append missing hydrogens; False refuses molecules that lack some.
    fragments : str
        What to do with several fragments, e.g. a salt in a SMILES, InChI, RDKit or OpenFF molecule: "refuse";
        "largest", which keeps the one with carbon and most heavy atoms; or "apart", which keeps all in one graph, for
        ConformerGenerator. The hydrogens that are added to fragments of a SMILES stand behind each of them.

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
    if smiles and not isinstance(molecule, tuple) and type(molecule).__name__ != "Topology":
        raise ValueError("readMolecule: expected smiles= with an openmm.app.Topology only, got it with "
                         f"{type(molecule).__name__}")
    if smiles is not None and not hasattr(smiles, "items"):
        raise TypeError("readMolecule: expected smiles= as a dict of residue name and SMILES, got "
                        f"{type(smiles).__name__}")
    checkFragments(fragments)
    if isinstance(molecule, str):
        return readText(molecule, addHydrogens, fragments), molecule
    if isinstance(molecule, orbit.MolecularGraph):
        return _checkGraph(molecule, fragments), molecule
    if hasattr(molecule, "to_rdkit"):
        return fromRDKit(molecule.to_rdkit(), addHydrogens, fragments), molecule
    if type(molecule).__module__.split(".")[0] == "rdkit" and hasattr(molecule, "GetAtoms"):
        return fromRDKit(molecule, addHydrogens, fragments), molecule
    if molecule is None:
        raise ValueError("readMolecule: expected a molecule, got None; RDKit gives None for what it cannot read")
    from openmm import app

    from openmmorbit import topologies

    if isinstance(molecule, tuple) and len(molecule) == 2 and isinstance(molecule[0], app.Topology):
        return toGraph(molecule[0], molecule[1], addHydrogens)
    if isinstance(molecule, app.Topology):
        graph = topologies.fromTopology(molecule, smiles or {}, readerOptions(addHydrogens))
        _warnAboutHydrogens(graph, "the Topology of")
        return graph, molecule
    known = ".ensemble.graph" if hasattr(molecule, "ensemble") else ".graph" if hasattr(molecule, "graph") else ""
    raise TypeError("readMolecule: expected a SMILES or InChI, an rdkit.Chem.Mol, an OpenFF molecule, a MolecularGraph "
                    f"or an openmm.app.Topology, got {type(molecule).__name__}"
                    + (f"; its molecule is {known}" if known else ""))


def readMolecule(molecule: MoleculeLike, smiles: Mapping[str, str] | None = None, addHydrogens: bool = True,
                 fragments: str = "refuse") -> orbit.MolecularGraph:
    """Get the MolecularGraph of a SMILES, InChI, RDKit, OpenFF or OpenMM molecule; see toGraph()."""
    return toGraph(molecule, smiles, addHydrogens, fragments)[0]
