# SPDX-License-Identifier: MIT
"""Ligands of complexes: read with a SMILES, generated where they stand, put back with the order and names of atoms."""
import io
import pickle

import numpy as np
import openmm
import pytest
from ligands import RING, SMILES
from openmm import app, unit

import openmmorbit


@pytest.fixture(scope="module")
def complexed(generator):
    """A Modeller with a capped alanine, one enantiomer of SMILES as LIG 7 beside it, and a molecule of water."""
    modeller = app.Modeller(app.Topology(), [])
    generator.generate("CC(=O)N[C@@H](C)C(=O)NC", 1, seed=2).addTo(modeller)
    generator.generate("C[C@H](O)c1ccc(Cl)cc1", 1, seed=3).addTo(modeller)
    generator.generate("O", 1, seed=3).addTo(modeller)
    residues = list(modeller.topology.residues())
    residues[1].name = "LIG"
    for residue, chain, number in zip(residues, "ABC", "179"):
        residue.chain.id, residue.id = chain, number
    return modeller


@pytest.fixture(scope="module")
def bare(complexed):
    """The same as a PDB file without bonds, the ligand without hydrogens."""
    modeller = app.Modeller(complexed.topology, complexed.positions)
    modeller.delete([atom for atom in modeller.topology.atoms() if atom.residue.name == "LIG"
                     and atom.element.symbol == "H"])
    stream = io.StringIO()
    app.PDBFile.writeFile(modeller.topology, modeller.positions, stream, keepIds=True)
    text = "\n".join(line for line in stream.getvalue().split("\n") if not line.startswith("CONECT"))
    return app.PDBFile(io.StringIO(text))


def testTheSmilesOfASalt(generator, complexed):
    """fragments="largest" is for the SMILES, as it stands in libraries."""
    modeller = app.Modeller(complexed.topology, complexed.positions)
    generator.generate("CC(=O)[O-]", 1, seed=3).addTo(modeller)
    list(modeller.topology.residues())[-1].name = "ACT"
    salt = "CC(=O)[O-].[Na+]"
    found = generator.generate(modeller, 1, seed=3, residue="ACT", smiles=salt, fragments="largest")
    assert found.graph.smiles == "CC(=O)[O-]"
    with pytest.raises(ValueError, match="expected a SMILES with the atoms and bonds of residue ACT"):
        generator.generate(modeller, 1, seed=3, residue="ACT", smiles=salt)
    with pytest.raises(ValueError, match="because a residue is one molecule, got 'apart'"):
        generator.generate(modeller, 1, seed=3, residue="ACT", smiles=salt, fragments="apart")


def testWrongUseOfAComplex(generator, complexed, tmp_path):
    with pytest.raises(TypeError, match="smiles= as a SMILES, or a dict of residue name and SMILES, got Molec"):
        generator.generate(complexed, 1, residue="LIG", smiles=openmmorbit.readMolecule(SMILES))
    for core in ([], [2, 3]):
        with pytest.raises(TypeError, match=r"or, with residue=, a list of names of its atoms, got \["):
            generator.generate(complexed, 1, residue="LIG", smiles=SMILES, core=core)
    ensemble = generator.generate(complexed, 1, seed=3, residue="LIG", smiles=SMILES)
    with pytest.raises(ValueError, match="writeComplex: expected at least one conformer to write to '.*a.pdb'"):
        ensemble[:0].writeComplex(tmp_path / "a.pdb")
    assert not list(tmp_path.iterdir())


def testTheLigandStandsWhereItStood(generator, complexed):
    ensemble = generator.generate(complexed, 3, seed=4, residue="LIG", smiles=SMILES, core=RING)
    assert isinstance(ensemble, openmmorbit.ComplexEnsemble) and len(ensemble) == 3
    # The isomer is that of the pose.
    assert ensemble.graph.smiles == "C[C@H](O)c1ccc(Cl)cc1" and not ensemble.message
    assert ensemble.complexTopology is complexed.topology
    before = np.array(complexed.positions.value_in_unit(unit.nanometer))
    after = ensemble.complexPositions.value_in_unit(unit.nanometer)
    assert after.shape == (3, len(before), 3)
    ours = [atom.index for atom in complexed.topology.atoms() if atom.residue.name == "LIG"]
    rest = [i for i in range(len(before)) if i not in ours]
    assert ensemble.ligandAtoms == ours and np.array_equal(after[:, rest], np.tile(before[rest], (3, 1, 1)))
    names = [atom.name for atom in complexed.topology.atoms()]
    ring = [i for i in ours if names[i] in RING]
    assert np.abs(after[:, ring] - before[ring]).max() < 1e-5
    assert [names[ours[i]] for i in ensemble.fixedAtoms] == [names[i] for i in ring]
    assert np.abs(after[0, ours] - after[1, ours]).max() > 0.01


def testMissingHydrogensAndBonds(generator, bare, tmp_path):
    ensemble = generator.generate(bare, 2, seed=4, residue="B:LIG:7", smiles={"LIG": SMILES})
    before = list(bare.topology.atoms())
    topology = ensemble.complexTopology
    after = list(topology.atoms())
    ligand = next(r for r in topology.residues() if r.name == "LIG")
    assert len(after) == len(before) + 9 and len(list(ligand.atoms())) == 19
    old = [atom for atom in after if atom.index not in ensemble.ligandAtoms[10:]]
    assert [(a.name, a.residue.name, a.residue.id) for a in old] == [
        (a.name, a.residue.name, a.residue.id) for a in before]
    # Laid onto the pose.
    pose = np.array(bare.positions.value_in_unit(unit.nanometer))
    pose = pose[[a.index for a in before if a.residue.name == "LIG"]]
    centers = ensemble.positions.value_in_unit(unit.nanometer)[:, :10].mean(axis=1)
    assert np.abs(centers - pose.mean(axis=0)).max() < 1e-3
    assert ensemble.graph.smiles == "C[C@H](O)c1ccc(Cl)cc1"
    for name in ("c.pdb", "c.cif"):
        ensemble.writeComplex(tmp_path / name)
        file = (app.PDBFile if name == "c.pdb" else app.PDBxFile)(str(tmp_path / name))
        assert file.getNumFrames() == 2 and file.topology.getNumAtoms() == len(after)
        read = file.getPositions(asNumpy=True, frame=1).value_in_unit(unit.nanometer)
        assert np.abs(read - ensemble.complexPositions.value_in_unit(unit.nanometer)[1]).max() < 1e-3
    part = pickle.loads(pickle.dumps(ensemble[1:]))
    assert part.complexPositions.shape == (1, len(after), 3)
    assert np.array_equal(part.complexPositions._value[0], ensemble.complexPositions._value[1])


def testThePoseIsVaried(generator, complexed):
    ensemble = generator.generate(complexed, 2, seed=4, residue="LIG", smiles=SMILES, level=0.2)
    pose = np.array(complexed.positions.value_in_unit(unit.nanometer))[ensemble.ligandAtoms]
    assert np.abs(ensemble.positions.value_in_unit(unit.nanometer) - pose).max() < 0.1
    contacts = ensemble.closestContacts.value_in_unit(unit.nanometer)
    assert contacts.shape == (2,) and (0.2 < contacts).all() and (contacts < 1).all()


def testCopiesThatClashAreDrawnAgain(generator, complexed):
    words = {"residue": "LIG", "smiles": SMILES, "core": RING}
    free = generator.generate(complexed, 12, seed=4, pocket=False, **words)
    ends = free.positions.value_in_unit(unit.nanometer)[:, 0]
    far = np.linalg.norm(ends - ends[0], axis=1)
    assert far.max() > 0.1
    # A carbon atom behind the methyl group of the first copy.
    arm = ends[0] - free.positions.value_in_unit(unit.nanometer)[0, 3]
    point = ends[0] + 0.15 * arm / np.linalg.norm(arm)
    wall = app.Topology()
    wall.addAtom("CX", app.Element.getBySymbol("C"), wall.addResidue("WAL", wall.addChain("W"), "3"))
    modeller = app.Modeller(complexed.topology, complexed.positions)
    modeller.add(wall, unit.Quantity([point], unit.nanometer))
    place = np.array(modeller.positions.value_in_unit(unit.nanometer))[-1]
    fitting = generator.generate(modeller, 6, seed=4, **words)
    heavy = fitting.positions.value_in_unit(unit.nanometer)[:, :10]
    assert len(fitting) == 6 and np.linalg.norm(heavy - place, axis=2).min() > 0.22
    assert fitting.closestContacts.value_in_unit(unit.nanometer).min() > 0.22
    again = generator.generate(modeller, 6, seed=4, **words)
    assert np.array_equal(again.positions._value, fitting.positions._value)
    # The core itself has no room.
    modeller = app.Modeller(complexed.topology, complexed.positions)
    ring = next(a.index for a in complexed.topology.atoms() if a.residue.name == "LIG" and a.name == "C5")
    modeller.add(wall, unit.Quantity([modeller.positions[ring].value_in_unit(unit.nanometer)], unit.nanometer))
    with pytest.raises(ValueError, match=r"clash with the pocket, got atom 5 \(C5\) and CX of WAL 3 in chain W at"):
        generator.generate(modeller, 1, seed=4, **words)
    with pytest.raises(openmm.OpenMMException, match="copies of .* that fit into the pocket, got 0 after 1 redraws; "
                                                     "most frequent fault .*CX of WAL 3 in chain W"):
        openmmorbit.ConformerGenerator(threads=1, maxRedraws=1).generate(modeller, 1, seed=4, residue="LIG",
                                                                         smiles=SMILES)


def testAnotherMoleculeIsLaidOntoTheLigand(generator, complexed):
    """A series: the pose of one ligand is the core of the next."""
    pose = generator.generate(complexed, 1, seed=4, residue="LIG", smiles=SMILES, core=RING)
    grown = generator.generate("CCC(O)c1ccc(F)cc1", 2, seed=5, core=pose[0], stereo="mixed")
    match = openmmorbit.Core(pose[0]).match("CCC(O)c1ccc(F)cc1")[0]
    assert len(match.atoms) == 9
    assert np.abs(grown.positions.value_in_unit(unit.nanometer)[:, list(match.atoms)] - match.positions).max() < 1e-5


@pytest.mark.parametrize("arguments, error, text", [
    ({"residue": "XYZ"}, ValueError, "one residue 'XYZ', got 0; give chain:name:number of one of .*LIG:7"),
    ({"residue": "LIG"}, ValueError, "residue LIG 7.*smiles"),
    ({"residue": "LIG", "smiles": "CC(N)c1ccc(Cl)cc1"}, ValueError, "residue LIG 7 .*CC\\(N\\)c1ccc"),
    ({"residue": "LIG", "smiles": "C[C@@H](O)c1ccc(Cl)cc1"}, ValueError,
     "SMILES of the isomer that stands in the complex, .*tetrahedral centre 1 .C2. is inverted"),
    ({"residue": "LIG", "smiles": SMILES, "core": ["C3", "X9"]}, ValueError, "one atom 'X9' in residue LIG, got 0"),
    ({"residue": "LIG", "smiles": SMILES, "core": RING, "level": 1}, ValueError, "core or level, got both"),
    ({"residue": "LIG", "smiles": SMILES, "positions": np.zeros((3, 3))}, ValueError, "positions of the .* atoms"),
    ({"residue": "LIG", "smiles": SMILES, "addHydrogens": False}, ValueError, "hydrogens"),
    ({"smiles": SMILES}, ValueError, "residue= with smiles=, got smiles alone"),
    ({"positions": [[0, 0, 0]]}, ValueError, "residue= with positions=")])
def testWrongRequests(generator, bare, arguments, error, text):
    with pytest.raises(error, match=text):
        generator.generate(bare, 1, **arguments)


def testOtherSourcesAreRefused(generator, bare):
    with pytest.raises(TypeError, match="Modeller or path of a .pdb or .cif file with residue=, got str"):
        generator.generate("CCO", 1, residue="LIG")
    with pytest.raises(ValueError, match="positions of the complex with residue=, got none"):
        generator.generate(bare.topology, 1, residue="LIG", smiles=SMILES)
    with pytest.raises(ValueError, match="expected residue= with names of atoms as core"):
        generator.generate("CCO", 1, core=["C1", "C2"])


def testBondsToTheRestAreRefused(generator, complexed):
    modeller = app.Modeller(complexed.topology, complexed.positions)
    atoms = list(modeller.topology.atoms())
    ligand = next(a for a in atoms if a.residue.name == "LIG")
    modeller.topology.addBond(atoms[0], ligand)
    with pytest.raises(ValueError, match="without bonds to others, got LIG 7, whose atom C1 is bonded to C1 of UNL"):
        generator.generate(modeller, 1, residue="LIG", smiles=SMILES)
