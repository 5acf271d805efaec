# SPDX-License-Identifier: MIT
"""Molecules that leave stereochemistry open: mixed with a warning, refused, or every isomer."""
import subprocess
import sys
import warnings

import numpy as np
import pytest
from rdkit import Chem

import openmmorbit

butanol = "CCC(C)O"


def isClockwise(points):
    """Tell the two hands of butan-2-ol apart: the neighbours of carbon 2, the hydrogen last."""
    first, *others = np.asarray(points)[[1, 3, 4, 10]]
    return bool(np.linalg.det(np.array(others) - first) > 0)


def testMixedWarnsAndNumbers(makeGenerator):
    generator = makeGenerator()
    with pytest.warns(openmmorbit.OpenStereoWarning, match=r"leaves open centre C3 \(atom 2\).*enumerate"):
        ensemble = generator.generate(butanol, 12, seed=3)
    numbers = ensemble.isomerNumbers
    assert set(numbers) == {1, 2} and numbers[0] == 1
    assert sorted(ensemble.isomers) == sorted(Chem.CanonSmiles(s) for s in ("CC[C@H](C)O", "CC[C@@H](C)O"))
    for conformer in ensemble:
        assert conformer.smiles == ensemble.isomers[conformer.isomer - 1]
    hands = [isClockwise(conformer.positions._value) for conformer in ensemble]
    assert [hand == hands[0] for hand in hands] == [number == 1 for number in numbers]
    # Neighbours in the order of this SMILES; seen from the first, "@@" goes with the clock.
    assert hands[0] == (ensemble.isomers[0] == Chem.CanonSmiles("CC[C@@](C)(O)[H]"))
    other = numbers.index(2)
    assert ensemble[[other]].isomerNumbers == [2] and ensemble[[other]][0].smiles == ensemble.isomers[1]
    mirrored = ensemble[[0]]
    mirrored.setPositions(0, -mirrored.positions[0])
    assert mirrored.isomerNumbers == [2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        specified = generator.generate("C[C@H](O)CC", 2)
        assert specified.isomerNumbers == [1, 1] and specified.isomers == [specified.graph.smiles]
        assert generator.generate("CCO", 1)[0].smiles == "CCO"


def testRefuse(makeGenerator):
    generator = makeGenerator()
    with pytest.raises(ValueError, match=r'open double bond C2=C3 \(atoms 1 and 2\).*stereo="enumerate"'):
        generator.generate("CC=CC", 1, stereo="refuse")
    good, bad = generator.generateMany(["C/C=C/C", "CC=CC"], 1, stereo="refuse", progress=False)
    assert good.error is None and "open double bond" in str(bad.error)
    for options, text in (({"stereo": "both"}, "'mixed', 'refuse', 'enumerate'"), ({"maxIsomers": 0}, "at least 1")):
        with pytest.raises(ValueError, match=text):
            generator.generate("C", 1, **options)
        with pytest.raises(ValueError, match=text):
            list(generator.generateMany(["C"], 1, progress=False, **options))


def testEnumerate(makeGenerator):
    generator = makeGenerator()
    isomers = generator.generate("CC(O)C=CC", 3, seed=5, stereo="enumerate")
    assert len(isomers) == 4 and all(len(ensemble) == 3 for ensemble in isomers)
    assert [ensemble.isomerNumbers for ensemble in isomers] == [[k] * 3 for k in (1, 2, 3, 4)]
    smiles = [ensemble.graph.smiles for ensemble in isomers]
    assert len(set(smiles)) == 4 and isomers[2].isomers == smiles
    assert all(len(ensemble.graph.tetrahedral) == 1 and ensemble.graph.torsional for ensemble in isomers)
    assert len(generator.generate("CCO", 1, stereo="enumerate")) == 1
    with pytest.warns(openmmorbit.OpenStereoWarning, match="up to 8 isomers: the first 3"):
        assert len(generator.generate("CC(F)C(O)C(Cl)C", 1, stereo="enumerate", maxIsomers=3)) == 3


def testEnumerateMany(makeGenerator):
    generator = makeGenerator()
    results = list(generator.generateMany(["CCO", butanol, "bad(", "CC=CC"], 2, seed=4, stereo="enumerate",
                                          progress=False))
    assert [result.index for result in results] == [0, 1, 1, 2, 3, 3]
    assert [result.error is None for result in results] == [True, True, True, False, True, True]
    assert results[1].openStereo == ("centre C3 (atom 2)",) and results[0].openStereo == ()
    alone = generator.generate(results[0].ensemble.graph, 2, seed=4)
    assert np.array_equal(alone.positions._value, results[0].ensemble.positions._value)


def testTheCommand(smallModel, tmp_path):
    smallModel.save(str(tmp_path / "small.safetensors"))

    def run(*arguments):
        options = ["-o", "a.sdf", "--seed", "3", "--model", "small.safetensors", "--platform", "Reference", "--steps",
                   "1", "--no-check"]
        return subprocess.run([sys.executable, "-m", "openmmorbit.cli", "conformers", *arguments, *options],
                              capture_output=True, text=True, cwd=tmp_path, timeout=120)

    done = run(butanol, "-n", "12")
    assert done.returncode == 0 and "leaves open centre C3 (atom 2)" in done.stderr
    assert "conformers of 2 isomers" in done.stderr and "Warning" not in done.stderr
    found = list(Chem.SDMolSupplier(str(tmp_path / "a.sdf"), removeHs=False))
    assert {mol.GetProp("ORBIT_ISOMER") for mol in found} == {"1", "2"} and len(found) == 12
    for mol in found:
        hand = isClockwise(mol.GetConformer().GetPositions())
        assert hand == (mol.GetProp("ORBIT_ISOMER_SMILES") == Chem.CanonSmiles("CC[C@@](C)(O)[H]"))
    done = run(butanol, "-n", "2", "--stereo", "refuse")
    assert done.returncode == 3 and "expected specified stereochemistry" in done.stderr
    done = run("CC(O)C(O)CCC", "-n", "2", "--stereo", "enumerate")
    assert done.returncode == 0, done.stderr
    assert "8 conformers of 1 molecule in" in done.stderr
    found = [mol.GetProp("ORBIT_ISOMER") for mol in Chem.SDMolSupplier(str(tmp_path / "a.sdf"))]
    assert found == ["1", "1", "2", "2", "3", "3", "4", "4"]
    assert run(butanol, "--stereo", "enumerate", "--max-isomers", "0").returncode == 2
