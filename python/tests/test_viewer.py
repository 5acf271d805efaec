# SPDX-License-Identifier: MIT
"""The gallery: its page needs nothing else, and shows what the ensembles and files have."""
import base64
import gzip
import html
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from openmm import app, unit

import openmmorbit
from conftest import makeGraph, runCli
from helices import writeHelix
from openmmorbit import orbit
from openmmorbit.io import recordformats
from openmmorbit.viewer.files import readScenes, readTrajectory
from openmmorbit.viewer.page import Page
from openmmorbit.viewer.scenes import evenly, hill, layOver, nearBonds
from openmmorbit.viewer.tracescenes import fromStates
from systems import makeStates

ALANINE = "C[C@H](N)C(=O)O"


def makeEnsemble(smiles=ALANINE, number=3, name=""):
    """Make an ensemble of positions that are no conformers: each atom at a place of its own."""
    graph = openmmorbit.readMolecule(smiles)
    graph.name = name
    ensemble = orbit.Ensemble(graph)
    random = np.random.default_rng(3)
    for _ in range(number):
        ensemble.addConformer(random.normal(size=(graph.getNumAtoms(), 3)).ravel() * 0.3)
    return openmmorbit.Ensemble(ensemble)


def readData(page):
    text = page if isinstance(page, str) else page.toHtml()
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S).group(1))


def decode(scene):
    values = np.frombuffer(base64.b64decode(scene["positions"]), "<i2") * scene["scale"]
    return values.reshape(scene["copies"], -1, 3)


def distances(positions):
    return np.linalg.norm(positions[..., :, None, :] - positions[..., None, :, :], axis=-1)


def testPageOfAnEnsembleKeepsItsShape(tmp_path):
    ensemble = makeEnsemble(name="alanine")
    page = ensemble.view(tmp_path / "a.html", values={"energy, kJ/mol": [3.0, np.nan, 1.5]})
    (scene,) = readData((tmp_path / "a.html").read_text(encoding="utf-8"))["molecules"]
    assert (scene["name"], scene["formula"], scene["copies"], scene["total"]) == ("alanine", "C3H7NO2", 3, 3)
    expected = ensemble.positions.value_in_unit(unit.angstrom)
    assert np.abs(distances(decode(scene)) - distances(expected)).max() < 4 * scene["scale"] < 2e-3
    hands = [np.linalg.det(copy[[1, 2, 3]] - copy[0]) for copy in (decode(scene)[1], expected[1])]
    assert hands[0] == pytest.approx(hands[1], abs=0.05)
    assert scene["values"][0] == {"name": "energy", "unit": "kJ/mol", "values": [3.0, None, 1.5]}
    assert len(scene["bonds"]) == 3 * len(ensemble.graph.bonds) and scene["facts"] == [["SMILES", ALANINE]]
    assert str(page) == "<Page of 1 molecule or system, 3 copies: alanine>"


def testPageNeedsNothingElse():
    text = makeEnsemble().view().toHtml()
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)|https?://|@import|url\(|\bfetch\(|\bimport\(|XMLHttp", text)
    assert 40_000 < len(text) < 100_000
    used = set(re.findall(r'get\("(\w+)"\)', text))
    assert used <= set(re.findall(r'id="(\w+)"', text)) and len(used) > 15


class Elements(HTMLParser):
    """Checks that elements end in the order in which they begin, and collects their attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "input", "path", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def testThePageIsWellFormedAndNamed():
    found = Elements(makeEnsemble().view().toHtml()).found
    names = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(set(names)) == len(names)
    for tag, attributes in found:
        if tag in ("input", "select", "nav", "section"):
            assert attributes["aria-label"], attributes
        if tag == "canvas":
            assert attributes.get("aria-label") or attributes["aria-hidden"] == "true"
    text = makeEnsemble().view().toHtml()
    for attributes, content in re.findall(r"<button([^>]*)>(.*?)</button>", text, re.S):
        assert "aria-label" in attributes or re.sub(r"<[^>]*>", "", content).strip()


def testTextsOfFilesStayTexts():
    name = '</script><img src=x onerror=alert(1)> $title <!-- "&'
    text = makeEnsemble(name=name).view().toHtml()
    assert readData(text)["molecules"][0]["name"] == name
    assert text.count("</script>") == 2 and "<img" not in text and "<!--" not in text.split("</style>")[1]


def testNotebook():
    ensemble = makeEnsemble()
    frame = ensemble._repr_html_()
    inner = html.unescape(re.search(r'srcdoc="([^"]*)"', frame).group(1))
    assert frame.startswith("<iframe") and readData(inner)["molecules"][0]["copies"] == 3
    assert '<body class="inline single">' in inner
    assert openmmorbit.Ensemble(ensemble.graph)._repr_html_() is None
    inner = html.unescape(makeEnsemble("C" * 250, 60)._repr_html_())
    assert readData(inner[inner.index("<!doctype"):])["molecules"][0]["copies"] == 20000 // 752


def testCopiesAreThinnedEvenly():
    assert evenly(5, 7).tolist() == [0, 1, 2, 3, 4]
    assert evenly(9, 3).tolist() == [0, 4, 8] and evenly(9, 1).tolist() == [0]
    page = makeEnsemble(number=9).view(maxCopies=3, values={"x": np.arange(9)})
    (scene,) = readData(page)["molecules"]
    assert (scene["copies"], scene["total"], scene["values"][0]["values"]) == (3, 9, [0, 4, 8])


def testCopiesThatAreNotFiniteAreLeftOut():
    ensemble = makeEnsemble(number=4)
    positions = ensemble.positions._value
    for index in (1, 3):
        ensemble.setPositions(index, np.where(np.arange(3) == 1, np.nan, positions[index]))
    (scene,) = readData(ensemble.view(values={"x": np.arange(4)}))["molecules"]
    assert (scene["copies"], scene["total"], scene["values"][0]["values"]) == (2, 4, [0, 2])
    with pytest.raises(ValueError, match="expected at least one copy of .* with finite positions, got none"):
        ensemble[[1, 3]].view()


def testLayOverTurnsAndMovesOnly():
    random = np.random.default_rng(5)
    first = random.normal(size=(7, 3)) * [3, 2, 1]
    turned = np.linalg.qr(random.normal(size=(3, 3)))[0]
    turned *= np.sign(np.linalg.det(turned))
    laid = layOver(np.stack([first, first @ turned.T + 4.0]), range(7))
    assert np.allclose(laid[0], laid[1]) and np.allclose(laid.mean(axis=1), 0)
    assert np.linalg.det(laid[0][1:4] - laid[0][0]) == pytest.approx(np.linalg.det(first[1:4] - first[0]))
    spread = laid[0].std(axis=0)
    assert spread[0] >= spread[1] >= spread[2]


def testFormulas():
    assert hill([1, 6, 6, 8, 1, 17]) == "C2H2ClO" and hill([8, 1, 1]) == "H2O" and hill([0, 0]) == ""


def writeRecords(path, *entries):
    """Write SDF records: (ensemble, copy, title, data items)."""
    from openmmorbit import chem

    text = ""
    for ensemble, copy, title, items in entries:
        graph = ensemble.graph
        graph.name = title
        text += chem.writeStructureRecord(graph, ensemble.positions.value_in_unit(unit.angstrom)[copy], items)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def testRecordsOfAMoleculeAreItsCopies(tmp_path):
    one, two = makeEnsemble(), makeEnsemble("CCO")
    writeRecords(tmp_path / "a.sdf.gz", (one, 0, "a", {"SMILES": ALANINE, "REL_E_KCAL": "0.0", "SOURCE": "here"}),
                 (one, 1, "a", {"SMILES": ALANINE, "REL_E_KCAL": "1.25", "SOURCE": "here"}),
                 (two, 0, "-12.5", {"SMILES": "CCO"}), (two, 2, "-11.5", {"SMILES": "CCO"}),
                 (one, 2, "b", {"SMILES": ALANINE, "SOURCE": "there"}))
    scenes, messages = readScenes([tmp_path / "a.sdf.gz"])
    found = [(scene.name, len(scene.positions)) for scene in scenes]
    assert messages == [] and found == [("a", 2), ("CCO", 2), ("b", 1)]
    assert scenes[0].values[0] == ("relative energy", "kcal/mol", [0.0, 1.25])
    assert [quantity.name for quantity in scenes[0].values[1:]] == ["RMSD from the first"]
    assert scenes[0].facts == [("SMILES", ALANINE), ("SOURCE", "here")]
    assert scenes[0].labels is None and scenes[1].labels == ["-12.5", "-11.5"]


def testIsomersHaveLabels(tmp_path):
    ensemble = makeEnsemble("CC(N)C(=O)O", number=2)
    writeRecords(tmp_path / "a.sdf", *((ensemble, k, "x", {"SMILES": "CC(N)C(=O)O", "ORBIT_ISOMER": str(k + 1)})
                                       for k in range(2)))
    (scene,) = readScenes([tmp_path / "a.sdf"]).scenes
    assert scene.labels == ["isomer 1", "isomer 2"] and scene.smiles == "CC(N)C(=O)O"
    assert [quantity.name for quantity in scene.values] == ["RMSD from the first"]


@pytest.fixture(scope="module")
def ethanal():
    """Three real conformers, with a double bond."""
    return openmmorbit.ConformerGenerator("conformer-fast", maxRedraws=3).generate("CC=O", 3, seed=2)


@pytest.mark.parametrize("ending", [".xyz", ".mol2", ".npz", ".sdf", ".mol2.gz"])
def testFilesOfOursAreShown(ethanal, ending, tmp_path):
    path = tmp_path / f"a{ending}"
    openmmorbit.writeEnsembles(ethanal, path)
    scenes, messages = readScenes([path])
    assert messages == [] and len(scenes) == 1 and scenes[0].positions.shape == (3, 7, 3)
    assert scenes[0].smiles == "CC=O" and [bond[2] for bond in scenes[0].bonds if bond[2] > 1] == [2]
    expected = distances(ethanal.positions.value_in_unit(unit.angstrom))
    assert np.abs(distances(scenes[0].positions) - expected).max() < 2e-3


def testEnergiesThatAreKnown(ethanal, tmp_path):
    ranked = ethanal.sort("MMFF94")
    (scene,) = ranked.view().scenes
    name, unitName, values = scene.values[0]
    assert (name, unitName) == ("MMFF94 energy above the lowest", "kcal/mol")
    expected = ranked.energies().value_in_unit(unit.kilocalories_per_mole)
    assert np.allclose(values, expected - expected.min(), atol=1e-3) and values[0] == 0
    assert scene.values[1].name == "RMSD from the first"
    assert np.allclose(scene.values[1].values, 10 * ranked.rmsd()._value[:, 0], atol=2e-3)
    ranked.writeSDF(tmp_path / "a.sdf")
    (again,) = readScenes([tmp_path / "a.sdf"]).scenes
    assert again.values[0].name == name and np.allclose(again.values[0].values, values, atol=1e-3)
    assert [quantity.name for quantity in again.values] == [name, "largest deviation", "RMSD from the first"]


def testFramesWithoutBonds(ethanal, tmp_path):
    symbols = [app.Element.getByAtomicNumber(atom.element).symbol for atom in ethanal.graph.atoms]
    with open(tmp_path / "a.xyz", "w", encoding="utf-8") as stream:
        for energy, copy in zip((-3.5, -2.5, -1.0), ethanal.positions.value_in_unit(unit.angstrom)):
            stream.write(f"7\nenergy={energy}\n")
            stream.writelines(f"{symbol} {x} {y} {z}\n" for symbol, (x, y, z) in zip(symbols, copy))
    ((scene,), messages) = readScenes([tmp_path / "a.xyz"])
    assert messages == [] and scene.name == "a 1" and scene.formula == "C2H4O" and scene.values[0].name == "energy"
    assert {bond[:2] for bond in scene.bonds} == {(bond.atom1, bond.atom2) for bond in ethanal.graph.bonds}


def testIsomersInFramesOfOneSmiles(tmp_path):
    ensemble = openmmorbit.ConformerGenerator("conformer-fast").generate("C[C@H](F)Cl", 2, seed=2)
    ensemble.setPositions(1, -ensemble.positions[1])
    ensemble.writeSDF(tmp_path / "a.sdf")
    text = recordformats.xyzRecords(ensemble).replace('name=""', 'name="caf? <b>"')
    text = re.sub('smiles="[^"]*"', 'smiles="CC(F)Cl"', text)
    (tmp_path / "a.xyz").write_bytes(text.encode().replace(b"?", b"\xe9"))
    page = openmmorbit.view(tmp_path / "a.xyz", tmp_path / "a.html")
    (scene,) = page.scenes
    assert page.messages == [] and scene.positions.shape == (2, 8, 3)
    assert (scene.name, scene.smiles) == ("café <b>", "CC(F)Cl")
    assert readData((tmp_path / "a.html").read_text(encoding="utf-8"))["molecules"][0]["name"] == "café <b>"
    openmmorbit.view(tmp_path / "a.sdf", tmp_path / "b.html", title="\udce9")
    assert "<title>é</title>" in (tmp_path / "b.html").read_text(encoding="utf-8")


def testEnergiesAreAboveTheLowestOfAll(ethanal):
    ranked = ethanal.sort([3.0, 1.0, 2.0])
    ranked._core.setPositions(0, np.full((7, 3), np.nan))
    (scene,) = openmmorbit.view(ranked).scenes
    assert scene.values[0].values == [round(1 / 4.184, 4), round(2 / 4.184, 4)]
    some, every = (fromStates(ethanal, most, "x", np.array([5.0, 1.0, np.nan])).values[0].values for most in (2, 3))
    assert (some, every) == ([round(4 / 4.184, 3), None], [round(4 / 4.184, 3), 0, None])


def testCopiesOfManyRuns():
    topology, positions = makeStates("ACE", "ALA", "NME", number=3)
    scene = readTrajectory(topology, [state[None] for state in positions] * 4, "runs", 5)
    assert len(scene.positions) == len(scene.labels) == 5 and scene.total == 12
    assert (scene.labels[0], scene.labels[-1]) == ("run 1, frame 0", "run 12, frame 0")


def testBondsOfManyAtoms():
    places = np.random.default_rng(1).uniform(0, 12, (1300, 3))
    elements = [1, 6, 8] * 434
    radii = np.array([orbit.getCovalentRadius(element) for element in elements[:1300]])
    near = np.triu(distances(places) < 1.25 * (radii[:, None] + radii), 1)
    expected = [(int(i), int(j), 1) for i, j in zip(*np.nonzero(near))]
    assert len(expected) > 500 and nearBonds(range(1300), elements, places) == expected
    assert not nearBonds([], [], places)


def testStructuresAndTrajectories(tmp_path):
    topology, positions = makeStates("ACE", "ALA", "NME", number=3)
    states = [state * unit.nanometer for state in positions]
    with open(tmp_path / "three.pdb", "w", encoding="utf-8") as stream:
        for number, state in enumerate(states, 1):
            app.PDBFile.writeModel(topology, state, stream, number)
    with open(tmp_path / "one.pdb", "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, states[0], stream)
    with open(tmp_path / "run.dcd", "wb") as stream:
        dcd = app.DCDFile(stream, topology, 0.002)
        for state in states:
            dcd.writeModel(state)
    (models,) = readScenes([tmp_path / "three.pdb"]).scenes
    (frames,) = readScenes([tmp_path / "run.dcd"], topology=tmp_path / "one.pdb").scenes
    for scene in (models, frames):
        assert scene.positions.shape == (3, 22, 3) and len(scene.bonds) == 21 and not scene.alphas
        assert scene.atoms[0].startswith("ACE")
        assert scene.values[0].values[0] == 0 and scene.values[0].unit == "Å"
    assert np.abs(distances(models.positions) - distances(frames.positions)).max() < 0.02
    assert frames.labels == ["frame 0", "frame 1", "frame 2"] and frames.name == "run"
    broken = np.stack([*positions, positions[0] * 3, np.full_like(positions[0], np.nan)])
    (scene,) = openmmorbit.view(broken, topology=topology).scenes    # a bad state can be looked at
    assert len(scene.positions) == 4 and scene.labels[-1] == "frame 3" and scene.total == 5
    page = openmmorbit.view(np.stack(positions), topology=topology)
    assert np.allclose(distances(page.scenes[0].positions), distances(frames.positions), atol=1e-2)
    with pytest.raises(ValueError, match="expected a Topology for positions, got none"):
        openmmorbit.view(np.stack(positions))
    (heavy,) = readScenes([tmp_path / "three.pdb"], atoms="heavy").scenes
    assert heavy.positions.shape == (3, 10, 3) and 1 not in heavy.elements


def testRibbons(tmp_path):
    writeHelix(tmp_path / "helix.pdb", 16)
    (scene,) = readData(openmmorbit.view(tmp_path / "helix.pdb"))["molecules"]
    assert scene["kind"] == "protein" and scene["ribbon"]["starts"] == [0] and len(scene["ribbon"]["atoms"]) == 16
    assert scene["ribbon"]["structure"][0].count("H") >= 12 and set(scene["polymer"]) == {"1"}
    writeHelix(tmp_path / "gap.pdb", 16, missing=(8,))
    (scene,) = readData(openmmorbit.view(tmp_path / "gap.pdb"))["molecules"]
    assert len(scene["ribbon"]["starts"]) == 2 and scene["facts"][0][0] == "helix, strand"


def testWaterAndLigandsWithoutBonds(tmp_path):
    topology = app.Topology()
    chain = topology.addChain()
    ligand = topology.addResidue("LIG", chain)
    for name, symbol in (("C1", "C"), ("O1", "O"), ("H1", "H")):
        topology.addAtom(name, app.Element.getBySymbol(symbol), ligand)
    water = topology.addResidue("HOH", chain)
    topology.addAtom("O", app.element.oxygen, water)
    places = np.array([[0, 0, 0], [0.143, 0, 0], [0.178, 0.09, 0], [1, 1, 1]]) * unit.nanometer
    with open(tmp_path / "box.pdb", "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, places, stream)
    (scene,) = readScenes([tmp_path / "box.pdb"]).scenes
    assert scene.elements == [6, 8, 1] and scene.bonds == [(0, 1, 1), (1, 2, 1)] and scene.formula == "CHO"
    assert scene.facts == [("not shown", "1 residue, e.g. of water")]


def testBeads():
    graph = makeGraph([0, 0, 0], [(0, 1), (1, 2)])
    scene = Page([_beads(graph)], "beads").scenes[0].toDict()
    assert scene["beadSize"] == pytest.approx(3.8 / 2.6, abs=0.01) and scene["formula"] == ""


def _beads(graph):
    from openmmorbit.viewer.scenes import fromTopology

    topology = app.Topology()
    residue = topology.addResidue("BEA", topology.addChain())
    atoms = [topology.addAtom(f"B{k}", None, residue) for k in range(graph.getNumAtoms())]
    for bond in graph.bonds:
        topology.addBond(atoms[bond.atom1], atoms[bond.atom2])
    return fromTopology(topology, np.array([[[0, 0, 0], [3.8, 0, 0], [3.8, 3.8, 0.0]]]), "beads")


def testCommand(tmp_path, monkeypatch, capsys):
    ensemble = makeEnsemble()
    ensemble.writeSDF(tmp_path / "a.sdf")
    page = tmp_path / "a.html"
    status, line = runCli(capsys, "view", tmp_path / "a.sdf", "-o", page, "--title", "Three <b>")
    assert status == 0 and re.fullmatch(rf"openmm-orbit: 3 of 3 copies of 1 molecule -> {page}, 0\.1 MB", line)
    assert "<title>Three &lt;b&gt;</title>" in page.read_text(encoding="utf-8")
    shown = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    assert runCli(capsys, "view", tmp_path / "a.sdf", "-o", page, "--open")[0] == 0
    assert shown == [page.as_uri()]
    with open(tmp_path / "a.sdf", "a", encoding="utf-8") as stream:
        stream.write("flat\n\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n"
                     "    0.0000    0.0000    0.0000 C   0  0\nM  END\n$$$$\n")
    status = openmmorbit.cli.main(["view", str(tmp_path / "a.sdf"), "-o", str(page)])
    lines = capsys.readouterr().err.splitlines()
    assert status == 3 and len(lines) == 2 and "expected coordinates in three dimensions" in lines[0]


@pytest.mark.parametrize("arguments, text", [
    (["missing.sdf", "-o", "a.html"], "view: expected a file, got 'missing.sdf', which is none"),
    (["a.sdf", "-o", "a.txt"], "expected an output that ends in .html, got 'a.txt'"),
    (["run.dcd", "-o", "a.html"], "expected a Topology for the trajectory 'run.dcd', got none"),
    (["a.sdf", "-o", "a.html", "--topology", "b.pdb"], "expected a trajectory with topology= (--topology), got none"),
    (["a.txt", "-o", "a.html"], "ends in .sdf, "), (["a.html", "-o", "a.html"], "an output that is not the input"),
    (["a.sdf", "-o", "a.html", "--max-copies", "0"], "expected at least 1 copy, got --max-copies 0"),
])
def testWrongUse(arguments, text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    makeEnsemble().writeSDF("a.sdf")
    for name in ("run.dcd", "a.txt", "a.html"):
        (tmp_path / name).write_text("x")
    status, line = runCli(capsys, "view", *arguments)
    assert status == 2 and text.replace("view: ", "") in line


def testNothingToShow(tmp_path):
    with pytest.raises(ValueError, match="expected at least one molecule with a copy, got none"):
        openmmorbit.view([])
    with pytest.raises(TypeError, match="expected Ensembles, results of generateMany.. or paths, got int"):
        openmmorbit.view(3)
    with pytest.raises(ValueError, match="expected 3 values of 'x', one a copy, got the shape .2,."):
        makeEnsemble().view(values={"x": [1, 2]})
