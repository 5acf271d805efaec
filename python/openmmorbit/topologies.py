# SPDX-License-Identifier: MIT
"""Systems: an openmm.app.Topology as the C++ code sees it, and the generator of its states."""
from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import app

from openmmorbit import orbit
from openmmorbit.arguments import checkInteger
from openmmorbit.ensemble import Ensemble
from openmmorbit.generator import Generator, makeStart, showSettings
from openmmorbit.models import loadModel
from openmmorbit.selections import findAtoms, selectAtoms

if TYPE_CHECKING:
    from collections.abc import Mapping

    import openmm

    from openmmorbit import orbitchem
    from openmmorbit._types import ModelLike

#: Samplers that have a density: functions of their start, to noise below the width of a bond.
BESPOKE = {"method": "bespoke", "numSteps": 20, "renewal": 0.0, "stereoGuidance": 0.0}
HEUN = {"method": "heun", "numSteps": 20, "sigmaMin": 0.01, "rho": 7.0, "schedule": "karras", "renewal": 0.0,
        "stereoGuidance": 0.0}


def chooseFlow(model: orbit.DenoiserModel, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the settings of a sampler with a density.

    Parameters
    ----------
    model : openmmorbit.orbit.DenoiserModel
    settings : dict
        Those that the user gave; None stands for the default.

    Returns
    -------
    dict
        The method "bespoke" if neither another one nor levels are given, and it has the number of steps; else "heun".

    Raises
    ------
    ValueError
        For settings with which a sampler has no density.

    Warns
    -----
    UserWarning
        If it is "heun" because of the number of steps alone.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    for name in ("renewal", "stereoGuidance"):
        if given.get(name, 0) != 0:
            raise ValueError(f"TopologyGenerator: expected {name}=0 with density=True, because such a sampler has no "
                             f"density, got {given[name]}; leave it out, or make a second generator without density")
    others = {"method", "sigmaMin", "rho", "schedule", "renewal"} & set(given)
    if given.get("numSteps", 20) in orbit.SamplerSettings.listBespokeSteps() and not others:
        # From where the noise hides the shape: 3N - 3 coordinates have a length of sqrt(3N - 3) times the level.
        return {**BESPOKE, "sigmaMax": max(8.0, 4 * model.getSettings().dataScale), **given}
    if not others:
        steps = ", ".join(map(str, orbit.SamplerSettings.listBespokeSteps()))
        warnings.warn(f"TopologyGenerator: expected numSteps of {steps}, which the sampler \"bespoke\" has, got "
                      f"{given['numSteps']}; the method is \"heun\", of smaller effective sample size with as many "
                      "steps; give method=\"heun\" if that is what you want", stacklevel=3)
    return {**HEUN, **given}


_orders = {app.Single: 1, app.Double: 2, app.Triple: 3, app.Aromatic: 4, app.Amide: 1}


def _order(bond: app.topology.Bond) -> int:
    """Get 1, 2, 3, 4 for aromatic, or 0 for unknown."""
    return bond.order if bond.order in (1, 2, 3) else _orders.get(bond.type, 0)


def makeRecord(topology: app.Topology) -> orbit.TopologyRecord:
    """Get the flat lists of atoms, bonds, residues and chains that the C++ code understands."""
    record, atoms, bonds = orbit.TopologyRecord(), [], []
    residues = list(topology.residues())
    for entry in topology.atoms():
        atom = orbit.TopologyAtom()
        atom.name = entry.name or ""
        atom.element = entry.element.atomic_number if entry.element is not None else 0
        atom.residue = entry.residue.index
        atom.formalCharge = int(getattr(entry, "formalCharge", None) or 0)
        atoms.append(atom)
    for entry in topology.bonds():
        bond = orbit.TopologyBond()
        bond.atom1, bond.atom2, bond.order = entry[0].index, entry[1].index, _order(entry)
        bonds.append(bond)
    record.atoms, record.bonds = atoms, bonds
    record.residueNames = [residue.name for residue in residues]
    record.residueIds = [str(residue.id) for residue in residues]
    record.residueChains = [residue.chain.index for residue in residues]
    return record


def makeNamedRecord(topology: app.Topology) -> orbit.TopologyRecord:
    """As makeRecord(), for calls that need residue numbers in messages only: with the chain if there are several."""
    record = makeRecord(topology)
    numbers = [f"{residue.id}{(residue.insertionCode or '').strip()}" for residue in topology.residues()]
    if topology.getNumChains() > 1:
        numbers = [f"{number} of chain {residue.chain.id}" for number, residue in zip(numbers, topology.residues())]
    record.residueIds = numbers
    return record


def describeDifference(expected: orbit.TopologySubject, topology: app.Topology, atoms: Sequence[int]) -> str:
    """Get the first difference of a system from one that is known, in words and with the names of its file.

    Parameters
    ----------
    expected : openmmorbit.orbit.TopologySubject
    topology : openmm.app.Topology
    atoms : sequence of int
        The selected atoms.
    """
    try:
        orbit.checkTopology("", expected, makeNamedRecord(topology), np.asarray(atoms, dtype=np.int32))
    except ValueError as error:
        return str(error).partition(", with ")[2] or str(error)
    return ""


def fromTopology(topology: app.Topology, smiles: Mapping[str, str],
                 options: orbitchem.ReaderOptions) -> orbit.MolecularGraph:
    """Get the graph of an openmm.app.Topology that is one molecule; atoms keep their order and their names.

    Parameters
    ----------
    topology : openmm.app.Topology
    smiles : dict
        Residue name to SMILES, for every residue that is neither a standard one nor complete with bond orders.
    options : openmmorbit.chem.ReaderOptions

    Returns
    -------
    openmmorbit.orbit.MolecularGraph

    Raises
    ------
    ValueError
        Naming the residue whose bond orders are unknown, or whose SMILES disagrees with the Topology.
    """
    from openmmorbit import chem

    record = makeNamedRecord(topology)
    record.smiles = dict(smiles)
    return chem.readTopology(record, options)


def addTopology(integrator: orbit.OrbitDiffusionIntegrator, topology: app.Topology, particles: Sequence[int] | None,
                condition: str | int) -> int:
    """Add a system to an integrator, as its method addTopology() says."""
    where = "OrbitDiffusionIntegrator.addTopology"
    record, model = makeNamedRecord(requireTopology(where, topology)), integrator.getModel()
    index = orbit._findCondition(model, condition, where)
    if particles is None:
        return integrator._addTopology(record, index)
    if model.getTopology().getNumAtoms() > 0:
        orbit.checkTopology(where, model.getTopology(), record)
    return integrator._addTopology(np.asarray(particles, dtype=np.int32), index)


def requireTopology(where: str, topology: Any) -> app.Topology:
    """Refuse what is no Topology."""
    if not isinstance(topology, app.Topology):
        raise TypeError(f"{where}: expected an openmm.app.Topology, got {type(topology).__name__}; a PDBFile or "
                        "Modeller has one as its attribute topology")
    return topology


class TopologyGenerator(Generator):
    """Generates states of the system that a model was trained for, on an OpenMM platform.

    Every state is inspected: bonds, angles and contacts against the training frames, the hand of every centre, and the
    side of every bond that never turned, such as a peptide bond. A state that fails is redrawn, that is, generated
    again from other noise; states that still fail are left out and listed in Ensemble.failures. Importance weights need
    all states: check=False.

    Parameters
    ----------
    model : str, path or openmmorbit.orbit.DenoiserModel
        The model, as ``train()`` wrote it.
    topology : openmm.app.Topology
        The system. It must be the one that the model was trained for: atoms, bonds, residues and chains are compared.
    platform : str or openmm.Platform, optional
        "CPU", "Reference", or a GPU: "OpenCL", "CUDA" or "HIP"; default: CPU.
    properties : dict, optional
        Properties of the platform, as for openmm.Context. On the CPU platform "Precision" is "bf16" (the default where
        the processor has AVX512-BF16) or "single".
    threads : int, optional
        Threads of the CPU platform; default: all.
    atoms : str or sequence of int, optional
        The atoms that the model knows, see findAtoms(). Default: those that it was trained for.
    condition : str, optional
        A condition of the model, e.g. a temperature such as "300 K"; default: its first one.
    maxRedraws : int, optional
        Largest number of redraws of a state that fails the inspection.
    check : bool
        Inspect states.
    returnFailed : bool
        Return states that fail after the last redraw, with their status, instead of leaving them out.
    timeLimit : float, optional
        Time limit in seconds for up to 100 states, proportionally more for more of them. None: no limit.
    probes : int, optional
        How densities are computed: 0: exactly; 2 or more: estimated with so many random vectors, which is much faster
        for large systems (Ensemble.logDensityErrors tells the errors). Default: 0 for up to 100 atoms, else 8.
    density : bool
        Take a sampler that has a density, for importance weights and OrbitMonteCarlo: method "bespoke", 20 steps,
        without renewal and guidance. numSteps=12 or 8 is faster, with a smaller effective sample size. With another
        number of steps, or with settings of the noise levels, the method is "heun". generate() then computes
        densities.
    sampler : openmmorbit.SamplerSettings, optional
        All settings of the sampler, instead of the model's own.
    **settings
        Single settings of the sampler, which change the model's own:
        {settings}

    Raises
    ------
    ValueError
        For a model of molecules, or of another system: the message names the first difference. With ``density``, for
        renewal and stereoGuidance.
    """

    _core: orbit.TopologyGenerator

    def __init__(self, model: ModelLike, topology: app.Topology, platform: str | openmm.Platform | None = None,
                 properties: Mapping[str, Any] | None = None, threads: int | None = None, *,
                 atoms: str | Sequence[Any] | None = None, condition: str | None = None,
                 maxRedraws: int | None = None, check: bool = True, returnFailed: bool = False,
                 timeLimit: float | None = None, probes: int | None = None, density: bool = False,
                 sampler: orbit.SamplerSettings | None = None, **settings: Any) -> None:
        requireTopology("TopologyGenerator", topology)
        self._density = bool(density)
        core = orbit.TopologyGenerator(loadModel(model, "TopologyGenerator"))
        if density and sampler is None:
            settings = chooseFlow(core.getModel(), settings)
        self._configure(core, platform, properties, threads, condition,
                        maxRedraws, check, returnFailed, timeLimit, sampler, settings)
        if probes is not None:
            self._core.setNumProbes(checkInteger("probes", probes, 0, "TopologyGenerator"))
        self._setTopology(topology, atoms)

    @classmethod
    def fromXml(cls, xml: str, topology: app.Topology, *, atoms: str | Sequence[Any] | None = None,
                density: bool = False) -> TopologyGenerator:
        """Create a generator from what toXml() returned.

        Parameters
        ----------
        xml : str
        topology : openmm.app.Topology
            The system, as of the class; the text does not hold it.
        atoms : str or sequence of int, optional
            As of the class.
        density : bool
            Whether generate() computes densities; the sampler is that of the text.

        Raises
        ------
        ValueError
            If the text is not what toXml() returned, or for another system.
        openmm.OpenMMException
            If the model's file is missing, or another one than it was.
        """
        generator = cls.__new__(cls)
        generator._core = orbit.TopologyGenerator.fromXml(xml)
        generator._density = bool(density)
        generator._setTopology(requireTopology("TopologyGenerator.fromXml", topology), atoms)
        return generator

    def _setTopology(self, topology: app.Topology, atoms: str | Sequence[Any] | None) -> None:
        """Take the system, which must be the one that the model was trained for."""
        chosen = [] if atoms is None else findAtoms(topology, atoms)
        self._core.checkTopology(makeNamedRecord(topology), np.asarray(chosen, dtype=np.int32))
        self._atoms = [int(index) for index in self._core.getTopology().selection]
        self._topology = topology if len(self._atoms) == topology.getNumAtoms() else selectAtoms(topology, self._atoms)

    @property
    def topology(self) -> app.Topology:
        """The Topology of the generated atoms: the given one, or its selected atoms."""
        return self._topology

    @property
    def atoms(self) -> list[int]:
        """Indices of the generated atoms in the given Topology."""
        return list(self._atoms)

    @property
    def probes(self) -> int:
        """Number of random vectors for densities; 0 means that they are exact."""
        return self._core.getNumProbes()

    def generate(self, numStates: int = 100, seed: int = 0, progress: bool = False, *, density: bool | None = None,
                 first: int = 0, start: Any = None, level: Any = None,
                 fixed: str | Sequence[Any] | None = None) -> Ensemble:
        """Generate states. Ctrl-C stops between two steps.

        Parameters
        ----------
        numStates : int
            How many, at least 1.
        seed : int
            The same seed gives the same states; 0 chooses one, which the provenance tells.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        density : bool, optional
            Compute the density at which the sampler generates each state (Ensemble.logDensities), for importance
            weights. No state is left out then, whatever the inspection finds. It takes 6 numAtoms as many evaluations;
            see also ``probes``. Default: what the generator was made with.
        first : int
            Number of the first state: with one seed, ``generate(200, 7)`` gives the states of ``generate(100, 7)`` and
            of ``generate(100, 7, first=100)``, so that several calls or machines share the work.
        start : Quantity or array_like, optional
            Shape (numAtoms, 3), in nm if there is no unit: positions to vary (partial diffusion), or of fixed atoms.
        level : float or Quantity, optional
            With ``start``: noise level of the first step, in the unit of sigmaMax if it has none. The lower it is, the
            closer the states stay to the start.
        fixed : str or sequence of int, optional
            With ``start``: atoms that keep their places to each other, see findAtoms(); the others are generated around
            them. The states lie where the fixed atoms are.

        Returns
        -------
        Ensemble
            The accepted states; ``message`` says why there are fewer than asked for.

        Raises
        ------
        ValueError
            For a number out of range; with density, for a sampler that has none: it must not draw noise anew (renewal),
            be guided (stereoGuidance), or remember the step before (multistep), and the model must have been trained
            with rotations="SO3". TopologyGenerator(..., density=True) has such a sampler.
        """
        where = "TopologyGenerator.generate"
        number, seed, first = (checkInteger(name, value, lowest, where) for name, value, lowest in (
            ("numStates", numStates, 1), ("seed", seed, 0), ("first", first, 0)))
        chosen = None if fixed is None else findAtoms(self._topology, fixed)
        begin = makeStart(where, start, level, chosen, self.model)
        wanted = (self._density and start is None) if density is None else density
        if wanted and len(begin.positions) > 0:
            raise ValueError("TopologyGenerator.generate: expected no start for states with a density, got one; the "
                             "density is that of a whole generation")
        with self._watched(progress) as callback:
            states = Ensemble(self._core.generateWithDensity(number, seed, callback, first) if wanted else
                              self._core.generate(number, seed, callback, first, begin), self._topology)
        if wanted and states.message:
            warnings.warn(states.message, stacklevel=2)
        return states

    def logDensities(self, states: Any, progress: bool = False, *,
                     errors: bool = False) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Compute the density at which the sampler would generate given states, in any orientation of its own.

        Parameters
        ----------
        states : Ensemble, Quantity or array_like
            Shape (numStates, numAtoms, 3), in nm if there is no unit.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        errors : bool
            Return the standard errors too; they are 0 unless the densities are estimated (probes).

        Returns
        -------
        numpy.ndarray, or two of them
            Shape (numStates,): natural logarithms, of nm^-(3 numAtoms - 3); minus infinity for a state that the sampler
            cannot make. With ``errors``, their standard errors.

        Raises
        ------
        ValueError
            For a sampler without a density, as generate(), or states of another number of atoms.
        """
        from openmmorbit.simulation.states import readStates, requireFinite

        read = readStates("TopologyGenerator.logDensities", states, self._topology)
        requireFinite("TopologyGenerator.logDensities", read)
        with self._watched(progress) as callback:
            found = self._core.computeLogDensities(read.positions.ravel(), callback)
        if found.message:
            warnings.warn(found.message, stacklevel=2)
        values = np.array(found.values)
        return (values, np.array(found.errors)) if errors else values


showSettings(TopologyGenerator)
