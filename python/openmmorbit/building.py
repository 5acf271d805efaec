# SPDX-License-Identifier: MIT
"""From CA atoms to a protein that can be simulated: heavy atoms by the C++ builder, hydrogens by OpenMM."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import app, unit

from openmmorbit import orbit
from openmmorbit._copying import copyByFields
from openmmorbit.arguments import checkInteger, listEntries
from openmmorbit.data.proteinchecks import checkSpacing
from openmmorbit.data.structures import chooseState
from openmmorbit.designs import splitNumber
from openmmorbit.selections import findAtoms, selectAtoms
from openmmorbit.sequences import SequenceLike, findResidues, fitSequence, warnOfOthers
from openmmorbit.sequences import readSequence as readSequence
from openmmorbit.simulation.states import States, readStates, requireTopology
from openmmorbit.topologies import makeRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openmmorbit.ensemble import Ensemble
    from openmmorbit.simulation.proteins import ProteinSimulation

_faults = ("break", "cis", "mirrored", "distorted")
copyByFields(orbit.BackboneReport, orbit.TopologyRecord, orbit.TopologyAtom, orbit.TopologyBond)


class BackboneError(ValueError):
    """CA atoms that no protein of L residues and trans peptides fits.

    Attributes
    ----------
    fault : str
        "break", "cis", "mirrored" or "distorted".
    residue : int
        Index of the first residue that is concerned.
    """

    def __init__(self, text: str, fault: int | str = "distorted", residue: int = -1) -> None:
        super().__init__(text)
        self.fault = fault if isinstance(fault, str) else _faults[fault]
        self.residue = residue

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.fault, self.residue)


class ProteinModel(app.Modeller):
    """A protein that was built: an openmm.app.Modeller with a report on its geometry.

    Attributes
    ----------
    topology : openmm.app.Topology
    positions : openmm.unit.Quantity
        In nm.
    report : openmmorbit.orbit.BackboneReport
        Of the heavy atoms as they were built: phi, psi, omega, lengths, chirality, Ramachandran regions, clashes.
    """

    def __init__(self, topology: app.Topology, positions: Any, report: orbit.BackboneReport,
                 record: orbit.TopologyRecord) -> None:
        super().__init__(topology, positions)
        self.report, self._record = report, record

    @property
    def faults(self) -> list[str]:
        """One line for each Ramachandran outlier, clash, cis peptide and chain break of the heavy atoms."""
        return list(self.report.describeFaults(self._record))

    def createSystem(self, **options: Any) -> openmm.System:
        """Make a System as proteinSystem() does."""
        from openmmorbit.simulation.proteins import proteinSystem

        return proteinSystem(self.topology, **options)

    def simulate(self, **options: Any) -> ProteinSimulation:
        """Start a Simulation as simulateProtein() does."""
        from openmmorbit.simulation.proteins import simulateProtein

        return simulateProtein(self, **options)

    def __repr__(self) -> str:
        numResidues, numChains = self.topology.getNumResidues(), self.topology.getNumChains()
        return (f"<ProteinModel {numResidues} residue{'s' if numResidues > 1 else ''}, {numChains} "
                f"chain{'s' if numChains > 1 else ''}, {self.topology.getNumAtoms()} atoms, {len(self.faults)} "
                f"fault{'' if len(self.faults) == 1 else 's'}>")


def _readState(where: str, source: Any, state: int | None, topology: app.Topology | None) -> States:
    """Get one of several states; the models of a file need not have the same atoms."""
    isFile = hasattr(source, "getNumFrames")
    states = None if isFile else readStates(where, source, topology)
    count = source.getNumFrames() if states is None else len(states.positions)
    index = chooseState(where, f"the {type(source).__name__}", count, state, 4)
    if states is None:
        return readStates(where, source.getPositions(asNumpy=True, frame=index), topology or source.topology)
    return states._replace(positions=states.positions[index:index + 1])


def _readTrace(states: States) -> tuple[np.ndarray, app.Topology | None]:
    """Get CA positions in Angstrom, shape (numResidues, 3), and the Topology of the CA atoms."""
    where, known = "buildBackbone", states.topology
    atoms = list(range(states.numAtoms)) if known is None else findAtoms(known, "CA", where)
    positions = states.positions[0, atoms]
    _requireFinite(where, positions, [] if known is None else findResidues(known, where))
    checkSpacing(where, positions, np.ones(max(len(positions) - 1, 0), bool))
    return 10 * positions, known


def _requireFinite(where: str, positions: np.ndarray, residues: Sequence[app.topology.Residue]) -> None:
    """Refuse CA atoms whose positions are not finite."""
    others = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if len(others):
        numbers = [f"{entry.id}{entry.insertionCode.strip()} of chain {entry.chain.id}" for entry in residues]
        raise ValueError(f"{where}: expected finite positions, got others for CA of residue "
                         f"{numbers[others[0]] if numbers else others[0] + 1}"
                         f"{f' and {len(others) - 1} more' if len(others) > 1 else ''}")


def _readChains(count: int, topology: app.Topology | None, chains: Sequence[int] | None
                ) -> tuple[list[int], list[str], list[str]]:
    """Get the chain of every residue, names of the chains and numbers of the residues where they are known."""
    if chains is not None:
        listed = listEntries("chains", chains, "buildBackbone")
        lengths = [checkInteger("chains", length, 1, "buildBackbone") for length in listed]
        if sum(lengths) != count:
            raise ValueError(f"buildBackbone: expected chains with {count} residues in all, got {sum(lengths)}")
        return [number for number, length in enumerate(lengths) for _ in range(length)], [], []
    if topology is None:
        return [0] * count, [], []
    residues = findResidues(topology, "buildBackbone")
    found = {entry.chain.index: entry.chain.id for entry in residues}
    order = {chain: place for place, chain in enumerate(found)}
    return [order[entry.chain.index] for entry in residues], list(found.values()), \
        [f"{entry.id}{entry.insertionCode.strip()}" for entry in residues]


def measureBackbone(protein: Any, *, state: int | None = None, topology: app.Topology | None = None
                    ) -> orbit.BackboneReport:
    """Measure the geometry of a protein, with or without hydrogens and side chains.

    Parameters
    ----------
    protein : array_like, Quantity, Ensemble, or an object with positions and topology such as an app.PDBFile
        In nm if there is no unit; several states are possible.
    state : int, optional
        Which of several states or models, from 0. Default: the first, with a warning if there are more.
    topology : openmm.app.Topology, optional
        What the atoms are, if the protein does not know it. Residues without CA, such as water, are left out.

    Returns
    -------
    openmmorbit.orbit.BackboneReport
        Chains are broken where C and N are more than 0.25 nm apart.

    Raises
    ------
    ValueError
        For a residue that has CA but lacks N or C, or positions that are not finite.
    """
    where = "measureBackbone"
    states = _readState(where, protein, state, topology)
    known = requireTopology(where, states)
    atoms = [atom.index for residue in findResidues(known, where) for atom in residue.atoms()]
    record = makeRecord(selectAtoms(known, atoms))
    return orbit.measureBackbone(record, 10 * states.positions[0, atoms].ravel())


def makeTopology(record: orbit.TopologyRecord, chainNames: Sequence[str] = ()) -> app.Topology:
    """Get the openmm.app.Topology of flat lists of atoms, bonds, residues and chains.

    Parameters
    ----------
    record : openmmorbit.orbit.TopologyRecord
        The numbers of its residues have their insertion codes behind them.
    chainNames : sequence of str, optional
        Of the chains; default: their numbers.
    """
    topology = app.Topology()
    chains: dict[int, app.topology.Chain] = {}
    residues = []
    for name, number, chain in zip(record.residueNames, record.residueIds, record.residueChains):
        if chain not in chains:
            chains[chain] = topology.addChain(chainNames[len(chains)] if len(chainNames) else None)
        residues.append(topology.addResidue(name, chains[chain], *splitNumber(number)))
    atoms = [topology.addAtom(atom.name, app.Element.getByAtomicNumber(atom.element), residues[atom.residue])
             for atom in record.atoms]
    for bond in record.bonds:
        topology.addBond(atoms[bond.atom1], atoms[bond.atom2])
    return topology


def addHydrogens(modeller: app.Modeller, pH: float) -> None:
    """Add hydrogens with ff14SB, on the Reference platform, which works everywhere."""
    isNumber = isinstance(pH, (int, float, np.number)) and not isinstance(pH, bool)
    if not isNumber or not np.isfinite(pH):
        raise (ValueError if isNumber else TypeError)(f"buildBackbone: expected pH as a finite number, got {pH!r}")
    modeller.addHydrogens(app.ForceField("amber14/protein.ff14SB.xml"), pH=pH,
                          platform=openmm.Platform.getPlatform("Reference"))


def buildBackbone(trace: Any, sequence: SequenceLike | None = None, *, state: int | None = None,
                  topology: app.Topology | None = None, chains: Sequence[int] | None = None, hydrogens: bool = True,
                  pH: float = 7.0, splitAtBreaks: bool = False, keepCis: bool = False,
                  keepLeftHanded: bool = False) -> ProteinModel:
    """Build a protein on its CA atoms. All residues are L and all peptides trans, or the call raises.

    Parameters
    ----------
    trace : array_like, Quantity, Ensemble, or an object with positions and topology such as an app.PDBFile
        CA positions of shape (numResidues, 3), in nm if there is no unit; several states are possible. If the Topology
        is known, its CA atoms are taken, with the chains and numbers of their residues.
    sequence : str, sequence of str or openmm.app.Topology, optional
        As in readSequence(). Residues that are open, by default all: alanine, and glycine where phi is positive.
    state : int, optional
        Which of several states or models, from 0. Default: the first, with a warning if there are more.
    topology : openmm.app.Topology, optional
        What the atoms are, if the trace does not know it.
    chains : sequence of int, optional
        Number of residues of each chain. Default: the chains of the Topology, or one.
    hydrogens : bool
        Add hydrogens.
    pH : float
        For the protonation states of the residues.
    splitAtBreaks : bool
        Start a new chain where neighbours are more than 0.43 nm apart, instead of raising.
    keepCis : bool
        Build cis peptides where CA atoms are 0.26 to 0.33 nm apart.
    keepLeftHanded : bool
        Build traces that look like mirror images too, with L residues.

    Returns
    -------
    ProteinModel
        An app.Modeller with a report.

    Raises
    ------
    BackboneError
        Naming the residue, for a trace that is broken, has a cis peptide, looks like a mirror image, or fits no
        residue.
    ValueError
        For a sequence of another length, or with other chains; unknown residues; chains of one residue; positions that
        are not finite. It names chain and residue.

    Examples
    --------
    >>> model = openmmorbit.buildBackbone(caPositions)  # doctest: +SKIP
    >>> model.report.getNumD(), model.faults  # doctest: +SKIP
    (0, [])
    """
    positions, known = _readTrace(_readState("buildBackbone", trace, state, topology))
    core, settings = orbit.BackboneTrace(), orbit.BuilderSettings()
    core.positions = positions.ravel()
    residueChains, named, core.residueIds = _readChains(len(positions), known, chains)
    core.residueChains, core.chainNames = np.array(residueChains, np.int32), named
    if sequence is not None:
        names = fitSequence("buildBackbone", sequence, [named[k] if named else k + 1 for k in residueChains],
                            list(core.residueIds), (known is not None or chains is not None) and not splitAtBreaks)
    settings.splitAtBreaks, settings.keepCis = bool(splitAtBreaks), bool(keepCis)
    settings.keepLeftHanded = bool(keepLeftHanded)
    if sequence is not None and any(names):
        if not all(names):      # Which of the open ones are glycine, a model without names says.
            chosen = orbit.buildBackbone(core, settings).topology.residueNames
            names = [name or other for name, other in zip(names, chosen)]
        core.residueNames = names
    built = orbit.buildBackbone(core, settings)
    heavy = unit.Quantity(0.1 * np.asarray(built.positions).reshape(-1, 3), unit.nanometer)
    if len(named) != len(set(built.topology.residueChains)):
        named = []                  # A chain that was split has no name for its second part.
    model = ProteinModel(makeTopology(built.topology, named), heavy, built.report, built.topology)
    if hydrogens:
        addHydrogens(model, pH)
    return model


def buildCopy(ensemble: Ensemble, index: int, sequence: SequenceLike | None, options: Mapping[str, Any]
              ) -> ProteinModel:
    """Build a protein on a copy, and warn of a sequence with others than the residues of its motif."""
    model = buildBackbone(ensemble, sequence, state=index, **options)
    if sequence is not None:
        warnOfOthers("Ensemble.build", sequence, ensemble.topology)
    return model
