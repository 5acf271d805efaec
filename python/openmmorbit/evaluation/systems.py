# SPDX-License-Identifier: MIT
"""A model of a system beside the simulation of it: generated states, their weights and energies, and a report."""
from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from openmmorbit import orbit
from openmmorbit.arguments import checkInteger
from openmmorbit.bars import makeBar
from openmmorbit.data.trajectories import TrajectoryDataset
from openmmorbit.evaluation import energetics
from openmmorbit.evaluation.geometry import SystemGeometry
from openmmorbit.evaluation.reference import MIN_HALF, readReference
from openmmorbit.evaluation.reportpage import describeGeneration
from openmmorbit.evaluation.slowmotions import findSlowMotions
from openmmorbit.evaluation.systemfigures import Collected, FigureMaker, StateSet
from openmmorbit.evaluation.systemreport import SystemReport, describeMachine
from openmmorbit.models import loadModel
from openmmorbit.simulation.states import toKelvin
from openmmorbit.simulation.systems import refuseImages
from openmmorbit.simulation.weights import importanceWeights, refuseConstraints
from openmmorbit.topologies import TopologyGenerator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import openmm
    from openmm import app, unit

    from openmmorbit._types import ModelLike

#: States at least.
MIN_STATES = 10
_where = "evaluateSystem"


def _chooseCondition(conditions: Sequence[str], kelvin: float | None,
                     condition: str | None) -> tuple[str | None, float | None]:
    """Get the condition of the model and the temperature in kelvin, each None if there is none."""
    known = [name for name in conditions if name.endswith(" K")]
    if condition is not None:
        own = float(condition[:-2]) if condition in known else None
        if kelvin is not None and own not in (None, kelvin):
            raise ValueError(f"{_where}: expected one temperature, got {kelvin:g} K and the condition '{condition}'")
        return condition, kelvin if own is None else own
    if kelvin is None:
        if len(known) > 1:
            raise ValueError(f"{_where}: expected the temperature of the trajectory, because the model knows several, "
                             f"{', '.join(known)}, got none; give temperature=")
        return (known[0], float(known[0][:-2])) if known else (None, None)
    name = f"{kelvin:g} K"
    if known and name not in known:
        raise ValueError(f"{_where}: expected a temperature that the model was trained at, {', '.join(known)}, got "
                         f"{name}")
    return name if known else None, kelvin


class _Evaluation:
    """One evaluation: what was asked for, and what has been collected."""

    def __init__(self, generator: TopologyGenerator, dataset: TrajectoryDataset, kelvin: float | None,
                 options: dict[str, Any]) -> None:
        self.generator, self.dataset, self.kelvin, self.options = generator, dataset, kelvin, options
        self.geometry = SystemGeometry(generator.topology, generator.model.getTopology().graph)
        self.notes: dict[str, str] = {}
        system = options["system"]
        self.meter = None if system is None else energetics.EnergyMeter(_where, system, generator.topology,
                                                                        options["simulationPlatform"])

    def _bar(self, total: int, words: str) -> Any:
        return makeBar(total, words, self.options["progress"])

    def _counter(self, bar: Any) -> Callable[[int, int], None]:
        return lambda done, total: bar.update(1)

    def _generate(self, generator: TopologyGenerator, number: int, seed: int, density: bool) -> StateSet:
        begin = time.perf_counter()
        states = generator.generate(number, seed, self.options["progress"], density=density)
        seconds = time.perf_counter() - begin
        if len(states) < MIN_STATES:
            raise ValueError(f"{_where}: expected at least {MIN_STATES} correct states, got {len(states)} of {number}"
                             f"{', ' + states.failures[0].status.message if states.failures else ''}; train the model "
                             "longer, or look at all states with check=False")
        return StateSet.measure(states, self.geometry, describeGeneration(
            generator, [states], number, seconds, None if density else self.options["check"]))

    def collect(self) -> Collected:
        """Read the simulation, generate, and compute energies and weights."""
        options, meter = self.options, self.meter
        with self._bar(self.dataset.numFrames, "frames") as bar:
            reference = readReference(_where, self.dataset, self.geometry,
                                      None if meter is None else meter.energies, bar.update)
        data = Collected(self.geometry, reference,
                         self._generate(self.generator, options["numStates"], options["seed"], False),
                         kelvin=self.kelvin, seed=options["seed"])
        if options["density"]:
            self._addFlow(data)
        if meter is not None:
            self._addEnergies(data)
        try:
            data.motions = findSlowMotions(reference, options["lag"])
            if data.motions is None:
                self.notes["Slow motions"] = "the trajectories are too short for TICA, or nothing in them changes"
        except ImportError as error:
            self.notes["Slow motions"] = str(error)
        return data

    def _addFlow(self, data: Collected) -> None:
        assert self.meter is not None and self.kelvin is not None
        generator = TopologyGenerator(self.generator.model, **{**self.options["generator"], "check": False,
                                                               "density": True, **self.options["flow"]})
        seed = self.options["seed"] + 1
        data.flow = flow = self._generate(generator, self.options["density"], seed, True)
        flow.weights = importanceWeights(flow.ensemble, self.meter.system, self.kelvin, platform=self.meter.platform)
        flow.energies = flow.weights.energies

    def _addEnergies(self, data: Collected) -> None:
        assert self.meter is not None and self.kelvin is not None
        data.states.energies = self.meter.energies(data.states.ensemble.positions._value)
        for name, words, act in (("relax", "relaxed", energetics.relaxStates), ("run", "run", energetics.runStates)):
            number = min(self.options[name], len(data.states))
            if number > 0:
                with self._bar(number, words) as bar:
                    found = act(data.states.ensemble[:number], self.meter, self.kelvin, self.options["seed"],
                                self._counter(bar))
                setattr(data, "relaxed" if name == "relax" else "ran", found)


def _checkOptions(options: dict[str, Any], model: orbit.DenoiserModel, kelvin: float | None,
                  topology: app.Topology) -> None:
    system = options["system"]
    for name, least in (("numStates", MIN_STATES), ("density", 0), ("relax", 0), ("run", 0), ("seed", 1)):
        options[name] = checkInteger(name, options[name], least, _where)
    if options["lag"] is not None:
        options["lag"] = checkInteger("lag", options["lag"], 1, _where)
    if 0 < options["density"] < MIN_STATES:
        raise ValueError(f"{_where}: expected density of 0 or at least {MIN_STATES} states, got {options['density']}")
    for name in ("density", "run"):
        if options[name] and system is None:
            raise ValueError(f"{_where}: expected the System with {name}={options[name]}, got none; give system=")
    if system is not None and kelvin is None:
        raise ValueError(f"{_where}: expected the temperature of the simulation beside its System, got none; give "
                         "temperature=")
    if options["density"]:
        refuseConstraints(_where, system)
        refuseImages(_where, system, topology)
        if model.getRotations() != orbit.OrbitRotations_Proper:
            raise ValueError(f"{_where}: expected a model with densities, trained with rotations=\"SO3\", got one "
                             "whose states may be reflected")


def _checkLength(dataset: TrajectoryDataset, lag: int | None) -> None:
    if dataset.numFrames < 2 * MIN_HALF:
        raise ValueError(f"{_where}: expected at least {2 * MIN_HALF} frames, so that the simulation has two halves, "
                         f"got {dataset.numFrames}; give longer trajectories")
    longest = max(-(-number // dataset.stride) for number in dataset.frameNumbers)
    if lag is not None and lag > longest - 2:
        raise ValueError(f"{_where}: expected a lag time of at most {longest - 2} frames, two below the longest "
                         f"trajectory, got {lag}")


def evaluateSystem(model: ModelLike, topology: app.Topology, trajectory: Any, *, system: openmm.System | None = None,
                   temperature: unit.Quantity | float | None = None, numStates: int = 1000, density: int = 0,
                   relax: int = 100, run: int = 0, lag: int | None = None, stride: int = 1, damaged: str = "refuse",
                   boxVectors: Any = None, simulationPlatform: str | None = None, flow: dict[str, Any] | None = None,
                   seed: int = 7, check: bool = True, condition: str | None = None, atoms: Any = None,
                   progress: bool = True, **settings: Any) -> SystemReport:
    """Generate states of a system and compare them with its simulation.

    Distances between the model and the simulation stand beside those between the simulation's two halves, at equal
    numbers of states.

    Parameters
    ----------
    model : str, path or openmmorbit.orbit.DenoiserModel
        A model of the system, as train() wrote it.
    topology : openmm.app.Topology
        The system, all atoms that the trajectories have.
    trajectory : path, array_like, or a list of them
        The simulation, as for TrajectoryDataset; memory does not depend on its length.
    system : openmm.System, optional
        For energies, relaxation and weights: one particle for each atom of the model.
    temperature : Quantity or float, optional
        Of the simulation, in kelvin if it carries no unit; the model must have been trained at it. Default: the only
        one that the model knows.
    numStates : int
        States to generate, at least 10.
    density : int
        States to generate with their densities for importance weights; 0: none. Each takes about 6 numAtoms times as
        long as another one.
    relax : int
        States that are minimised and given the temperature, if there is a System.
    run : int
        States that are run for 20 ps.
    lag : int, optional
        Lag time of TICA, in frames that are read (every stride-th one); default: a hundredth of the longest
        trajectory, 100 at most.
    stride : int
        Take every stride-th frame.
    damaged : str
        "refuse" files that are cut off, or "keep" their complete frames.
    boxVectors : Quantity or array_like, optional
        Shape (3, 3), in nm if it carries no unit: the box of trajectories that have none.
    simulationPlatform : str, optional
        OpenMM's platform for energies and dynamics; default: CPU.
    flow : dict, optional
        Settings of the sampler for states with a density, as of TopologyGenerator(density=True).
    seed : int
        Of the generated states, at least 1; states with a density have the next one.
    check, condition, atoms
        As of TopologyGenerator.
    progress : bool
        Show progress bars on standard error, if that is a terminal.
    **settings
        Further settings of TopologyGenerator, e.g. platform, threads, numSteps, and probes for densities.

    Returns
    -------
    SystemReport
        ``report.write("folder")`` writes the page, its pictures and its numbers.

    Raises
    ------
    ValueError
        For another system, too few frames or states, an unknown temperature, and what TrajectoryDataset refuses.

    Examples
    --------
    >>> report = evaluateSystem("model.safetensors", pdb.topology, "run.dcd", system=system)  # doctest: +SKIP
    >>> report.write("report")  # doctest: +SKIP
    """
    loaded = loadModel(model)
    kelvin = None if temperature is None else toKelvin(_where, temperature)
    chosen, kelvin = _chooseCondition(list(loaded.getConditions()), kelvin, condition)
    options: dict[str, Any] = {
        "system": system, "numStates": numStates, "density": density, "relax": relax, "run": run, "lag": lag,
        "seed": seed, "check": bool(check), "progress": progress, "flow": flow or {},
        "simulationPlatform": simulationPlatform,
        "generator": {**{name: settings[name] for name in ("platform", "properties", "threads", "timeLimit", "probes")
                         if name in settings}, "topology": topology, "atoms": atoms, "condition": chosen}}
    _checkOptions(options, loaded, kelvin, topology)
    generator = TopologyGenerator(loaded, topology, atoms=atoms, check=check, condition=chosen, **settings)
    dataset = TrajectoryDataset(topology, trajectory, atoms=generator.atoms, stride=stride, temperature=kelvin,
                                damaged=damaged, boxVectors=boxVectors)
    _checkLength(dataset, options["lag"])
    evaluation = _Evaluation(generator, dataset, kelvin, options)
    data = evaluation.collect()
    maker = FigureMaker(data)
    maker.make()
    return SystemReport(data, maker.figures, maker.details, {**maker.notes, **evaluation.notes},
                        describeMachine(loaded, generator, dataset, data))
