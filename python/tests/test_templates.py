# SPDX-License-Identifier: MIT
"""Molecules that a ForceField gets to know when a residue asks for one: MMFF94, and the fields of openmmforcefields."""
import sys
import types

import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit
from openmmorbit.simulation import mmfffield
from systems import makeStates

AMMONIUM, ACETATE = "C[NH2+]Cc1ccccc1", "CC(=O)[O-]"


def embed(smiles):
    from rdkit import Chem
    from rdkit.Chem import AllChem

    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=5) == 0
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(mol), mol)
    ensemble._core.addConformer(unit.Quantity(mol.GetConformer().GetPositions(), unit.angstrom))
    return ensemble


def energyOf(system, positions):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions)
    return context.getState(energy=True).getPotentialEnergy()._value


def nonbondedOf(system):
    return next(force for force in system.getForces() if isinstance(force, openmm.NonbondedForce))


def testAComplexInABoxOfWaterWithCounterions():
    """A peptide, a cation twice and an anion: every residue finds its template, and ions make the box neutral."""
    cation, anion = embed(AMMONIUM), embed(ACETATE)
    forceField = app.ForceField("amber14-all.xml", "amber14/tip3pfb.xml")
    templates = openmmorbit.MMFFTemplateGenerator([cation, ACETATE])
    assert repr(templates) == "<MMFFTemplateGenerator: MMFF94, 2 molecules>"
    forceField.registerTemplateGenerator(templates.generator)
    topology, positions = makeStates("ACE", "ALA", "NME", number=1)
    modeller = app.Modeller(topology, positions[0]*unit.nanometer)
    for place, ensemble in enumerate((cation, cation, anion), 1):
        modeller.add(ensemble.topology, ensemble[0].positions + np.array([1.1*place, 0, 0])*unit.nanometer)
    modeller.addSolvent(forceField, padding=0.5*unit.nanometer)
    names = [residue.name for residue in modeller.topology.residues()]
    assert names.count("HOH") > 300 and names.count("CL") == 1 and names.count("NA") == 0
    system = forceField.createSystem(modeller.topology, nonbondedMethod=app.PME, nonbondedCutoff=0.7*unit.nanometer,
                                     constraints=app.HBonds)
    force = nonbondedOf(system)
    charges = np.array([force.getParticleParameters(i)[0]._value for i in range(force.getNumParticles())])
    assert abs(charges.sum()) < 1e-9 and force.getNonbondedMethod() == force.PME
    own = charges[[atom.index for atom in next(r for r in modeller.topology.residues() if r.name == "UNL").atoms()]]
    assert own.sum() == pytest.approx(1, abs=1e-9)
    hydrogens = sum(bond[0].element.symbol == "H" or bond[1].element.symbol == "H"
                    for bond in modeller.topology.bonds() if bond[0].residue.name != "HOH")
    assert system.getNumConstraints() == hydrogens + 3*names.count("HOH")
    assert np.isfinite(energyOf(system, modeller.positions))


@pytest.mark.parametrize("method", [app.PME, app.CutoffPeriodic])
def testTheEnergyWithinTheMoleculeIsThatOfMMFFWithPME(method):
    ensemble = embed("CC(=O)Nc1ccc(O)cc1")
    forceField = openmmorbit.ligandForceField("mmff94s", ensemble.graph, "amber14/tip3p.xml")
    topology = ensemble.topology
    topology.setPeriodicBoxVectors(np.eye(3)*8*unit.nanometer)
    system = forceField.createSystem(topology, nonbondedMethod=method, nonbondedCutoff=1*unit.nanometer,
                                     ewaldErrorTolerance=1e-6)
    expected = energyOf(openmmorbit.mmffSystem(ensemble.graph, "MMFF94s"), ensemble[0].positions)
    assert energyOf(system, ensemble[0].positions) == pytest.approx(expected, abs=0.02)


def testLennardJonesTermsHaveTheWellsOfMMFF():
    """The oxygen of an amide: both wells, within what the rules of combination allow."""
    atom = 3.4927, 1.11534, 0.52554
    sigma, epsilon = mmfffield.fitLennardJones(*atom)
    for s, e, other in ((sigma, epsilon, atom), ((sigma + 0.3150752)/2, np.sqrt(epsilon*0.635968),
                                                 (3.7569, 1.11534, 0.52554))):
        r = np.linspace(2.5, 6, 20001)
        mean, difference = (atom[0] + other[0])/2, (atom[0] - other[0])/(atom[0] + other[0])
        rs = mean*(1 + 0.2*(1 - np.exp(-12*difference**2)))
        depth = 757.97344*atom[1]*other[1]/((atom[2] + other[2])*rs**6)
        buffered = depth*(1.07*rs/(r + 0.07*rs))**7*(1.12*rs**7/(r**7 + 0.12*rs**7) - 2)
        joined = 4*e*((10*s/r)**12 - (10*s/r)**6)
        assert buffered.min() == pytest.approx(-depth, rel=1e-3) and r[buffered.argmin()] == pytest.approx(rs, abs=0.02)
        assert joined.min() == pytest.approx(buffered.min(), abs=0.2)
        assert r[joined.argmin()] == pytest.approx(r[buffered.argmin()], abs=0.15)
        wall = r[np.argmax(buffered < 2)]
        assert r[np.argmax(joined < 2)] == pytest.approx(wall, abs=0.15)


def testStereoisomersShareATemplate():
    pair = [embed("C[C@H](N)O"), embed("C[C@@H](N)O")]
    forceField = openmmorbit.ligandForceField("mmff94", pair, "amber14/tip3p.xml")
    modeller = app.Modeller(pair[0].topology, pair[0][0].positions)
    modeller.add(pair[1].topology, pair[1][0].positions + np.array([2, 0, 0])*unit.nanometer)
    system = forceField.createSystem(modeller.topology)
    assert sum(force.getName() == "MMFFBond" for force in system.getForces()) == 1
    forceField = app.ForceField("tip3p.xml")
    openmmorbit.registerMMFF(forceField, "C[C@H](N)O")
    with pytest.raises(ValueError, match="for the second time, after .*; register it once, for all its residues and"):
        openmmorbit.registerMMFF(forceField, "C[C@@H](N)O")


def testWrongUse():
    ensemble = embed("CO")
    forceField = openmmorbit.ligandForceField("MMFF94", ["CCO", ensemble], ("amber14/tip3p.xml",))
    bare = app.Topology()
    residue = bare.addResidue("LIG", bare.addChain())
    for atom in ensemble.topology.atoms():
        bare.addAtom(atom.name, atom.element, residue)
    with pytest.raises(ValueError, match=r"expected the bonds of .*CO.* in residue 'LIG' 1, got none; read it from"):
        forceField.createSystem(bare)
    with pytest.raises(ValueError, match="No template found"):
        forceField.createSystem(embed("COC").topology)
    with pytest.raises(ValueError, match="MMFF94 has parameters for"):
        openmmorbit.MMFFTemplateGenerator(["CCO", "CB(O)O"])
    with pytest.raises(ValueError, match="expected .*MMFF94"):
        openmmorbit.MMFFTemplateGenerator(ensemble, "GAFF")
    with pytest.raises(ValueError, match='expected "mmff94", "mmff94s", "gaff-…", "openff-…" or "espaloma-…", got'):
        openmmorbit.ligandForceField("uff", "CCO")
    ensemble = embed("C1CC1Cl")                          # charmm36.xml has a template of methanol
    charmm = openmmorbit.ligandForceField("mmff94", ensemble, "charmm36.xml")
    with pytest.raises(ValueError, match="such as Amber's, got one with LennardJones"):
        charmm.createSystem(ensemble.topology)


def testFieldsOfOtherPackages(monkeypatch):
    """Stand-ins with the interface of openmmforcefields and the OpenFF toolkit."""
    made, asked = [], []

    class Generator:
        def __init__(self, molecules, forcefield):
            made.append((type(self).__name__, molecules, forcefield))

        def generator(self, forceField, residue):
            asked.append(residue.name)
            return False

    class Molecule:
        @staticmethod
        def from_rdkit(mol, allow_undefined_stereo, hydrogens_are_explicit):
            from rdkit import Chem

            return Chem.MolToSmiles(Chem.RemoveHs(mol))

    generators = types.ModuleType("openmmforcefields.generators")
    for name in ("GAFFTemplateGenerator", "SMIRNOFFTemplateGenerator", "EspalomaTemplateGenerator"):
        setattr(generators, name, type(name, (Generator,), {}))
    package, toolkit = types.ModuleType("openmmforcefields"), types.ModuleType("openff.toolkit")
    package.generators, toolkit.Molecule = generators, Molecule
    for name, module in (("openmmforcefields", package), ("openmmforcefields.generators", generators),
                         ("openff", types.ModuleType("openff")), ("openff.toolkit", toolkit)):
        monkeypatch.setitem(sys.modules, name, module)
    forceField = openmmorbit.ligandForceField("gaff-2.11", [embed("C[C@H](N)O"), "CCO"], "amber14/tip3p.xml")
    with pytest.raises(ValueError, match="No template found"):
        forceField.createSystem(embed("CC").topology)
    openmmorbit.ligandForceField("openff-2.2.0", "CCO", "amber14/tip3p.xml")
    openmmorbit.ligandForceField("espaloma-0.3.2", "CCO", "amber14/tip3p.xml")
    assert made == [("GAFFTemplateGenerator", ["C[C@H](N)O", "CCO"], "gaff-2.11"),
                    ("SMIRNOFFTemplateGenerator", ["CCO"], "openff-2.2.0"),
                    ("EspalomaTemplateGenerator", ["CCO"], "espaloma-0.3.2")]
    assert len(asked) == 1


def testWithoutWhatThePackageNeeds(monkeypatch):
    """An ImportError of openmmforcefields itself says what is missing."""
    def lack(molecules, forcefield):
        raise ModuleNotFoundError("No module named 'validators'")

    package, generators = types.ModuleType("openmmforcefields"), types.ModuleType("openmmforcefields.generators")
    package.generators, generators.EspalomaTemplateGenerator = generators, lack
    for name, module in (("openmmforcefields", package), ("openmmforcefields.generators", generators)):
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(ImportError, match="needs for \"espaloma-0.3.2\", got .* lacks some of it .*'validators'"):
        openmmorbit.ligandForceField("espaloma-0.3.2", [])
    monkeypatch.setitem(sys.modules, "openff", types.ModuleType("openff"))
    with pytest.raises(ImportError, match=r"toOpenFF: expected the OpenFF toolkit, which .* \(.*openff.* 'conda"):
        openmmorbit.ligandForceField("espaloma-0.3.2", "CCO")


def testWithoutThePackage(monkeypatch):
    monkeypatch.setitem(sys.modules, "openmmforcefields", None)
    with pytest.raises(ImportError, match='expected openmmforcefields for "openff-2.2.0", which is not installed .*; '
                                          "'conda install -c conda-forge openmmforcefields'"):
        openmmorbit.ligandForceField("openff-2.2.0", "CCO")
