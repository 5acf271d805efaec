# SPDX-License-Identifier: MIT
"""Ways to make conformers, in one process: a model, RDKit, CDPKit CONFORGE and Open Babel."""
from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import util
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rdkit import Chem

    from openmmorbit._types import ModelLike
    from openmmorbit.conformers import ConformerGenerator
    from openmmorbit.evaluation.references import Reference
    from openmmorbit.evaluation.scores import Score

    Run = Callable[[Sequence[Reference], Sequence[int]], Iterable["Generated"]]


@dataclass
class Generated:
    """What a method returned for one molecule."""
    mol: Chem.Mol | None = None
    seconds: float = 0.0
    coreSeconds: float = 0.0
    numEvaluations: int = 0
    numRedraws: int = 0
    error: str = ""


@dataclass
class Method:
    """A named way to make conformers: run(references, numConformers) yields one Generated a reference, in order.

    A method whose software is not installed has no run, and says in ``missing`` what to install.
    """
    name: str
    run: Run | None
    scores: list[Score] = field(default_factory=list)
    missing: str = ""


class Clock:
    """Measures wall time and the time of all threads of the process since it was made or read."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Get (seconds, core-seconds), and start again."""
        now = time.perf_counter(), time.process_time()
        passed = now[0] - self._start[0], now[1] - self._start[1]
        self._start = now
        return passed


def orbitGenerator(generator: ConformerGenerator, seed: int = 7, chunk: int = 16) -> Run:
    """Make a method of a ConformerGenerator.

    Parameters
    ----------
    generator : openmmorbit.ConformerGenerator
        The generator.
    seed : int
        Random seed.
    chunk : int
        How many molecules share one batch.

    Returns
    -------
    callable
        What Method.run expects.
    """
    def run(references: Sequence[Reference], numConformers: Sequence[int]) -> Iterator[Generated]:
        clock = Clock()
        results = generator.generateMany([r.smiles for r in references], numConformers=list(numConformers), seed=seed,
                                         progress=False, batchSize=chunk)
        for result in results:
            times = clock.read()
            if result.ensemble is None:
                yield Generated(None, *times, error=str(result.error))
            else:
                provenance = result.ensemble.provenance
                yield Generated(result.ensemble.toRDKit(), *times, sum(p.numEvaluations for p in provenance),
                                sum(p.numRedraws for p in provenance))
            clock.read()
    return run


def makeOrbitMethods(model: ModelLike = None, raw: bool = True, seed: int = 7, **settings: Any) -> list[Method]:
    """Make the methods of a model: with inspection and redraws, and its raw output.

    Parameters
    ----------
    model : str, optional
        Model file; default: the packaged one.
    raw : bool
        Also score every copy as it comes from the sampler, wrong ones included.
    seed : int
        Random seed.
    **settings
        Further settings of openmmorbit.ConformerGenerator.

    Returns
    -------
    list of openmmorbit.evaluation.Method
        "orbit raw" (if wanted) and "orbit".
    """
    from openmmorbit.conformers import ConformerGenerator

    methods = []
    for title, check in (("orbit raw", False), ("orbit", True)):
        if check or raw:
            generator = ConformerGenerator(model, check=check, **{"fallback": "none", **settings})
            methods.append(Method(title, orbitGenerator(generator, seed)))
    return methods


def etkdg(references: Sequence[Reference], numConformers: Sequence[int], seed: int = 7,
          relax: bool = False) -> Iterator[Generated]:
    """Make conformers with RDKit's ETKDGv3, for comparison.

    Parameters
    ----------
    references : list of Reference
        What to generate.
    numConformers : list of int
        How many of each.
    seed : int
        RDKit's random seed.
    relax : bool
        Minimise with MMFF94 afterwards (UFF where parameters are missing).

    Yields
    ------
    Generated
        One for each reference, in order.
    """
    from rdkit import Chem
    from rdkit.Chem import AllChem, rdDistGeom

    for reference, count in zip(references, numConformers):
        clock = Clock()
        mol = Chem.AddHs(Chem.MolFromSmiles(reference.smiles))
        settings = rdDistGeom.ETKDGv3()
        settings.randomSeed = seed
        found = list(rdDistGeom.EmbedMultipleConfs(mol, count, settings))
        if not found:
            settings.useRandomCoords = True
            found = list(rdDistGeom.EmbedMultipleConfs(mol, count, settings))
        if found and relax:
            if AllChem.MMFFHasAllMoleculeParams(mol):
                AllChem.MMFFOptimizeMoleculeConfs(mol, maxIters=2000)
            else:
                AllChem.UFFOptimizeMoleculeConfs(mol, maxIters=2000)
        times = clock.read()
        yield Generated(mol, *times) if found else Generated(None, *times, error="embedding failed")


@contextmanager
def _silentOutput() -> Iterator[None]:
    """Keep what a library prints from standard output, where the report goes."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _orderedSmiles(smiles: str) -> tuple[Chem.Mol, str, list[int]]:
    """Get the molecule with hydrogens, a SMILES that lists all of its atoms, and their indices in its order."""
    from rdkit import Chem

    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    text = Chem.MolToSmiles(mol, allHsExplicit=False)
    return mol, text, list(mol.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])


def _withConformers(mol: Chem.Mol, order: Sequence[int], elements: Sequence[int],
                    coordinates: Iterable[Sequence[Sequence[float]]]) -> Chem.Mol:
    """Put coordinates, listed in the order of a SMILES, into a molecule."""
    from rdkit import Chem

    expected = [mol.GetAtomWithIdx(index).GetAtomicNum() for index in order]
    if elements != expected:
        raise ValueError(f"expected {len(expected)} atoms in the order of the SMILES, got {len(elements)} others")
    for values in coordinates:
        conformer, positions = Chem.Conformer(mol.GetNumAtoms()), np.empty((mol.GetNumAtoms(), 3))
        positions[order] = values
        conformer.SetPositions(positions)
        mol.AddConformer(conformer, assignId=True)
    return mol


def _run(makeOne: Callable[[str, int], Chem.Mol]) -> Run:
    """Make a method's run() of a function that makes the conformers of one SMILES."""
    def run(references: Sequence[Reference], numConformers: Sequence[int]) -> Iterator[Generated]:
        for reference, count in zip(references, numConformers):
            clock = Clock()
            try:
                mol, error = makeOne(reference.smiles, count), ""
                if mol.GetNumConformers() == 0:
                    mol, error = None, "no conformer"
            except (ValueError, RuntimeError, OSError) as failure:
                mol, error = None, str(failure)
            yield Generated(mol, *clock.read(), error=error)
    return run


def conforge(smiles: str, count: int) -> Chem.Mol:
    """Make conformers with CDPKit's CONFORGE.

    Parameters
    ----------
    smiles : str
    count : int
        At most this many; CONFORGE returns fewer where it finds no more.

    Returns
    -------
    rdkit.Chem.Mol
        With hydrogens and conformers.

    Raises
    ------
    ValueError
        If it finds none.
    """
    import CDPL.Chem as cdpChem
    import CDPL.ConfGen as confGen
    import CDPL.Math as cdpMath

    mol, text, order = _orderedSmiles(smiles)
    cdpMol = cdpChem.parseSMILES(text)
    confGen.prepareForConformerGeneration(cdpMol)
    generator = confGen.ConformerGenerator()
    generator.settings.timeout = 3600 * 1000
    generator.settings.minRMSD = 0.1
    generator.settings.energyWindow = 20.0
    generator.settings.maxNumOutputConformers = count
    status = generator.generate(cdpMol)
    if status not in (confGen.ReturnCode.SUCCESS, confGen.ReturnCode.TOO_MUCH_SYMMETRY) or not generator.numConformers:
        raise ValueError(f"CONFORGE: return code {status}")
    generator.setConformers(cdpMol)
    coordinates = []
    for number in range(min(count, generator.numConformers)):
        vectors = cdpMath.Vector3DArray()
        cdpChem.getConformation(cdpMol, number, vectors)
        coordinates.append([[vector[0], vector[1], vector[2]] for vector in vectors])
    elements = [cdpChem.getType(atom) for atom in cdpMol.atoms]
    return _withConformers(mol, order, elements, coordinates)


def openBabel(smiles: str, count: int) -> Chem.Mol:
    """Make conformers with Open Babel: fragments, MMFF94, and its diverse conformer search.

    Parameters
    ----------
    smiles : str
    count : int
        At most this many; the search returns fewer where it finds no more.

    Returns
    -------
    rdkit.Chem.Mol
        With hydrogens and conformers.

    Raises
    ------
    ValueError
        If the first geometry cannot be built.
    """
    from openbabel import openbabel

    mol, text, order = _orderedSmiles(smiles)
    openbabel.obErrorLog.SetOutputLevel(0)
    conversion, obMol = openbabel.OBConversion(), openbabel.OBMol()
    conversion.SetInFormat("smi")
    if not conversion.ReadString(obMol, text) or not openbabel.OBBuilder().Build(obMol):
        raise ValueError("Open Babel: no geometry")
    field = openbabel.OBForceField.FindForceField("mmff94")
    if not field.Setup(obMol):
        field = openbabel.OBForceField.FindForceField("uff")
        if not field.Setup(obMol):
            raise ValueError("Open Babel: no force field parameters")
    field.ConjugateGradients(500, 1e-5)
    field.GetCoordinates(obMol)
    with _silentOutput():
        field.DiverseConfGen(0.1, 200 * count, 20.0, False)
    field.GetConformers(obMol)
    coordinates = []
    for number in range(min(count, obMol.NumConformers())):
        obMol.SetConformer(number)
        coordinates.append([[atom.GetX(), atom.GetY(), atom.GetZ()] for atom in openbabel.OBMolAtomIter(obMol)])
    elements = [atom.GetAtomicNum() for atom in openbabel.OBMolAtomIter(obMol)]
    return _withConformers(mol, order, elements, coordinates)


def makeBaseline(name: str, seed: int = 7) -> Method:
    """Make a method of its name; without its software the method says what to install.

    Parameters
    ----------
    name : str
        "etkdg", "mmff" (ETKDGv3+MMFF94), "conforge" or "openbabel".
    seed : int
        Of ETKDGv3; the others have none.

    Returns
    -------
    openmmorbit.evaluation.Method

    Raises
    ------
    ValueError
        For another name.
    """
    if name == "etkdg":
        return Method("ETKDGv3", lambda r, n: etkdg(r, n, seed))
    if name == "mmff":
        return Method("ETKDGv3+MMFF", lambda r, n: etkdg(r, n, seed, relax=True))
    others = {"conforge": ("CONFORGE", conforge, "CDPL", "pip install CDPKit"),
              "openbabel": ("Open Babel", openBabel, "openbabel", "pip install openbabel-wheel")}
    if name not in others:
        raise ValueError(f"makeBaseline: expected one of etkdg, mmff, {', '.join(others)}, got {name!r}")
    title, makeOne, module, install = others[name]
    if util.find_spec(module) is None:
        return Method(title, None, missing=f"not installed: {install}")
    return Method(title, _run(makeOne))
