# SPDX-License-Identifier: MIT
"""From generated states to simulations: a System for any organic molecule, and a staged start with a user's System."""
from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import unit

from openmmorbit import molecules
from openmmorbit.arguments import checkInteger
from openmmorbit.shape.superposition import superposedRmsd
from openmmorbit.simulation.applying import StateSetter
from openmmorbit.simulation.relaxed import RelaxedState, Relaxation
from openmmorbit.simulation.residues import findUnbonded, heavySolute
from openmmorbit.simulation.states import nameAtom, readStates, requireTopology, toArray, toKelvin, toNumber, toPlain
from openmmorbit.simulation.survival import Finding, SurvivalCheck
from openmmorbit.simulation.systems import findBox, makeContext, matchParticles, removeBarostats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openmm import app

    from openmmorbit._types import MoleculeLike
    from openmmorbit.simulation.states import States

__all__ = ["mmffSystem", "relax", "Relaxation", "RelaxedState", "Finding"]

_kJ, _gas = unit.kilojoule_per_mole, unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin)
#: Name of the Context parameter of the restraint, kJ/mol/nm^2.
STRENGTH = "orbitRestraint"
#: Hydrogens lighter than this, dalton, that no constraint holds need steps of at most 1 fs.
LIGHT = 2.5
#: Dynamics may raise the potential energy by so many times what is expected.
MAX_RISE = 6


def mmffSystem(molecule: MoleculeLike, variant: str = "MMFF94") -> openmm.System:
    """Make an openmm.System of a molecule with the MMFF94 force field, its terms taken from RDKit.

    Parameters
    ----------
    molecule : str, MolecularGraph, rdkit.Chem.Mol, OpenFF molecule or openmm.app.Topology
        The molecule; particle i of the System is atom i.
    variant : str
        "MMFF94" or "MMFF94s".

    Returns
    -------
    openmm.System
        Particles with masses, and forces whose energy is the MMFF94 energy. No cutoff, no constraints.

    Raises
    ------
    ValueError
        If the force field lacks parameters for an atom, which the message names.

    Examples
    --------
    >>> import openmmorbit
    >>> openmmorbit.mmffSystem("CCO").getNumParticles()
    9
    """
    from openmmorbit import chem

    return chem.createMMFFSystem(molecules.toGraph(molecule)[0], str(variant))


def defaultTimeSteps(system: openmm.System) -> list[float]:
    """Get time steps in ps that rise to 2 fs, or to 1 fs if hydrogens are light and free."""
    held = {particle for index in range(system.getNumConstraints())
            for particle in system.getConstraintParameters(index)[:2]}
    masses = [system.getParticleMass(i).value_in_unit(unit.dalton) for i in range(system.getNumParticles())]
    isFree = any(0 < mass < LIGHT and index not in held for index, mass in enumerate(masses))
    return [0.0001, 0.00025, 0.0005, 0.001] if isFree else [0.0002, 0.0005, 0.001, 0.002]


class _Restraint:
    """Harmonic forces that hold heavy atoms where they are, in a System of our own."""

    def __init__(self, system: openmm.System, particles: np.ndarray) -> None:
        distance = "periodicdistance(x, y, z, x0, y0, z0)^2" if system.usesPeriodicBoundaryConditions() else \
            "((x-x0)^2 + (y-y0)^2 + (z-z0)^2)"
        self._force = openmm.CustomExternalForce(f"0.5*{STRENGTH}*{distance}")
        self._force.addGlobalParameter(STRENGTH, 0.0)
        for name in ("x0", "y0", "z0"):
            self._force.addPerParticleParameter(name)
        self._particles = [int(particle) for particle in particles if system.getParticleMass(int(particle))._value > 0]
        for particle in self._particles:
            self._force.addParticle(particle, [0.0, 0.0, 0.0])
        system.addForce(self._force)

    def anchor(self, context: openmm.Context, positions: np.ndarray) -> None:
        """Hold the atoms at positions of all particles, nm."""
        for index, particle in enumerate(self._particles):
            self._force.setParticleParameters(index, particle, positions[particle])
        self._force.updateParametersInContext(context)


class _Stages:
    """The staged start of one state after the other, in one Context."""

    def __init__(self, where: str, system: openmm.System, states: States, particles: np.ndarray, kelvin: float,
                 options: Mapping[str, Any]) -> None:
        topology, self._options, self._kelvin = requireTopology(where, states), options, kelvin
        own = copy.deepcopy(system)
        removeBarostats(own)
        box = findBox(where, system, topology, options["boxVectors"])
        self._heavy = heavySolute(topology)
        self._restraint = _Restraint(own, particles[self._heavy])
        self._integrator = openmm.LangevinMiddleIntegrator(kelvin, options["friction"], 0.0001)
        self._integrator.setRandomNumberSeed(options["seed"])
        self._context = makeContext(own, self._integrator, options["platform"], options["properties"], box)
        self._setter = StateSetter(where, self._context, states)
        self._states = self._setter.states
        self._particles, self._topology = particles, topology
        masses = [own.getParticleMass(i)._value for i in range(own.getNumParticles())]
        self._maxRise = MAX_RISE * (3 * sum(mass > 0 for mass in masses) - own.getNumConstraints()) / 2 * _gas * kelvin

    def _measure(self) -> tuple[float, np.ndarray]:
        """Get the potential energy without restraint, kJ/mol, and the positions of all particles, nm."""
        self._context.setParameter(STRENGTH, 0.0)
        state = self._context.getState(energy=True, positions=True)
        return state.getPotentialEnergy().value_in_unit(_kJ), state.getPositions(asNumpy=True)._value

    def _minimise(self, strength: float) -> None:
        self._context.setParameter(STRENGTH, strength)
        openmm.LocalEnergyMinimizer.minimize(self._context, self._options["tolerance"], self._options["maxIterations"])

    def _run(self, seed: int) -> None:
        """Steps that become longer, held less and less; in the last stage not at all."""
        steps = self._options["timeSteps"]
        self._context.setVelocitiesToTemperature(self._kelvin, seed)
        for stage, step in enumerate(steps):
            self._context.setParameter(STRENGTH, self._options["restraint"] * (1 - (stage + 1) / len(steps)))
            self._integrator.setStepSize(step)
            self._integrator.step(self._options["numSteps"])

    def _explosion(self, result: RelaxedState) -> Finding | None:
        energies = [result.energyMinimized, result.energyAfter]
        if not np.isfinite(energies).all():
            return Finding("nan", f"the energy is {energies[0]:g} kJ/mol after minimisation, {energies[1]:g} kJ/mol "
                                  "after dynamics")
        if energies[1] - energies[0] > self._maxRise:
            return Finding("energy", f"dynamics at {self._kelvin:g} K raised the energy by "
                                     f"{energies[1] - energies[0]:.4g} kJ/mol, more than {self._maxRise:.4g} kJ/mol")
        return None

    def _relax(self, index: int, check: SurvivalCheck, result: RelaxedState) -> None:
        start = self._states.positions[index]
        self._setter.set(index)
        result.energyBefore, held = self._measure()
        self._restraint.anchor(self._context, held)
        self._minimise(self._options["restraint"])
        self._minimise(0.0)
        result.energyMinimized, minimized = self._measure()
        result._positions, result.energyAfter = minimized[self._particles], result.energyMinimized
        result.movedMinimized = result.movedAfter = superposedRmsd(
            result._positions[self._heavy], start[self._heavy])
        result.findings.extend(check.check(start, result._positions))
        if self._options["numSteps"] == 0 or result.findings:
            return
        self._restraint.anchor(self._context, minimized)
        self._run(self._options["seed"] + index)
        result.energyAfter, after = self._measure()
        explosion = self._explosion(result)
        if explosion is not None:
            result.findings.append(explosion)
            return
        result.movedAfter = superposedRmsd(after[self._particles][self._heavy], start[self._heavy])
        result.findings.extend(check.check(start, after[self._particles]))
        result._positions = after[self._particles]
        velocities = self._context.getState(velocities=True).getVelocities(asNumpy=True)
        result._velocities = velocities._value[self._particles]

    def relax(self, index: int, check: SurvivalCheck) -> RelaxedState:
        """Relax one state; what goes wrong is a finding."""
        result, start = RelaxedState(index, self._states.positions[index]), self._states.positions[index]
        bad = np.flatnonzero(~np.isfinite(start).all(axis=1))
        if len(bad) > 0:
            result.findings.append(Finding("nan", f"the position of {nameAtom(self._topology, int(bad[0]))} is not "
                                                  "finite"))
            return result
        try:
            self._relax(index, check, result)
        except openmm.OpenMMException as error:
            result.findings.append(Finding("nan", str(error)))
        if not np.isfinite(result.energyMinimized) and not result.findings:
            result.findings.append(Finding("nan", f"the energy is {result.energyMinimized:g} kJ/mol"))
        return result


def _readTimeSteps(where: str, timeSteps: Any, system: openmm.System) -> list[float]:
    if timeSteps is None:
        return defaultTimeSteps(system)
    plain = [toPlain(where, "time steps", step, unit.picosecond) for step in timeSteps] \
        if isinstance(timeSteps, (list, tuple)) else toPlain(where, "time steps", timeSteps, unit.picosecond)
    steps = np.atleast_1d(toArray(where, "time steps", plain))
    if len(steps) == 0 or not (np.isfinite(steps) & (steps > 0)).all() or (np.diff(steps) < 0).any():
        raise ValueError(f"{where}: expected positive time steps in ps that do not become shorter, got {timeSteps}")
    return steps.tolist()


def _positive(where: str, name: str, value: Any, target: unit.Unit) -> float:
    plain = toNumber(where, f"a {name}", value, target)
    if not 0 < plain < np.inf:
        raise ValueError(f"{where}: expected a positive, finite {name}, got {value}")
    return plain


def relax(states: Any, system: openmm.System, *, topology: app.Topology | None = None,
          temperature: unit.Quantity | float = 300.0, numSteps: int = 100,
          timeSteps: Sequence[float] | unit.Quantity | None = None, restraint: unit.Quantity | float = 1000.0,
          tolerance: unit.Quantity | float = 10.0, maxIterations: int = 0, friction: unit.Quantity | float = 10.0,
          reference: Any = None, platform: str | openmm.Platform | None = None,
          properties: Mapping[str, str] | None = None, boxVectors: unit.Quantity | None = None, seed: int = 0,
          progress: Callable[[int, int], None] | None = None) -> Relaxation:
    """Start a simulation from generated states in stages, and say of each whether it survived.

    1. Constraints are applied and virtual sites computed.
    2. The energy is minimised with the heavy atoms of the solute held by harmonic forces, then without.
    3. Langevin dynamics runs at the temperature with time steps that become longer, while the forces that hold the
       heavy atoms become weaker; in the last stage nothing is held.

    All states go through one Context, which has a copy of the System without its barostats: the box stays as it is.
    The System itself is not changed. A state that fails is a finding and never an exception.

    Parameters
    ----------
    states : Ensemble, Quantity or array_like
        An Ensemble, positions of shape (numStates, numAtoms, 3) in nm if they carry no unit, a list of openmm.State, or
        an app.PDBFile.
    system : openmm.System
        One particle an atom, in the same order; virtual sites may be missing from the states.
    topology : openmm.app.Topology, optional
        What the atoms are, if the states do not know it.
    temperature : Quantity or float
        In kelvin if it carries no unit.
    numSteps : int
        Steps of dynamics in each stage; 0 for minimisation alone.
    timeSteps : Quantity or sequence, optional
        One a stage, in ps if they carry no unit. Default: 0.2, 0.5, 1 and 2 fs; 0.1, 0.25, 0.5 and 1 fs if light
        hydrogens are not constrained.
    restraint : Quantity or float
        Strength of the forces that hold heavy atoms, in kJ/mol/nm^2 if it carries no unit.
    tolerance : Quantity or float
        Root-mean-square force at which minimisation ends, in kJ/mol/nm if it carries no unit.
    maxIterations : int
        Of each of the two minimisations; 0 for no limit.
    friction : Quantity or float
        In 1/ps if it carries no unit.
    reference : Quantity or array_like, optional
        Shape (numAtoms, 3), in nm if it carries no unit: positions that have the right hand at every centre and the
        right peptide bonds. Without them centres must keep the hand that they have in each state, and peptide bonds of
        other residues than proline must be trans.
    platform : str or openmm.Platform, optional
        Default: CPU.
    properties : dict, optional
        Properties of the platform.
    boxVectors : Quantity or array_like, optional
        Shape (3, 3), in nm if it carries no unit. Default: those of the Topology, then those of the System.
    seed : int
        Random seed; 0 chooses one.
    progress : callable, optional
        Called as ``progress(done, numStates)`` after each state.

    Returns
    -------
    Relaxation
        ``relaxation.states`` are those that survived, ``relaxation[i]`` tells what happened to state i.

    Raises
    ------
    ValueError
        If nothing can be relaxed: the System has other particles, Drude particles, or is periodic without a box.

    Examples
    --------
    >>> relaxation = openmmorbit.relax(ensemble, system, temperature=300*unit.kelvin)  # doctest: +SKIP
    >>> relaxation.states.applyTo(context, 0)  # doctest: +SKIP
    """
    where = "relax"
    read = readStates(where, states, topology)
    known = requireTopology(where, read)
    particles = matchParticles(where, system, read)
    right = None if reference is None else readStates(where, reference, known).positions[0]
    options = {
        "restraint": _positive(where, "restraint", restraint, _kJ / unit.nanometer**2),
        "tolerance": _positive(where, "tolerance", tolerance, _kJ / unit.nanometer),
        "friction": _positive(where, "friction", friction, unit.picosecond**-1),
        "timeSteps": _readTimeSteps(where, timeSteps, system), "boxVectors": boxVectors, "platform": platform,
        "properties": properties, "numSteps": checkInteger("numSteps", numSteps, 0, where),
        "maxIterations": checkInteger("maxIterations", maxIterations, 0, where),
        "seed": checkInteger("seed", seed, 0, where) or int(np.random.default_rng().integers(1, 2**30))}
    graph = read.ensemble.graph if read.ensemble is not None else None
    if graph is not None and any(bond.order == 0 for bond in graph.bonds):
        graph = None  # states of a system, whose bonds have no orders, are no molecule that was requested
    unbonded = findUnbonded(known)
    if unbonded:
        warnings.warn(f"{where}: expected the bonds of all molecules in the Topology, got none of {unbonded[0].name} "
                      f"{unbonded[0].id}{f' and {len(unbonded) - 1} more residues' if len(unbonded) > 1 else ''}; "
                      "their bonds and centres are not checked", stacklevel=2)
    kelvin = toKelvin(where, temperature)
    check = SurvivalCheck(known, system, particles, _gas * kelvin, right, graph)
    stages = _Stages(where, system, read, particles, kelvin, options)
    entries = []
    for index in range(len(read.positions)):
        entries.append(stages.relax(index, check))
        if progress is not None:
            progress(index + 1, len(read.positions))
    return Relaxation(entries, read.ensemble)
