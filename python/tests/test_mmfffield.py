# SPDX-License-Identifier: MIT
"""A molecule with MMFF94 among others of an OpenMM ForceField."""
import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


def energyOf(system, positions):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions)
    return context.getState(energy=True).getPotentialEnergy()._value


def makeWater():
    topology = app.Topology()
    residue = topology.addResidue("HOH", topology.addChain())
    oxygen, *hydrogens = (topology.addAtom(name, app.Element.getBySymbol(name[0]), residue)
                          for name in ("O", "H1", "H2"))
    for hydrogen in hydrogens:
        topology.addBond(oxygen, hydrogen)
    return topology, np.array([[0, 0, 0], [0.0957, 0, 0], [-0.024, 0.0927, 0]])


@pytest.fixture(scope="module")
def aspirin():
    return openmmorbit.ConformerGenerator(threads=1).generate(ASPIRIN, 2, seed=2)


@pytest.mark.parametrize("names", [(), ("amber14/tip3p.xml",), ("amber14-all.xml", "amber14/tip3p.xml")])
def testWithinTheMoleculeTheEnergyIsThatOfMMFF(aspirin, names):
    forceField = app.ForceField(*names)
    openmmorbit.registerMMFF(forceField, aspirin.graph)
    plain, own = openmmorbit.mmffSystem(aspirin.graph), forceField.createSystem(aspirin.topology)
    for conformer in aspirin:
        assert energyOf(own, conformer.positions) == pytest.approx(energyOf(plain, conformer.positions), rel=1e-9)
    assert own.getNumConstraints() == 0
    masses = [[system.getParticleMass(i)._value for i in range(21)] for system in (plain, own)]
    assert masses[0] == masses[1]


def testTwoCopiesInAnyPlaceAndOrderOfAtoms(aspirin):
    """Behind another molecule, and with the atoms of the second copy in another order."""
    forceField = app.ForceField("tip3p.xml")
    openmmorbit.registerMMFF(forceField, aspirin.graph)
    water, oxygen = makeWater()
    modeller = app.Modeller(water, oxygen*unit.nanometer)
    positions = [np.array(conformer.positions._value) for conformer in aspirin]
    modeller.add(aspirin.topology, (positions[0] + 40)*unit.nanometer)
    turned, atoms, order = app.Topology(), list(aspirin.topology.atoms()), list(range(21))[::-1]
    residue = turned.addResidue("ASP", turned.addChain())
    added = {index: turned.addAtom(f"X{index}", atoms[index].element, residue) for index in order}
    for first, second in aspirin.topology.bonds():
        turned.addBond(added[first.index], added[second.index])
    modeller.add(turned, (positions[1][order] - 40)*unit.nanometer)
    system = forceField.createSystem(modeller.topology, nonbondedMethod=app.CutoffNonPeriodic)
    plain = openmmorbit.mmffSystem(aspirin.graph)
    expected = energyOf(plain, positions[0]) + energyOf(plain, positions[1])
    assert energyOf(system, modeller.positions) == pytest.approx(expected, abs=1e-5)


def testHydrogenBondsWithWater():
    """Minima of methanol and water: both hydrogen bonds, of the usual length and depth of models with fixed charges."""
    methanol = openmmorbit.ConformerGenerator(threads=1).generate("CO", 1, seed=1)
    forceField = app.ForceField("tip3p.xml")
    openmmorbit.registerMMFF(forceField, methanol.graph)
    water, shape = makeWater()
    modeller = app.Modeller(methanol.topology, methanol[0].positions)
    modeller.add(water, shape*unit.nanometer)
    system = forceField.createSystem(modeller.topology, nonbondedMethod=app.NoCutoff)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    own = methanol[0].positions._value
    random, found = np.random.default_rng(1), []
    for shift in (50, *[0.4]*12):
        direction, turn = random.normal(size=3), np.linalg.qr(random.normal(size=(3, 3)))[0]
        place = own.mean(axis=0) + shift*direction/np.linalg.norm(direction)
        context.setPositions(np.concatenate([own, shape @ turn + place]))
        openmm.LocalEnergyMinimizer.minimize(context, 0.1)
        state = context.getState(energy=True, positions=True)
        x = state.getPositions(asNumpy=True)._value
        found.append((state.getPotentialEnergy()._value, np.linalg.norm(x[1] - x[6])))
    depths = {round(energy - found[0][0], 1): distance for energy, distance in found[1:]}
    deepest = min(depths)
    assert -32 < deepest < -24 and 0.26 < depths[deepest] < 0.29


def testConstraintsAndABoxOfWater(aspirin):
    forceField = app.ForceField("amber14/tip3p.xml")
    openmmorbit.registerMMFF(forceField, aspirin.graph)
    modeller = app.Modeller(aspirin.topology, aspirin[0].positions)
    modeller.addSolvent(forceField, padding=1*unit.nanometer)
    system = forceField.createSystem(modeller.topology, nonbondedMethod=app.PME, nonbondedCutoff=0.9*unit.nanometer,
                                     constraints=app.HBonds)
    numWaters = modeller.topology.getNumResidues() - 1
    assert numWaters > 100 and system.getNumConstraints() == 8 + 3*numWaters
    relaxed = openmmorbit.relax(modeller.positions, system, topology=modeller.topology, numSteps=20, maxIterations=20,
                                seed=1)
    assert relaxed[0].accepted, relaxed[0].findings


def testWrongUse(aspirin):
    field = app.ForceField("tip3p.xml")
    with pytest.raises(TypeError, match="expected an openmm.app.ForceField, got str"):
        openmmorbit.registerMMFF("tip3p.xml", "CCO")
    openmmorbit.registerMMFF(field, "CCO")
    with pytest.raises(ValueError, match="CCO for the second time"):
        openmmorbit.registerMMFF(field, "CCO")
    with pytest.raises(ValueError, match="MMFF94 has parameters for"):
        openmmorbit.registerMMFF(field, "CB(O)O")
    with pytest.raises(ValueError, match="terms of a NonbondedForce, such as Amber's, got one with LennardJones"):
        openmmorbit.registerMMFF(app.ForceField("charmm36.xml"), "CCO")
    with pytest.raises(ValueError, match="got one with Amoeba"):
        openmmorbit.registerMMFF(app.ForceField("amoeba2018.xml"), "CCO")
