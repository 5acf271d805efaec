# SPDX-License-Identifier: MIT
"""Compares generated conformers with reference ensembles: coverage, average minimum RMSD, stereochemistry, time."""
import gzip
import time
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Reference:
    """One molecule of a reference set.

    Attributes
    ----------
    smiles : str
        What a generator is asked for.
    mol : rdkit.Chem.Mol
        The molecule with hydrogens and all reference conformers.
    level : str
        Level of theory of the conformers, e.g. "GFN2-xTB"; empty if it is not told.
    """
    smiles: str
    mol: object
    level: str = ""

    @property
    def numConformers(self):
        return self.mol.GetNumConformers()


@dataclass
class Score:
    """How one method did on one molecule; distances in Angstrom, None where it gave nothing.

    Attributes
    ----------
    recall : numpy.ndarray
        For each reference, the distance to the nearest generated conformer.
    precision : numpy.ndarray
        For each generated conformer, the distance to the nearest reference.
    numCorrect : int
        Generated conformers with the stereochemistry that was asked for.
    seconds, coreSeconds : float
        Wall time, and time of all threads of the process.
    numBusted, numPassed : int
        Conformers given to PoseBusters, and those that passed all tests; failures count as not passed.
    strains : list of float
        GFN2-xTB energies above the next minimum, kcal/mol.
    """
    smiles: str
    numRequested: int
    numReturned: int = 0
    numCorrect: int = 0
    recall: np.ndarray = None
    precision: np.ndarray = None
    seconds: float = 0.0
    coreSeconds: float = 0.0
    numBusted: int = 0
    numPassed: int = 0
    strains: list = field(default_factory=list)
    numEvaluations: int = 0
    numResamplings: int = 0
    error: str = ""


@dataclass
class Generated:
    """What a method returned for one molecule."""
    mol: object = None
    seconds: float = 0.0
    coreSeconds: float = 0.0
    numEvaluations: int = 0
    numResamplings: int = 0
    error: str = ""


@dataclass
class Method:
    """A named way to make conformers: run(references, numConformers) yields one Generated a reference, in order.

    A method whose software is not installed has no run, and says in ``missing`` what to install.
    """
    name: str
    run: object
    scores: list = field(default_factory=list)
    missing: str = ""


class Clock:
    """Measures wall time and the time of all threads of the process since it was made or read."""

    def __init__(self):
        self._start = time.perf_counter(), time.process_time()

    def read(self):
        """Get (seconds, core-seconds), and start again."""
        now = time.perf_counter(), time.process_time()
        passed = now[0] - self._start[0], now[1] - self._start[1]
        self._start = now
        return passed


def _perceivedSmiles(mol):
    """Get the SMILES of a molecule with the stereochemistry of its conformer."""
    from rdkit import Chem

    copy = Chem.Mol(mol)
    Chem.AssignStereochemistryFrom3D(copy, copy.GetConformer().GetId(), True)
    return Chem.MolToSmiles(Chem.RemoveHs(copy))


def _readShard(path, limit):
    """Read the molecules of a shard."""
    from rdkit import Chem

    from openmmorbit import chem, orbit

    reader, record, references = orbit.ShardReader(path), orbit.ShardRecord(), []
    while (limit is None or len(references) < limit) and reader.next(record):
        positions = np.asarray(record.positions, dtype=float).reshape(record.getNumConformers(), -1, 3)
        mol = Chem.MolFromMolBlock(chem.writeMolBlock(record.graph, positions[0].ravel().tolist()), removeHs=False)
        for values in positions[1:]:
            conformer = Chem.Conformer(mol.GetNumAtoms())
            conformer.SetPositions(np.ascontiguousarray(values))
            mol.AddConformer(conformer, assignId=True)
        references.append(Reference(record.graph.smiles or _perceivedSmiles(mol), mol, record.condition))
    return references


def readReferences(path, limit=None):
    """Read reference ensembles: a shard, or consecutive SDF records with equal SMILES and first part of the ID.

    Without a SMILES tag, the molecule is what the record says, with the stereochemistry of its coordinates. The tag
    LEVEL, which `openmm-orbit dataset` writes, is the level of theory; a shard tells its own.

    Parameters
    ----------
    path : str
        A shard (.shard), or an SDF file, possibly compressed by gzip.
    limit : int, optional
        Stop after this many molecules.

    Returns
    -------
    list of Reference
        Molecules with all their conformers, in file order.
    """
    from rdkit import Chem

    if str(path).endswith(".shard"):
        return _readShard(str(path), limit)
    references, key = [], None
    opened = gzip.open(path, "rb") if str(path).endswith(".gz") else open(path, "rb")
    with opened as stream:
        for number, mol in enumerate(Chem.ForwardSDMolSupplier(stream, removeHs=False), 1):
            if mol is None:
                raise ValueError(f"readReferences: record {number} of '{path}' cannot be read")
            smiles = mol.GetProp("SMILES") if mol.HasProp("SMILES") else _perceivedSmiles(mol)
            newKey = (smiles, mol.GetProp("ID").split("_")[0] if mol.HasProp("ID") else "")
            if newKey != key:
                if limit is not None and len(references) == limit:
                    break
                key = newKey
                references.append(Reference(smiles, mol, mol.GetProp("LEVEL") if mol.HasProp("LEVEL") else ""))
            else:
                references[-1].mol.AddConformer(mol.GetConformer(), assignId=True)
    return references


def etkdg(references, numConformers, seed=7, relax=False):
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


def orbitGenerator(generator, seed=7, chunk=16):
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
    def run(references, numConformers):
        clock = Clock()
        results = generator.generateMany([r.smiles for r in references], numConformers=list(numConformers), seed=seed,
                                         progress=False, batchSize=chunk)
        for result in results:
            times = clock.read()
            if result.error is not None:
                yield Generated(None, *times, error=str(result.error))
                clock.read()
                continue
            provenance = result.ensemble.provenance
            yield Generated(result.ensemble.toRDKit(), *times, sum(p.numEvaluations for p in provenance),
                            sum(p.numResamplings for p in provenance))
            clock.read()
    return run


def rmsdMatrix(generated, reference, maxMatches=1000):
    """Compute symmetry-corrected heavy-atom RMSDs.

    Parameters
    ----------
    generated, reference : rdkit.Chem.Mol
        The same molecule with any number of conformers each; atom orders may differ.
    maxMatches : int
        Consider at most this many symmetry-equivalent mappings.

    Returns
    -------
    numpy.ndarray
        RMSD after superposition, shape (generated, reference), in Angstrom.
    """
    from rdkit import Chem
    from rdkit.Chem import rdMolAlign

    probe, target = Chem.RemoveAllHs(generated), Chem.RemoveAllHs(reference)
    matrix = np.empty((probe.GetNumConformers(), target.GetNumConformers()))
    targets = [c.GetId() for c in target.GetConformers()]
    for i, conformer in enumerate(probe.GetConformers()):
        for j, targetId in enumerate(targets):
            matrix[i, j] = rdMolAlign.GetBestRMS(probe, target, conformer.GetId(), targetId, maxMatches=maxMatches)
    return matrix


def countCorrectStereo(mol, smiles):
    """Count the conformers whose stereochemistry, read from their positions, agrees with a SMILES.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Molecule with hydrogens and conformers.
    smiles : str
        What was asked for; what it leaves open may be anything.

    Returns
    -------
    int
        Number of conformers with every specified centre and double bond right.
    """
    from rdkit import Chem

    request = Chem.MolFromSmiles(smiles)
    correct = 0
    for conformer in mol.GetConformers():
        single = Chem.Mol(mol, confId=conformer.GetId())
        Chem.AssignStereochemistryFrom3D(single, single.GetConformer().GetId(), True)
        correct += Chem.RemoveHs(single).HasSubstructMatch(request, useChirality=True)
    return correct


def score(reference, generated, numRequested):
    """Score one molecule.

    Parameters
    ----------
    reference : Reference
    generated : Generated
    numRequested : int

    Returns
    -------
    Score
    """
    result = Score(reference.smiles, numRequested, seconds=generated.seconds, coreSeconds=generated.coreSeconds,
                   numEvaluations=generated.numEvaluations, numResamplings=generated.numResamplings,
                   error=generated.error)
    if generated.mol is None or generated.mol.GetNumConformers() == 0:
        result.error = result.error or "no conformer"
        return result
    try:
        matrix = rmsdMatrix(generated.mol, reference.mol)
    except RuntimeError as error:
        result.error = f"not comparable with the reference: {error}"
        return result
    if not np.isfinite(matrix).all():
        result.error = "RMSD is not finite"
        return result
    result.recall, result.precision = matrix.min(axis=0), matrix.min(axis=1)
    result.numReturned = generated.mol.GetNumConformers()
    result.numCorrect = countCorrectStereo(generated.mol, reference.smiles)
    return result


def evaluate(references, methods, factor=2, progress=True, inspect=None):
    """Run methods on the same molecules and score them; the scores are appended to each method.

    Parameters
    ----------
    references : list of Reference
    methods : list of Method
    factor : int
        Conformers requested for each reference conformer.
    progress : bool
        Show a progress bar on standard error.
    inspect : callable, optional
        Called as inspect(index, generated, score) for every molecule of every method, to fill in more of the score.

    Returns
    -------
    list of Method
        The same methods; those whose software is missing have no scores.
    """
    from rdkit import RDLogger
    from tqdm import tqdm

    RDLogger.DisableLog("rdApp.*")
    counts = [factor * reference.numConformers for reference in references]
    for method in methods:
        if method.missing:
            continue
        bar = tqdm(total=len(references), desc=method.name, disable=None if progress else True, unit="mol")
        answers = zip(references, counts, method.run(references, counts))
        for index, (reference, count, generated) in enumerate(answers):
            method.scores.append(score(reference, generated, count))
            if inspect is not None:
                inspect(index, generated, method.scores[-1])
            bar.update()
        bar.close()
    return methods
