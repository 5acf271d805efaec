# SPDX-License-Identifier: MIT
"""Conformers with a core are poses: what relaxes, prunes and chooses them leaves them where they stand."""
import copy
import pickle

import numpy as np
import pytest
from conftest import runCli
from openmm import app, unit
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.Chem import rdForceFieldHelpers as helpers

from openmmorbit.pockets import Surroundings
from openmmorbit.shape.placed import PlacedRmsd
from openmmorbit.shape.rmsd import findAtoms


@pytest.fixture(scope="module")
def pose():
    mol = Chem.AddHs(Chem.MolFromSmiles("Cc1ccc(cc1)C(=O)NC1CCCCC1"))
    assert AllChem.EmbedMolecule(mol, randomSeed=7) == 0
    AllChem.MMFFOptimizeMolecule(mol)
    return mol


@pytest.fixture(scope="module")
def posed(generator, pose):
    return generator.generate("Fc1cccc(c1)C(=O)NCc1ccccc1", 4, seed=7, core=pose)


@pytest.mark.parametrize("field", ["MMFF94", "MMFF94s", "UFF"])
def testRelaxationHoldsTheCore(posed, field):
    """The others are in a minimum: no force of RDKit is left on them."""
    core, relaxation = list(posed.fixedAtoms), posed.relax(field)
    states = relaxation.states
    assert len(states) > 0 and relaxation.converged.all() and states.fixedAtoms == posed.fixedAtoms
    assert np.array_equal(states.positions._value[:, core], posed.positions._value[relaxation.accepted][:, core])
    assert (relaxation.energiesAfter._value < relaxation.energiesBefore._value - 1).all()
    assert np.allclose(states.energies(field)._value, relaxation.energiesAfter._value[relaxation.accepted], atol=1e-3)
    mol = states.toRDKit()
    force = helpers.UFFGetMoleculeForceField(mol, vdwThresh=1e4) if field == "UFF" else \
        helpers.MMFFGetMoleculeForceField(mol, helpers.MMFFGetMoleculeProperties(mol, mmffVariant=field))
    forces = np.abs(np.array(force.CalcGrad()).reshape(-1, 3))
    free = [i for i in range(posed.numAtoms) if i not in core]
    assert forces[free].max() < 0.1 < forces[core].max()


def testTheCommandHoldsTheCore(pose, tmp_path, capsys):
    with Chem.SDWriter(str(tmp_path / "pose.sdf")) as writer:
        writer.write(pose)
    reference = pose.GetConformer().GetPositions()
    for more in ((), ("--processes", 1)):
        status, _ = runCli(capsys, "conformers", "CCOc1ccc(cc1)C(=O)N", "-n", 3, "--seed", 3, "-o", tmp_path / "o.sdf",
                           "--core", tmp_path / "pose.sdf", "--relax", "--sort", "--prune", 0.3, *more)
        assert status == 0
        for mol in Chem.SDMolSupplier(str(tmp_path / "o.sdf")):
            apart = np.linalg.norm(mol.GetConformer().GetPositions()[:, None] - reference, axis=2).min(axis=1)
            assert (apart < 2e-4).sum() == 9


def testAPhenylRingThatIsHeld(generator):
    """Turned by a half about the axis of the ring, a conformer is another pose, though of the same shape."""
    ring = generator.generate("C[C@H](F)c1ccccc1", 1, seed=1)
    places = {i: ring.positions._value[0, i] for i in range(3, 9)}
    ensemble = generator.generate("C[C@H](F)c1ccccc1", 30, seed=3, core=places)
    kept = ensemble.prune(0.5*unit.angstrom)
    assert len(kept) == 2 and kept.fixedAtoms == tuple(range(3, 9))
    assert len(ensemble.align().prune(0.5*unit.angstrom)) == 1 and ensemble.align().fixedAtoms == ()
    assert kept.rmsd()[0, 1] < 0.5*unit.angstrom
    two = ensemble.select(diverse=2).positions._value
    assert np.linalg.norm(two[0, 2] - two[1, 2]) > 0.1      # the fluorines


def testRmsdInPlace(posed):
    """The definition: the least over RDKit's symmetries of distances without superposition."""
    heavy = findAtoms(posed.graph)
    metric = PlacedRmsd(posed.graph, heavy)
    frames = metric.center(posed.positions._value)
    mol = Chem.RemoveAllHs(posed.toRDKit())
    matches = np.array(mol.GetSubstructMatches(mol, uniquify=False))
    x = np.array([conformer.GetPositions() for conformer in mol.GetConformers()]) / 10
    expected = [[np.sqrt(((x[a][matches] - x[b]) ** 2).sum(axis=(1, 2)).min() / len(heavy)) for b in range(4)]
                for a in range(4)]
    assert len(matches) == 2 and np.allclose(metric.ownMatrix(frames), expected, atol=1e-9)
    assert (metric.ownMatrix(frames) >= posed.rmsd()._value - 1e-9).all()


def testCopiesThatMeetThePocketAreRefused(posed):
    """A wall that a relaxed copy touches stands for a pocket that vacuum knows nothing of."""
    topology = app.Topology()
    topology.addAtom("C", app.element.carbon, topology.addResidue("WAL", topology.addChain()))
    relaxed = posed.relax("MMFF94").states
    atom = max(set(findAtoms(posed.graph).tolist()) - {*posed.fixedAtoms})
    ensemble, last = posed[:], relaxed.positions._value[0, atom]
    ensemble._surroundings = Surroundings(topology, last[None] + 0.05)
    relaxation = ensemble.relax("MMFF94")
    assert [entry.accepted for entry in relaxation][0] is False and set(relaxation.refused) == {"clash"}
    assert "WAL" in relaxation[0].findings[0].text
    for again in (copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble))):
        assert again.relax("MMFF94").refused == relaxation.refused
    assert ensemble.align().relax("MMFF94").refused == {}


def testTorsionsThatLeaveTheirRange(generator, tmp_path, capsys):
    """A narrow range around an eclipsed torsion: minima are elsewhere."""
    ensemble = generator.generate("CCCC", 4, seed=3, torsions=[(0, 1, 2, 3, 110, 130)])
    relaxation = ensemble.relax("MMFF94")
    assert relaxation.refused == {"torsion": 4} and len(relaxation.states) == 0
    assert "the torsion of atoms 0, 1, 2, 3 became" in relaxation[0].findings[0].text
    assert "degrees, expected 110 to 130" in relaxation[0].findings[0].text
    wide = generator.generate("CCCC", 4, seed=3, torsions=[(0, 1, 2, 3, 150, 210)]).relax("MMFF94")
    assert wide.refused == {} and len(pickle.loads(pickle.dumps(wide.states))[1:].relax("MMFF94").states) == 3
    status, line = runCli(capsys, "conformers", "CCCC", "-n", 4, "--seed", 3, "-o", tmp_path / "o.sdf", "--relax",
                          "--torsion", "[CH3:1][CH2:2][CH2:3][CH3:4]", 110, 130)
    assert status == 3 and not (tmp_path / "o.sdf").exists()
