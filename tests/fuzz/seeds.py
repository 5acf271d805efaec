# SPDX-License-Identifier: MIT
"""Writes inputs that the fuzz targets start from: seeds.py FOLDER."""
import json
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import openmmorbit
from openmmorbit import chem, orbit

golden = Path(__file__).resolve().parents[1] / "golden"
smiles = ["CCO", "C[C@H](F)Cl", "F/C=C/F", "c1ccccc1[N+](=O)[O-]", "C1CC1", "[2H]OC", "CS(=O)(=O)N", "C[P@](CC)O",
          "CC=[C@]=CC", "OC(=O)/C=C1/CC[C@@H](C)CC1", "C1CC2CCC1CC2 bicycle", "CC |&1:0|", "[NH3+]CC([O-])=O"]


def makeSettings():
    settings = orbit.PairBiasTransformerSettings()
    for name in ("width", "pairWidth", "numRadial", "conditionWidth", "numFrequencies"):
        setattr(settings, name, 2)
    for name in ("numLayers", "numHeads", "transitionFactor"):
        setattr(settings, name, 1)
    return settings


def makeModel():
    model = orbit.DenoiserModel.createRandom(makeSettings(), 1)
    counts = orbit.TrainingCounts()
    counts.addMolecule(openmmorbit.readMolecule("CCO"))
    model.setTrainingCounts(counts)
    return model


def makeTopologySubject():
    """Two residues, one of them a bead without an element, a centre with a hand, and the geometry of one frame."""
    record = orbit.TopologyRecord()
    record.residueNames, record.residueChains = ["ALA", "BEAD"], [0, 1]
    atoms, bonds = [], []
    for name, element, residue in (("CA", 6, 0), ("N", 7, 0), ("F", 9, 0), ("O", 8, 0), ("B", 0, 1)):
        atom = orbit.TopologyAtom()
        atom.name, atom.element, atom.residue = name, element, residue
        atoms.append(atom)
    for other in range(1, 4):
        bond = orbit.TopologyBond()
        bond.atom2 = other
        bonds.append(bond)
    record.atoms, record.bonds = atoms, bonds
    subject = orbit.makeTopologySubject(record)
    statistics = orbit.FrameStatistics(subject)
    statistics.add([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9, 0, 0])
    statistics.finish(subject)
    return subject


def makeTopologyModel():
    """A model of one system, whose file holds the topology."""
    subject = makeTopologySubject()
    vocabularies = orbit.makeTopologyVocabularies(subject)
    model = orbit.DenoiserModel.createRandom(makeSettings(), 1, vocabularies.atoms, vocabularies.pairs)
    model.setTopology(subject)
    return model


def makeBackboneModel():
    """A model of backbones, whose file holds what its training data show."""
    vocabularies = orbit.makeBackboneVocabularies(64)
    model = orbit.DenoiserModel.createRandom(makeTopologyModel().getSettings(), 1, vocabularies.residues,
                                             vocabularies.pairs)
    survey = orbit.BackboneSurvey(1)
    survey.add(openmmorbit.makeBackbone(4), [3.8 * k for k in range(12)])
    model.setBackbones(survey.finish())
    return model


def splitShard(data):
    """A shard of format 2 with one subject and one frame of it, whole and in the parts that the fuzz target joins."""
    label, size = (int.from_bytes(data[k:k + 4], "little") for k in (8, 12))
    payload, frames = data[24 + label:24 + label + size], data[24 + label + size:]
    yield bytes([1, 0]) + data
    description = frames[28:24 + int.from_bytes(frames[8:12], "little")]
    payload += bytes(-len(payload) % 4)
    if len(payload) < 1024:
        yield bytes([3, len(payload) // 4]) + payload + description + frames[24 + len(description) + 4:]


def writeShard(fill):
    """The bytes of a shard behind its name."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/in.shard"
        fill(orbit.ShardWriter(path))
        return Path(path).read_bytes()[8:]


def makeShardInputs(text):
    """A record of format 1 is what a subject of format 2 is but for its start; frames of one point follow a subject."""
    record = orbit.ShardRecord()
    record.graph, record.flatSmiles, record.condition = openmmorbit.readMolecule(text), text, "MMFF94s"
    record.positions = [float(k) for k in range(3 * record.graph.getNumAtoms())]
    return splitShard(writeShard(lambda writer: writer.add(record)))


def makeSubjectShardInputs(kind):
    """A subject that is no molecule, and a frame of it."""
    subject = orbit.ShardSubject()
    subject.kind, subject.splitRule = kind, orbit.SplitRule_Time
    if kind == orbit.SubjectKind_Topology:
        subject.topology = makeTopologySubject()
    else:
        subject.backbone, subject.pointsPerToken = openmmorbit.makeBackbone([5, 3], "HHE?CCCC"), 3
    block = orbit.FrameBlock()
    block.condition, block.temperature, block.series = "300 K", 300.0, "a"
    block.positions, block.energies = [float(k) for k in range(3 * subject.getNumPoints())], [0.5]

    def fill(writer):
        writer.addSubject(subject)
        writer.addFrames(block)
    return splitShard(writeShard(fill))


def makeTopology(entry):
    lines, last = [], None
    for name, element, residue in entry["atoms"]:
        if residue != last:
            last = residue
            lines.append(f"R {entry['residues'][residue]}")
        lines.append(f"A {name} {element}")
    return "\n".join(lines + ["B " + " ".join(map(str, bond)) for bond in entry["bonds"]])


def makeNodes(xml):
    """The lines that FuzzSerialization reads."""
    def write(element):
        lines = [f"{key}={value}" for key, value in element.attrib.items()]
        for child in element:
            lines += [f">{child.tag}", *write(child), "<"]
        return lines
    return "\n".join(write(ElementTree.fromstring(xml))).encode()


def makeSeeds():
    """Yield (target, contents)."""
    model = makeModel()
    for storage in (orbit.TensorStorage_Float32, orbit.TensorStorage_BFloat16):
        yield "FuzzDenoiserModel", model.toBytes(storage)
        yield "FuzzDenoiserModel", makeTopologyModel().toBytes(storage)
        yield "FuzzDenoiserModel", makeBackboneModel().toBytes(storage)
    generator = orbit.ConformerGenerator(model)
    generator.setEmbedModel(True)
    yield "FuzzSerialization", makeNodes(generator.toXml())
    integrator = orbit.OrbitDiffusionIntegrator(model)
    integrator.setEmbedModel(True)
    integrator.addMolecule(openmmorbit.readMolecule("C[C@H](F)Cl"), list(range(8)))
    yield "FuzzSerialization", makeNodes(integrator.toXml())
    for text in smiles:
        yield "FuzzSmiles", text.encode()
        try:
            graph = openmmorbit.readMolecule(text.split()[0])
        except ValueError:
            continue    # What the reader refuses is a seed too.
        yield "FuzzSerialization", makeNodes(graph.toXml())
        yield "FuzzMolfile", chem.writeMolBlock(graph, [0.1 * k for k in range(3 * graph.getNumAtoms())]).encode()
        for contents in makeShardInputs(text.split()[0]):
            yield "FuzzShard", contents
        bonds = "".join(f"B {b.atom1} {b.atom2} {b.order}\n" for b in graph.bonds)
        atoms = "".join(f"A {a.name} {a.element} {a.formalCharge}\n" for a in graph.atoms)
        yield "FuzzTopology", f"R LIG {text.split()[0]}\n{atoms}{bonds}".encode()
        yield "FuzzTopology", f"R UNL\n{atoms}{bonds}".encode()
    for contents in (*makeSubjectShardInputs(orbit.SubjectKind_Topology),
                     *makeSubjectShardInputs(orbit.SubjectKind_Backbone)):
        yield "FuzzShard", contents
    yield "FuzzShard", bytes([0, 0]) + (golden / "format1.shard").read_bytes()[8:]
    for path in golden.glob("*.sdf"):
        for record in path.read_text().split("$$$$\n")[:20]:
            yield "FuzzMolfile", (record + "$$$$\n").encode()
    for entry in json.loads((golden / "topologies.json").read_text()):
        yield "FuzzTopology", makeTopology(entry).encode()


def main(folder):
    for number, (target, contents) in enumerate(makeSeeds()):
        path = Path(folder) / target / f"seed-{number:04d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)


if __name__ == "__main__":
    main(sys.argv[1])
