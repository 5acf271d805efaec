# SPDX-License-Identifier: MIT
"""Ensembles out: many in one file, each format read back by other programs and by ourselves."""
import gzip
import io

import numpy as np
import pytest
from openmm import app, unit
from rdkit import Chem

import openmmorbit
from openmmorbit.io import ensemblefiles, recordformats
from openmmorbit.io.writers import EnsembleWriter

SMILES = ["CC(=O)[O-]", "C[N+](=O)[O-]", "NC(=[NH2+])N", "c1cc[nH]c1", "C[n+]1ccccc1", "CS(N)(=O)=O", "CN=[N+]=[N-]",
          "[O-][n+]1ccccc1", "O=c1cc[nH]cc1", "C[C@H]([NH3+])C(=O)[O-]", "C/C=C/C", "CC(N)=S", "c1ccc2[nH]ccc2c1"]


@pytest.fixture(scope="module")
def ensembles():
    """Ensembles of the packaged model, whose molecules have names and data items."""
    generator = openmmorbit.ConformerGenerator("conformer-fast", threads=1)
    graphs = [openmmorbit.readMolecule(f"{smiles} molecule {k}") for k, smiles in enumerate(SMILES)]
    for graph in graphs:
        graph.properties = {"pIC50": "6.5", "two words": "x", "NOTE": 'a "quote"\nand a line'}
    return [result.ensemble for result in generator.generateMany(graphs, 2, seed=3, progress=False)]


def angstrom(ensemble):
    return ensemble.positions.value_in_unit(unit.angstrom)


@pytest.mark.parametrize("ending", [".sdf", ".sdf.gz", ".xyz", ".xyz.gz", ".mol2", ".mol2.gz"])
def testRecordsAreReadBack(ensembles, tmp_path, ending):
    path = tmp_path / f"all{ending}"
    assert openmmorbit.writeEnsembles(iter(ensembles), path) == 26
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == ending.endswith(".gz")
    found = list(openmmorbit.readMolecules(path))
    assert [graph.smiles for graph in found[::2]] == [ensemble.graph.smiles for ensemble in ensembles]
    assert [graph.name for graph in found[1::2]] == [f"molecule {k}" for k in range(len(SMILES))]
    for graph, ensemble in zip(found[::2], ensembles):
        assert [atom.element for atom in graph.atoms] == [atom.element for atom in ensemble.graph.atoms]
    if "sdf" in ending:
        assert found[0].properties["two words"] == "x" and found[0].properties["NOTE"] == 'a "quote"\nand a line'
    if "xyz" in ending:
        assert found[0].properties == {"pIC50": "6.5", "NOTE": "a 'quote' and a line"}


def testRecordsOfConformersAreThoseOfOneByOne():
    """Only the first record of a molecule is made as a whole, unless wedges depend on the coordinates."""
    generator = openmmorbit.ConformerGenerator("conformer-fast", threads=1, check=False)
    graphs = [openmmorbit.readMolecule(text) for text in (
        "CCO 50% of $$$$", "F[C@](Cl)(Br)I", "C[C@H](N)C(=O)O", "C/C=C/C(=O)[O-]", "[2H]C([13CH3])=O",
        "c1ccccc1CN=[N+]=[N-]", "CC(O)C")]
    graphs[0].properties = {"a%d": "100 %s", "ORBIT_X": "1", "NOTE": "two\nlines"}
    for result in generator.generateMany(graphs, 12, seed=5, progress=False):
        ensemble = result.ensemble
        items = [recordformats._provenanceItems(ensemble, index) for index in range(12)]
        whole = "".join(openmmorbit.chem.writeStructureRecord(ensemble.graph, points, entry)
                        for points, entry in zip(angstrom(ensemble), items))
        assert recordformats.sdfRecords(ensemble) == whole
        fresh = openmmorbit.Ensemble(ensemble._core)
        assert (fresh.isomerNumbers, fresh.isomers) == (ensemble.isomerNumbers, ensemble.isomers)


def testPositionsOfXYZ(ensembles, tmp_path):
    openmmorbit.writeEnsembles(ensembles[0], tmp_path / "a.xyz")
    with open(tmp_path / "a.xyz", encoding="utf-8") as stream:
        frames = list(ensemblefiles.parseXYZ(stream, "a.xyz"))
    assert [frame.info["charge"] for frame in frames] == ["-1", "-1"]
    assert np.allclose([frame.positions for frame in frames], angstrom(ensembles[0]), atol=1e-6)


def testMol2OfRdkit(ensembles, tmp_path):
    """RDKit's own reader finds the molecules, the positions and the names of the atoms."""
    openmmorbit.writeEnsembles(ensembles, tmp_path / "a.mol2")
    text = (tmp_path / "a.mol2").read_text()
    blocks = [f"@<TRIPOS>MOLECULE{part}" for part in text.split("@<TRIPOS>MOLECULE")[1:]]
    for block, ensemble in zip(blocks[::2], ensembles):
        mol = Chem.MolFromMol2Block(block, removeHs=False)
        assert Chem.MolToSmiles(Chem.RemoveHs(mol)) == Chem.CanonSmiles(ensemble.graph.smiles)
        assert np.allclose(mol.GetConformer().GetPositions(), angstrom(ensemble)[0], atol=1e-5)
        rows = [line.split() for line in block.split("ATOM\n")[1].split("@")[0].splitlines()]
        assert [row[1] for row in rows] == [atom.name for atom in ensemble.graph.atoms]
        charge = sum(atom.formalCharge for atom in ensemble.graph.atoms)
        assert abs(sum(float(row[8]) for row in rows) - charge) < 0.01
    types = {row.split()[1]: row.split()[5] for row in blocks[18].split("ATOM\n")[1].split("@")[0].splitlines()}
    assert types == {"C1": "C.3", "C2": "C.3", "N1": "N.4", "C3": "C.2", "O1": "O.2", "O2": "O.3",
                     **{f"H{k}": "H" for k in range(1, 8)}}


def testNpzIsWhatDatasetReads(ensembles, tmp_path):
    assert openmmorbit.writeEnsembles(ensembles, tmp_path / "a.npz") == 26
    assert ensemblefiles.toSDF(tmp_path / "a.npz", tmp_path / "a.sdf") == []
    found = list(Chem.SDMolSupplier(str(tmp_path / "a.sdf"), removeHs=False))
    assert [mol.GetProp("SMILES") for mol in found[::2]] == [ensemble.graph.smiles for ensemble in ensembles]
    assert np.allclose(found[1].GetConformer().GetPositions(), angstrom(ensembles[0])[1], atol=1e-4)


def testEnergiesOfNpz(ensembles, tmp_path):
    ranked = [ensemble.sort("UFF") for ensemble in ensembles[:2]]
    openmmorbit.writeEnsembles(ranked, tmp_path / "a.npz")
    expected = np.concatenate([entry.energies().value_in_unit(unit.kilocalories_per_mole) for entry in ranked])
    assert np.allclose(np.load(tmp_path / "a.npz")["energies"], expected)
    assert ensemblefiles.toSDF(tmp_path / "a.npz", tmp_path / "a.sdf") == []
    found = [float(mol.GetProp("REL_E_KCAL")) for mol in Chem.SDMolSupplier(str(tmp_path / "a.sdf"))]
    assert np.allclose(found, expected - np.repeat(expected[::2], 2), atol=1e-3)
    openmmorbit.writeEnsembles([*ranked, ensembles[2]], tmp_path / "b.npz")
    assert "energies" not in np.load(tmp_path / "b.npz")


def testEnergiesOfAnInputAreNotThoseOfItsConformers(tmp_path):
    graph = openmmorbit.readMolecule("CCO")
    graph.properties = {"energy_kcal": "-7", "Energy": "1", "ORBIT_ENERGY_KCAL": "-7", "pIC50": "6"}
    ensemble = openmmorbit.ConformerGenerator("conformer-fast", threads=1, check=False).generate(graph, 2, seed=3)
    openmmorbit.writeEnsembles(ensemble, tmp_path / "a.xyz")
    assert [entry.properties for entry in openmmorbit.readMolecules(tmp_path / "a.xyz")] == [{"pIC50": "6"}] * 2
    openmmorbit.writeEnsembles(ensemble.sort("UFF"), tmp_path / "b.xyz")
    energies = [float(entry.properties["energy_kcal"]) for entry in openmmorbit.readMolecules(tmp_path / "b.xyz")]
    assert np.allclose(energies, ensemble.sort("UFF").energies()._value / 4.184, atol=1e-3)


@pytest.mark.parametrize("ending", [".pdb", ".cif", ".dcd"])
def testFilesOfOneMolecule(ensembles, tmp_path, ending):
    path = tmp_path / f"a{ending}"
    assert openmmorbit.writeEnsembles(ensembles[0], path) == 2
    if ending != ".dcd":
        file = (app.PDBFile if ending == ".pdb" else app.PDBxFile)(str(path))
        assert file.getNumFrames() == 2
        points = file.getPositions(True, 1).value_in_unit(unit.angstrom)
        assert np.allclose(points, angstrom(ensembles[0])[1], atol=1e-3)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="one molecule.*molecule 1.*npz"):
        openmmorbit.writeEnsembles(ensembles[:2], path)
    assert path.read_bytes() == before


def testTheCommandWritesEachFormat(tmp_path, smallModel, capsys):
    model = tmp_path / "small.safetensors"
    smallModel.save(str(model))
    extra = ["--model", str(model), "--platform", "Reference", "--steps", "1", "--no-check", "-n", "2", "-q"]
    for name in ("a.xyz", "a.mol2.gz", "a.npz", "a.dat"):
        named = ["--output-format", "sdf.gz"] if name == "a.dat" else []
        status = openmmorbit.cli.main(["conformers", "CO", "CC", "-o", str(tmp_path / name), *extra, *named])
        assert status == 0, capsys.readouterr().err
    assert gzip.decompress((tmp_path / "a.dat").read_bytes()).count(b"$$$$\n") == 4
    assert list(np.load(tmp_path / "a.npz")["numConformers"]) == [2, 2]


@pytest.mark.parametrize("ending", [".sdf", ".sdf.gz", ".pdb", ".cif", ".dcd", ".npz"])
def testFilesBesideTheOutputStay(ensembles, tmp_path, ending):
    """What is written as a whole takes no name that a file has meanwhile."""
    path, other = tmp_path / f"a{ending}", tmp_path / f"a.part{ending}"
    for name in (path, other):
        name.write_text("mine")
    if "sdf" in ending:
        ensembles[0].writeSDF(path)
    else:
        openmmorbit.writeEnsembles(ensembles[0], path)
    assert other.read_text() == "mine" and path.read_bytes() != b"mine" and len(list(tmp_path.iterdir())) == 2


def testWrongUse(ensembles, tmp_path):
    with pytest.raises(ValueError, match="ends in .sdf, .*got '.*a.foo'"):
        EnsembleWriter(tmp_path / "a.foo")
    with pytest.raises(TypeError, match="one of GenerationResult"):
        openmmorbit.writeEnsembles([openmmorbit.GenerationResult(0, "C")], tmp_path / "a.sdf")
    with pytest.raises(ValueError, match="for standard output, got .npz"):
        EnsembleWriter("-", "npz")
    assert openmmorbit.writeEnsembles([], tmp_path / "a.sdf") == 0 and not list(tmp_path.iterdir())
    (tmp_path / "a.sdf").write_text("older")
    with pytest.raises(TypeError):
        openmmorbit.writeEnsembles([ensembles[0], None], tmp_path / "a.sdf")
    assert (tmp_path / "a.sdf").read_text() == "older"


@pytest.mark.parametrize("call, name", [
    ("writeSDF", "a.xyz"), ("writeSDF", "a.pdb.gz"), ("writePDB", "a.cif"), ("writePDB", "a.pdb.gz"),
    ("writePDBx", "a.pdb"), ("writePDBx", "a.cif.gz"), ("writeDCD", "a.dcd.gz"), ("writeDCD", "a.sdf")])
def testNamesOfOtherFormats(ensembles, tmp_path, call, name):
    """What a name says is what a file holds: others would be read as something else, or as damaged."""
    with pytest.raises(ValueError, match=f"Ensemble.{call}: expected a name that ends in .*, got '.*{name}'"):
        getattr(ensembles[0], call)(tmp_path / name)
    if name.endswith(".gz"):
        with pytest.raises(ValueError, match=f"EnsembleWriter: expected a file that ends in .*, got '.*{name}'"):
            openmmorbit.writeEnsembles(ensembles[0], tmp_path / name)
    assert not list(tmp_path.iterdir())
    getattr(ensembles[0], call)(tmp_path / "without_an_ending")
    assert (tmp_path / "without_an_ending").stat().st_size > 0


def testWhatIsNoPathAndNoEnsemble(ensembles, tmp_path):
    for call in ("writeSDF", "writePDB", "writePDBx", "writeDCD"):
        with pytest.raises(TypeError, match=f"Ensemble.{call}: expected the path of a file, got StringIO"):
            getattr(ensembles[0], call)(io.StringIO())
    with pytest.raises(TypeError, match="EnsembleWriter: expected the path of a file, got StringIO"):
        openmmorbit.writeEnsembles(ensembles[0], io.StringIO())
    for wrong, name in ((ensembles[0][1], "Conformer"), ("a.sdf", "str"), (None, "NoneType")):
        with pytest.raises(TypeError, match=f"writeEnsembles: expected Ensembles and a path, got {name} first"):
            openmmorbit.writeEnsembles(wrong, tmp_path / "a.sdf")
    assert not list(tmp_path.iterdir())


def testPartsOfAnEnsemble(ensembles):
    """What stands in brackets is a number, a slice, a list or a mask, as in NumPy; anything else is named."""
    whole = ensembles[0][[0, 1, 0]]
    numbers = angstrom(whole)[:, 0, 0]
    for key in ([-1], np.array([2]), [False, False, True], np.array([False, False, True]), slice(2, None),
                np.where(np.arange(3) > 1), np.array([2], dtype=np.uint8)):
        assert angstrom(whole[key])[:, 0, 0].tolist() == [numbers[2]]
    assert len(whole[[]]) == len(whole[np.zeros(3, bool)]) == 0
    for key, words in (((0, 2), r"got \[0, 2\]; two conformers are ensemble"), ("a", r"got \[a\]"),
                       (1.0, r"got \[1.0\]"), ([0.0], "or a mask"), (np.zeros((1, 2), int), "or a mask"),
                       (True, r"got \[True\]"),
                       ([True, False], "a mask of 3 values, one a conformer, got 2"), ([0, 3], "from 0 to 2, got 3"),
                       ([-4], "from 0 to 2, got -4")):
        with pytest.raises(IndexError, match=f"Ensemble: .*{words}"):
            whole[key]
    with pytest.raises(IndexError, match="of an empty ensemble, got index 0"):
        whole[:0][[0]]
