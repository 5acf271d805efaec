# SPDX-License-Identifier: MIT
"""Helices as files of structures, and small models of backbones with pseudo-random weights."""
import numpy as np
from openmm import app, unit

from openmmorbit import orbit
from openmmorbit.data.backbones import buildBackboneDataset


def makeHelix(number):
    """Get N, CA, C, O and CB of a right-handed helix of alanine: shape (number, 5, 3), in Angstrom."""
    places = np.array([[1.55, -27.6, -0.88], [2.29, 0.0, 0.0], [1.61, 26.5, 1.11], [1.90, 33.0, 2.29],
                       [3.32, -10.0, -1.06]])
    angles = np.radians(100.0 * np.arange(number)[:, None] + places[:, 1])
    heights = 1.5 * np.arange(number)[:, None] + places[:, 2]
    return np.stack([places[:, 0] * np.cos(angles), places[:, 0] * np.sin(angles), heights], axis=-1)


def writeHelix(path, number, mirror=False, missing=(), names=("N", "CA", "C", "O", "CB"), chains=1):
    """Write helices, side by side; residues can lack their CA."""
    topology, positions = app.Topology(), []
    helix = makeHelix(number) * ([1, -1, 1] if mirror else [1, 1, 1])
    for k in range(chains):
        chain = topology.addChain("AB"[k])
        for i in range(number):
            residue = topology.addResidue("ALA", chain, id=str(i + 1))
            for j, name in enumerate(names):
                if not (name == "CA" and i in missing):
                    topology.addAtom(name, app.Element.getBySymbol(name[0]), residue)
                    positions.append(helix[i, j] + [12 * k, 0, 0])
    write = app.PDBFile.writeFile if str(path).endswith(".pdb") else app.PDBxFile.writeFile
    with open(path, "w", encoding="utf-8") as stream:
        write(topology, np.array(positions) * unit.angstrom, stream, keepIds=True)
    return helix


def writeArrays(path, numbers, **changed):
    """Write an npz file of helices."""
    helices = [makeHelix(n)[:, :4] for n in numbers]
    data = {"xyz_i16": np.rint(np.concatenate(helices) / 0.0025).astype(np.int16), "scale": np.float32(0.0025),
            "offset": np.cumsum([0, *numbers]).astype(np.int32), "name": np.array([f"helix{n}" for n in numbers]),
            "ss": np.frombuffer(b"H" * sum(numbers), np.uint8), "cluster": np.arange(len(numbers), dtype=np.int32),
            "split": np.array([k % 3 for k in range(len(numbers))], np.uint8), **changed}
    np.savez(path, **{name: value for name, value in data.items() if value is not None})


def makeModel(shard, points=1):
    """Get a model with pseudo-random weights that knows the geometry of a shard."""
    vocabularies = orbit.makeBackboneVocabularies(64)
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numLayers, settings.numHeads, settings.pairWidth = 16, 1, 2, 8
    settings.conditionWidth, settings.dataScale, settings.pointsPerToken = 8, 8.0, points
    model = orbit.DenoiserModel.createRandom(settings, 1, vocabularies.residues, vocabularies.pairs)
    model.setRotations(orbit.OrbitRotations_Proper)
    survey, reader = orbit.BackboneSurvey(points), orbit.ShardReader(str(shard))
    subject, block = orbit.ShardSubject(), orbit.FrameBlock()
    while reader.nextSubject(subject):
        while reader.nextBlock(block):
            survey.add(subject.backbone, np.array(block.positions, np.float64))
    model.setBackbones(survey.finish())
    return model


def writeModel(folder):
    """Write a small model of helices of 20 to 47 residues; get its path."""
    writeArrays(folder / "helices.npz", list(range(20, 50)))
    buildBackboneDataset([folder / "helices.npz"], folder / "train.shard")
    makeModel(folder / "train.shard").save(str(folder / "model.safetensors"))
    return folder / "model.safetensors"


def writeResidues(path, numbers, chains=None, names=None, shift=0.0, atoms=("N", "CA", "C"), indices=None):
    """Write residues of one helix with these numbers; indices are their places in it."""
    topology, positions = app.Topology(), []
    helix, chain = makeHelix(80), None
    chains = chains or "A" * len(numbers)
    for k, (number, letter) in enumerate(zip(numbers, chains)):
        if chain is None or chain.id != letter:
            chain = topology.addChain(letter)
        digits, code = str(number).rstrip("ABC"), str(number)[len(str(number).rstrip("ABC")):]
        residue = topology.addResidue(names[k] if names else "ALA", chain, digits, code)
        for j, name in enumerate(("N", "CA", "C")):
            if name in atoms:
                topology.addAtom(name, app.Element.getBySymbol(name[0]), residue)
                positions.append(helix[indices[k] if indices else k, j] + shift * (ord(letter) - 65))
    with open(path, "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, np.array(positions) * unit.angstrom, stream, keepIds=True)
    return app.PDBFile(str(path))
