# SPDX-License-Identifier: MIT
"""Complexes as crystals have them: water without hydrogens, metals, insertion codes, several ligands of one name."""
import io
import warnings

import numpy as np
import openmm
import pytest
from ligands import RING, SMILES
from openmm import app, unit

import openmmorbit
from openmmorbit.io.pdbxmodels import PDBxModels
from openmmorbit.io.writers import writePDBx
from openmmorbit.pockets import Pocket, generateInPocket, readSurroundings
from openmmorbit.simulation.residues import isWater


@pytest.fixture(scope="module")
def molecule(generator):
    """One enantiomer of SMILES as LIG 7 of chain B, with all hydrogens."""
    modeller = app.Modeller(app.Topology(), [])
    generator.generate("C[C@H](O)c1ccc(Cl)cc1", 1, seed=3).addTo(modeller)
    residue = next(modeller.topology.residues())
    residue.name, residue.id, residue.chain.id = "LIG", "7", "B"
    return modeller


def _place(molecule, atoms, bare=True):
    """Get a PDBFile of the ligand, without hydrogens, and of (name, residue, number, chain, position) beside it."""
    modeller = app.Modeller(molecule.topology, molecule.positions)
    if bare:
        modeller.delete([atom for atom in modeller.topology.atoms() if atom.element.symbol == "H"])
    for name, residue, number, chain, place in atoms:
        extra = app.Topology()
        extra.addAtom(name, app.Element.getBySymbol(name), extra.addResidue(residue, extra.addChain(chain), number))
        modeller.add(extra, unit.Quantity([place], unit.nanometer))
    stream = io.StringIO()
    app.PDBFile.writeFile(modeller.topology, modeller.positions, stream, keepIds=True)
    return app.PDBFile(io.StringIO(stream.getvalue()))


def _atom(molecule, name):
    index = next(atom.index for atom in molecule.topology.atoms() if atom.name == name)
    return np.array(molecule.positions[index].value_in_unit(unit.nanometer))


def testWaterOfCrystalsGivesWay(generator, molecule):
    complexed = _place(molecule, [("O", "HOH", "9", "W", _atom(molecule, "C5") + 0.05),
                                  ("Na", "NA", "8", "W", _atom(molecule, "C5") + 1.0)])
    assert [isWater(residue) for residue in complexed.topology.residues()] == [False, True, False]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the SMILES tells the hydrogens that are missing
        ensemble = generator.generate(complexed, 2, seed=4, residue="LIG", smiles=SMILES, core=RING)
    assert len(ensemble) == 2 and ensemble.closestContacts.value_in_unit(unit.nanometer).min() > 0.5


def testMetalsAreCoordinated(generator, molecule):
    oxygen = _atom(molecule, "O1")
    away = oxygen - _atom(molecule, "C2")
    near = oxygen + 0.2 * away / np.linalg.norm(away)
    complexed = _place(molecule, [("Mg", "MG", "9", "M", near)], bare=False)
    atoms = {atom.name: atom for atom in complexed.topology.atoms()}
    complexed.topology.addBond(atoms["O1"], atoms["Mg"])
    ensemble = generator.generate(complexed, 1, seed=4, residue="LIG", smiles=SMILES, core=["C2", "O1", *RING])
    assert ensemble.closestContacts.value_in_unit(unit.nanometer).min() == pytest.approx(0.2, abs=1e-3)
    # It is no place for an atom.
    complexed = _place(molecule, [("Mg", "MG", "9", "M", oxygen + 0.5 * (near - oxygen))])
    with pytest.raises(ValueError, match=r"\(O1\) and Mg of MG 9 in chain M at 1.00 Angstrom"):
        generator.generate(complexed, 1, seed=4, residue="LIG", smiles=SMILES, core=["C2", "O1", *RING])


@pytest.mark.filterwarnings("ignore::openmmorbit.OpenStereoWarning")
def testTheReferenceInItsPocketDoesNotCount(generator, molecule):
    complexed = _place(molecule, [])
    pose = generator.generate(complexed, 1, seed=4, residue="LIG", smiles=SMILES, core=RING)[0]
    for smiles in (SMILES, "CCC(O)c1ccc(Cl)cc1"):
        assert len(generator.generate(smiles, 2, seed=4, core=pose, pocket=complexed)) == 2
    # An atom in the core's place is no reference.
    graph = pose.ensemble.graph
    places = dict(enumerate(pose.positions.value_in_unit(unit.nanometer)[:10]))
    wall = _place(molecule, [("C", "WAL", "3", "W", places[4])])
    with pytest.raises(ValueError, match="C of WAL 3 in chain W at 0.00 Angstrom"):
        Pocket(graph, readSurroundings(wall), places).checkCore()


def testTheTimeLimitHoldsForAllDraws(generator, molecule):
    pose, drawn = generator.generate(_place(molecule, []), 1, seed=4, residue="LIG", smiles=SMILES, core=RING), []
    wall = _place(molecule, [("C", "WAL", "3", "W", pose.positions.value_in_unit(unit.nanometer)[0, 0])])
    pocket = Pocket(pose.graph, readSurroundings(wall))

    def draw(number, seed):
        drawn.append(number)
        return pose._core

    for limit, text, number in ((1e-9, "after 0 redraws and the time limit of 1e-09 s; most frequent", 1),
                                (60, "after 3 redraws; most frequent", 4), (0, "after 3 redraws; most frequent", 4)):
        drawn.clear()
        with pytest.raises(openmm.OpenMMException, match=text):
            generateInPocket(draw, pocket, pose.graph, 1, 7, 3, limit)
        assert len(drawn) == number


def testPatternsAreCores(generator, molecule):
    ensemble = generator.generate(_place(molecule, []), 1, seed=4, residue="LIG", smiles=SMILES, core="c1ccccc1")
    assert ensemble.fixedAtoms == (3, 4, 5, 6, 8, 9)
    for core, text in (("[Br]", "to have the core '.Br.'"), ("c1cc", "core as a pattern that RDKit reads")):
        with pytest.raises(ValueError, match=text):
            generator.generate(_place(molecule, []), 1, seed=4, residue="LIG", smiles=SMILES, core=core)


def testNamesOfResidues(generator, molecule, tmp_path):
    two = app.Modeller(molecule.topology, molecule.positions)
    two.add(molecule.topology, unit.Quantity(molecule.positions.value_in_unit(unit.nanometer) + np.full(3, 2.0),
                                             unit.nanometer))
    first, second = two.topology.residues()
    second.chain.id = "C"
    words = {"numConformers": 1, "seed": 4, "smiles": SMILES}
    assert generator.generate(two, residue="C:LIG", **words).ligandAtoms[0] == 19
    with pytest.raises(ValueError, match="'LIG', got 2; give chain:name:number of one of B:LIG:7, C:LIG:7$"):
        generator.generate(two, residue="LIG", **words)
    second.chain.id, second.insertionCode = "B", "A"
    assert generator.generate(two, residue="LIG:7A", **words).ligandAtoms[0] == 19
    second.insertionCode = ""
    with pytest.raises(ValueError, match=r"got 2; .* of one of B:LIG:7 \(2 times\), or the residue itself"):
        generator.generate(two, residue="LIG", **words)
    assert generator.generate(two, residue=second, **words).ligandAtoms[0] == 19
    # What is named differently is a ligand, not one of the many residues of a protein.
    peptide = app.Topology()
    chain = peptide.addChain("P")
    atoms = [peptide.addAtom(name, app.element.carbon, residue) for residue in (
        peptide.addResidue("ALA", chain, "1"), peptide.addResidue("GLY", chain, "2")) for name in ("C", "CA")]
    peptide.addBond(atoms[0], atoms[2])
    two.add(peptide, unit.Quantity(np.arange(12.0).reshape(4, 3) + 9, unit.nanometer))
    with pytest.raises(ValueError, match=r"'UNK', got 0; give chain:name:number of one of B:LIG:7 \(2 times\), or"):
        generator.generate(two, residue="UNK", **words)
    path = tmp_path / "one.pdb"
    with open(path, "w") as stream:
        app.PDBFile.writeFile(molecule.topology, molecule.positions, stream, keepIds=True)
    assert len(generator.generate(str(path), residue="lig".upper(), **words)) == 1


@pytest.mark.parametrize("smiles, text", [
    ("CC(O)c1ccccc1Cl", "9 heavy atoms agree, without C?Cl?1?"),
    ("CC(O)c1ccc(Cl)cc1CC", "10 heavy atoms agree; the residue lacks 2 of the SMILES"),
    ("CC(N)c1ccc(Cl)cc1", "without .*O1")])
def testWhereASmilesDiffers(generator, molecule, smiles, text):
    with pytest.raises(ValueError, match=f"residue LIG 7 .*{text}"):
        generator.generate(_place(molecule, []), 1, residue="LIG", smiles=smiles)


def testBondsThatAFileLacks(generator, molecule):
    complexed = _place(molecule, [], bare=False)
    topology = app.Topology()
    residue = topology.addResidue("LIG", topology.addChain("B"), "7")
    for atom in complexed.topology.atoms():
        topology.addAtom(atom.name, atom.element, residue)
    ensemble = generator.generate(topology, 1, seed=4, residue="LIG", smiles=SMILES, positions=complexed.positions)
    assert ensemble.complexTopology.getNumBonds() == 19
    field = openmmorbit.ligandForceField("mmff94", ensemble)
    assert field.createSystem(ensemble.complexTopology).getNumParticles() == 19


def testNumbersWithInsertionCodes(generator, molecule, tmp_path):
    """Residues 7 and 7A: the models of a PDBx file are read again, with numbers and codes."""
    two = app.Modeller(molecule.topology, molecule.positions)
    two.add(molecule.topology, unit.Quantity(molecule.positions.value_in_unit(unit.nanometer) + np.full(3, 2.0),
                                             unit.nanometer))
    first, second = two.topology.residues()
    second.chain.id, second.insertionCode = "B", "A"
    ensemble = generator.generate(two, 2, seed=4, residue="LIG:7A", smiles=SMILES)
    ensemble.writeComplex(tmp_path / "two.cif")
    read = app.PDBxFile(str(tmp_path / "two.cif"))
    assert [(r.name, r.id, r.insertionCode) for r in read.topology.residues()] == [("LIG", "7", ""), ("LIG", "7", "A")]
    assert read.getNumFrames() == 2 and read.topology.getNumBonds() == two.topology.getNumBonds()
    places = read.getPositions(asNumpy=True, frame=1).value_in_unit(unit.nanometer)
    assert np.abs(places - ensemble.complexPositions.value_in_unit(unit.nanometer)[1]).max() < 1e-4
    # Other files are as OpenMM writes them.
    plain, ours = io.StringIO(), io.StringIO()
    app.PDBxFile.writeModel(molecule.topology, molecule.positions, plain, 1, keepIds=True)
    PDBxModels(molecule.topology).writeModel(molecule.positions, ours, 1)
    assert plain.getvalue() == ours.getvalue()
    writePDBx(ensemble, tmp_path / "ligand.cif")
    assert app.PDBxFile(str(tmp_path / "ligand.cif")).getNumFrames() == 2
