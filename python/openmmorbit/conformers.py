# SPDX-License-Identifier: MIT
"""The generator of conformers: SMILES, RDKit, OpenFF or OpenMM molecules in, ensembles out."""
from __future__ import annotations

import operator
import random
import warnings
from collections.abc import Iterable, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, islice, repeat
from typing import TYPE_CHECKING, Any

import openmm

from openmmorbit import familiarity, molecules, openstereo, orbit
from openmmorbit._plugins import checkPlatform
from openmmorbit.ensemble import Ensemble
from openmmorbit.models import defaultModelPath, findModel, loadModel  # noqa: F401 (their former place)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openmmorbit._types import ModelLike, MoleculeLike

_methods = {"euler": orbit.SamplerMethod_Euler, "heun": orbit.SamplerMethod_Heun,
            "multistep": orbit.SamplerMethod_Multistep}
_schedules = {"karras": orbit.NoiseSchedule_Karras, "logarithmic": orbit.NoiseSchedule_Logarithmic,
              "uniformTime": orbit.NoiseSchedule_UniformTime}


@dataclass
class GenerationResult:
    """One answer of ConformerGenerator.generateMany().

    Attributes
    ----------
    index : int
        Position in the input, from 0.
    source : object
        The input itself.
    ensemble : Ensemble or None
        The conformers.
    error : Exception or None
        Why there is none.
    unfamiliar : tuple of str
        What the molecule has that the model was hardly trained for, e.g. "Se with 2 single bonds (in no training
        molecule)".
    openStereo : tuple of str
        Centres and double bonds that the molecule leaves open, e.g. "centre C2 (atom 1)".
    """
    index: int
    source: Any
    ensemble: Ensemble | None = None
    error: Exception | None = None
    unfamiliar: tuple[str, ...] = ()
    openStereo: tuple[str, ...] = ()

    def _graph(self) -> orbit.MolecularGraph | None:
        if self.ensemble is not None:
            return self.ensemble.graph
        return self.source if isinstance(self.source, orbit.MolecularGraph) else None

    @property
    def name(self) -> str:
        """Name of the molecule: the title of its record."""
        graph = self._graph()
        return graph.name if graph is not None else ""

    @property
    def properties(self) -> dict[str, str]:
        """Data items of the molecule's record, or further columns: a dict of texts."""
        graph = self._graph()
        return graph.properties if graph is not None else {}


@dataclass
class _Record:
    """A record of generateMany(): what was given, and the molecules that it stands for."""
    index: int
    molecule: Any
    source: Any
    graphs: list[orbit.MolecularGraph] = field(default_factory=list)
    number: Any = 0
    error: Exception | None = None
    unfamiliar: tuple[str, ...] = ()
    openStereo: tuple[str, ...] = ()

    def answer(self, given: Ensemble | Exception) -> GenerationResult:
        """Get the result that holds an ensemble, or the reason why there is none."""
        ensemble, error = (given, None) if isinstance(given, Ensemble) else (None, given)
        return GenerationResult(self.index, self.molecule, ensemble, error, self.unfamiliar, self.openStereo)


def _findPlatform(platform: str | openmm.Platform) -> str:
    """Get the name of a platform that can generate; capitals do not matter."""
    name = platform.getName() if isinstance(platform, openmm.Platform) else str(platform)
    known = [openmm.Platform.getPlatform(i) for i in range(openmm.Platform.getNumPlatforms())]
    name = next((spelling for spelling in (*(entry.getName() for entry in known), "OpenCL", "CUDA", "HIP")
                 if spelling.lower() == name.lower()), name)
    checkPlatform(name)
    able = [entry.getName() for entry in known if entry.supportsKernels(["IntegrateOrbitDiffusionStep"])]
    if name not in able:
        raise ValueError(f"ConformerGenerator: expected a platform of {', '.join(able)}, got \"{name}\"; openmmorbit "
                         "has no kernels for another one here")
    return name


def _choice(what: str, name: str, table: Mapping[str, int]) -> int:
    if name not in table:
        raise ValueError(f"ConformerGenerator: expected {what} of {', '.join(map(repr, table))}, got {name!r}")
    return table[name]


def _integer(name: str, value: Any, lowest: int) -> int:
    """Check a number that crosses to C++ as int; fractions are refused, not cut."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"ConformerGenerator: expected {name} as a whole number, got {value!r}, a "
                        f"{type(value).__name__}") from None
    if not lowest <= number < 2**31:
        raise ValueError(f"ConformerGenerator: expected {name} from {lowest} to {2**31 - 1}, got {number}")
    return number


def _count(value: Any) -> int | Exception:
    """Get a number of conformers, or the exception that says why it is none."""
    try:
        return _integer("numConformers", value, 1)
    except (ValueError, TypeError) as error:
        return error


class ConformerGenerator:
    """Generates conformers with a trained denoiser on an OpenMM platform.

    Every copy is inspected (geometry, clashes, stereochemistry). A copy that fails is redrawn, that is, generated again
    from other noise; copies that still fail are left out and listed in Ensemble.failures.

    Parameters
    ----------
    model : str, path or openmmorbit.orbit.DenoiserModel, optional
        The model: a path, or the name of a packaged one, "conformer" (the default) or another of the folder models.
        The file of a model may contain its sampler; the arguments below change parts of it.
    platform : str or openmm.Platform, optional
        "CPU", "Reference", or a GPU: "OpenCL", "CUDA" or "HIP"; default: CPU, which is always there.
    properties : dict, optional
        Properties of the platform, as for openmm.Context, e.g. {"Precision": "mixed", "DeviceIndex": "1"}. On the CPU
        platform "Precision" is "bf16" (the default where the processor has AVX512-BF16) or "single".
    threads : int, optional
        Threads of the CPU platform; default: all.
    numSteps : int, optional
        Steps of the sampler.
    method : str, optional
        "euler", "heun" (two evaluations a step) or "multistep".
    schedule : str, optional
        Placement of the noise levels: "karras", "logarithmic" or "uniformTime".
    sigmaMax, sigmaMin, rho : float, optional
        First and last noise level in Angstrom, exponent of the Karras schedule.
    renewal : float, optional
        Share of the noise that each step draws anew, from 0 (probability-flow ODE) to below 1.
    stereoGuidance : float, optional
        How far, in Angstrom, the atoms of a stereocentre move in one step while it disagrees with the others; 0: not.
    condition : str, optional
        A condition of the model, e.g. a level of theory; default: its first one.
    maxResamplings : int, optional
        Largest number of redraws of a copy that fails the inspection.
    check : bool
        Inspect conformers.
    returnFailed : bool
        Return copies that fail after the last redraw, with their status, instead of leaving them out.
    unfamiliar : str
        What to do with a molecule that has something that fewer than 10 training molecules had (a kind of atom, bond or
        ring, or a size): "warn" (an UnfamiliarMoleculeWarning), "refuse" or "ignore". A model file without training
        counts, such as that of conformer-fast, gives no warnings.
    timeLimit : float, optional
        Time limit in seconds for up to 100 conformers of a molecule, proportionally more for more of them. Conformers
        that were accepted by then are returned. None: no limit.

    Notes
    -----
    Several threads may use one generator: their calls wait for each other, with the numbers of a single thread. After a
    fork the child process may use it, too, unless its platform is a GPU's.

    Examples
    --------
    >>> generator = openmmorbit.ConformerGenerator()  # doctest: +SKIP
    >>> ensemble = generator.generate("CC(=O)Oc1ccccc1C(=O)O", numConformers=20, seed=7)  # doctest: +SKIP
    >>> ensemble.positions.shape  # doctest: +SKIP
    (20, 21, 3)
    """

    def __init__(self, model: ModelLike = None, platform: str | openmm.Platform | None = None,
                 properties: Mapping[str, Any] | None = None, threads: int | None = None, numSteps: int | None = None,
                 method: str | None = None, schedule: str | None = None, sigmaMax: float | None = None,
                 sigmaMin: float | None = None, rho: float | None = None, renewal: float | None = None,
                 stereoGuidance: float | None = None, condition: str | None = None, maxResamplings: int | None = None,
                 check: bool = True, returnFailed: bool = False, unfamiliar: str = "warn",
                 timeLimit: float | None = 60.0) -> None:
        self._unfamiliar = familiarity.checkReaction(unfamiliar)
        self._core = orbit.ConformerGenerator(loadModel(model))
        if platform is not None:
            self._core.setPlatformName(_findPlatform(platform))
        if properties is not None:
            self._core.setPlatformProperties({str(key): str(value) for key, value in properties.items()})
        if threads is not None:
            self._core.setNumThreads(_integer("threads", threads, -2**31))
        settings = self._core.getSamplerSettings()
        if method is not None:
            settings.method = _choice("a method", method, _methods)
        if schedule is not None:
            settings.schedule = _choice("a schedule", schedule, _schedules)
        for name, value in (("sigmaMax", sigmaMax), ("sigmaMin", sigmaMin), ("rho", rho), ("renewal", renewal),
                            ("stereoGuidance", stereoGuidance)):
            if value is not None:
                setattr(settings, name, float(value))
        if numSteps is not None:
            settings.numSteps = _integer("numSteps", numSteps, -2**31)
        self._core.setSamplerSettings(settings)
        if condition is not None:
            self._core.setCondition(str(condition))
        if maxResamplings is not None:
            self._core.setMaxResamplings(_integer("maxResamplings", maxResamplings, -2**31))
        self._core.setCheckConformers(bool(check))
        self._core.setReturnFailed(bool(returnFailed))
        self._core.setTimeLimit(0.0 if timeLimit is None else float(timeLimit))

    @classmethod
    def fromXml(cls, xml: str, unfamiliar: str = "warn") -> ConformerGenerator:
        """Create a generator from what toXml() returned.

        Parameters
        ----------
        xml : str
        unfamiliar : str
            As of the class; the text does not hold it.

        Raises
        ------
        ValueError
            If the text is not what toXml() returned.
        openmm.OpenMMException
            If the model's file is missing, or another one than it was.
        """
        generator = cls.__new__(cls)
        generator._unfamiliar = familiarity.checkReaction(unfamiliar)
        generator._core = orbit.ConformerGenerator.fromXml(xml)
        return generator

    def toXml(self, embedModel: bool = False) -> str:
        """Get the settings as XML text.

        Parameters
        ----------
        embedModel : bool
            Hold the model itself instead of its path and checksum.
        """
        self._core.setEmbedModel(bool(embedModel))
        return self._core.toXml()

    @property
    def model(self) -> orbit.DenoiserModel:
        """The model as openmmorbit.orbit.DenoiserModel."""
        return self._core.getModel()

    @property
    def samplerSettings(self) -> orbit.SamplerSettings:
        """How the probability flow is integrated, as openmmorbit.orbit.SamplerSettings (a copy)."""
        return orbit.SamplerSettings(self._core.getSamplerSettings())

    def __repr__(self) -> str:
        settings = self._core.getSamplerSettings()
        method = next(name for name, value in _methods.items() if value == settings.method)
        model = self.model
        return (f"<ConformerGenerator {model.getMetadata('name') or model.getPath() or 'unnamed model'} "
                f"sha256 {model.getChecksum()[:12]}, {method}, {settings.numSteps} steps = "
                f"{settings.getNumEvaluations()} evaluations, {self._core.getPlatformName() or 'default platform'}>")

    def kernelDescription(self) -> str:
        """Get the name of the kernel's implementation, instruction set and precision, e.g. "CPU (avx512bf16, bf16)"."""
        return self._core.getKernelDescription()

    def generate(self, molecule: MoleculeLike, numConformers: int = 20, seed: int = 0,
                 smiles: Mapping[str, str] | None = None, addHydrogens: bool = True, progress: bool = False,
                 stereo: str = "mixed", maxIsomers: int = 32) -> Ensemble | list[Ensemble]:
        """Generate conformers of one molecule. Ctrl-C stops between two steps.

        Parameters
        ----------
        molecule : str, rdkit.Chem.Mol, OpenFF molecule, MolecularGraph or openmm.app.Topology
            A SMILES, or a molecule; its atom order is kept.
        numConformers : int
            How many, at least 1.
        seed : int
            The same seed gives the same conformers; 0 chooses one, which the provenance tells.
        smiles : dict, optional
            With a Topology: residue name to SMILES.
        addHydrogens : bool
            Append missing hydrogens; False refuses molecules that lack some.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        stereo : str
            What to do with centres and double bonds that the molecule leaves open: "mixed" gives conformers of any
            isomer, with an OpenStereoWarning that names them; "refuse"; "enumerate" gives a list of ensembles, one an
            isomer.
        maxIsomers : int
            With "enumerate", at most so many.

        Returns
        -------
        Ensemble or list of Ensemble
            The accepted conformers; with stereo="enumerate" those of every isomer of which there are some.

        Raises
        ------
        ValueError
            For a molecule that cannot be read or that the model does not know, or a number out of range; for one with
            something unfamiliar, if the generator was made with unfamiliar="refuse".
        openmm.OpenMMException
            If not one conformer was accepted.
        """
        number, seed = _integer("numConformers", numConformers, 1), _integer("seed", seed, 0)
        graph, source = molecules.toGraph(molecule, smiles=smiles, addHydrogens=addHydrogens)
        familiarity.warn(graph.getLabel(), familiarity.findUnfamiliar(self._core, graph, self._unfamiliar))
        openstereo.checkMode(stereo, maxIsomers)
        graphs, phrases = openstereo.resolve(graph, stereo, maxIsomers)
        openstereo.warn(graph, phrases, stereo, len(graphs), maxIsomers)
        if stereo != "enumerate":
            with self._watched(progress) as callback:
                return Ensemble(self._core.generate(graph, number, seed, 0, callback), source)
        seed = seed or random.randrange(1, 2**31 - 1)
        answers = list(self._generateIsomers(graphs, number, seed, 0, source, progress))
        ensembles = [answer for answer in answers if isinstance(answer, Ensemble)]
        failures = [answer for answer in answers if isinstance(answer, Exception)]
        if not ensembles:
            raise failures[0]
        for failure in failures:
            warnings.warn(f"an isomer of {graph.getLabel()} is left out: {failure}", openstereo.OpenStereoWarning,
                          stacklevel=2)
        return ensembles

    def _generateIsomers(self, graphs: Sequence[orbit.MolecularGraph], number: int, seed: int, record: int, source: Any,
                         progress: bool) -> Iterator[Ensemble | Exception]:
        """Yield an Ensemble of every isomer, or the exception that says why there is none."""
        isomers = [graph.smiles for graph in graphs]
        for graph in graphs:
            try:
                with self._watched(progress) as callback:
                    yield Ensemble(self._core.generate(graph, number, seed, record, callback), source, isomers)
            except (ValueError, openmm.OpenMMException) as error:
                yield type(error)(f"isomer {isomers.index(graph.smiles) + 1}, {graph.smiles}: {error}")

    def generateMany(self, iterable: Iterable[Any], numConformers: int | Iterable[int] = 20, seed: int = 0,
                     progress: bool = True, batchSize: int = 16, addHydrogens: bool = True, stereo: str = "mixed",
                     maxIsomers: int = 32) -> Iterator[GenerationResult]:
        """Generate conformers of many molecules; answers come in the order of the input, while later ones still run.

        Parameters
        ----------
        iterable : iterable
            Molecules as for generate(); an exception object among them is passed on as that record's error.
        numConformers : int or sequence of int
            How many of each; a sequence ends the run when it ends, and a wrong number in it is that record's error.
        seed : int
            The same seed gives the same conformers, whatever the batch size; 0 chooses one.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        batchSize : int
            How many molecules share a batch.
        addHydrogens : bool
            As for generate().
        stereo, maxIsomers
            As for generate(); with "enumerate" every isomer is an answer of its own, all with the index of their
            record.

        Yields
        ------
        GenerationResult
            index, source, either ensemble or error, and what is unfamiliar of the molecule and open in it. There is one
            UnfamiliarMoleculeWarning a call, for the first such molecule, and an OpenStereoWarning a molecule.
        """
        from tqdm import tqdm

        if isinstance(iterable, str) or not hasattr(iterable, "__iter__"):
            raise TypeError("ConformerGenerator.generateMany: expected an iterable of molecules, got one "
                            f"{type(iterable).__name__}; use generate(), or readMolecules() for a file")
        if batchSize < 1:
            raise ValueError(f"ConformerGenerator.generateMany: expected batchSize of at least 1, got {batchSize}")
        openstereo.checkMode(stereo, maxIsomers)
        seed = _integer("seed", seed, 0) or random.randrange(1, 2**31 - 1)
        total = len(iterable) if isinstance(iterable, Sized) else None
        counts: Iterator[int | Exception]
        if isinstance(numConformers, Iterable):
            counts = (_count(number) for number in numConformers)
        else:
            counts = repeat(_integer("numConformers", numConformers, 1))
        records = ((index, molecule, number) for index, (molecule, number) in enumerate(zip(iterable, counts)))
        warned = False
        with tqdm(total=total, disable=None if progress else True, unit="mol") as bar:
            while chunk := list(islice(records, batchSize)):
                for result in self._answer(chunk, seed, addHydrogens, stereo, maxIsomers):
                    if not warned:
                        familiarity.warn(f"record {result.index}", result.unfamiliar,
                                         "; the attribute unfamiliar of the results tells of others")
                    warned = warned or bool(result.unfamiliar)
                    bar.update()
                    yield result

    def _answer(self, chunk: Sequence[tuple[int, Any, int | Exception]], seed: int, addHydrogens: bool, stereo: str,
                maxIsomers: int) -> Iterator[GenerationResult]:
        """Answer one batch of (index, molecule, number) records."""
        read: list[_Record] = []
        for entry in chunk:
            read.append(self._read(entry, addHydrogens, stereo, maxIsomers))
        # The record number is part of the key of the noise, so a batch is a run of consecutive readable molecules.
        for numGraphs, group in groupby(read, key=lambda record: min(2, len(record.graphs))):
            run = list(group)
            if numGraphs == 0:
                yield from (GenerationResult(record.index, record.molecule, None, record.error) for record in run)
            elif numGraphs > 1:
                for record in run:
                    for answer in self._generateIsomers(record.graphs, record.number, seed, record.index, record.source,
                                                        False):
                        yield record.answer(answer)
            else:
                with self._watched(False) as callback:
                    ensembles = self._core.generateBatch([record.graphs[0] for record in run],
                                                         [record.number for record in run], seed, run[0].index,
                                                         callback)
                for record, core in zip(run, ensembles):
                    if core.getNumConformers() == 0:
                        yield record.answer(openmm.OpenMMException(core.getMessage().replace("::", ".", 1)))
                    else:
                        yield record.answer(Ensemble(core, record.source))

    def _read(self, entry: tuple[int, Any, int | Exception], addHydrogens: bool, stereo: str,
              maxIsomers: int) -> _Record:
        """Read one record; what is wrong with it becomes its error."""
        index, molecule, number = entry
        record = _Record(index, molecule, molecule)
        try:
            for given in (molecule, number):
                if isinstance(given, Exception):
                    raise given
            record.number = number
            graph, record.source = molecules.toGraph(molecule, addHydrogens=addHydrogens)
            record.unfamiliar = familiarity.findUnfamiliar(self._core, graph, self._unfamiliar)
            record.graphs, record.openStereo = openstereo.resolve(graph, stereo, maxIsomers)
            openstereo.warn(graph, record.openStereo, stereo, len(record.graphs), maxIsomers, stacklevel=5)
        except Exception as failure:  # A bad record is an answer, whatever is wrong with it.
            record.error = failure
        return record

    @contextmanager
    def _watched(self, progress: bool) -> Iterator[orbit.PythonProgressCallback]:
        """Get a callback that lets Ctrl-C stop the C++ call, and shows a progress bar if wanted."""
        bar = report = None
        if progress:
            # Importing it takes longer than many a generation.
            from tqdm import tqdm

            bar = tqdm(total=1000, disable=None, bar_format="{l_bar}{bar}| {elapsed}<{remaining}")

            def report(numFinished: int, numCopies: int, fraction: float) -> None:
                bar.update(int(1000 * (numFinished + fraction * (numCopies - numFinished)) / max(numCopies, 1)) - bar.n)

        try:
            yield orbit.PythonProgressCallback(report)
        finally:
            if bar is not None:
                bar.close()
