# SPDX-License-Identifier: MIT
"""The scripts of the gallery, run without a browser: numbers in, spheres, sticks and ribbons out."""
import base64
import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import quickjs

SCRIPTS = ("shapes.js", "painter.js", "stage.js", "gallery.js")
#: Formaldehyde with a hydrogen chloride beside it: a double bond, hydrogens on carbon and on chlorine.
SCENE = {"elements": [6, 8, 1, 1, 17, 1], "bonds": [0, 1, 2, 0, 2, 1, 0, 3, 1, 4, 5, 1]}
POSITIONS = [0, 0, 0, 1.2, 0, 0, -0.6, 0.9, 0, -0.6, -0.9, 0, 0, 0, 5, 0, 0, 6.3]


def read(name):
    return resources.files("openmmorbit.viewer").joinpath(name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shapes():
    """Call a function of shapes.js with JSON; typed arrays come back as lists."""
    context = quickjs.Context()
    context.eval(read("shapes.js"))
    context.eval("""const plain = value => ArrayBuffer.isView(value) ? Array.from(value) : Array.isArray(value) ||
        value === null || typeof value !== "object" ? value :
        Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));""")

    def call(name, *arguments):
        texts = ", ".join(json.dumps(argument) for argument in arguments)
        return json.loads(context.eval(f"JSON.stringify(plain(Shapes.{name}({texts})))"))
    return call


def draw(shapes, **options):
    return shapes("sticks", SCENE, POSITIONS,
                  {"style": "sticks", "hydrogens": "all", "background": [1, 1, 1], **options})


@pytest.mark.parametrize("name", SCRIPTS)
def testScriptsAreJavaScript(name):
    quickjs.Context().eval("(() => {\n" + read(name) + "\n})")
    assert "use strict" in read(name) and len(read(name)) < 25_000


def testPositionsSurviveThePacking(shapes):
    values = np.array([-32767, -1, 0, 1, 255, 256, 32767, 12345, -12345])
    text = base64.b64encode(values.astype("<i2").tobytes()).decode()
    assert shapes("decode", text, 0.5) == (0.5 * values).tolist()


def testMeasuring(shapes):
    corner = [[0, 0, 0], [3, 0, 0], [3, 4, 0], [3, 4, 2]]
    assert shapes("measure", corner[:2]) == {"value": 3, "unit": "Å"}
    assert shapes("measure", corner[:3])["value"] == pytest.approx(90)
    assert shapes("measure", corner)["value"] == pytest.approx(90)
    assert shapes("measure", [[1, 0, 0], [0, 0, 0], [0, 0, 1], [-1, 0, 1]])["value"] == pytest.approx(180)


def testSticks(shapes):
    drawn = draw(shapes)
    spheres, rods = np.reshape(drawn["spheres"], (-1, 7)), np.reshape(drawn["rods"], (-1, 13))
    assert np.allclose(spheres[:, :3], np.reshape(POSITIONS, (-1, 3))) and len(rods) == 4
    assert len(set(np.round(rods[:, 6], 6))) == 1 and np.allclose(spheres[:, 3], rods[0, 6])
    assert np.allclose(rods[0, 7:10], spheres[0, 4:]) and np.allclose(rods[0, 10:], spheres[1, 4:])


def testDoubleBondsLieInTheirPlane(shapes):
    rods = np.reshape(draw(shapes, style="balls")["rods"], (-1, 13))
    assert len(rods) == 5 and np.allclose(rods[:2, [2, 5]], 0)
    assert rods[0, 1] * rods[1, 1] < 0 and np.allclose(rods[0, [0, 3]], [0, 1.2])


def testHydrogens(shapes):
    counts = [len(draw(shapes, hydrogens=which)["spheres"]) // 7 for which in ("all", "polar", "none")]
    assert counts == [6, 4, 3]
    assert len(draw(shapes, style="spheres")["rods"]) == 0


def testPalerCopies(shapes):
    plain, pale = (np.reshape(draw(shapes, fade=fade)["spheres"], (-1, 7))[:, 4:] for fade in (0, 0.5))
    assert np.allclose(pale, 0.5 * plain + 0.5)


def helix(number):
    angles = np.radians(100) * np.arange(number)
    return np.stack([2.3 * np.cos(angles), 2.3 * np.sin(angles), 1.5 * np.arange(number)], axis=1)


@pytest.mark.parametrize("structure", ["H" * 12, "E" * 12, "C" * 12, "CCHHHHHCEEEC", "CCCCCCCCCCCE"])
def testRibbonsAreClosedAndSmooth(shapes, structure):
    step = np.arange(12)
    points = helix(12) if "H" in structure else np.stack([3.3 * step, 0.8 * (-1.0) ** step, 0.0 * step], axis=1)
    if structure.endswith("CE"):    # a straight line has no plane
        points = points * [1, 0, 1]
    scene = {"ribbon": {"atoms": list(range(12)), "starts": [0]}}
    mesh = shapes("ribbon", scene, points.ravel().tolist(), structure, {"background": [1, 1, 1]})
    corners, normals = (np.reshape(mesh[key], (-1, 3)) for key in ("positions", "normals"))
    triangles = np.reshape(mesh["indices"], (-1, 3))
    assert np.isfinite(corners).all() and np.allclose(np.linalg.norm(normals, axis=1), 1)
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    apart = np.linalg.norm(corners[:, None] - points[None], axis=-1).min(axis=1)
    assert apart.max() < 3.2


def testRibbonsEndAtGaps(shapes):
    scene = {"ribbon": {"atoms": list(range(10)), "starts": [0, 4, 9]}}
    mesh = shapes("ribbon", scene, helix(10).ravel().tolist(), "C" * 10, {"background": [1, 1, 1]})
    heights = np.reshape(mesh["positions"], (-1, 3))[:, 2]
    between = (heights > 1.5 * 3 + 0.4) & (heights < 1.5 * 4 - 0.4)
    assert not between.any() and heights.max() < 1.5 * 8 + 0.4     # a single residue has no ribbon


def testPolymersAreRibbonsOrAtoms(shapes):
    scene = {**SCENE, "polymer": "111100"}
    options = {"hydrogens": "all", "ribbon": True, "sidechains": False}
    assert shapes("visibleAtoms", scene, options) == [0, 0, 0, 0, 1, 1]
    assert shapes("visibleAtoms", scene, {**options, "sidechains": True}) == [1] * 6
    assert shapes("visibleAtoms", scene, {**options, "ribbon": False}) == [1] * 6


def testTheNearestAtomIsPicked(shapes):
    visible = [1] * 6
    assert shapes("pick", SCENE, POSITIONS, visible, [0, 0, 20], [0, 0, -1], 0.4) == 5
    assert shapes("pick", SCENE, POSITIONS, [1, 1, 1, 1, 1, 0], [0, 0, 20], [0, 0, -1], 0.4) == 4
    assert shapes("pick", SCENE, POSITIONS, visible, [0, 9, 20], [0, 0, -1], 0.4) == -1


def makeScene(name, **changed):
    copies = [POSITIONS, [0.9 * value for value in POSITIONS], [1.1 * value for value in POSITIONS]]
    packed = base64.b64encode(np.rint(np.array(copies) / 0.001).astype("<i2").tobytes()).decode()
    return {"name": name, "formula": "CH3ClO+", "smiles": "C=O", "copies": 3, "total": 9, "kind": "molecule", **SCENE,
            "positions": packed, "scale": 0.001, "atoms": ["C1", "O1", "H1", "H2", "Cl1", "H3"],
            "labels": ["a", "b", "c"], "facts": [["SMILES", "C=O"]],
            "values": [{"name": "energy", "unit": "kJ/mol", "values": [0.0, None, 2.5]}], **changed}


def makeChain():
    points = helix(12).ravel()
    packed = base64.b64encode(np.rint(points / 0.001).astype("<i2").tobytes()).decode()
    return makeScene("chain", kind="protein", formula="", elements=[6] * 12, bonds=[], positions=packed, copies=1,
                     total=1, atoms=[f"CA{k}" for k in range(12)], labels=None, values=[], polymer="1" * 12,
                     ribbon={"atoms": list(range(12)), "starts": [0], "structure": ["H" * 12]})


@pytest.fixture
def page():
    """Run the scripts of a page of two molecules and a chain, with a browser that has no pictures."""
    data = {"noun": "structure", "theme": "", "molecules": [makeScene("one"), makeScene("two"), makeChain()]}
    context = quickjs.Context()
    toggles = ["ribbon", "sidechains", "rainbow", "overlay", "spin"]
    context.eval(f"const DATA = {json.dumps(json.dumps(data))}, TOGGLES = {json.dumps(toggles)};")
    context.eval((Path(__file__).parent / "browser.js").read_text(encoding="utf-8"))
    for name in SCRIPTS:
        context.eval(read(name))
    context.eval("settle()")
    return context


def textOf(page, name):
    return page.eval(f'document.getElementById("{name}").textContent')


def testThePageShowsTheFirstMolecule(page):
    assert textOf(page, "name") == "one" and textOf(page, "counts") == "3 structures, 7 copies"
    assert textOf(page, "formula") == "CH3ClO+ · 6 atoms · 3 of 9 copies"
    assert textOf(page, "reading") == "1 of 3 · 0.00 kJ/mol · a" and textOf(page, "failure") == ""
    assert page.eval('document.getElementById("gallery").children.length') == 3


@pytest.mark.parametrize("keys, reading", [
    (["ArrowRight"], "2 of 3 · – kJ/mol · b"), (["ArrowLeft"], "3 of 3 · 2.50 kJ/mol · c"),
    (["ArrowDown", "ArrowUp"], "1 of 3 · 0.00 kJ/mol · a"), (list("oshdtpr+-?"), "1 of 3 · 0.00 kJ/mol · a"),
    (["ArrowDown", "ArrowDown", "s", "h", "o"], "1 of 1"), ([" "], "2 of 3 · – kJ/mol · b")])
def testKeys(page, keys, reading):
    for key in keys:
        page.eval(f'send(document, "keydown", {{key: {json.dumps(key)}, target: document.body}})')
    assert textOf(page, "reading").startswith(reading)


def testHandsAndButtons(page):
    for event in ("pointermove", "pointerdown", "pointermove", "pointerup", "wheel", "dblclick", "contextmenu",
                  "pointerleave", "webglcontextlost", "webglcontextrestored"):
        page.eval(f'send(document.getElementById("view"), "{event}")')
    for name in ("play", "picture", "theme", "help", "chart"):
        page.eval(f'send(document.getElementById("{name}"), "click")')
    page.eval('window.orbitGallery.select(2); buttons.forEach(button => send(button, "click"))')
    page.eval('window.orbitGallery.select(0); document.getElementById("copy").value = "2"; '
              'send(document.getElementById("copy"), "input")')
    assert textOf(page, "reading").startswith("3 of 3")
    page.eval('send(window, "resize"); observers.forEach(call => { call(true); settle(); call(false); settle(); })')
    assert page.eval("document.documentElement.dataset.theme") == "dark"


def testAtomsAreMeasured(page):
    assert textOf(page, "measure") == ""
    page.eval("const stage = window.orbitGallery.stage; [0, 1].forEach(atom => stage.choose(atom))")
    assert textOf(page, "measure") == "C1 – O11.200 Å"
    page.eval("[2, 3].forEach(atom => stage.choose(atom))")
    assert textOf(page, "measure").startswith("C1 – O1 – H1 – H2") and textOf(page, "measure").endswith("°")
    page.eval("stage.choose(-1)")
    assert textOf(page, "measure") == ""


def testSearchAndOrder(page):
    page.eval('document.getElementById("search").value = "TW"; send(document.getElementById("search"), "input")')
    assert textOf(page, "counts") == "1 of 3 structures, 7 copies"
    page.eval('document.getElementById("search").value = "xyz"; send(document.getElementById("search"), "input")')
    assert "No molecule has that" in textOf(page, "gallery")
    page.eval('document.getElementById("search").value = ""; document.getElementById("order").value = "size"; '
              'send(document.getElementById("order"), "change")')
    assert page.eval('document.getElementById("gallery").children.map(card => card.dataset.index).join()') == "0,1,2"
