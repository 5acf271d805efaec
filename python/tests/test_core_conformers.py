# SPDX-License-Identifier: MIT
"""Conformers whose core keeps the places of a reference: one molecule, many, libraries, the command."""
import numpy as np
import pytest
from openmm import unit
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit import Core, keeping
from openmmorbit.pockets import Pocket, readSurroundings


def embed(smiles):
    """Get a molecule of RDKit with one relaxed conformer."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=7) == 0
    AllChem.MMFFOptimizeMolecule(mol)
    return mol


@pytest.fixture(scope="module")
def pose():
    mol = embed("Cc1ccc(cc1)C(=O)NC1CCCCC1")
    conformer = mol.GetConformer()
    conformer.SetPositions(conformer.GetPositions() + [10.0, -20.0, 5.0])
    return mol


def deviation(ensemble, reference):
    """Get the largest distance of a coordinate from its place, nm, for the match that was taken."""
    matches = [m for m in Core(reference).match(ensemble.graph) if m.atoms == ensemble.fixedAtoms]
    return min(np.abs(ensemble.positions._value[:, list(m.atoms)] - m.positions).max() for m in matches)


@pytest.mark.parametrize("smiles, size", [("Fc1cccc(C(=O)NCc2ccccc2)c1", 9), ("CCOc1ccc(cc1)C(=O)N", 9)])
def testTheCommonPartStays(generator, pose, smiles, size):
    ensemble = generator.generate(smiles, 3, seed=3, core=pose)
    assert len(ensemble) == 3 and len(ensemble.fixedAtoms) == size and deviation(ensemble, pose) < 1e-5
    assert all(status.isAccepted() for status in ensemble.status) and ensemble[1:].fixedAtoms == ensemble.fixedAtoms
    free = [i for i in range(ensemble.numAtoms) if i not in ensemble.fixedAtoms]
    assert np.abs(ensemble.positions._value[0, free] - ensemble.positions._value[1, free]).max() > 0.02
    again = generator.generate(smiles, 3, seed=3, core=Core(pose))
    assert np.array_equal(again.positions._value, ensemble.positions._value)


def testAFragmentGrowsInPlace(generator):
    fragment = embed("[1*]c1ccncc1")
    ensemble = generator.generate("CC(C)CNC(=O)c1ccncc1", 2, seed=1, core=fragment)
    assert len(ensemble.fixedAtoms) == 6 and deviation(ensemble, fragment) < 1e-5


def testPlacesOfAtoms(generator):
    places = {0: [1.0, 2.0, 3.0], 1: [1.0, 2.0, 3.152], 2: unit.Quantity([10.0, 33.4, 36.5], unit.angstrom)}
    bad = {**places, 2: [1.0, 2.0, 3.2]}
    good = {0: [1.0, 2.0, 3.0], 1: [1.0, 2.0, 3.152], 2: [1.0, 2.134, 3.202]}
    ensemble = generator.generate("CCO", 2, seed=1, core=good)
    assert ensemble.fixedAtoms == (0, 1, 2)
    assert np.allclose(ensemble.positions._value[:, :3], list(good.values()), atol=1e-5)
    with pytest.raises(ValueError, match="atoms .* at .* Angstrom, expected"):
        generator.generate("CCO", 1, seed=1, core=bad)


def testCentresOfTheCoreDecide(generator):
    """A core shows a hand: the other isomer is refused, and its centre named."""
    reference = embed("C[C@H](F)C1CCCCC1")
    smiles = "C[C@H](F)C1CCN(C)CC1"
    ensemble = generator.generate(smiles, 1, seed=1, core=Core(reference, "[CH3][CH](F)[CH]"))
    assert len(ensemble.fixedAtoms) == 4
    with pytest.raises(ValueError, match="got the tetrahedral centre 1 .C2. inverted"):
        generator.generate("C[C@@H](F)C1CCN(C)CC1", 1, seed=1, core=Core(reference, "[CH3][CH](F)[CH]"))


def testWaysAreTriedUntilOneWorks(generator, pose, monkeypatch):
    smiles = "Fc1cccc(C(=O)NCc2ccccc2)c1"
    tried = []
    real = openmmorbit.ConformerGenerator._generateKept

    def refuseFirst(self, graph, request, constraints):
        tried.append(list(constraints.start.fixed))
        if len(tried) == 1:
            raise ValueError("no room")
        return real(self, graph, request, constraints)

    monkeypatch.setattr(openmmorbit.ConformerGenerator, "_generateKept", refuseFirst)
    assert len(generator.generate(smiles, 1, seed=3, core=pose)) == 1 and len(tried) == 2

    def refuse(*_):
        raise ValueError("no room")

    monkeypatch.setattr(openmmorbit.ConformerGenerator, "_generateKept", refuse)
    with pytest.raises(ValueError, match="^no room; nor does any of 1 other ways to lay it onto its reference$"):
        generator.generate(smiles, 1, seed=3, core=pose)


def testManyMoleculesAndLibraries(generator, pose, tmp_path, capsys):
    path, library = tmp_path / "pose.sdf", tmp_path / "in.smi"
    Chem.MolToMolFile(pose, str(path))
    library.write_text("Fc1cccc(C(=O)NCc2ccccc2)c1 a\nO water\nCCOc1ccc(cc1)C(=O)N b\n")
    results = list(generator.generateMany(openmmorbit.readMolecules(library), 2, seed=5, progress=False, core=path))
    assert [r.ensemble is None for r in results] == [False, True, False]
    assert "has in common with the reference" in str(results[1].error)
    assert all(deviation(r.ensemble, path) < 1e-5 for r in results if r.ensemble)
    texts = []
    for name, options in (("one", []), ("two", ["--processes", "2", "--batch-size", "1"])):
        output = str(tmp_path / f"{name}.sdf")
        status = openmmorbit.cli.main(["conformers", str(library), "-n", "2", "--seed", "5", "--threads", "1", "-o",
                                       output, "--core", str(path), "--unfamiliar", "ignore", *options])
        assert status == 3 and "in common with the reference" in capsys.readouterr().err
        texts.append((tmp_path / f"{name}.sdf").read_text())
    assert texts[0] == texts[1] and texts[0].count("$$$$") == 4
    written = next(iter(Chem.SDMolSupplier(str(tmp_path / "one.sdf"), removeHs=False)))
    place = results[0].ensemble.positions.value_in_unit(unit.angstrom)[0]
    assert np.abs(written.GetConformer().GetPositions() - place).max() < 1e-3


@pytest.mark.parametrize("options, text", [
    (["--core", "nowhere.sdf"], "nowhere.sdf"), (["--core-smarts", "c1ccccc1"], "--core with --core-smarts")])
def testTheCommandRefusesWrongCores(options, text, tmp_path, capsys):
    assert openmmorbit.cli.main(["conformers", "CCO", "-o", str(tmp_path / "x.sdf"), *options]) == 2
    assert text in capsys.readouterr().err and not (tmp_path / "x.sdf").exists()


def testCoresAndStartsExcludeEachOther(generator, pose):
    with pytest.raises(ValueError, match="expected core or start, got both"):
        generator.generate("CCO", 1, core=pose, fixed=[0], start=np.zeros((9, 3)))
    assert len(keeping.listConstraints("x", openmmorbit.readMolecule("CCO"), generator.model)) == 1


def testRDKitDoesNotAnswerForCores(smallModel, pose):
    bad = openmmorbit.ConformerGenerator(smallModel, platform="Reference", numSteps=2, maxRedraws=0)
    with pytest.raises(Exception, match="got 0 after 0 redraws") as caught:
        bad.generate("CCOc1ccc(cc1)C(=O)N", 1, seed=3, core=pose)
    assert "RDKit" not in str(caught.value)


def testAPocketAroundThePose(generator, tmp_path, capsys):
    """A wall stands where one end of the free part goes."""
    from openmm import app

    reference, smiles = embed("Clc1ccccc1"), "CC(O)c1ccc(Cl)cc1"
    free = generator.generate("C[C@H](O)c1ccc(Cl)cc1", 8, seed=4, core=reference)
    x = free.positions.value_in_unit(unit.nanometer)
    arm = x[0, 0] - x[0, 3]
    wall = app.Topology()
    wall.addAtom("CX", app.Element.getBySymbol("C"), wall.addResidue("WAL", wall.addChain("W"), "3"))
    place = x[:1, 0] + 0.2 * arm / np.linalg.norm(arm)
    pocket = wall, unit.Quantity(place, unit.nanometer)
    fitting = generator.generate("C[C@H](O)c1ccc(Cl)cc1", 2, seed=4, core=reference, pocket=pocket)
    heavy = fitting.positions.value_in_unit(unit.nanometer)[:, :10]
    assert len(fitting) == 2 and np.linalg.norm(heavy - place, axis=2).min() > 0.24
    assert np.linalg.norm(x[0, :10] - place, axis=1).min() < 0.24
    paths = [str(tmp_path / name) for name in ("wall.pdb", "ref.sdf", "in.smi", "out.sdf", "two.sdf")]
    with open(paths[0], "w") as stream:
        app.PDBFile.writeFile(*pocket, stream)
    Chem.MolToMolFile(reference, paths[1])
    with open(paths[2], "w") as stream:
        stream.write("C[C@H](O)c1ccc(Cl)cc1\n")
    common = ["conformers", paths[2], "-n", "2", "--seed", "4", "--core", paths[1], "--pocket", paths[0],
              "--threads", "1"]
    for output, options in ((paths[3], []), (paths[4], ["--processes", "1"])):
        assert openmmorbit.cli.main([*common, "-o", output, *options]) == 0
    with open(paths[3]) as first, open(paths[4]) as second:
        assert first.read() == second.read()
    for mol in Chem.SDMolSupplier(paths[3]):
        assert np.linalg.norm(0.1 * mol.GetConformer().GetPositions() - place, axis=1).min() > 0.24
    with pytest.raises(ValueError, match="expected a core, or start with fixed, beside pocket, got pocket alone"):
        generator.generate(smiles, 1, pocket=pocket)
    for wrong, kind, text in (("wall.txt", ValueError, "ends in .pdb or .cif"), (7, TypeError, "got int"),
                              ((wall, np.zeros((2, 3))), ValueError, "positions of the 1 atoms of the pocket")):
        with pytest.raises(kind, match=text):
            generator.generate(smiles, 1, core=reference, pocket=wrong)
    assert openmmorbit.cli.main(["conformers", "CCO", "--pocket", paths[0], "-o", paths[3]]) == 2
    assert "expected --core with --pocket" in capsys.readouterr().err


def testCopiesAreGuidedAwayFromThePocket():
    """Without redraws, more copies fit than of those that know nothing of the pocket."""
    from openmm import app

    once = openmmorbit.ConformerGenerator(threads=1, maxRedraws=0)
    reference, smiles = embed("c1ccccc1"), "CCCCc1ccccc1"
    free = once.generate(smiles, 20, seed=6, core=reference)
    x = free.positions.value_in_unit(unit.nanometer)
    wall, places = app.Topology(), x[:8, 0]
    residue = wall.addResidue("WAL", wall.addChain("W"))
    for _ in places:
        wall.addAtom("CX", app.element.carbon, residue)
    # The ends of eight copies are taken, and it is 0.75 of twice 0.17 nm from those.
    fits = sum(np.linalg.norm(copy[:10, None] - places, axis=2).min() > 0.255 for copy in x)
    guided = once.generate(smiles, 20, seed=6, core=reference, pocket=(wall, unit.Quantity(places, unit.nanometer)))
    found = guided.positions.value_in_unit(unit.nanometer)[:, :10, None]
    assert len(guided) > fits + 3 and np.linalg.norm(found - places, axis=3).min() > 0.255
    described = Pocket(guided.graph, readSurroundings((wall, places))).toAvoid()
    assert np.allclose(described.positions, places.ravel()) and np.allclose(described.radii, 0.8 * 0.17)
    assert np.allclose(described.atomRadii, [0.8 * 0.17] * 10 + [0] * 14)
