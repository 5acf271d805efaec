# SPDX-License-Identifier: MIT
"""Inputs that are legal and rare: isotopes without labels, tables of several molecules, files of no records."""
import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit

HALVES = [("canonicalsmiles,isosmiles,name", "'canonicalsmiles', 'isosmiles'"),
          ("reactant_smi,product_smi", "'reactant_smi', 'product_smi'"),
          ("InChI,standard_inchi", "'InChI', 'standard_inchi'")]


@pytest.mark.parametrize("header, names", HALVES)
def testSeveralColumnsOfMolecules(tmp_path, header, names):
    """Which one is meant is not guessed: the first of them may be without stereochemistry, or another molecule."""
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\nCCO,CCN,x\n")
    with pytest.raises(ValueError, match=f"one column of molecules in '.*a.csv', got {names}; name it"):
        list(openmmorbit.readMolecules(path))
    second = header.split(",")[1]
    if "smi" in second:
        (graph,) = openmmorbit.readMolecules(path, smilesColumn=second)
        assert graph.smiles == "CCN" and graph.properties[header.split(",")[0]] == "CCO"


@pytest.mark.parametrize("name, text", [
    ("a.csv", "SMILES,Name\n"), ("a.csv", "\n\n"), ("a.smi", "\n\n"), ("a.mol2", "# nothing\n"), ("a.inchi", "InChI\n"),
    ("a.xyz", "\n\n")])
def testFilesWithoutRecords(tmp_path, name, text):
    """They are an error among the molecules, so that other files go on."""
    (tmp_path / name).write_text(text)
    (error,) = openmmorbit.readMolecules(tmp_path / name)
    assert isinstance(error, ValueError) and "expected at least one record, got none" in str(error)
    (result,) = openmmorbit.ConformerGenerator().generateMany(openmmorbit.readMolecules(tmp_path / name), 1)
    assert result.error is not None and result.ensemble is None


def writeXYZ(mol, path, comment, symbols):
    positions = mol.GetConformer().GetPositions()
    lines = [f"{symbol} {x:.4f} {y:.4f} {z:.4f}" for symbol, (x, y, z) in zip(symbols, positions)]
    path.write_text("\n".join([str(len(lines)), comment, *lines, ""]))


@pytest.mark.parametrize("smiles", ["[2H][C@H](C)O", "[2H][C@@H](C)O"])
def testHydrogensOfOtherMassInXYZ(tmp_path, smiles):
    """D and T are atoms of deuterium and tritium, and make centres."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=3) == 0
    symbols = ["D" if atom.GetIsotope() else atom.GetSymbol() for atom in mol.GetAtoms()]
    assert symbols.count("D") == 1
    for comment in ("", 'smiles="CCO"'):
        writeXYZ(mol, tmp_path / "a.xyz", comment, symbols)
        (graph,) = openmmorbit.readMolecules(tmp_path / "a.xyz")
        assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles(smiles)
        assert [atom.isotope for atom in graph.atoms] == [2 if symbol == "D" else 0 for symbol in symbols]
    writeXYZ(mol, tmp_path / "a.xyz", "", ["T" if symbol == "D" else symbol for symbol in symbols])
    (graph,) = openmmorbit.readMolecules(tmp_path / "a.xyz")
    assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles(smiles.replace("2H", "3H"))


def testHydrogensOfOtherMassInMol2(tmp_path):
    ensemble = openmmorbit.ConformerGenerator(threads=1).generate("CO", 1, seed=3)
    openmmorbit.writeEnsembles(ensemble, tmp_path / "a.mol2")
    lines = (tmp_path / "a.mol2").read_text().split("\n")
    place = next(k for k, line in enumerate(lines) if line.split()[5:6] == ["H"])
    index = int(lines[place].split()[0]) - 1
    words = lines[place].split()
    words[5] = "D"
    lines[place] = " ".join(words)
    (tmp_path / "a.mol2").write_text("\n".join(lines))
    (graph,) = openmmorbit.readMolecules(tmp_path / "a.mol2")
    assert [k for k, atom in enumerate(graph.atoms) if atom.isotope == 2] == [index] and graph.smiles == "[2H]CO"


def testWhatIsNoPath():
    with pytest.raises(TypeError, match="readMolecules: expected the path of a file, got list"):
        next(openmmorbit.readMolecules(["a.smi", "b.smi"]))


def testNumbersOfConformers(makeGenerator):
    """A molecule for which there is no number is not left out in silence."""
    generator = makeGenerator(unfamiliar="ignore")
    for numbers in ([1, 2], np.array([1, 2, 1, 1])):
        with pytest.raises(ValueError, match=f"numConformers of each of 3 molecules, got {len(numbers)}"):
            list(generator.generateMany(["C", "CO", "O"], numbers, progress=False))
    found = list(generator.generateMany(["C", "CO", "O"], np.array([1, 2, 1]), seed=3, progress=False))
    assert [len(result.ensemble) for result in found] == [1, 2, 1]
    assert len(list(generator.generateMany(iter(["C", "CO"]), [1], seed=3, progress=False))) == 1
