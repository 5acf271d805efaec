# SPDX-License-Identifier: MIT
"""Real Systems for the tests of simulations: capped peptides in vacuum and in boxes of water."""
import functools

import numpy as np
import openmm
from openmm import app, unit
from rdkit import Chem
from rdkit.Chem import AllChem

#: SMILES of each residue in the order of its heavy atoms, names of these, and of its hydrogens.
RESIDUES = {"ACE": ("CC(=O)", "CH3 C O", "H1 H2 H3"), "ALA": ("N[C@@H](C)C(=O)", "N CA CB C O", "H HA HB1 HB2 HB3"),
            "DAL": ("N[C@H](C)C(=O)", "N CA CB C O", "H HA HB1 HB2 HB3"),
            "VAL": ("N[C@@H](C(C)C)C(=O)", "N CA CB CG1 CG2 C O", "H HA HB HG11 HG12 HG13 HG21 HG22 HG23"),
            "GLY": ("NCC(=O)", "N CA C O", "H HA2 HA3"), "NME": ("NC", "N C", "H H1 H2 H3")}


@functools.cache
def makePeptide(*names):
    """Make a peptide's Topology, and RDKit's molecule; hydrogens stand behind the heavy atoms of their residue."""
    mol = Chem.AddHs(Chem.MolFromSmiles("".join(RESIDUES[name][0] for name in names)))
    places, start = [], 0
    for number, name in enumerate(names):
        heavyNames, hydrogenNames = (names.split() for names in RESIDUES[name][1:])
        count = len(heavyNames)
        heavy = range(start, start + count)
        hydrogens = [n.GetIdx() for i in heavy for n in mol.GetAtomWithIdx(i).GetNeighbors() if n.GetAtomicNum() == 1]
        places += [(number, name, index, heavyNames[index - start]) for index in heavy]
        places += [(number, name, index, atomName) for index, atomName in zip(hydrogens, hydrogenNames)]
        start += count
    mol = Chem.RenumberAtoms(mol, [place[2] for place in places])
    topology = app.Topology()
    chain, residues, atoms = topology.addChain(), {}, []
    for (number, name, _, atomName), atom in zip(places, mol.GetAtoms()):
        if number not in residues:
            residues[number] = topology.addResidue("ALA" if name == "DAL" else name, chain)
        atoms.append(topology.addAtom(atomName, app.Element.getByAtomicNumber(atom.GetAtomicNum()), residues[number]))
    for bond in mol.GetBonds():
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    return topology, mol


@functools.cache
def _embed(names, number, seed):
    _, mol = makePeptide(*names)
    mol = Chem.Mol(mol)
    settings = AllChem.ETKDGv3()
    settings.randomSeed = seed
    assert len(AllChem.EmbedMultipleConfs(mol, number, settings)) == number
    return np.array([conformer.GetPositions() / 10 for conformer in mol.GetConformers()])


def makeStates(*names, number=4, seed=7):
    """Make a peptide's Topology and ETKDG positions, shape (number, numAtoms, 3) in nm."""
    return makePeptide(*names)[0], _embed(names, number, seed).copy()


def makeFrames(number):
    """Make Ace-Ala-Nme and positions of a trajectory: the states of makeStates() in turn, each a little displaced."""
    topology, states = makeStates("ACE", "ALA", "NME")
    random = np.random.default_rng(3)
    return topology, np.array([states[k % 4] + random.normal(0, 0.002, states[0].shape) for k in range(number)])


@functools.cache
def field(water="implicit/obc1.xml"):
    return app.ForceField("amber14-all.xml", water)


def implicitSystem(topology, **options):
    return field().createSystem(topology, nonbondedMethod=app.NoCutoff, **options)


@functools.cache
def _solvate(names, model, water, numAdded):
    topology, positions = makeStates(*names, number=1)
    modeller = app.Modeller(topology, unit.Quantity(positions[0], unit.nanometer))
    modeller.addSolvent(field(water), model=model, numAdded=numAdded, ionicStrength=0.3 * unit.molar)
    return modeller


def solvatedBox(*names, model="tip3p", water="amber14/tip3p.xml", numAdded=350):
    """Make a box of water with ions and a peptide: Topology, positions in nm, System."""
    modeller = _solvate(names, model, water, numAdded)
    system = field(water).createSystem(modeller.topology, nonbondedMethod=app.PME, nonbondedCutoff=0.7 * unit.nanometer,
                                       constraints=app.HBonds)
    return modeller.topology, np.array(modeller.positions.value_in_unit(unit.nanometer)), system


def makeContext(system, integrator=None, platform="Reference"):
    return openmm.Context(system, integrator or openmm.LangevinMiddleIntegrator(300, 1, 0.001),
                          openmm.Platform.getPlatform(platform))
