# SPDX-License-Identifier: MIT
"""Ways out of an Ensemble: Topology, RDKit and OpenFF molecules, files, a place in a Modeller.

openmm.app takes half as long to import as a conformer to make, so only functions that need it do.
"""
import copy
import gzip

import numpy as np
from openmm import unit

from openmmorbit import molecules, orbit
from openmmorbit.outputs import RecordFile, replacing

_rdkitBonds = {orbit.BondOrder_Single: "SINGLE", orbit.BondOrder_Double: "DOUBLE", orbit.BondOrder_Triple: "TRIPLE",
               orbit.BondOrder_Aromatic: "AROMATIC", orbit.BondOrder_Dative: "DATIVE"}
_openmmBonds = {orbit.BondOrder_Single: ("Single", 1), orbit.BondOrder_Double: ("Double", 2),
                orbit.BondOrder_Triple: ("Triple", 3), orbit.BondOrder_Aromatic: ("Aromatic", None)}


def _sourceResidues(source):
    """Get (residue index, chain id, residue name, residue id, insertion code, atom name) of a source's atoms."""
    from openmm import app

    source = source[0] if isinstance(source, tuple) else source
    if isinstance(source, app.Topology):
        return [(atom.residue.index, atom.residue.chain.id, atom.residue.name, atom.residue.id,
                 atom.residue.insertionCode, atom.name) for atom in source.atoms()]
    infos = [atom.GetPDBResidueInfo() for atom in source.GetAtoms()] if hasattr(source, "GetAtoms") else [None]
    if None in infos:
        return []
    entries, seen = [], {}
    for info in infos:
        key = (info.GetChainId().strip() or "A", info.GetResidueName().strip() or "UNL", str(info.GetResidueNumber()),
               info.GetInsertionCode().strip())
        entries.append((seen.setdefault(key, len(seen)), *key, info.GetName().strip()))
    return entries


def _addAtoms(topology, graph, entries):
    """Add the atoms in their order; those behind the source's stand in its only residue, or in one of their own."""
    from openmm import app

    indices = [entry[0] for entry in entries]
    if len(entries) > graph.getNumAtoms() or indices != sorted(indices):
        # Atoms of a residue must stand together.
        entries = []
    rest = entries[0][:5] if entries and max(indices) == 0 else (len(entries), "A", "UNL", "1", "")
    entries = [*entries, *[(*rest, "")] * (graph.getNumAtoms() - len(entries))]
    atoms, chain, residue, before = [], None, None, (None, None)
    for index, (atom, (place, chainId, name, number, insertion, atomName)) in enumerate(zip(graph.atoms, entries)):
        if chainId != before[1]:
            chain = topology.addChain(chainId)
        if place != before[0]:
            residue = topology.addResidue(name, chain, number, insertion)
        before = (place, chainId)
        atoms.append(topology.addAtom(atomName or atom.name or f"{index + 1}",
                                      app.Element.getByAtomicNumber(atom.element), residue,
                                      formalCharge=atom.formalCharge))
    return atoms


def makeTopology(graph, source=None):
    """Make an openmm.app.Topology of a molecule with bond types and orders.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    source : object, optional
        The molecule as the caller gave it. Chains, residues and names of atoms are those of a Topology, or of an
        rdkit.Chem.Mol with PDB residues; otherwise there is one chain with one residue UNL. Hydrogens that were
        appended to several residues are a residue UNL at the end.
    """
    from openmm import app

    topology = app.Topology()
    atoms = _addAtoms(topology, graph, _sourceResidues(source))
    for bond in graph.bonds:
        kind, order = _openmmBonds.get(bond.order, (None, None))
        topology.addBond(atoms[bond.atom1], atoms[bond.atom2], kind and getattr(app, kind), order)
    return topology


def _rdkitSkeleton(graph):
    """Make a sanitized rdkit.Chem.RWMol of a graph, without conformers and stereochemistry."""
    Chem = molecules.requireRDKit("Ensemble.toRDKit")

    mol = Chem.RWMol()
    for entry in graph.atoms:
        atom = Chem.Atom(entry.element)
        atom.SetFormalCharge(entry.formalCharge)
        atom.SetIsotope(entry.isotope)
        atom.SetNoImplicit(True)
        atom.SetIsAromatic(entry.aromatic)
        mol.AddAtom(atom)
    for bond in graph.bonds:
        mol.AddBond(bond.atom1, bond.atom2, getattr(Chem.BondType, _rdkitBonds[bond.order]))
        if bond.order == orbit.BondOrder_Aromatic:
            mol.GetBondBetweenAtoms(bond.atom1, bond.atom2).SetIsAromatic(True)
    Chem.SanitizeMol(mol)
    mol.SetProp("_Name", graph.name)
    for name, value in graph.properties.items():
        if not name.startswith("_"):
            mol.SetProp(name, value)
    return mol


def _tagAtropisomers(mol, graph, Chem):
    """Tag the axes as RDKit does: clockwise if the dihedral of the lowest indices on either side is positive."""
    kinds = {orbit.TorsionStereoKind_AtropisomerPlus: "STEREOATROPCW",
             orbit.TorsionStereoKind_AtropisomerMinus: "STEREOATROPCCW"}
    for record in graph.torsional:
        a, b, c, d = record.atoms
        lowest = [min(n.GetIdx() for n in mol.GetAtomWithIdx(end).GetNeighbors() if n.GetIdx() != other)
                  for end, other in ((b, c), (c, b))]
        if record.kind in kinds and [a, d] == lowest:
            bond = mol.GetBondBetweenAtoms(b, c)
            bond.SetStereoAtoms(*(lowest if bond.GetBeginAtomIdx() == b else lowest[::-1]))
            bond.SetStereo(getattr(Chem.BondStereo, kinds[record.kind]))


def _isOdd(places):
    return sum(a > b for index, a in enumerate(places) for b in places[index + 1:]) % 2 == 1


def _tagStereo(mol, graph, Chem):
    """Tag centres and double bonds as the graph says, whatever RDKit would perceive."""
    for record in graph.tetrahedral:
        atom, neighbors = mol.GetAtomWithIdx(record.center), list(record.neighbors)
        bonded = [bond.GetOtherAtomIdx(record.center) for bond in atom.GetBonds()]
        clockwise = _isOdd([neighbors.index(index) for index in bonded]) != (len(bonded) == 4)
        atom.SetChiralTag(Chem.ChiralType.CHI_TETRAHEDRAL_CW if clockwise else Chem.ChiralType.CHI_TETRAHEDRAL_CCW)
    kinds = {orbit.TorsionStereoKind_Cis: "STEREOCIS", orbit.TorsionStereoKind_Trans: "STEREOTRANS"}
    for record in graph.torsional:
        a, b, c, d = record.atoms
        if record.kind in kinds:
            bond = mol.GetBondBetweenAtoms(b, c)
            bond.SetStereoAtoms(*((a, d) if bond.GetBeginAtomIdx() == b else (d, a)))
            bond.SetStereo(getattr(Chem.BondStereo, kinds[record.kind]))
    _tagAtropisomers(mol, graph, Chem)
    # Directions on the neighbours let the stereo of a double bond survive the removal of hydrogens.
    Chem.SetDoubleBondNeighborDirections(mol)
    # Labels of the tags, which stay as they are.
    Chem.AssignStereochemistry(mol, cleanIt=False, force=True)


def toRDKit(ensemble):
    """Make one rdkit.Chem.Mol with all atoms in the ensemble's order and all conformers, in Angstrom.

    Tags of centres, double bonds and axes are those of the request; what it leaves open stays open.
    """
    Chem = molecules.requireRDKit("Ensemble.toRDKit")

    graph = ensemble.graph
    mol = _rdkitSkeleton(graph)
    _tagStereo(mol, graph, Chem)
    for positions in ensemble.positions.value_in_unit(unit.angstrom):
        conformer = Chem.Conformer(ensemble.numAtoms)
        conformer.SetPositions(np.ascontiguousarray(positions))
        conformer.Set3D(True)
        mol.AddConformer(conformer, assignId=True)
    return mol.GetMol()


def toOpenFF(ensemble, source=None):
    """Make an openff.toolkit.Molecule with all conformers.

    Parameters
    ----------
    ensemble : openmmorbit.Ensemble
    source : object, optional
        The OpenFF molecule that the ensemble was made of: a copy of it gets the conformers.
    """
    if source is not None and hasattr(source, "to_rdkit") and hasattr(source, "add_conformer"):
        if getattr(source, "n_atoms", ensemble.numAtoms) == ensemble.numAtoms:
            molecule = copy.deepcopy(source)
            for positions in ensemble.positions:
                molecule.add_conformer(_openffLengths(positions))
            return molecule
    try:
        from openff.toolkit import Molecule
    except ImportError as error:
        raise ImportError("Ensemble.toOpenFF: the OpenFF toolkit is not installed; install it with "
                          "'conda install -c conda-forge openff-toolkit', or use toRDKit()") from error
    return Molecule.from_rdkit(toRDKit(ensemble), allow_undefined_stereo=True, hydrogens_are_explicit=True)


def _openffLengths(positions):
    try:
        from openff.units import Quantity
    except ImportError:
        return positions
    return Quantity(positions.value_in_unit(unit.angstrom), "angstrom")


def _check(ensemble, path):
    if len(ensemble) == 0:
        raise ValueError(f"Ensemble: expected at least one conformer to write to '{path}', got none")


def writePDB(ensemble, path):
    """Write all conformers as the models of a PDB file."""
    from openmm import app

    _check(ensemble, path)
    # The columns of a PDB file are narrow.
    fits = all(len(residue.id) <= 4 and len(residue.chain.id) == 1 for residue in ensemble.topology.residues())
    with replacing(path) as stream:
        app.PDBFile.writeHeader(ensemble.topology, stream)
        for index, conformer in enumerate(ensemble):
            number = index + 1 if len(ensemble) > 1 else None
            app.PDBFile.writeModel(ensemble.topology, conformer.positions, stream, number, keepIds=fits)
        app.PDBFile.writeFooter(ensemble.topology, stream)


def writePDBx(ensemble, path):
    """Write all conformers as the models of a PDBx/mmCIF file."""
    from openmm import app

    _check(ensemble, path)
    with replacing(path) as stream:
        app.PDBxFile.writeHeader(ensemble.topology, stream, keepIds=True)
        for index, conformer in enumerate(ensemble):
            app.PDBxFile.writeModel(ensemble.topology, conformer.positions, stream, index + 1, keepIds=True)


def writeDCD(ensemble, path):
    """Write all conformers as the frames of a DCD trajectory."""
    from openmm import app

    _check(ensemble, path)
    with replacing(path, "wb") as stream:
        dcd = app.DCDFile(stream, ensemble.topology, 1.0 * unit.picosecond)
        for conformer in ensemble:
            dcd.writeModel(conformer.positions)


def _findResidue(modeller, residue):
    if not isinstance(residue, str):
        return residue
    found = [r for r in modeller.topology.residues() if r.name == residue]
    if len(found) != 1:
        raise ValueError(f"Ensemble.place: expected one residue named '{residue}', got {len(found)}; "
                         "give the residue itself")
    return found[0]


def _freePlace(positions, fixed, gap=0.5):
    """Get where the centroid of positions goes, so that they stand beyond others along x. All in nm."""
    if len(fixed) == 0:
        return positions.mean(axis=0)
    center = positions.mean(axis=0)
    x = fixed[:, 0].max() + gap + (center - positions.min(axis=0))[0]
    return np.array([x, *fixed.mean(axis=0)[1:]])


def addTo(ensemble, modeller, index=0, position=None):
    """Add a conformer to a Modeller as new residues, around a position or beside what is there."""
    positions = ensemble[index].positions.value_in_unit(unit.nanometer)
    present = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float).reshape(-1, 3) \
        if modeller.topology.getNumAtoms() > 0 else np.zeros((0, 3))
    if position is None:
        target = _freePlace(positions, present)
    else:
        target = np.asarray(position.value_in_unit(unit.nanometer) if unit.is_quantity(position) else position, float)
        if target.shape != (3,) or not np.isfinite(target).all():
            raise ValueError(f"Ensemble.addTo: expected a position of three finite numbers in nm, got {position}")
    modeller.add(ensemble.topology, unit.Quantity(positions - positions.mean(axis=0) + target, unit.nanometer))


def superpose(moving, fixed):
    """Rotate and translate positions so that they lie best on others.

    Parameters
    ----------
    moving, fixed : numpy.ndarray
        Shape (n, 3), the same atoms in the same order.

    Returns
    -------
    rotation, origin, target : numpy.ndarray
        Apply as ``(positions - origin) @ rotation.T + target``.
    """
    origin, target = moving.mean(axis=0), fixed.mean(axis=0)
    left, _, right = np.linalg.svd((fixed - target).T @ (moving - origin))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return left @ sign @ right, origin, target


def place(ensemble, modeller, residue, index=0):
    """Give a residue of a Modeller one conformer, superposed on where its heavy atoms are now."""
    residue = _findResidue(modeller, residue)
    atoms = list(residue.atoms())
    found = [atom.element.atomic_number if atom.element is not None else 0 for atom in atoms]
    wanted = [atom.element for atom in ensemble.graph.atoms]
    if found != wanted:
        raise ValueError(f"Ensemble.place: expected the {len(wanted)} atoms of {ensemble.graph.getLabel()} in residue "
                         f"'{residue.name}', got {len(found)} atoms of other elements or in another order; make the "
                         "ensemble from this residue's topology")
    everything = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float)
    indices = [atom.index for atom in atoms]
    conformer = ensemble[index].positions.value_in_unit(unit.nanometer)
    heavy = [i for i, element in enumerate(wanted) if element > 1] or list(range(len(wanted)))
    rotation, origin, target = superpose(conformer[heavy], everything[indices][heavy])
    everything[indices] = (conformer - origin) @ rotation.T + target
    modeller.positions = unit.Quantity(everything, unit.nanometer)


def _records(ensemble):
    """Get all conformers as SDF records."""
    from openmmorbit import chem

    graph, texts = ensemble.graph, []
    positions = ensemble.positions.value_in_unit(unit.angstrom)
    for index, provenance in enumerate(ensemble.provenance):
        texts.append(chem.writeStructureRecord(graph, positions[index], {
            "SMILES": graph.smiles, "ORBIT_MODEL": provenance.modelChecksum,
            "ORBIT_KERNEL": provenance.kernel or "unknown", "ORBIT_SEED": str(provenance.seed),
            "ORBIT_RECORD": str(provenance.record), "ORBIT_COPY": str(provenance.copy),
            "ORBIT_RESAMPLINGS": str(provenance.numResamplings),
            "ORBIT_EVALUATIONS": str(provenance.numEvaluations),
            "ORBIT_CONDITION": provenance.condition or "none",
            "ORBIT_MIRRORED": "yes" if provenance.mirrored else "no",
            "ORBIT_ISOMER": str(ensemble[index].isomer), "ORBIT_ISOMER_SMILES": ensemble[index].smiles,
            "ORBIT_DEVIATION": f"{ensemble[index].status.maxDeviation:.2f}",
            "ORBIT_STATUS": ensemble[index].status.message or "ok"}))
    return "".join(texts)


class SDFWriter:
    """Writes ensembles to one SDF file, a record a conformer with its provenance.

    Name and properties of the molecule come first. The file is whole up to the last ensemble at any moment, see
    openmmorbit.outputs.RecordFile. A name that ends in .gz is compressed.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path):
        self.file = RecordFile(path)

    def write(self, ensemble):
        """Append all conformers of an ensemble."""
        self.file.add(_records(ensemble))

    def close(self):
        """Finish the file; it takes the place of an older one."""
        self.file.finish()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self.file.abandon()


def writeSDF(ensemble, path):
    """Write all conformers as SDF records."""
    _check(ensemble, path)
    text = _records(ensemble).encode("utf-8", "replace")
    with replacing(path, "wb") as stream:
        stream.write(gzip.compress(text) if str(path).lower().endswith(".gz") else text)
