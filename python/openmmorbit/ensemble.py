# SPDX-License-Identifier: MIT
"""The result of a generation: conformers of one molecule with their status, and the ways out of it."""
from __future__ import annotations

from collections import Counter
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import openstereo, orbit
from openmmorbit.choices import EnsembleChoices
from openmmorbit.conformer import Conformer, chooseCopies
from openmmorbit.io import conversions, writers
from openmmorbit.io import modeller as modellers
from openmmorbit.messages import counted
from openmmorbit.provenance import EnsembleProvenance
from openmmorbit.simulation import applying, choosing, solvent
from openmmorbit.simulation.states import toNumber, toPlain
from openmmorbit.viewer.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import openmm
    from openmm import app
    from rdkit import Chem

    from openmmorbit._types import StrPath
    from openmmorbit.building import ProteinModel
    from openmmorbit.pockets import Surroundings
    from openmmorbit.simulation.proteins import ProteinSimulation
    from openmmorbit.simulation.solvent import SolvatedState


class Ensemble(EnsembleProvenance, EnsembleChoices, Shown):
    """Conformers of one molecule.

    ``len(ensemble)`` is the number of conformers; ``ensemble[i]`` is a Conformer, a slice or a list of indices gives an
    Ensemble.

    Parameters
    ----------
    core : openmmorbit.orbit.Ensemble or openmmorbit.orbit.MolecularGraph
        The C++ object, or a molecule to begin with.
    source : object, optional
        The molecule as the caller gave it; toOpenFF() returns to it.
    isomers : list of str, optional
        Isomeric SMILES of isomers with a number already, from 1.
    """

    #: Conformers whose positions are no longer those that were generated.
    _moved: frozenset[int] = frozenset()
    #: Atoms that kept the places that were asked for, ascending.
    fixedAtoms: tuple[int, ...] = ()
    #: What stands around the conformers, if they were generated in a pocket.
    _surroundings: Surroundings | None = None
    #: Four atoms and the ends, in degrees, of the ranges of torsions that were asked for.
    _ranges: tuple[tuple[tuple[int, ...], float, float], ...] = ()

    def __init__(self, core: orbit.Ensemble | orbit.MolecularGraph, source: Any = None,
                 isomers: list[str] | None = None) -> None:
        if not isinstance(core, (orbit.Ensemble, orbit.MolecularGraph)):
            raise TypeError("Ensemble: expected an openmmorbit.orbit.Ensemble or MolecularGraph, got "
                            f"{type(core).__name__}; ConformerGenerator.generate() makes an Ensemble of a molecule, "
                            "readMolecule() a MolecularGraph")
        self._core = orbit.Ensemble(core) if isinstance(core, orbit.MolecularGraph) else core
        self._source = source
        self._topology = None
        self._isomers = isomers if isomers is not None else []
        self._numbers: list[int] | None = None

    @property
    def graph(self) -> orbit.MolecularGraph:
        """The molecule as openmmorbit.orbit.MolecularGraph."""
        return self._core.getGraph()

    @property
    def numAtoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return self._core.getNumAtoms()

    @property
    def numConformers(self) -> int:
        """Number of conformers."""
        return self._core.getNumConformers()

    @property
    def positions(self) -> unit.Quantity:
        """All positions: a Quantity of shape (numConformers, numAtoms, 3), in nm."""
        shape = (self.numConformers, self.numAtoms, 3)
        return unit.Quantity(self._core.getPositionArray().reshape(shape), unit.nanometer)

    @property
    def logDensities(self) -> np.ndarray:
        """Shape (numConformers,): ln of the density at which each was generated, nm^-(3 numAtoms - 3).

        NaN where it is unknown, as after setPositions() and relax(): TopologyGenerator.logDensities() computes it anew.
        """
        return np.array([np.nan if index in self._moved else entry.logDensity
                         for index, entry in enumerate(self.provenance)])

    @property
    def logDensityErrors(self) -> np.ndarray:
        """Shape (numConformers,): standard errors of logDensities; 0 unless they were estimated with random vectors."""
        return np.array([entry.logDensityError for entry in self.provenance])

    @property
    def topology(self) -> app.Topology:
        """The molecule as openmm.app.Topology with bond orders.

        Chains, residues and names of atoms are those of the Topology that the ensemble was made of, or of an
        rdkit.Chem.Mol with PDB residues; otherwise there is one chain with one residue UNL.
        """
        if self._topology is None:
            self._topology = conversions.makeTopology(self.graph, self._source)
        return self._topology

    @property
    def name(self) -> str:
        """Name of the molecule: the title of its record."""
        return self.graph.name

    @property
    def properties(self) -> dict[str, str]:
        """Data items of the molecule's record, or further columns: a dict of texts. SDF files contain them."""
        return self.graph.properties

    def __getstate__(self) -> dict[str, Any]:
        # The Topology is made anew.
        return {**self.__dict__, "_topology": None}

    def _findIsomers(self) -> tuple[list[int], list[str]]:
        if self._numbers is None:
            self._numbers = openstereo.isomerNumbers(self.graph, self.positions._value, self._isomers)
        return self._numbers, list(self._isomers)

    @property
    def isomerNumbers(self) -> list[int]:
        """Number of the isomer that every conformer is: a list of int from 1, in order of their first appearance."""
        return self._findIsomers()[0]

    @property
    def isomers(self) -> list[str]:
        """Isomeric SMILES of the isomers of numbers 1, 2, …: a list of str."""
        return self._findIsomers()[1]

    @property
    def _isPlaced(self) -> bool:
        """Whether the conformers are poses, whose places tell them apart."""
        return len(self.fixedAtoms) > 0

    def __len__(self) -> int:
        return self.numConformers

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Integral) and not isinstance(key, bool):
            index = int(key) + (len(self) if key < 0 else 0)
            if len(self) == 0:
                raise IndexError(f"Ensemble: expected a conformer of {self.graph.getLabel()}, got index {key}; the "
                                 "ensemble is empty")
            if not 0 <= index < len(self):
                raise IndexError(f"Ensemble: expected a conformer from 0 to {len(self) - 1}, got {key}")
            return Conformer(self, index)
        chosen = chooseCopies(key, len(self))
        # A part numbers isomers as the whole does.
        return self._pick(chosen)

    def _remake(self, core: orbit.Ensemble) -> Ensemble:
        """Get an Ensemble of this kind, of the same molecule, with other copies; classes made of more override this."""
        return Ensemble(core, self._source, self.isomers)

    def _pick(self, chosen: np.ndarray) -> Ensemble:
        """Get an Ensemble of some conformers, with the energies that are known."""
        result = self._remake(self._core.select(chosen.astype(np.int32)))
        result._numbers = [self.isomerNumbers[i] for i in chosen]
        if self._energies is not None:
            result._energies = self._energies._replace(values=self._energies.values[chosen])
        result.fixedAtoms, result._surroundings, result._ranges = self.fixedAtoms, self._surroundings, self._ranges
        result._moved = frozenset(place for place, index in enumerate(chosen.tolist()) if index in self._moved)
        return result

    def __iter__(self) -> Iterator[Conformer]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        faults = Counter(failure.status.message for failure in self.failures)
        lost = "".join(f"; {count} failed: {text}" for text, count in faults.most_common(1))
        shape = f"{counted(len(self), 'conformer')} of {counted(self.numAtoms, 'atom')}"
        return f"<Ensemble of {self.graph.getLabel()}: {shape}{lost}>"

    def setPositions(self, index: int, positions: unit.Quantity | npt.ArrayLike) -> None:
        """Replace the positions of one conformer, e.g. after a relaxation.

        Parameters
        ----------
        index : int
        positions : Quantity or array_like
            Shape (numAtoms, 3), in nm if it carries no unit.
        """
        place = self[index].index
        plain = toPlain("Ensemble.setPositions", "positions", positions, unit.nanometer)
        self._core.setPositions(place, plain)
        self._numbers, self._energies, self._moved = None, None, self._moved | {place}

    def applyTo(self, context: openmm.Context | Sequence[openmm.Context], index: int = 0,
                temperature: unit.Quantity | float | None = None, particles: Sequence[int] | None = None,
                seed: int = 0) -> None:
        """Put a conformer into a Context: positions, constraints, virtual sites, and velocities if asked for.

        Parameters
        ----------
        context : openmm.Context or list of Contexts
            Its System has one particle an atom, in the order of the ensemble, unless particles are given. Each Context
            of a list gets a conformer of its own, as applyStates() does it.
        index : int
            The conformer; for a list that of the first Context, and the others get those that follow.
        temperature : Quantity or float, optional
            Set velocities to this temperature, in kelvin if it carries no unit.
        particles : sequence of int, optional
            The particle of every atom; the conformer then takes the centroid those particles have, others stay.
        seed : int
            Random seed of the velocities, 0 to choose one.
        """
        if isinstance(context, (list, tuple)):
            if particles is not None:
                raise ValueError("Ensemble.applyTo: expected a single Context with particles, got a list; call it for "
                                 "each Context")
            applying.applyStates(context, self[index:index + len(context)], temperature=temperature, seed=seed)
            return
        kelvin = -1.0 if temperature is None else toNumber("Ensemble.applyTo", "a temperature", temperature,
                                                           unit.kelvin)
        if temperature is not None and not 0 <= kelvin < np.inf:
            raise ValueError(f"Ensemble.applyTo: expected a finite temperature of at least 0 K, got {kelvin:g} K")
        if particles is None:
            self._core.applyTo(context, self[index].index, kelvin, int(seed))
        else:
            self._core.applyTo(context, self[index].index, [int(i) for i in particles], kelvin, int(seed))

    def state(self, index: int = 0, context: openmm.Context | None = None) -> openmm.State:
        """Get an openmm.State that holds the positions of a conformer, for Context.setState() and reporters.

        Parameters
        ----------
        index : int
            The conformer.
        context : openmm.Context
            The State has its periodic box, time and step count, so that setState() leaves those as they are.

        Raises
        ------
        ValueError
            Without a Context, or if its System has other particles than the molecule atoms.
        """
        if context is None:
            raise ValueError("Ensemble.state: expected a Context, whose periodic box, time and step count the State "
                             f"takes over, got none; call state({index}, context), or applyTo(context, {index})")
        return self._core.createState(self[index].index, context)

    def build(self, index: int = 0, sequence: str | Sequence[str | None] | app.Topology | None = None,
              **options: Any) -> ProteinModel:
        """Build a protein on the CA atoms of one copy of a backbone.

        Parameters
        ----------
        index : int
            Which copy.
        sequence : str, sequence of str or openmm.app.Topology, optional
            As of openmmorbit.readSequence(). Residues that are open, by default all: alanine, and glycine where phi is
            positive. If it has others than the motif of the copies, a warning tells.
        **options
            Those of openmmorbit.buildBackbone(), e.g. hydrogens.

        Returns
        -------
        ProteinModel
            An openmm.app.Modeller with a report.

        Raises
        ------
        BackboneError, ValueError
            If L residues with trans peptides, or the sequence, do not fit. It names the residue.
        """
        from openmmorbit.building import buildCopy

        return buildCopy(self, index, sequence, options)

    def simulate(self, index: int = 0, sequence: str | Sequence[str | None] | app.Topology | None = None,
                 **options: Any) -> ProteinSimulation:
        """Build a protein on one copy of a backbone, and start a Simulation of it in implicit solvent, in stages.

        Parameters
        ----------
        index, sequence
            As of build().
        **options
            Those of openmmorbit.simulateProtein(), e.g. temperature, platform and seed.
        """
        return self.build(index, sequence).simulate(**options)

    def startingStates(self, numReplicas: int, method: str = "diverse", **options: Any) -> Ensemble:
        """Choose conformers to start simulations from.

        Parameters
        ----------
        numReplicas : int
            How many to choose.
        method : str
            "diverse" or "weighted".
        **options
            Those of openmmorbit.chooseStates(): weights, logWeights or energies with temperature, and seed.

        Returns
        -------
        Ensemble
        """
        return choosing.startingStates(self, numReplicas, method, **options)

    def placeInSolvent(self, topology: app.Topology, positions: Any, index: int = 0, **options: Any) -> SolvatedState:
        """Replace the solute of an existing box by a conformer.

        Parameters
        ----------
        topology : openmm.app.Topology
            The box.
        positions : Quantity or array_like
            Shape (number of the box's atoms, 3), in nm if they carry no unit.
        index : int
            The conformer.
        **options
            Those of openmmorbit.placeInSolvent(), e.g. system, solute and overlap.

        Returns
        -------
        SolvatedState
        """
        return solvent.placeInSolvent(self[index], topology, positions, **options)

    def toRDKit(self) -> Chem.Mol:
        """Get one rdkit.Chem.Mol with all atoms in the ensemble's order and all conformers, in Angstrom."""
        return conversions.toRDKit(self)

    def toOpenFF(self) -> Any:
        """Get an openff.toolkit.Molecule with all conformers.

        If the ensemble was made of an OpenFF molecule, a copy of that molecule is returned, in its atom order.
        """
        return conversions.toOpenFF(self, self._source)

    def writeSDF(self, path: StrPath) -> None:
        """Write all conformers as SDF records; a name that ends in .gz is compressed."""
        writers.checkName("Ensemble.writeSDF", path, ".sdf", ".sd")
        writers.writeSDF(self, path)

    def writePDB(self, path: StrPath) -> None:
        """Write all conformers as the models of a PDB file."""
        writers.checkName("Ensemble.writePDB", path, ".pdb", ".ent")
        writers.writePDB(self, path)

    def writePDBx(self, path: StrPath) -> None:
        """Write all conformers as the models of a PDBx/mmCIF file."""
        writers.checkName("Ensemble.writePDBx", path, ".cif", ".pdbx", ".mmcif")
        writers.writePDBx(self, path)

    def writeDCD(self, path: StrPath) -> None:
        """Write all conformers as the frames of a DCD trajectory."""
        writers.checkName("Ensemble.writeDCD", path, ".dcd")
        writers.writeDCD(self, path)

    def addTo(self, modeller: app.Modeller, index: int = 0,
              position: unit.Quantity | npt.ArrayLike | None = None) -> None:
        """Add a conformer to an openmm.app.Modeller as new residues.

        Parameters
        ----------
        modeller : openmm.app.Modeller
        index : int
            The conformer.
        position : Quantity or array_like, optional
            Where its centroid goes, shape (3,), in nm if it carries no unit. Default: beyond what is there along x,
            0.5 nm apart; into an empty Modeller the conformer goes as it is.
        """
        modellers.addTo(self, modeller, index, position)

    def place(self, modeller: app.Modeller, residue: app.topology.Residue | str, index: int = 0) -> None:
        """Give a residue of an openmm.app.Modeller this conformer, superposed on where its atoms are now.

        Parameters
        ----------
        modeller : openmm.app.Modeller
        residue : openmm.app.topology.Residue or str
            The residue, or the name of the only residue of that name. Its atoms are the ensemble's, in the same order.
        index : int
            The conformer.
        """
        modellers.place(self, modeller, residue, index)
