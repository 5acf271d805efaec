# SPDX-License-Identifier: MIT
"""How MMFF94 joined with water (registerMMFF) agrees with MMFF94, and what a box of water with it does.

Usage: measure_joining.py dimers            (half a minute)
       measure_joining.py box SMILES [--ns 0.1] [--water tip3pfb] [--platform CPU]     (an hour a core)

dimers: minima of small molecules beside one water, with MMFF94 of both and with the joined force field, descended from
the former: binding energies, and distances of the water's oxygen from the nearest heavy atom (of those that are not
carbon, if there are some).
box: a conformer in a box of water, NPT at 300 K and 1 bar, then NVE: density, drift of the total energy, greatest
deviation of a bond, and g(r) of water about the polar atoms of the molecule.
"""
import argparse
import copy
import time

import numpy as np
import openmm
from openmm import app, unit
from rdkit import Chem
from rdkit.Chem import AllChem, rdForceFieldHelpers

import openmmorbit
from openmmorbit.simulation import mmfffield

MOLECULES = ("CO", "CC(=O)C", "CC(=O)NC", "CN", "c1ccncc1", "COC", "CC(=O)O", "CC(=O)[O-]", "C[NH3+]", "c1ccccc1",
             "CCl", "CS", "CS(=O)C", "CC#N", "C[N+](=O)[O-]", "Oc1ccccc1", "c1cnc[nH]1", "NC(=[NH2+])N",
             "COP(=O)([O-])OC", "CF", "CS(=O)(=O)N", "CSC")
KJ = 4.184
#: The water of TIP3P, nm.
WATER = np.array([[0, 0, 0], [0.09572, 0, 0], [-0.0239987, 0.0926627, 0]])
#: Minima of MMFF94 that are less bound than this, kJ/mol, or nearer in energy than 0.6, do not count.
LEAST = -4.0


def findMinima(smiles, numStarts=24, seed=1):
    """Get (energy in kJ/mol, ligand in nm, water in nm) of minima of MMFF94 beside one water, the deepest first."""
    pair, ligand = (Chem.AddHs(Chem.MolFromSmiles(text)) for text in (smiles + ".O", smiles))
    AllChem.EmbedMolecule(ligand, randomSeed=3)
    rdForceFieldHelpers.MMFFOptimizeMolecule(ligand, maxIters=2000)
    heavy, number = ligand.GetNumHeavyAtoms(), pair.GetNumAtoms()
    own = [*range(heavy), *range(heavy + 1, number - 2)]
    water = [heavy, number - 2, number - 1]
    shape, random = ligand.GetConformer().GetPositions(), np.random.default_rng(seed)
    properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(pair)
    found = []
    for start in range(numStarts + 1):  # the first one is far away
        direction, turn = random.normal(size=3), np.linalg.qr(random.normal(size=(3, 3)))[0]
        direction /= np.linalg.norm(direction)
        away = max((shape - shape.mean(axis=0)) @ direction) + 3.2 if start > 0 else 2000
        positions = np.zeros((number, 3))
        positions[own], positions[water] = shape, 10*WATER @ turn + shape.mean(axis=0) + away*direction
        conformer = Chem.Conformer(number)
        conformer.SetPositions(positions)
        pair.RemoveAllConformers()
        pair.AddConformer(conformer)
        field = rdForceFieldHelpers.MMFFGetMoleculeForceField(pair, properties, nonBondedThresh=1e5,
                                                              ignoreInterfragInteractions=False)
        for _ in range(30):
            if field.Minimize(maxIts=2000, forceTol=1e-5, energyTol=1e-8) == 0:
                break
        found.append((KJ*field.CalcEnergy(), pair.GetConformer().GetPositions()))
    minima = []
    for energy, positions in sorted(((e - found[0][0], x) for e, x in found[1:]), key=lambda entry: entry[0]):
        if energy < LEAST and all(abs(energy - other[0]) > 0.6 for other in minima):
            minima.append((energy, positions[own]/10, positions[water]/10))
    return minima[:5]


def makeDimer(graph, forceField):
    """Make a Context of the molecule and one water, without cutoff."""
    topology = openmmorbit.Ensemble(graph).topology
    modeller = app.Modeller(topology, [openmm.Vec3(0, 0, 0)]*topology.getNumAtoms()*unit.nanometer)
    water = app.Topology()
    residue = water.addResidue("HOH", water.addChain())
    atoms = [water.addAtom(name, app.Element.getBySymbol(name[0]), residue) for name in ("O", "H1", "H2")]
    water.addBond(atoms[0], atoms[1])
    water.addBond(atoms[0], atoms[2])
    modeller.add(water, WATER*unit.nanometer)
    system = forceField.createSystem(modeller.topology, nonbondedMethod=app.NoCutoff)
    return openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))


def minimize(context, positions):
    context.setPositions(positions)
    openmm.LocalEnergyMinimizer.minimize(context, 0.05)
    state = context.getState(energy=True, positions=True)
    return state.getPotentialEnergy()._value, state.getPositions(asNumpy=True)._value


def contact(graph, ligand, water):
    """Get the distance of the water's oxygen from the nearest heavy atom, Angstrom."""
    elements = np.array([atom.element for atom in graph.atoms])
    chosen = np.flatnonzero((elements > 1) & (elements != 6))
    return 10*np.linalg.norm(ligand[chosen if len(chosen) else elements > 1] - water[0], axis=1).min()


def measureWells():
    """Compare the wells of the Lennard-Jones terms, with an equal atom and with water, with those of MMFF94."""
    found = set()
    for smiles in MOLECULES:
        system = openmmorbit.mmffSystem(smiles)
        force = next(force for force in system.getForces() if isinstance(force, openmm.CustomNonbondedForce))
        values = [force.getParticleParameters(i) for i in range(force.getNumParticles())]
        found.update(entry[1:4] for entry in values if not entry[4])
    distances, depths = [], []
    for atom in found:
        sigma, epsilon = mmfffield.fitLennardJones(*atom)
        pairs = ((sigma, epsilon, atom), ((sigma + mmfffield._tip3p[0])/2, np.sqrt(epsilon*mmfffield._tip3p[1]),
                                          mmfffield._waterOxygen))
        for s, e, other in pairs:
            distance, depth = mmfffield._findWell(atom, other)
            distances.append(10*s*2**(1/6) - distance)
            depths.append(e - depth)
    for title, kind in (("with an equal atom", slice(0, None, 2)), ("with water", slice(1, None, 2))):
        d, e = np.array(distances[kind]), np.array(depths[kind])
        print(f"wells of {len(d)} types {title}, Lennard-Jones minus MMFF94: distance {d.min():.2f} to {d.max():.2f} "
              f"A, depth {e.min():.2f} to {e.max():.2f} kJ/mol")


def measureDimers():
    measureWells()
    rows = []
    for smiles in MOLECULES:
        graph, minima = openmmorbit.readMolecule(smiles), findMinima(smiles)
        context = makeDimer(graph, openmmorbit.ligandForceField("mmff94", graph, "tip3p.xml"))
        _, ligand, water = minima[0]
        apart = minimize(context, np.concatenate([ligand, water + 500]))[0]
        for energy, ligand, water in minima:
            joined, x = minimize(context, np.concatenate([ligand, water]))
            charge = sum(atom.formalCharge for atom in graph.atoms)
            rows.append((charge != 0, joined - apart - energy, contact(graph, x[:-3], x[-3:])
                         - contact(graph, ligand, water)))
            print(f"{smiles:18s} MMFF94 {energy:7.1f} kJ/mol {contact(graph, ligand, water):5.2f} A   joined "
                  f"{joined - apart:7.1f} kJ/mol {contact(graph, x[:-3], x[-3:]):5.2f} A")
    charged, energies, distances = (np.array(column) for column in zip(*rows))
    for title, chosen in (("neutral", ~charged), ("ions", charged), ("all", charged | True)):
        e, d = energies[chosen], distances[chosen]
        print(f"{title}: {len(e)} minima, joined minus MMFF94: energy mean {e.mean():.2f}, rms "
              f"{np.sqrt((e**2).mean()):.2f}, largest {abs(e).max():.1f} kJ/mol; distance mean {d.mean():.3f}, "
              f"rms {np.sqrt((d**2).mean()):.3f} A")


def firstPeak(distances, volume, numCenters, numOthers, width=0.005):
    """Get where g(r) has its highest value, in nm, that value, and how many are nearer than its first minimum."""
    counts, edges = np.histogram(np.concatenate(distances), np.arange(0.1, 0.6, width))
    shells = 4/3*np.pi*(edges[1:]**3 - edges[:-1]**3)
    g = counts/len(distances)/numCenters/(numOthers/volume)/shells
    smooth = np.convolve(g, np.ones(5)/5, "same")
    top = int(np.argmax(g[:np.searchsorted(edges, 0.35)]))
    low = top + int(np.argmin(smooth[top:top + int(0.12/width)]))
    return edges[top] + width/2, g[top], counts[:low].sum()/len(distances)/numCenters


def findPairs(graph, topology):
    """Get (title, atoms of the molecule, atoms of waters) whose g(r) shows hydrogen bonds."""
    oxygens = [atom.index for atom in topology.atoms() if atom.residue.name == "HOH" and atom.element.symbol == "O"]
    hydrogens = [atom.index for atom in topology.atoms() if atom.residue.name == "HOH" and atom.element.symbol == "H"]
    elements = [atom.element for atom in graph.atoms]
    for index, element in enumerate(elements):
        if element in (7, 8):
            yield f"{'NO'[element - 7]}{index} ... H of water", [index], hydrogens
            yield f"{'NO'[element - 7]}{index} ... O of water", [index], oxygens
    partner = {}
    for bond in graph.bonds:
        for first, second in ((bond.atom1, bond.atom2), (bond.atom2, bond.atom1)):
            if elements[first] == 1:
                partner[first] = elements[second]
    for index, element in partner.items():
        if element in (7, 8):
            yield f"H{index} (on {'NO'[element - 7]}) ... O of water", [index], oxygens


def measureBox(smiles, water, length, platform):
    ensemble = openmmorbit.ConformerGenerator().generate(smiles, 1, seed=1)
    forceField = openmmorbit.ligandForceField("mmff94", ensemble, ("amber14-all.xml", f"amber14/{water}.xml"))
    modeller = app.Modeller(ensemble.topology, ensemble[0].positions)
    modeller.addSolvent(forceField, model="tip3p", padding=1.0*unit.nanometer)
    topology, graph = modeller.topology, ensemble.graph
    system = forceField.createSystem(topology, nonbondedMethod=app.PME, constraints=app.HBonds,
                                     nonbondedCutoff=0.9*unit.nanometer)
    closed = copy.deepcopy(system)
    system.addForce(openmm.MonteCarloBarostat(1*unit.bar, 300*unit.kelvin, 25))
    simulation = app.Simulation(topology, system, openmm.LangevinMiddleIntegrator(300, 1, 0.002),
                                openmm.Platform.getPlatform(platform))
    simulation.context.setPositions(modeller.positions)
    simulation.minimizeEnergy()
    simulation.context.setVelocitiesToTemperature(300, 1)
    simulation.step(10000)
    mass = sum(system.getParticleMass(i)._value for i in range(system.getNumParticles()))
    volumes, pairs = [], list(findPairs(graph, topology))
    distances = [[] for _ in pairs]
    start, bonds, lengths = time.perf_counter(), [(bond.atom1, bond.atom2) for bond in graph.bonds], []
    for _ in range(int(length/0.0002)):
        simulation.step(100)
        state = simulation.context.getState(positions=True)
        x, box = state.getPositions(asNumpy=True)._value, state.getPeriodicBoxVectors(asNumpy=True)._value
        volumes.append(state.getPeriodicBoxVolume()._value)
        lengths.append([np.linalg.norm(x[i] - x[j]) for i, j in bonds])
        for found, (_, centers, others) in zip(distances, pairs):
            d = x[others] - x[centers[0]]
            for axis in (2, 1, 0):
                d -= np.round(d[:, axis:axis + 1]/box[axis, axis])*box[axis]
            r = np.linalg.norm(d, axis=1)
            found.append(r[r < 0.6])
    print(f"{smiles} in {water}: {topology.getNumAtoms()} atoms, {length} ns of NPT in "
          f"{time.perf_counter() - start:.0f} s")
    print(f"density {mass*1.66053907e-3/np.mean(volumes):.4f} g/ml (standard deviation of frames "
          f"{np.std(mass*1.66053907e-3/np.array(volumes)):.4f})")
    reference = [np.linalg.norm(ensemble[0].positions._value[i] - ensemble[0].positions._value[j]) for i, j in bonds]
    print(f"mean bond lengths differ from those of the conformer by {abs(np.mean(lengths, 0) - reference).max():.4f} "
          "nm at most")
    for (title, centers, others), found in zip(pairs, distances):
        place, height, number = firstPeak(found, np.mean(volumes), len(centers), len(others))
        print(f"{title}: first peak at {10*place:.2f} A, g = {height:.2f}, {number:.2f} nearer than the minimum "
              "behind it")
    measureDrift(topology, closed, simulation, platform)


def measureDrift(topology, system, simulation, platform):
    """NVE from the last frame, with steps of 1 fs."""
    integrator = openmm.VerletIntegrator(0.001)
    integrator.setConstraintTolerance(1e-6)
    nve = app.Simulation(topology, system, integrator, openmm.Platform.getPlatform(platform))
    state = simulation.context.getState(positions=True, velocities=True)
    nve.context.setPeriodicBoxVectors(*state.getPeriodicBoxVectors())
    nve.context.setPositions(state.getPositions())
    nve.context.setVelocities(state.getVelocities())
    energies = []
    for _ in range(200):
        nve.step(50)
        frame = nve.context.getState(energy=True)
        energies.append(frame.getPotentialEnergy()._value + frame.getKineticEnergy()._value)
    slope = np.polyfit(0.05*np.arange(len(energies)), energies, 1)[0]
    freedom = 3*system.getNumParticles() - system.getNumConstraints() - 3
    print(f"NVE of 10 ps, 1 fs: drift {slope:.3f} kJ/mol/ps, {1000*slope/(freedom*2.494339):.2g} kT/ns/degree of "
          f"freedom; fluctuation {np.std(energies):.2f} kJ/mol")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("what", choices=["dimers", "box"])
parser.add_argument("smiles", nargs="?", default="CCO")
parser.add_argument("--ns", type=float, default=0.1)
parser.add_argument("--water", default="tip3pfb")
parser.add_argument("--platform", default="CPU")
arguments = parser.parse_args()
if arguments.what == "dimers":
    measureDimers()
else:
    measureBox(arguments.smiles, arguments.water, arguments.ns, arguments.platform)
