# SPDX-License-Identifier: MIT
"""Backbones from CA atoms: models, sequences, errors, systems in implicit solvent, and simulations that start."""
import io
import json
import pathlib
import pickle
import warnings

import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "backbones.json"
REFERENCE = openmm.Platform.getPlatform("Reference")


@pytest.fixture(scope="module")
def natives():
    entries = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for entry in entries:
        entry["positions"] = np.array(entry["positions"]).reshape(-1, 4, 3)
    return entries


@pytest.fixture(scope="module")
def helical(natives):
    return next(entry for entry in natives if entry["kind"] == "H")


def caOf(native):
    return unit.Quantity(native["positions"][:, 1], unit.angstrom)


def makeHelix(numResidues=8):
    angle = np.radians(100 * np.arange(numResidues))
    return 0.1 * np.stack([2.29 * np.cos(angle), 2.29 * np.sin(angle), 1.5 * np.arange(numResidues)], 1)


def testModelHasHydrogensAndAReport(helical):
    model = openmmorbit.buildBackbone(caOf(helical))
    number = len(helical["sequence"])
    assert isinstance(model, app.Modeller) and model.topology.getNumResidues() == number
    assert {residue.name for residue in model.topology.residues()} <= {"ALA", "GLY"}
    # Ten atoms of alanine, seven of glycine; two more hydrogens and OXT at the ends.
    names = [residue.name for residue in model.topology.residues()]
    assert model.topology.getNumAtoms() == 10 * names.count("ALA") + 7 * names.count("GLY") + 3
    assert model.report.getNumD() == 0 and len(model.report.cisPeptides) == 0
    assert np.nanmax(np.abs(np.array(model.report.peptideLengths) - 1.33)) < 0.05
    assert model.report.phi.shape == (number,) and "residues, 1 chain" in repr(model)
    ca = [atom.index for atom in model.topology.atoms() if atom.name == "CA"]
    found = np.array(model.positions.value_in_unit(unit.angstrom))[ca]
    assert np.allclose(found, helical["positions"][:, 1], atol=1e-9)


def testSequencesInAllForms(natives):
    native = natives[1]
    letters = native["sequence"]
    model = openmmorbit.buildBackbone(caOf(native), letters, hydrogens=False)
    names = [residue.name for residue in model.topology.residues()]
    assert names == openmmorbit.readSequence(letters) == openmmorbit.readSequence(names)
    again = openmmorbit.buildBackbone(caOf(native), model.topology, hydrogens=False)
    assert np.array_equal(again.positions.value_in_unit(unit.nanometer), model.positions.value_in_unit(unit.nanometer))
    assert openmmorbit.readSequence("ac/ D:e") == ["ALA", "CYS", "ASP", "GLU"]
    assert openmmorbit.readSequence(["HID", "cyx"]) == ["HIS", "CYS"]
    with pytest.raises(ValueError, match="'B' at place 2"):
        openmmorbit.readSequence("ABC")
    with pytest.raises(ValueError, match=f"sequence of {len(letters)} residues, one for each CA atom, got 3"):
        openmmorbit.buildBackbone(caOf(native), "AAA")


def testSequencesThatDoNotFitNameThePlace():
    from openmmorbit import orbit
    from openmmorbit.backbones import makeBackbone, makeTopology

    subject = makeBackbone([6, 7])
    places = np.concatenate([makeHelix(6), makeHelix(7) + 2])
    core = orbit.Ensemble(orbit.makeBackboneGraph(subject, 1))
    core.addConformer(places)
    names = [*4 * ["ALA"], "TRP", "LYS", *7 * ["ALA"]]
    numbers = [str(number) for number in [*range(11, 17), *range(7)]]
    ensemble = openmmorbit.Ensemble(core, makeTopology(subject, 1, names, numbers))
    letters = "AAAAWK/AAAAAAA"
    assert ensemble.build(0, letters, hydrogens=False).topology.getNumResidues() == 13
    for sequence, text in ((12 * "A", "13 residues, one for each CA atom, got 12; residue 6 of chain B is the first"),
                           (14 * ["ALA"], "got 14; 'ALA' comes after residue 6 of chain B"),
                           (6 * "A" + "Z" + 6 * "A", "got 'Z' at place 7, residue 0 of chain B; X leaves"),
                           ([*3 * ["ALA"], "SEP", *9 * ["ALA"]], "got 'SEP' at place 4, residue 14 of chain A; None"),
                           ("AAAAWKA/AAAAAA", "a sequence of 6 residues for chain A, as the backbone has, got 7"),
                           ("A/AAAWK/AAAAAAA", "a sequence of 2 chains, as the backbone has, got 3 with 13 residues")):
        with pytest.raises(ValueError, match=text):
            ensemble.build(0, sequence)
        with pytest.raises(ValueError, match=text):
            openmmorbit.buildBackbone(ensemble, sequence)
    with pytest.raises(ValueError, match="'Z' at place 9, residue 3 of chain 2"):
        openmmorbit.buildBackbone(places, "AAAAAAAAZAAAA", chains=[6, 7])
    for other in (5, b"AAAAA"):
        with pytest.raises(TypeError, match="expected a text of letters, a list of names or a Topology, got"):
            openmmorbit.readSequence(other)
    assert openmmorbit.readSequence(["A", "X", None, "HID"]) == ["ALA", "", "", "HIS"]
    # Chains that are not known, or that breaks make, are not those of the text.
    for options in ({"chains": [6, 7], "splitAtBreaks": True}, {"splitAtBreaks": True}):
        split = openmmorbit.buildBackbone(places, "AAA/AAAAAAAAAA", hydrogens=False, **options)
        assert split.topology.getNumChains() == 2
    # The Topology of copies of a motif names its residues.
    with pytest.warns(UserWarning, match="in the sequence, got GLY for TRP 15 of chain A; the sequence is built"):
        built = ensemble.build(0, "AAAAGK/AAAAAAA", hydrogens=False)
    assert [residue.name for residue in built.topology.residues()][4] == "GLY"


def testProteinsAreMeasured(natives):
    native = natives[1]
    model = openmmorbit.buildBackbone(caOf(native), native["sequence"])
    report = openmmorbit.measureBackbone(model)
    assert np.allclose(report.phi, model.report.phi, atol=1e-6, equal_nan=True)
    assert report.getNumD() == 0 and list(report.regions) == list(model.report.regions)
    mirrored = np.array(model.positions.value_in_unit(unit.nanometer)) * [1, 1, -1]
    states = np.stack([mirrored, mirrored])
    number = len(native["sequence"]) - native["sequence"].count("G")
    assert openmmorbit.measureBackbone(states, state=1, topology=model.topology).getNumD() == number
    with pytest.raises(ValueError, match="Topology of the states"):
        openmmorbit.measureBackbone(mirrored)
    with pytest.raises(ValueError, match="without N"):
        openmmorbit.measureBackbone(makeHelix(6), topology=openmmorbit.backbones.makeTopology(
            openmmorbit.backbones.makeBackbone(6), 1))


def testEveryResidueGetsItsTemplate():
    model = openmmorbit.buildBackbone(makeHelix(20), "ARNDCQEGHILKMFPSTWYV")
    system = model.createSystem()
    assert system.getNumParticles() == model.topology.getNumAtoms()
    # The bonds are those that OpenMM knows of the residues.
    found = {frozenset((a.index, b.index)) for a, b in model.topology.bonds()}
    plain = app.Modeller(model.topology, model.positions).topology
    bare = app.Topology()
    chain = bare.addChain()
    atoms = {}
    for residue in plain.residues():
        other = bare.addResidue(residue.name, chain, residue.id)
        for atom in residue.atoms():
            atoms[atom.index] = bare.addAtom(atom.name, atom.element, other)
    bare.createStandardBonds()
    assert found == {frozenset((a.index, b.index)) for a, b in bare.bonds()}


def testStructuresKeepChainsAndNumbers(natives):
    model = openmmorbit.buildBackbone(np.concatenate([makeHelix(6), makeHelix(7) + 2]), chains=[6, 7])
    assert [len(list(chain.residues())) for chain in model.topology.chains()] == [6, 7]
    text = io.StringIO()
    app.PDBFile.writeFile(model.topology, model.positions, text)
    pdb = app.PDBFile(io.StringIO(text.getvalue()))
    again = openmmorbit.buildBackbone(pdb)
    assert [len(list(chain.residues())) for chain in again.topology.chains()] == [6, 7]
    assert [residue.id for residue in again.topology.residues()] == [residue.id for residue in pdb.topology.residues()]
    # Calcium is no CA atom.
    withIon = app.Modeller(model.topology, model.positions)
    ion = app.Topology()
    ion.addAtom("CA", app.element.calcium, ion.addResidue("CA", ion.addChain()))
    withIon.add(ion, [openmm.Vec3(9, 9, 9)] * unit.nanometer)
    assert openmmorbit.buildBackbone(withIon, withIon.topology, hydrogens=False).topology.getNumResidues() == 13
    states = np.stack([makeHelix(6), makeHelix(6) + 1])
    second = openmmorbit.buildBackbone(states, state=1, hydrogens=False)
    ca = [atom.index for atom in second.topology.atoms() if atom.name == "CA"]
    assert np.allclose(np.array(second.positions.value_in_unit(unit.nanometer))[ca], states[1], atol=1e-6)
    with pytest.raises(ValueError, match="chains with 6 residues in all, got 7"):
        openmmorbit.buildBackbone(makeHelix(6), chains=[3, 4])
    with pytest.raises(ValueError, match="state below 2, the number of those in the ndarray, got 2"):
        openmmorbit.buildBackbone(states, state=2)


def testTheFirstOfSeveralStatesIsTakenWithAWarning():
    helix = makeHelix(6)
    states = np.stack([helix, helix + 1])
    for source in (states, states * unit.nanometer):
        with pytest.warns(UserWarning, match="^buildBackbone: expected one state, got 2 in the .*; the first one is "
                                             "taken, and state= ") as found:
            model = openmmorbit.buildBackbone(source, hydrogens=False)
        assert found[0].filename == __file__
        ca = [atom.index for atom in model.topology.atoms() if atom.name == "CA"]
        assert np.allclose(np.array(model.positions.value_in_unit(unit.nanometer))[ca], helix, atol=1e-6)
    heavy = np.array(model.positions.value_in_unit(unit.nanometer))
    with pytest.warns(UserWarning, match="^measureBackbone: expected one state, got 2 in the list") as found:
        report = openmmorbit.measureBackbone([heavy, heavy * [1, 1, -1]], topology=model.topology)
    assert found[0].filename == __file__ and report.getNumD() == 0
    with warnings.catch_warnings():     # one state, or one that was named
        warnings.simplefilter("error")
        openmmorbit.buildBackbone(states[:1], hydrogens=False)
        openmmorbit.buildBackbone(states, state=0, hydrogens=False)


def testEnsemblesOfBackbones():
    from openmmorbit import backbones, orbit

    subject = backbones.makeBackbone([6, 7])
    core = orbit.Ensemble(orbit.makeBackboneGraph(subject, 1))
    for shift in (0, 1):
        core.addConformer(np.concatenate([makeHelix(6), makeHelix(7) + 2]) + shift)
    ensemble = openmmorbit.Ensemble(core, backbones.makeTopology(subject, 1))
    models = [openmmorbit.buildBackbone(ensemble, state=1, hydrogens=False),
              openmmorbit.buildBackbone(ensemble[1], hydrogens=False), ensemble.build(1, hydrogens=False)]
    assert {repr(model) for model in models} == {"<ProteinModel 13 residues, 2 chains, 67 atoms, 0 faults>"}
    assert np.allclose(np.array(models[0].positions._value), np.array(models[1].positions._value))


def testThePageRuns(capsys):
    text = (GOLDEN.parents[2] / "python" / "docs" / "building.md").read_text(encoding="utf-8")
    block = text.split("```python\n")[1].split("```")[0].replace("25000", "25")
    names = {"caPositions": makeHelix(6)}
    exec(compile(block, "building.md", "exec"), names)
    assert capsys.readouterr().out.startswith("<ProteinModel 6 residues, 1 chain, 63 atoms, 0 faults>")
    assert names["simulation"].currentStep == 25


def testErrorsNameTheResidue(natives):
    cis = next(entry for entry in natives if entry["kind"] == "cis")
    with pytest.raises(openmmorbit.BackboneError, match="keepCis") as caught:
        openmmorbit.buildBackbone(caOf(cis))
    assert caught.value.fault == "cis" and f"residue {caught.value.residue + 1}" in str(caught.value)
    assert len(openmmorbit.buildBackbone(caOf(cis), keepCis=True, hydrogens=False).report.cisPeptides) == 1
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.fault, copy.residue, str(copy)) == ("cis", caught.value.residue, str(caught.value))

    mirrored = makeHelix(12) * [-1, 1, 1]
    with pytest.raises(openmmorbit.BackboneError, match="mirror") as caught:
        openmmorbit.buildBackbone(mirrored)
    assert caught.value.fault == "mirrored"
    left = openmmorbit.buildBackbone(mirrored, "A" * 12, keepLeftHanded=True, hydrogens=False)
    assert left.report.getNumD() == 0 and (np.array(left.report.phi)[1:-1] > 0).all()

    broken = makeHelix(12)
    broken[6:, 0] += 0.5
    with pytest.raises(openmmorbit.BackboneError, match="residues? 6") as caught:
        openmmorbit.buildBackbone(broken)
    assert caught.value.fault == "break" and caught.value.residue == 5
    topology = openmmorbit.backbones.makeTopology(openmmorbit.backbones.makeBackbone([6, 12]), 1)
    lost = np.concatenate([makeHelix(6) + 3, makeHelix(12)])
    lost[[9, 11]] = np.nan
    with pytest.raises(ValueError, match="finite positions, got others for CA of residue 4 of chain B and 1 more$"):
        openmmorbit.buildBackbone(lost, topology=topology)
    with pytest.raises(ValueError, match="finite positions, got others for CA of residue 10 and 1 more$"):
        openmmorbit.buildBackbone(lost, chains=[6, 12])
    with pytest.raises(openmmorbit.BackboneError, match="residue 6 of chain B and residue 7 of chain B"):
        openmmorbit.buildBackbone(np.concatenate([makeHelix(6) + 3, broken]), topology=topology)
    split = openmmorbit.buildBackbone(broken, splitAtBreaks=True, hydrogens=False)
    assert split.topology.getNumChains() == 2 and "broken after ALA 6" in " ".join(split.faults)


@pytest.mark.parametrize("trace, words", [
    (np.full((6, 3), np.nan), "finite"), (makeHelix(1), "alone"), (10 * makeHelix(6), "in nm"),
    (np.zeros((0, 3)), "at least one"), (np.zeros((4, 2)), "shape")])
def testWrongTraces(trace, words):
    with pytest.raises(ValueError, match=words):
        openmmorbit.buildBackbone(trace)


def testNativeSolventIsThatOfTheCustomForce():
    model = openmmorbit.buildBackbone(makeHelix(20), "ARNDCQEGHILKMFPSTWYV")
    custom = app.ForceField("amber14-all.xml", "implicit/obc2.xml").createSystem(model.topology)
    energies, forces = [], []
    for system in (model.createSystem(constraints=None), custom):
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), REFERENCE)
        context.setPositions(model.positions)
        state = context.getState(energy=True, forces=True)
        energies.append(state.getPotentialEnergy()._value)
        forces.append(np.array(state.getForces(asNumpy=True)._value))
    assert abs(energies[0] - energies[1]) < 1e-4 * abs(energies[1])
    assert np.abs(forces[0] - forces[1]).max() < 1e-3 * np.abs(forces[1]).max()
    assert not any(isinstance(force, openmm.CustomGBForce) for force in model.createSystem().getForces())
    heavy = model.createSystem(hydrogenMass=4)
    assert max(heavy.getParticleMass(atom.index)._value for atom in model.topology.atoms()
               if atom.element.symbol == "H") == pytest.approx(4)


@pytest.mark.parametrize("kind", ["H", "cis"])
def testSimulationsStartAndStay(natives, kind):
    native = next(entry for entry in natives if entry["kind"] == kind)
    sequence = native["sequence"] if kind == "H" else None
    model = openmmorbit.buildBackbone(caOf(native), sequence, keepCis=kind == "cis")
    simulation = model.simulate(seed=5, numSteps=50)
    assert simulation.relaxed.accepted and simulation.relaxed.energyMinimized < simulation.relaxed.energyBefore
    simulation.step(500)
    state = simulation.context.getState(energy=True, positions=True)
    assert np.isfinite(state.getPotentialEnergy()._value) and state.getStepCount() == 500
    heavy = [atom.index for atom in model.topology.atoms() if atom.name == "CA"]
    moved = np.array(state.getPositions(asNumpy=True)._value)[heavy]
    lengths = np.linalg.norm(moved[1:] - moved[:-1], axis=1)
    start = np.linalg.norm(np.diff(native["positions"][:, 1], axis=0), axis=1) / 10
    assert np.abs(lengths - start).max() < 0.06  # a cis peptide is still cis


def testSimulationsOfOtherSystemsAndRefusals():
    model = openmmorbit.buildBackbone(makeHelix(4))
    vacuum = app.ForceField("amber14/protein.ff14SB.xml").createSystem(model.topology, constraints=app.HBonds)
    simulation = openmmorbit.simulateProtein(model, system=vacuum, platform="Reference", numSteps=0, seed=3,
                                             temperature=310, timeStep=0.001)
    assert simulation.context.getPlatform().getName() == "Reference" and simulation.system is vacuum
    assert simulation.integrator.getStepSize()._value == pytest.approx(0.001)
    with pytest.raises(ValueError, match="temperature above 0"):
        openmmorbit.simulateProtein(model, temperature=-1)
    bare = openmmorbit.buildBackbone(makeHelix(4), hydrogens=False)
    with pytest.raises(ValueError, match="No template found for residue"):
        bare.simulate()
