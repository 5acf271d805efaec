# SPDX-License-Identifier: MIT
"""Extended XYZ and npz files of ensembles, which become shards."""
import tracemalloc

import numpy as np
import pytest
from ensembles import readShards
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit.io import ensemblefiles


def makeFrames(smiles, number, seed=3):
    """Conformers with shuffled atoms."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, number, randomSeed=seed)
    order = np.random.default_rng(seed).permutation(mol.GetNumAtoms())
    numbers = np.array([mol.GetAtomWithIdx(int(i)).GetAtomicNum() for i in order])
    return numbers, np.stack([c.GetPositions()[order] for c in mol.GetConformers()])


def testExtendedXYZ(tmp_path):
    table, text = Chem.GetPeriodicTable(), ""
    for smiles, count in (("C[C@H](F)CO", 3), ("c1ccccc1C(=O)[O-]", 2), ("", 1), ("CCC", 1)):
        numbers, positions = makeFrames(smiles or "CO", count)
        if smiles == "CCC":
            numbers, positions = makeFrames("CCO", count)
        for k, x in enumerate(positions):
            text += f'{len(numbers)}\nProperties=species:S:1:pos:R:3 smiles="{smiles}" energy_kcal={k - 5.0} '
            text += 'pbc="F F F"\n'
            text += "".join(f"{table.GetElementSymbol(int(z))} {a:.6f} {b:.6f} {c:.6f}\n"
                            for z, (a, b, c) in zip(numbers, x))
    (tmp_path / "a.xyz").write_text(text)
    report = openmmorbit.buildDataset([tmp_path / "a.xyz"], tmp_path / "a.shard")
    other = openmmorbit.buildDataset([tmp_path / "a.xyz"], tmp_path / "b.shard", validation=True)
    assert report.numMolecules + other.numMolecules == 2 and report.numConformers + other.numConformers == 5
    assert report.numFaults == 2 and "molecule 3: expected a SMILES" in report.messages[0]
    assert "CCC" in report.messages[1]
    assert readShards([tmp_path / "a.shard", tmp_path / "b.shard"])[0][:2] == ("C[C@H](F)CO", 3)
    (tmp_path / "bad.xyz").write_text("3\n\nC 0 0\n")
    with pytest.raises(ValueError, match="frame 1"):
        openmmorbit.buildDataset([tmp_path / "bad.xyz"], tmp_path / "c.shard")


def testNpz(tmp_path):
    data = [("C[C@H](F)CO", *makeFrames("C[C@H](F)CO", 3)), ("CCC", *makeFrames("CCC", 2))]
    np.savez(tmp_path / "a.npz", smiles=[d[0] for d in data], numAtoms=[len(d[1]) for d in data],
             numConformers=[len(d[2]) for d in data], numbers=np.concatenate([d[1] for d in data]),
             positions=np.concatenate([d[2].reshape(-1, 3) for d in data]), energies=[0, 1, 2, 5, 4.0])
    messages = ensemblefiles.toSDF(tmp_path / "a.npz", tmp_path / "a.sdf")
    mols = list(Chem.SDMolSupplier(str(tmp_path / "a.sdf"), removeHs=False))
    assert messages == []
    assert [m.GetProp("REL_E_KCAL") for m in mols] == ["0.0000", "1.0000", "2.0000", "1.0000", "0.0000"]
    assert np.allclose(mols[4].GetConformer().GetPositions(), data[1][2][1], atol=1e-4)
    with np.load(tmp_path / "a.npz") as arrays:
        np.savez_compressed(tmp_path / "c.npz", **arrays)
    ensemblefiles.toSDF(tmp_path / "c.npz", tmp_path / "c.sdf")
    assert (tmp_path / "c.sdf").read_text() == (tmp_path / "a.sdf").read_text()
    np.savez(tmp_path / "b.npz", smiles=["C"])
    with pytest.raises(ValueError, match="numAtoms"):
        ensemblefiles.toSDF(tmp_path / "b.npz", tmp_path / "b.sdf")


def testFilesAreReadPieceByPiece(tmp_path):
    number, size = 500, 100
    np.savez_compressed(tmp_path / "a.npz", smiles=["X"] * number, numAtoms=[size] * number,
                        numConformers=[10] * number, numbers=np.ones(number * size, dtype=np.int32),
                        positions=np.zeros((10 * number * size, 3)))
    row = "C 0.0 0.0 0.0\n"
    (tmp_path / "a.xyz").write_text((f"{size}\nsmiles=X\n" + size * row) * 4 * number)
    for read, frames in ((ensemblefiles._readNpz(tmp_path / "a.npz"), 10 * number),
                         (ensemblefiles._readXYZ(tmp_path / "a.xyz"), 4 * number)):
        tracemalloc.start()
        assert sum(1 for _ in read) == frames
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1e6  # The positions of the npz file are 12 MB, the text of the other 3 MB.
