# SPDX-License-Identifier: MIT
"""Wrong use of dataset, evaluate, info and view ends with a sentence, on the command line with exit status 2."""
import functools
import re

import numpy as np
import pytest
from conftest import runCli
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit
from openmmorbit.messages import counted


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in.smi").write_text("CO\n")
    (tmp_path / "traj.dcd").write_bytes(b"CORD")
    return tmp_path


cases = [(["info", "nofile.safetensors"], "nofile.safetensors"), (["info", "."], "'.'"),
         (["dataset", "traj.dcd", "-o", "out"], "traj.dcd"), (["dataset", "nofile.smi", "-o", "out"], "nofile.smi"),
         (["evaluate", "-", "in.smi"], "in.smi"), (["evaluate", "nomodel", "in.smi"], "nomodel"),
         (["evaluate", "-", "nofile.sdf"], "nofile.sdf")]


@pytest.mark.parametrize("arguments, text", cases)
def testWrongUse(capsys, folder, monkeypatch, arguments, text):
    monkeypatch.chdir(folder)
    status, line = runCli(capsys, *arguments)
    assert status == 2 and text in line
    assert re.fullmatch("openmm-orbit: error: expected .*", line)


def testOtherSettingsOfADataSet(capsys, folder):
    first = ["dataset", folder / "in.smi", "-o", folder / "set", "--level", "mmff", "--starts", "2", "-q"]
    status, line = runCli(capsys, *first, "--processes", "1")
    assert status == 0 and "1 conformer of 1 molecule -> " in line
    assert "; 1 training shard and 0 validation shards; 0 molecules failed" in line
    status, line = runCli(capsys, *first, "--window", "3")
    assert status == 2 and line.startswith("openmm-orbit: error: expected window = 6.0 as when ")
    status, line = runCli(capsys, *first, "--window", "-3")
    assert status == 2 and line == "openmm-orbit: error: expected window above 0, got -3.0"


def makeEnsemble():
    ensemble = orbit.Ensemble(openmmorbit.readMolecule("O"))
    ensemble.addConformer([0, 0, 0, 0.096, 0, 0, -0.024, 0.093, 0])
    return openmmorbit.Ensemble(ensemble)


def testAPageReplacesNoFileOfMolecules(tmp_path):
    ensemble, path = makeEnsemble(), tmp_path / "library.sdf"
    ensemble.writeSDF(path)
    before = path.read_bytes()
    for write in (functools.partial(openmmorbit.view, path), ensemble.view, ensemble.view().write):
        with pytest.raises(ValueError, match=r"expected a page that ends in \.html, got .*library\.sdf"):
            write(path)
    assert path.read_bytes() == before


def testWhatCannotBeShown():
    with pytest.raises(TypeError, match="expected Ensembles, results of generateMany.. or paths, got int"):
        openmmorbit.view(5)
    with pytest.raises(TypeError, match="expected values as a dict of names and arrays, got list"):
        makeEnsemble().view(values=[1.0, 2.0])


@pytest.mark.parametrize("text", ["CCO\nCCN", "CCO a\r\nCCN b\r\n", "CCO\rCCN", "InChI=1S/CH4/h1H4\nInChI=1S/H2O/h1H2"])
def testATextOfSeveralMoleculesIsRefused(capsys, tmp_path, text):
    """The lines behind the first one would be its name."""
    with pytest.raises(ValueError, match="expected a molecule in one line, got '[^ ]*( a)?' and more lines"):
        openmmorbit.readMolecule(text)
    status, line = runCli(capsys, "conformers", text, "-o", tmp_path / "a.sdf", "-q")
    assert status == 3 and "expected a molecule in one line" in line
    assert openmmorbit.readMolecule("\nCCO a b\n").name == "a b"


def testOneConformerIsShownAlone():
    ensemble = orbit.Ensemble(openmmorbit.readMolecule("O"))
    for shift in (0.0, 0.01, 0.02):
        ensemble.addConformer([0, 0, 0, 0.096 + shift, 0, 0, -0.024, 0.093, 0])
    whole = openmmorbit.Ensemble(ensemble)
    for what in (whole[1], [whole[1]]):
        (scene,) = openmmorbit.view(what).scenes
        assert len(scene.positions) == 1
    assert len(openmmorbit.view(whole).scenes[0].positions) == 3


def testValuesThatAreNoNumbers():
    for values, words in ((["a"], "values of 'x' as an array of numbers, got \\['a'\\]"),
                          ([1.0] * unit.angstrom, "plain numbers as values of 'x', got a Quantity; take value_in")):
        with pytest.raises(TypeError, match=f"view: expected {words}"):
            makeEnsemble().view(values={"x": values})


def testSettingsWithUnits():
    """A setting of the sampler has no unit, a time limit may have one."""
    for name, value, words in (("sigmaMin", 0.05 * unit.angstrom, "plain number of Angstrom, got 0.05 A, a Quantity"),
                               ("rho", "3x", "plain number, got 3x, a str")):
        with pytest.raises(TypeError, match=f"ConformerGenerator: expected {name} as a {words}"):
            openmmorbit.ConformerGenerator(**{name: value})
    assert openmmorbit.ConformerGenerator(timeLimit=1 * unit.minute)._core.getTimeLimit() == 60
    for value, words in ((1 * unit.angstrom, "timeLimit in second, got angstrom"), ("soon", "timeLimit as a number")):
        with pytest.raises((TypeError, ValueError), match=f"ConformerGenerator: expected {words}"):
            openmmorbit.ConformerGenerator(timeLimit=value)


@pytest.mark.parametrize("name, text", [("a.pdb", "hello\n"), ("a.pdb", ""), ("a.cif", "hello\n"),
                                        ("a.pdb", "ATOM      1  N   ALA A   1      xx.000   1.000   1.000\n")])
def testStructuresThatCannotBeRead(tmp_path, capsys, name, text):
    """Pockets and complexes: the message names the file, also on the command line."""
    path, reference = tmp_path / name, tmp_path / "pose.sdf"
    path.write_text(text)
    generator = openmmorbit.ConformerGenerator(threads=1)
    generator.generate("CCCO", 1, seed=3).writeSDF(reference)
    for options in ({"core": str(reference), "pocket": path}, {"residue": "LIG"}):
        with pytest.raises(ValueError, match=f"generate: expected a structure, got .*{name}"):
            generator.generate(str(path) if "residue" in options else "CCCO", 1, **options)
    with pytest.raises(FileNotFoundError, match='expected a structure, got ".*nofile.pdb", which is no file'):
        generator.generate("CCCO", 1, core=reference, pocket=tmp_path / "nofile.pdb")
    for wrong in (path, tmp_path / "nofile.pdb"):
        status, line = runCli(capsys, "conformers", "CCCO", "-n", 1, "-o", tmp_path / "o.sdf", "--core", reference,
                              "--pocket", wrong)
        assert status == 2 and wrong.name in line


def testPositionsThatAreNone():
    generator = openmmorbit.ConformerGenerator(threads=1)
    with pytest.raises(TypeError, match="expected start as an array of numbers, got 'x'"):
        generator.generate("CCO", 1, start="x", level=1)
    for place, words in (([0, 0], r"the place of atom 3 as three coordinates, got shape \(2,\)"),
                         ("xyz", "the place of atom 3 as an array of numbers, got 'xyz'")):
        with pytest.raises((TypeError, ValueError), match=f"Core: expected {words}"):
            generator.generate("CCO", 1, core={0: [0, 0, 0], 3: place})
    one = generator.generate("CCCO", 1, seed=3)[0]
    assert len(generator.generate("CCCO", 2, seed=3, start=one, level=1)) == 2


def testArgumentsOfAConformerInASystem():
    ensemble, modeller = makeEnsemble(), app.Modeller(app.Topology(), [])
    for call in (ensemble.addTo, functools.partial(ensemble.place, residue="UNL")):
        with pytest.raises(TypeError, match="expected an openmm.app.Modeller, got Topology; app.Modeller"):
            call(modeller.topology)
    with pytest.raises(ValueError, match="Ensemble.addTo: expected position in nanometer, got kelvin"):
        ensemble.addTo(modeller, position=[1, 1, 1] * unit.kelvin)
    ensemble.addTo(modeller, position=[10, 0, 0] * unit.angstrom)
    assert np.mean(modeller.positions.value_in_unit(unit.nanometer), axis=0).tolist() == pytest.approx([1, 0, 0])
    with pytest.raises(ValueError, match="Ensemble.setPositions: expected positions in nanometer, got kelvin"):
        ensemble.setPositions(0, np.ones((3, 3)) * unit.kelvin)
    ensemble.setPositions(0, ensemble[0].positions.in_units_of(unit.angstrom))
    assert ensemble[0].positions.value_in_unit(unit.nanometer)[1].tolist() == pytest.approx([0.096, 0, 0])
    for temperature, words in ((3 * unit.nanometer, "a temperature in kelvin, got nanometer"),
                               ("hot", "a temperature as a number in kelvin")):
        with pytest.raises((TypeError, ValueError), match=f"Ensemble.applyTo: expected {words}"):
            ensemble.applyTo(None, 0, temperature)
    for molecule, place in ((ensemble, ".graph"), (ensemble[0], ".ensemble.graph")):
        with pytest.raises(TypeError, match=f"; its molecule is {place}"):
            openmmorbit.mmffSystem(molecule)


def testWhatIsSaidOfEnumeratedIsomers(capsys, tmp_path):
    texts = []
    for mode in ("enumerate", "mixed"):
        assert openmmorbit.cli.main(["conformers", "CC(F)Cl", "-n", "2", "--seed", "3", "-o", str(tmp_path / "a.sdf"),
                                     "--stereo", mode]) == 0
        texts.append(capsys.readouterr().err)
    isomers = re.findall(r": 2 conformers of isomer ([12]), (\S+)\n", texts[0])
    assert sorted(isomers) == [("1", "C[C@@H](F)Cl"), ("2", "C[C@H](F)Cl")] and "gives every" not in texts[0]
    assert "--stereo enumerate gives every isomer" in texts[1]


@pytest.mark.parametrize("number, what, text", [
    (1, "copy", "1 copy"), (0, "copy", "0 copies"), (2, "geometry", "2 geometries"), (2, "day", "2 days"),
    (1200, "molecule", "1,200 molecules")])
def testNumbersWithNouns(number, what, text):
    assert counted(number, what) == text
