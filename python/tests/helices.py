# SPDX-License-Identifier: MIT
"""Helices as files of structures, and small models of backbones with pseudo-random weights."""
import numpy as np
from openmm import app, unit

from openmmorbit import orbit


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
