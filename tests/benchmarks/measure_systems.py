#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models of Ace-Ala-Nme and Ace-Ala-Ala-Ala-Nme beside long replica exchange: data, training, figures, moves, targets.

Usage, one part after the other (each continues what is there; hours on two cores):

    measure_systems.py data FOLDER --residues 1 --frames 100000 --seed 22
    measure_systems.py train FOLDER --minutes 60
    measure_systems.py energies FOLDER
    measure_systems.py evaluate FOLDER
    measure_systems.py moves FOLDER --nanoseconds 5
    measure_systems.py targets FOLDER --steps 4000
    measure_systems.py golden FOLDER

The target is the published one: amber99sbildn and amber99_obc, no cutoff, no constraints, 300 K, steps of 1 fs. A frame
of each replica is written every ps, and neighbours exchange. For these sizes OpenMM's Reference platform is the fastest
on one core: 24 us a step for 22 atoms and 80 us for 42, against 261 and 150 us of the CPU platform with one thread.
"""
import argparse
import json
import pathlib
import time

import numpy as np
import openmm
from openmm import app, unit

import openmmorbit

TEMPERATURES = {1: (300, 370, 455, 560), 3: (300, 360, 430, 515, 615)}
#: Published: effective sample size, E-W2, T-W2; see what each was measured with before you compare.
ANCHORS = {1: {"ECNF++, exact ODE": (.275, .914, .189), "FALCON, 4 to 16 steps": (.067, .225, .402),
               "FALCON-A": (.097, .512, .180)},
           3: {"ECNF++, exact ODE": (.003, 2.206, None), "FALCON, 4 to 16 steps": (.077, .544, None)}}
HEAVY = {"ACE": "CH3 C O", "ALA": "N CA CB C O", "NME": "N C"}
RT = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin)
REFERENCE = "Reference"
GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "alanineDipeptide.json"


def makePeptide(numResidues):
    """Make the Topology, positions in nm, and the System."""
    topology = app.Topology()
    chain = topology.addChain()
    for name in ("ACE", *["ALA"] * numResidues, "NME"):
        residue = topology.addResidue(name, chain)
        for atom in HEAVY[name].split():
            topology.addAtom(atom, app.Element.getBySymbol(atom[0]), residue)
    topology.createStandardBonds()
    heavy = openmmorbit.ConformerGenerator().generate(topology, 1, seed=7).positions[0][:topology.getNumAtoms()]
    field = app.ForceField("amber99sbildn.xml", "amber99_obc.xml")
    modeller = app.Modeller(topology, heavy)
    modeller.addHydrogens(field, platform=openmm.Platform.getPlatform(REFERENCE))
    return modeller.topology, modeller.positions, field.createSystem(modeller.topology, nonbondedMethod=app.NoCutoff)


class Folder:
    """The files of one peptide."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.facts = json.loads((self.path / "facts.json").read_text(encoding="utf-8"))
        self.numResidues, self.seed = self.facts["residues"], self.facts["seed"]
        self.temperatures = TEMPERATURES[self.numResidues]
        self.topology = app.PDBFile(str(self.path / "system.pdb")).topology
        self.system = openmm.XmlSerializer.deserialize((self.path / "system.xml").read_text(encoding="utf-8"))

    @classmethod
    def make(cls, path, numResidues, seed):
        path = pathlib.Path(path)
        if not (path / "facts.json").exists():
            path.mkdir(parents=True, exist_ok=True)
            topology, positions, system = makePeptide(numResidues)
            with open(path / "system.pdb", "w", encoding="utf-8") as stream:
                app.PDBFile.writeFile(topology, positions, stream)
            (path / "system.xml").write_text(openmm.XmlSerializer.serialize(system), encoding="utf-8")
            (path / "facts.json").write_text(json.dumps({"residues": numResidues, "seed": seed}), encoding="utf-8")
        return cls(path)

    def frameFile(self, kelvin):
        return self.path / f"frames-{kelvin}.f32"

    def frames(self, kelvin):
        """Get the frames of a temperature, nm; complete ones only."""
        numbers = np.fromfile(self.frameFile(kelvin), "<f4")
        size = 3 * self.topology.getNumAtoms()
        return numbers[:len(numbers) // size * size].reshape(-1, size // 3, 3)


class Exchange:
    """Replica exchange that continues where its checkpoint is."""

    def __init__(self, folder):
        self.folder, self.done = folder, 0
        self.checkpoint = folder.path / "checkpoint.npz"
        start = app.PDBFile(str(folder.path / "system.pdb")).positions
        self.contexts = []
        for index, kelvin in enumerate(folder.temperatures):
            integrator = openmm.LangevinMiddleIntegrator(kelvin, 1.0, 0.001)
            context = openmm.Context(folder.system, integrator, openmm.Platform.getPlatform(REFERENCE))
            context.setPositions(start)
            openmm.LocalEnergyMinimizer.minimize(context)
            context.setVelocitiesToTemperature(kelvin, 100 * folder.seed + index)
            self.contexts.append(context)
        if self.checkpoint.exists():
            with np.load(self.checkpoint) as saved:
                self.done = int(saved["done"])
                for context, positions, velocities in zip(self.contexts, saved["positions"], saved["velocities"]):
                    context.setPositions(positions)
                    context.setVelocities(velocities)
        # What was written after the checkpoint is made again.
        size = 12 * folder.topology.getNumAtoms()
        for kelvin in folder.temperatures:
            with open(folder.frameFile(kelvin), "ab") as stream:
                stream.truncate(self.done * size)
        for index, context in enumerate(self.contexts):
            context.getIntegrator().setRandomNumberSeed(1 + (100 * folder.seed + index + 7919 * self.done) % 2**30)
            context.reinitialize(preserveState=True)
        self.random = np.random.default_rng([folder.seed, self.done])
        if self.done == 0:
            for context in self.contexts:
                context.getIntegrator().step(50000)

    def _exchange(self, states, energies):
        """Let neighbours exchange positions, with velocities scaled to the new temperature."""
        temperatures = self.folder.temperatures
        for first in range(self.done % 2, len(temperatures) - 1, 2):
            cold, hot = temperatures[first], temperatures[first + 1]
            change = (1 / cold - 1 / hot) / RT * (energies[first] - energies[first + 1])
            if np.log(self.random.random()) < change:
                scale = np.sqrt(hot / cold)
                (a, u), (b, v) = states[first], states[first + 1]
                states[first], states[first + 1] = (b, v / scale), (a, u * scale)
                for place in (first, first + 1):
                    self.contexts[place].setPositions(states[place][0])
                    self.contexts[place].setVelocities(states[place][1])

    def run(self, numFrames):
        streams = [open(self.folder.frameFile(kelvin), "ab") for kelvin in self.folder.temperatures]
        begin = time.process_time()
        while self.done < numFrames:
            states, energies = [], []
            for context, stream in zip(self.contexts, streams):
                context.getIntegrator().step(1000)
                state = context.getState(positions=True, velocities=True, energy=True)
                states.append((state.getPositions(asNumpy=True)._value, state.getVelocities(asNumpy=True)._value))
                energies.append(state.getPotentialEnergy()._value)
                stream.write(states[-1][0].astype("<f4").tobytes())
            self._exchange(states, energies)
            self.done += 1
            if self.done % 200 == 0 or self.done == numFrames:
                for stream in streams:
                    stream.flush()
                with open(self.checkpoint.with_suffix(".new"), "wb") as stream:
                    np.savez(stream, done=self.done, positions=[state[0] for state in states],
                             velocities=[state[1] for state in states])
                self.checkpoint.with_suffix(".new").replace(self.checkpoint)
                print(f"{self.done} frames of {len(streams)} replicas, {time.process_time() - begin:.0f} core seconds",
                      flush=True)
        for stream in streams:
            stream.close()


def angles(folder, positions):
    """Get phi and psi of each residue: shape (numStates, numResidues, 2), radians."""
    from openmmorbit import orbit, topologies
    from openmmorbit.evaluation.geometry import SystemGeometry

    graph = orbit.makeTopologySubject(topologies.makeRecord(folder.topology)).graph
    return SystemGeometry(folder.topology, graph).measure(np.asarray(positions, float)).phiPsi


def makeData(options):
    Exchange(Folder.make(options.folder, options.residues, options.seed)).run(options.frames)


def makeModel(folder, name, frames, minutes, **settings):
    """Train on the first frames of every temperature, each a condition."""
    temperatures = folder.temperatures
    trajectories = [folder.frames(kelvin)[:frames] for kelvin in temperatures]
    dataset = openmmorbit.TrajectoryDataset(folder.topology, trajectories, temperature=list(temperatures),
                                            system=folder.system)
    return openmmorbit.train(dataset, folder.path / name, minutes, forceField="amber99sbildn, amber99_obc", **settings)


def trainModel(options):
    makeModel(Folder(options.folder), "model", options.frames, options.minutes)


def measureTerms(folder, positions):
    """Get the energies of the forces of the System, kT at 300 K: shape (numStates, numForces), and the names."""
    forces = [force for force in folder.system.getForces() if not isinstance(force, openmm.CMMotionRemover)]
    for index, force in enumerate(forces):
        force.setForceGroup(index)
    context = openmm.Context(folder.system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform(REFERENCE))
    rows = []
    for state in positions:
        context.setPositions(state)
        rows.append([context.getState(energy=True, groups={index}).getPotentialEnergy()._value / (300 * RT)
                     for index in range(len(forces))])
    return np.array(rows), [force.getName() for force in forces]


def compareEnergies(options):
    """Print how far energies of states lie above those of replica exchange: minutes, where weights take hours.

    What 200 steps leave is of the network, the rest is of the sampler.
    """
    folder = Folder(options.folder)
    frames = folder.frames(300)
    expected, names = measureTerms(folder, frames[len(frames) // 10::2].astype(float))
    print("medians above those of replica exchange, kT\n\n| sampler | " + " | ".join(names) + " | sum |")
    print("|---" * (len(names) + 2) + "|")
    for method, steps, last in (("bespoke", 8, None), ("bespoke", 12, None), ("bespoke", 20, None),
                                ("heun", 20, 0.01), ("heun", 200, 0.001)):
        generator = openmmorbit.TopologyGenerator(folder.path / "model" / "model.safetensors", folder.topology,
                                                  condition="300 K", check=False, method=method, numSteps=steps,
                                                  renewal=0, sigmaMax=8, sigmaMin=last)
        own, _ = measureTerms(folder, generator.generate(options.states, seed=options.seed).positions._value)
        above = [*(np.median(own, 0) - np.median(expected, 0)), np.median(own.sum(1)) - np.median(expected.sum(1))]
        print(f"| {method}, {steps} steps | " + " | ".join(f"{value:.2f}" for value in above) + " |", flush=True)


def evaluateModel(options):
    """Print the report's figures for an exact integration and for 15 evaluations, beside the anchors."""
    from openmmorbit import orbit
    from openmmorbit.evaluation import evaluateSystem

    folder = Folder(options.folder)
    if folder.numResidues == 1:
        print(f"Jensen-Shannon distance of phi and psi from the golden file: {compareWithGolden(folder):.3f}\n")
    model = orbit.DenoiserModel.load(str(folder.path / "model" / "model.safetensors"))
    for numSteps in options.steps:
        flow = {"numSteps": numSteps}
        if numSteps <= 10:
            # Few steps are better spent between less noise and more of it.
            flow.update(sigmaMax=3.6 * model.getSettings().dataScale, sigmaMin=0.018)
        report = evaluateSystem(model, folder.topology, folder.frames(300),
                                system=folder.system, temperature=300, numStates=options.states,
                                density=options.density, relax=options.run, run=options.run,
                                simulationPlatform=REFERENCE, flow=flow, seed=options.seed)
        report.write(folder.path / f"report-{numSteps}")
        print(f"\n## {2 * numSteps - 1} evaluations for a state with a density\n\n{report.table()}")
    print("\n| published, by other hands | ESS | E-W2 | T-W2 |\n|---|---|---|---|")
    for name, values in ANCHORS[folder.numResidues].items():
        print(f"| {name} | " + " | ".join("" if value is None else f"{value:.3f}" for value in values) + " |")


def blocks(series, number=10):
    """Get mean and standard error of a series from its blocks."""
    means = [block.mean() for block in np.array_split(np.asarray(series, float), number)]
    return np.mean(means), np.std(means, ddof=1) / np.sqrt(number)


def trips(series):
    """Count how often a series goes to the other side and comes back."""
    return int((np.diff(np.asarray(series, int)) != 0).sum()) // 2


def runMoves(options):
    """Populations of phi > 0 of dynamics with Monte Carlo moves and without, beside replica exchange."""
    folder = Folder(options.folder)
    rows = [("replica exchange", angles(folder, folder.frames(300))[:, :, 0] > 0, None)]
    for withMoves in (False, True):
        integrator = openmm.LangevinMiddleIntegrator(300, 1.0, 0.001)
        integrator.setRandomNumberSeed(options.seed)
        simulation = app.Simulation(folder.topology, folder.system, integrator, openmm.Platform.getPlatform(REFERENCE))
        simulation.context.setPositions(folder.frames(300)[-1].astype(float))
        simulation.context.setVelocitiesToTemperature(300, options.seed)
        moves = None
        if withMoves:
            generator = openmmorbit.TopologyGenerator(folder.path / "model" / "model.safetensors", folder.topology,
                                                      condition="300 K", density=True, numSteps=options.steps)
            moves = openmmorbit.OrbitMonteCarlo(simulation, generator, options.interval, seed=options.seed)
            simulation.reporters.append(moves)
        positions = []
        for _ in range(round(1000 * options.nanoseconds)):
            simulation.step(1000)
            positions.append(simulation.context.getState(positions=True).getPositions(asNumpy=True)._value)
        rows.append(("dynamics and moves" if withMoves else "dynamics", angles(folder, positions)[:, :, 0] > 0, moves))
    print("| | residue | phi > 0 (%) | standard error | round trips per ns |\n|---|---|---|---|---|")
    for name, positive, moves in rows:
        for residue, series in enumerate(positive.T):
            share, error = blocks(series)
            print(f"| {name} | {residue + 1} | {100 * share:.2f} | {100 * error:.2f} | "
                  f"{1000 * trips(series) / len(series):.2f} |")
        if moves is not None:
            print(f"\n{moves}")


def compareTargets(options):
    """Train with the exact orbit target and with the plain one, equal updates, three seeds."""
    from openmmorbit.evaluation.distributions import jensenShannon

    folder = Folder(options.folder)
    reference = [histogram(plane) for plane in np.moveaxis(angles(folder, folder.frames(300)), 1, 0)]
    print("| target | seed | validation loss | distance of phi and psi, mean over residues |\n|---|---|---|---|")
    for target in ("exact", "plain"):
        for seed in (1, 2, 3):
            model = makeModel(folder, f"{target}-{seed}", options.frames, options.minutes, target=target, seed=seed,
                              maxSteps=options.steps)
            generator = openmmorbit.TopologyGenerator(model, folder.topology, condition="300 K", check=False)
            states = generator.generate(options.states, seed=seed)
            own = np.moveaxis(angles(folder, states.positions._value), 1, 0)
            distance = np.mean([jensenShannon(histogram(a), b) for a, b in zip(own, reference)])
            print(f"| {target} | {seed} | {model.validationLoss:.4f} | {distance:.4f} |", flush=True)


def histogram(plane):
    """Count phi and psi, shape (numStates, 2) in radians, in 36 x 36 bins."""
    return np.histogram2d(*plane.T, bins=np.linspace(-np.pi, np.pi, 37))[0].astype(int)


def compareWithGolden(folder):
    """Get the distance of phi and psi of the frames at 300 K from those of the golden file."""
    from openmmorbit.evaluation.distributions import jensenShannon

    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return jensenShannon(histogram(angles(folder, folder.frames(300))[:, 0]), golden["phiPsi"][0])


def writeGolden(options):
    """Write the small file that others can compare with: counts of phi and psi, and quantiles of the energy."""
    from openmmorbit.evaluation.energetics import EnergyMeter

    folder = Folder(options.folder)
    frames = folder.frames(300)
    energies = EnergyMeter("golden", folder.system, folder.topology, REFERENCE).energies(frames[::10].astype(float))
    levels = [1, 5, 25, 50, 75, 95, 99]
    planes = np.moveaxis(angles(folder, frames), 1, 0)
    print(json.dumps({"script": "tests/benchmarks/measure_systems.py data", "residues": folder.numResidues,
                      "seed": folder.seed, "temperatures": folder.temperatures, "frames": len(frames),
                      "openmm": openmm.version.version, "energyPercentiles": levels,
                      "energies": np.percentile(energies, levels).round(2).tolist(),
                      "phiPsi": [histogram(plane).tolist() for plane in planes]}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True)

    def add(name, function, **numbers):
        part = parts.add_parser(name, help=(function.__doc__ or "").splitlines()[0] if function.__doc__ else None)
        part.add_argument("folder")
        for option, default in numbers.items():
            kind = type(default[0] if isinstance(default, list) else default)
            several = "+" if isinstance(default, list) else None
            part.add_argument(f"--{option}", type=kind, default=default, nargs=several)
        part.set_defaults(act=function)

    add("data", makeData, residues=1, frames=100000, seed=22)
    add("train", trainModel, frames=20000, minutes=60.0)
    add("energies", compareEnergies, states=400, seed=5)
    add("evaluate", evaluateModel, steps=[20, 8], states=10000, density=1000, run=100, seed=7)
    add("moves", runMoves, nanoseconds=5.0, interval=1000, steps=8, seed=3)
    add("targets", compareTargets, frames=20000, minutes=600.0, steps=4000, states=5000)
    add("golden", writeGolden)
    options = parser.parse_args()
    options.act(options)


if __name__ == "__main__":
    main()
