# SPDX-License-Identifier: MIT
"""The report on a model of a system: its figures, pictures, numbers and refusals."""
import json
import pathlib
import re
import sys

import numpy as np
import openmm
import pytest
from conftest import runCli
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit, topologies
from openmmorbit.evaluation import energetics, evaluateSystem, systems as evaluations
from openmmorbit.evaluation.figures import Figure
from doublewell import makePair
from systems import implicitSystem, makeStates
from trajectories import makeTrajectory, saveDCD

FAST = {"platform": "CPU", "threads": 1, "numSteps": 2, "progress": False, "simulationPlatform": "Reference"}
CONDITIONS = ("300 K", "400 K", "500 K")


def makeModel(topology, conditions=CONDITIONS, atoms=()):
    """A model of random weights, whose states are wrong."""
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numHeads, settings.numLayers, settings.pairWidth = 16, 2, 1, 8
    subject = orbit.makeTopologySubject(topologies.makeRecord(topology), np.asarray(atoms, np.int32))
    vocabularies = orbit.makeTopologyVocabularies(subject)
    model = orbit.DenoiserModel.createRandom(settings, 1, vocabularies.atoms, vocabularies.pairs)
    embedding = model.getTensor("condition.embedding")
    embedding.shape = [len(conditions), embedding.shape[1]]
    embedding.values = embedding.values[:embedding.shape[0] * embedding.shape[1]]
    model.setTensor("condition.embedding", embedding)
    model.setConditions(list(conditions))
    model.setRotations(orbit.OrbitRotations_Proper)
    model.setTopology(subject)
    return model


@pytest.fixture(autouse=True)
def shortRelaxation(monkeypatch):
    monkeypatch.setattr(energetics, "RELAX_STEPS", 40)


@pytest.fixture(scope="module")
def alanine():
    return makeTrajectory("ACE", "ALA", "NME")


@pytest.fixture
def perfect(alanine, monkeypatch):
    """A generator that returns frames of the simulation, in random order."""
    plain, frames = openmmorbit.TopologyGenerator.generate, alanine[1]

    def generate(self, numStates, seed, progress=False, *, density=False):
        states = plain(self, numStates, seed, progress)
        chosen = np.random.default_rng(seed).choice(len(frames), numStates, replace=False)
        for place, frame in enumerate(frames[chosen]):
            states.setPositions(place, frame)
        return states

    monkeypatch.setattr(openmmorbit.TopologyGenerator, "generate", generate)


def isPicture(path):
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and path.stat().st_size > 5000


def readTable(page):
    """Get the cells of the summary, one list a line."""
    lines = page.split("## Summary")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")][1:]


def testStatesOfTheSimulationAreAsGoodAsItself(alanine, perfect, tmp_path):
    topology, frames = alanine
    report = evaluateSystem(makeModel(topology), topology, frames, system=implicitSystem(topology), temperature=300,
                            numStates=50, relax=3, check=False, **FAST)
    assert "22 atoms of ACE-ALA-NME" in repr(report) and report.about["frames"] == 100
    for key in ("phiPsi.ALA 2", "torsion.ω ACE 1 – ALA 2", "torusW2", "distances", "slowMotions", "energyW2"):
        figure = report[key]
        assert figure.value <= 1.05 * figure.own and figure.numStates == 50, key
        assert figure.ratio == pytest.approx(figure.value / figure.own)
    low, high = report["bonds.deviation"].value
    assert 0.7 < low < 1 < high < 1.4 and report["bonds.mean"].value < report["bonds.mean"].own
    assert report["angles.mean"].value < 1 and report["bonds.mean"].ratio is None
    assert report["relaxed.share"].value == 100 and report.details["relaxed"]["refused"] == {}
    positive = report["phiPositive.ALA 2"]
    share = 100 * (report._data.reference.measured.phiPsi[:, 0, 0] > 0).mean()
    assert positive.own == pytest.approx(share) and positive.error > 0 and positive.ownError > 0
    with pytest.raises(KeyError, match="expected one of phiPsi.ALA 2, .* got 'phi'"):
        report["phi"]


def testThePageHasTheNumbersOfTheFile(alanine, perfect, tmp_path):
    topology, frames = alanine
    report = evaluateSystem(makeModel(topology), topology, frames, system=implicitSystem(topology), temperature=400,
                            numStates=30, relax=2, run=0, check=False, seed=3, **FAST)
    page = report.write(tmp_path / "report")
    text = page.read_text(encoding="utf-8")
    numbers = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert page == tmp_path / "report" / "report.md" and numbers == report.toDict()
    rows = readTable(text)
    assert len(rows) == len(numbers["figures"]) == len(report.figures) > 12
    for row, figure in zip(rows, numbers["figures"]):
        value, own = (tuple(v) if isinstance(v, list) else v for v in (figure["value"], figure.get("own")))
        assert row[0] == figure["title"] and row[1] == Figure.text(value, figure.get("error"))
        assert row[2] == Figure.text(own, figure.get("ownError")) and row[4] == Figure.text(figure.get("chance"))
        assert row[6] == figure["reading"] and len(figure["reading"]) > 15
    pictures = re.findall(r"!\[.*\]\((.*\.png)\)", text)
    assert pictures == ["phi-psi.png", "torsions.png", "bonds-angles.png", "distances.png", "slow-motions.png",
                        "energies.png"]
    assert all(isPicture(tmp_path / "report" / name) for name in pictures)
    assert {path.name for path in (tmp_path / "report").iterdir()} == {*pictures, "gallery.html", "report.json",
                                                                       "report.md"}
    gallery = (tmp_path / "report" / "gallery.html").read_text(encoding="utf-8")
    assert "[States in three dimensions](gallery.html)" in text and '"copies":30' in gallery
    assert '"name":"energy above the lowest","unit":"kcal/mol"' in gallery
    made = numbers["about"]["generation"]
    assert made["seed"] == 3 and made["condition"] == "400 K" and made["millisecondsPerState"] > 0
    assert made["evaluationsPerAttempt"] > 0 and made["kernel"].startswith("CPU") and not made["inspected"]
    for words in ("seed 3", "condition 400 K", "not inspected", "ms a state", "the array (100 frames)", "22 atoms of"):
        assert words in text
    assert len(numbers["bonds"]) == 21 and numbers["bonds"][0]["name"] and numbers["residues"][0]["name"] == "ALA 2"
    assert re.search(r"TICA with a lag of 1 frames; timescales ", text)


@pytest.mark.parametrize("numBad", [1, 20])
def testAtomsInOnePlaceHaveNoFiniteEnergy(alanine, perfect, tmp_path, monkeypatch, numBad):
    topology, frames = alanine
    good = openmmorbit.TopologyGenerator.generate

    def generate(self, *arguments, **options):
        states = good(self, *arguments, **options)
        for place in range(numBad):
            states.setPositions(place, np.zeros((22, 3)))
        return states

    monkeypatch.setattr(openmmorbit.TopologyGenerator, "generate", generate)
    report = evaluateSystem(makeModel(topology), topology, frames, system=implicitSystem(topology), temperature=300,
                            numStates=20, relax=0, check=False, **FAST)
    text = report.write(tmp_path).read_text(encoding="utf-8")
    numbers = {entry["key"]: entry for entry in json.loads((tmp_path / "report.json").read_text("utf-8"))["figures"]}
    assert report["energyW2"].value == np.inf and numbers["energyW2"]["value"] is None
    assert "| E-W2 / kT | infinite | " in text and isPicture(tmp_path / "energies.png")


def makeWell(strength):
    """Two particles on a spring."""
    system = openmm.System()
    for _ in range(2):
        system.addParticle(39.948)
    force = openmm.HarmonicBondForce()
    force.addBond(0, 1, 0.3, strength)
    system.addForce(force)
    return system


def drawWell(strength, number, seed=1):
    """Positions of the Boltzmann distribution at 300 K, exactly."""
    r = np.linspace(0, 1.5, 30001)
    density = r ** 2 * np.exp(-0.5 * strength * (r - 0.3) ** 2 / (0.00831446261815324 * 300))
    random = np.random.default_rng(seed)
    distances = np.interp(random.random(number), np.cumsum(density) / density.sum(), r)
    directions = random.normal(size=(number, 3))
    directions *= (distances / np.linalg.norm(directions, axis=1))[:, None]
    return np.stack([-directions / 2, directions / 2], axis=1)


def makeGaussian(topology):
    """A network of zeros, whose states are normally distributed."""
    model = makeModel(topology, ("simulation",))
    for name in model.getTensorNames():
        tensor = model.getTensor(name)
        if name != "time.frequencies":
            tensor.values = np.zeros_like(tensor.values)
            model.setTensor(name, tensor)
    return model


@pytest.mark.filterwarnings("ignore:.*expected the bonds of all molecules")
def testWeightsTurnTheModelIntoTheBoltzmannDistribution(tmp_path):
    topology, strength = makePair(), 200.0
    report = evaluateSystem(makeGaussian(topology), topology, drawWell(strength, 4000), system=makeWell(strength),
                            temperature=300, numStates=1000, density=2000, relax=0, check=False,
                            flow={"numSteps": 4, "rho": 3, "sigmaMin": 0.07, "sigmaMax": 10}, **FAST)
    weighted, plain = report["energyW2.reweighted"], report["energyW2.flow"]
    assert plain.value > 3 * plain.own and weighted.value < 0.3 * plain.value
    size, flow = report["sampleSize"], report._data.flow
    assert size.value == pytest.approx(100 * flow.weights.ess) and 0 < size.error < size.value < 100
    assert size.numStates == 2000 and report.about["flow"]["seed"] == 8 and report.about["generation"]["seed"] == 7
    # Energies of a spring in three dimensions: the mean is known from the draws themselves.
    mean = flow.weights.mean(flow.energies)
    exact = (0.5 * strength * (np.linalg.norm(np.diff(drawWell(strength, 100000, 2), axis=1)[:, 0], axis=1) - 0.3) ** 2)
    assert abs(mean.value - exact.mean()) < 4 * mean.error
    assert "phiPsi" not in " ".join(figure.key for figure in report.figures)
    text = report.write(tmp_path).read_text(encoding="utf-8")
    assert "States with a density (flow)" in text and "effective sample size" in text
    assert re.findall(r"\((.*\.png)\)", text) == ["distances.png", "slow-motions.png", "energies.png"]
    assert all(isPicture(tmp_path / name) for name in ("distances.png", "slow-motions.png", "energies.png"))


def testManyResiduesAreSummarizedByMeanAndWorst(tmp_path):
    topology, states = makeStates("ACE", "ALA", "ALA", "ALA", "ALA", "ALA", "NME", number=4)
    random = np.random.default_rng(1)
    frames = np.concatenate([states + 0.01 * random.normal(size=states.shape) for _ in range(10)])
    report = evaluateSystem(makeModel(topology, ("simulation",)), topology, frames, numStates=20, check=False, **FAST)
    assert {figure.key for figure in report.figures if figure.key.startswith(("phiPsi", "torsion"))} == {
        "phiPsi.mean", "phiPsi.worst", "torsion.mean", "torsion.worst"}
    entries = report.details["residues"]
    assert [entry["name"] for entry in entries] == [f"ALA {number}" for number in range(2, 7)]
    assert report["phiPsi.mean"].value == pytest.approx(np.mean([entry["value"] for entry in entries]))
    assert report["phiPsi.worst"].value == max(entries, key=lambda entry: entry["value"] - entry["halves"])["value"]
    text = report.write(tmp_path).read_text(encoding="utf-8")
    assert "phi-psi-1.png" in text and isPicture(tmp_path / "phi-psi-2.png") and "energies.png" not in text


def testAModelOfAlphaCarbonsHasTorsionsOfItsChain(tmp_path):
    topology, states = makeStates("ACE", "ALA", "ALA", "ALA", "ALA", "ALA", "NME", number=4)
    alphas = [atom.index for atom in topology.atoms() if atom.name == "CA"]
    frames = np.concatenate([states + 0.001 * number for number in range(10)])
    frames += 0.01 * np.random.default_rng(1).normal(size=frames.shape)
    report = evaluateSystem(makeModel(topology, ("simulation",), alphas), topology, frames, numStates=20, check=False,
                            **FAST)
    assert [entry["name"] for entry in report.details["torsions"]] == ["ALA 3 CA, ALA 4 CA", "ALA 4 CA, ALA 5 CA"]
    assert len(report.details["bonds"]) == 4 and len(report.details["angles"]) == 3
    assert report.details["residues"] == [] and report["torusW2"].title.startswith("T-W2")
    assert "phi-psi" not in report.write(tmp_path).read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="System of 5 particles, .* got 62"):
        evaluateSystem(makeModel(topology, ("simulation",), alphas), topology, frames, numStates=20, temperature=300,
                       system=implicitSystem(topology), **FAST)


@pytest.mark.parametrize("module, section, words", [
    ("deeptime.decomposition", "Slow motions", "TICA needs deeptime, .*'pip install deeptime'"),
    ("scipy.optimize", "φ and ψ", "T-W2 needs SciPy, .*'pip install scipy'"),
    ("matplotlib", None, "matplotlib is not installed .*'pip install matplotlib'")])
def testWhatIsNotInstalledIsNamed(alanine, perfect, tmp_path, monkeypatch, module, section, words):
    topology, frames = alanine
    monkeypatch.setitem(sys.modules, module, None)
    report = evaluateSystem(makeModel(topology), topology, frames, temperature=300, numStates=20, check=False, **FAST)
    text = report.write(tmp_path).read_text(encoding="utf-8")
    part = text.split(f"## {section or 'Summary'}\n")[1].split("\n## ")[0]
    assert re.search(words, part) and "phiPsi.ALA 2" in [figure.key for figure in report.figures]
    assert (tmp_path / "phi-psi.png").exists() == (module != "matplotlib")


def testWrongUseIsNamed(alanine, tmp_path):
    topology, frames = alanine
    model, system = makeModel(topology), implicitSystem(topology)
    held = implicitSystem(topology, constraints=app.HBonds)
    other, states = makeStates("ACE", "GLY", "NME")
    for options, error, message in (
            ({"topology": other}, ValueError, "22 atoms as in training, got 19"),
            ({"trajectory": states}, ValueError, "22 atoms"), ({"trajectory": frames[:19]}, ValueError,
                                                               "at least 20 frames, .* got 19; give longer"),
            ({"trajectory": str(tmp_path / "no.dcd")}, OSError, "no.dcd"),
            ({"temperature": None}, ValueError, "model knows several, 300 K, 400 K, 500 K, got none"),
            ({"temperature": 350}, ValueError, "trained at, 300 K, 400 K, 500 K, got 350 K"),
            ({"temperature": 300, "condition": "400 K"}, ValueError, "one temperature, got 300 K and .*'400 K'"),
            ({"temperature": -1}, ValueError, "temperature above 0 K"),
            ({"density": 20}, ValueError, "expected the System with density=20, got none"),
            ({"run": 2}, ValueError, "expected the System with run=2"),
            ({"density": 5, "system": system}, ValueError, "density of 0 or at least 10 states, got 5"),
            ({"density": 20, "system": held}, ValueError, "System without constraints"),
            ({"system": implicitSystem(other)}, ValueError, "System of 22 particles, .* got 19"),
            ({"system": "system.xml"}, TypeError, "an openmm.System, got str"),
            ({"numStates": 5}, ValueError, "numStates"), ({"seed": 0}, ValueError, "seed"),
            ({"lag": 99}, ValueError, "lag time of at most 98 frames, .* got 99"), ({"lag": 0}, ValueError, "lag")):
        given = {"topology": topology, "trajectory": frames, "temperature": 300, "numStates": 20, "check": False,
                 **FAST, **options}
        with pytest.raises(error, match=message):
            evaluateSystem(model, **given)
    reflected = makeModel(topology)
    reflected.setRotations(orbit.OrbitRotations_WithReflections)
    with pytest.raises(ValueError, match='a model with densities, trained with rotations="SO3"'):
        evaluateSystem(reflected, topology, frames, system=system, temperature=300, density=20, **FAST)
    bare = makeModel(topology, ("simulation",))
    with pytest.raises(ValueError, match="temperature of the simulation beside its System, got none"):
        evaluateSystem(bare, topology, frames, system=system, numStates=20, check=False, **FAST)
    with pytest.raises(ValueError, match="got one of molecules"):
        evaluateSystem("conformer", topology, frames)


def testAModelThatMakesNoGoodStateSaysSo(alanine):
    topology, frames = alanine
    model = makeModel(topology)
    subject = orbit.TopologySubject(model.getTopology())
    statistics = orbit.FrameStatistics(subject)
    for frame in frames:
        statistics.add(10 * frame.ravel())
    statistics.finish(subject)
    model.setTopology(subject)
    with pytest.raises(ValueError, match="at least 10 correct states, got 0 of 20, .*; train the model longer"):
        evaluateSystem(model, topology, frames, temperature=300, numStates=20, maxRedraws=0, **FAST)


@pytest.fixture(scope="module")
def files(alanine, tmp_path_factory):
    topology, frames = alanine
    folder = tmp_path_factory.mktemp("files")
    with open(folder / "system.pdb", "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, frames[0] * unit.nanometer, stream)
    for name, part in (("run1.dcd", frames[:60]), ("run2.dcd", frames[60:])):
        saveDCD(folder / name, topology, part)
    system = implicitSystem(topology)
    (folder / "system.xml").write_text(openmm.XmlSerializer.serialize(system), encoding="utf-8")
    (folder / "state.xml").write_text(openmm.XmlSerializer.serialize(openmm.VerletIntegrator(0.001)), encoding="utf-8")
    makeModel(topology).save(str(folder / "model.safetensors"))
    return folder


def testTheCommandWritesTheReport(files, perfect, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(files)
    status = openmmorbit.cli.main([
        "evaluate", "model.safetensors", "--topology", "system.pdb", "--trajectory", "run1.dcd", "run2.dcd",
        "--temperature", "300", "--system", "system.xml", "-n", "20", "--relax", "2", "--seed", "5", "--no-check",
        "--platform", "CPU", "--threads", "1", "--simulation-platform", "Reference", "--steps", "2", "--lag", "3", "-q",
        "-o", str(tmp_path / "report")])
    out = capsys.readouterr().out
    numbers = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert status == 0 and "| E-W2 / kT | " in out and out.strip().endswith("report.md")
    assert [entry["frames"] for entry in numbers["about"]["trajectories"]] == [60, 40]
    assert numbers["slowMotions"]["lag"] == 3 and numbers["about"]["generation"]["seed"] == 5
    assert "run1.dcd (60 frames), run2.dcd (40 frames)" in (tmp_path / "report" / "report.md").read_text("utf-8")


def testWrongUseOfTheCommand(files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(files)
    model, rest = "model.safetensors", ["--trajectory", "run1.dcd", "-o", tmp_path / "report"]
    run = ["evaluate", model, "--topology", "system.pdb", *rest]
    for arguments, text in (
            (["evaluate", model], "expected DATA, --topology and --trajectory, or --backbones, got none"),
            (["evaluate", model, *rest[:2]], "expected --topology beside --trajectory, got none"),
            (["evaluate", model, "a.sdf", "--no-check"], "expected --topology beside --no-check"),
            (["evaluate", model, "a.sdf", *run[2:]], "expected DATA or --topology, got both, 'a.sdf'"),
            (["evaluate", "-", *run[2:]], "the file of a model of the system, got '-'"),
            (run[:4], "expected --trajectory beside --topology"), (run[:6], "expected -o beside --topology"),
            ([*run, "--strain", 3], "got --strain, which belongs to DATA"),
            ([*run[:-1], "system.pdb"], "expected a folder for the report, got the file 'system.pdb'"),
            ([*run, "--temperature", 350], "got 350 K"), (run, "model knows several"),
            ([*run, "--temperature", 300, "--density", 20], "expected the System with density=20"),
            ([*run, "--temperature", 300, "--system", "none.xml"], "none.xml"),
            ([*run, "--temperature", 300, "--system", "run1.dcd"], "System as XML in 'run1.dcd'"),
            ([*run, "--temperature", 300, "--system", "state.xml"], "in 'state.xml', got VerletIntegrator"),
            (["evaluate", "no.model", *run[2:]], "no.model")):
        status, line = runCli(capsys, *arguments)
        assert status == 2 and text in line, (arguments, line)
    assert not (tmp_path / "report").exists()


def testThePageRuns(alanine, files, perfect, monkeypatch, capsys):
    text = (pathlib.Path(__file__).resolve().parents[1] / "docs" / "reports.md").read_text(encoding="utf-8")
    monkeypatch.chdir(files)
    (block,) = re.findall(r"```python\n(.*?)```", text, re.S)
    for old, new in (("numStates=1000", "numStates=20, check=False, progress=False, threads=1, numSteps=2"),
                     ("density=200", "density=0"), ("relax=100", "relax=2"), ('"model/model', '"model'),
                     ('"run.dcd"', '"run1.dcd"')):
        assert block.count(old) == 1, old
        block = block.replace(old, new)
    exec(compile(block, "reports.md", "exec"), {})
    assert re.match(r"<SystemReport on 22 atoms of ACE-ALA-NME: \d+ figures>\n[\d.]+ [\d.]+\n", capsys.readouterr().out)
    keys = set(re.findall(r"`(\w+)`(?=[^|\n]* \| )", text))
    made = pathlib.Path(evaluations.__file__).with_name("systemfigures.py").read_text(encoding="utf-8")
    assert len(keys) == 13 and all(f'"{key}' in made for key in keys), keys
    assert "(reports.md)" in (pathlib.Path(__file__).resolve().parents[1] / "docs" / "guide.md").read_text("utf-8")
