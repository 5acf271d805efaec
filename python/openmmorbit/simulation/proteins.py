# SPDX-License-Identifier: MIT
"""Proteins in implicit solvent: a System with OpenMM's native Born force, and a Simulation that has started."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openmm
from openmm import app, unit
from openmm.app.internal.customgbforces import GBSAOBC2Force

from openmmorbit import relaxation
from openmmorbit.simulation.states import toKelvin, toNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openmmorbit.simulation.relaxed import RelaxedState


class ProteinSimulation(app.Simulation):
    """An app.Simulation that has started, with what its relaxation did.

    Attributes
    ----------
    relaxed : RelaxedState
        Energies and displacements of the start.
    """

    relaxed: RelaxedState


def proteinSystem(topology: app.Topology, *, constraints: Any = app.HBonds,
                  hydrogenMass: unit.Quantity | float | None = None, solventDielectric: float = 78.5,
                  soluteDielectric: float = 1.0) -> openmm.System:
    """Make a System of a protein: ff14SB and OBC2 implicit solvent by OpenMM's native GBSAOBCForce.

    ``ForceField("amber14-all.xml", "implicit/obc2.xml")`` gives the same energies by a CustomGBForce, which is slower
    on CPUs.

    Parameters
    ----------
    topology : openmm.app.Topology
        With hydrogens.
    constraints : object
        As for ForceField.createSystem(): None, app.HBonds or app.AllBonds.
    hydrogenMass : Quantity or float, optional
        In dalton; larger masses of hydrogens allow steps of 4 fs.
    solventDielectric, soluteDielectric : float
        Dielectric constants.

    Raises
    ------
    ValueError
        From OpenMM, naming a residue that the force field does not know.
    """
    mass = None if hydrogenMass is None else toNumber("proteinSystem", "a mass", hydrogenMass, unit.dalton)
    system = app.ForceField("amber14/protein.ff14SB.xml").createSystem(
        topology, nonbondedMethod=app.NoCutoff, constraints=constraints, hydrogenMass=mass)
    nonbonded = next(force for force in system.getForces() if isinstance(force, openmm.NonbondedForce))
    nonbonded.setReactionFieldDielectric(1)
    solvent = openmm.GBSAOBCForce()
    solvent.setSolventDielectric(solventDielectric)
    solvent.setSoluteDielectric(soluteDielectric)
    for index, (radius, scale) in enumerate(GBSAOBC2Force.getStandardParameters(topology)):
        solvent.addParticle(nonbonded.getParticleParameters(index)[0], radius, scale)
    system.addForce(solvent)
    return system


def simulateProtein(model: Any, *, temperature: unit.Quantity | float = 300 * unit.kelvin,
                    timeStep: unit.Quantity | float = 0.002 * unit.picosecond,
                    friction: unit.Quantity | float = 1 / unit.picosecond, system: openmm.System | None = None,
                    platform: str | openmm.Platform | None = None, properties: Mapping[str, str] | None = None,
                    seed: int = 0, **options: Any) -> ProteinSimulation:
    """Start a Simulation of a protein: minimised, warmed in short steps, checked, and ready to step.

    Parameters
    ----------
    model : ProteinModel, app.Modeller, app.PDBFile, or another object with topology and positions
        With hydrogens.
    temperature : Quantity or float
        In kelvin if it carries no unit.
    timeStep : Quantity or float
        Of the integrator, in ps if it carries no unit.
    friction : Quantity or float
        Of the integrator, in 1/ps if it carries no unit.
    system : openmm.System, optional
        Default: proteinSystem().
    platform : str or openmm.Platform, optional
        Default: CPU.
    properties : dict, optional
        Properties of the platform.
    seed : int
        Random seed of relaxation and integrator; 0 chooses one.
    **options
        Of relax(), e.g. numSteps and maxIterations. Its reference is the model, whose hands and peptides must stay.

    Returns
    -------
    ProteinSimulation
        An app.Simulation; ``simulation.relaxed`` tells what the start did.

    Raises
    ------
    ValueError
        If the protein did not survive its start: energies that are not finite, a broken bond, a centre or peptide that
        turned.

    Examples
    --------
    >>> simulation = openmmorbit.simulateProtein(openmmorbit.buildBackbone(caPositions))  # doctest: +SKIP
    >>> simulation.step(25000)  # doctest: +SKIP
    """
    where = "simulateProtein"
    topology = model.topology
    chosen = proteinSystem(topology) if system is None else system
    kelvin = toKelvin(where, temperature)
    options.setdefault("reference", model.positions)
    relaxed = relaxation.relax([model.positions], chosen, topology=topology, temperature=kelvin, platform=platform,
                               properties=properties, seed=seed, **options)[0]
    if not relaxed.accepted:
        raise ValueError(f"{where}: expected a protein that survives minimisation and its first steps, got one in "
                         f"which {'; '.join(finding.text for finding in relaxed.findings)}")
    integrator = openmm.LangevinMiddleIntegrator(
        kelvin, toNumber(where, "a friction", friction, unit.picosecond**-1),
        toNumber(where, "a time step", timeStep, unit.picosecond))
    integrator.setRandomNumberSeed(seed)
    device = platform if isinstance(platform, openmm.Platform) else openmm.Platform.getPlatform(platform or "CPU")
    simulation = ProteinSimulation(topology, chosen, integrator, device, dict(properties or {}))
    simulation.context.setPositions(relaxed.positions)
    if relaxed.velocities is None:
        simulation.context.setVelocitiesToTemperature(kelvin, *([seed] if seed else []))
    else:
        simulation.context.setVelocities(relaxed.velocities)
    simulation.relaxed = relaxed
    return simulation
