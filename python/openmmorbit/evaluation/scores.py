# SPDX-License-Identifier: MIT
"""Scores of generated conformers: distances to the references, coverage, stereochemistry."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from openmmorbit.bars import makeBar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rdkit import Chem

    from openmmorbit import orbit
    from openmmorbit.evaluation.methods import Generated, Method
    from openmmorbit.evaluation.references import Reference


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
    recall: np.ndarray | None = None
    precision: np.ndarray | None = None
    seconds: float = 0.0
    coreSeconds: float = 0.0
    numBusted: int = 0
    numPassed: int = 0
    strains: list[float] = field(default_factory=list)
    numEvaluations: int = 0
    numRedraws: int = 0
    error: str = ""

    @property
    def numResamplings(self) -> int:
        """The former name of numRedraws."""
        return self.numRedraws


def rmsdMatrix(generated: Chem.Mol, reference: Chem.Mol, maxMatches: int = 1000) -> np.ndarray:
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

    from openmmorbit import orbit

    probe, target = Chem.RemoveAllHs(generated), Chem.RemoveAllHs(reference)
    match = probe.GetSubstructMatch(target)
    if not match or len(match) != probe.GetNumAtoms() or len(match) != target.GetNumAtoms():
        raise RuntimeError(f"expected the heavy atoms of {Chem.MolToSmiles(target)}, got {Chem.MolToSmiles(probe)}")
    positions = [np.array([c.GetPositions()[order] for c in mol.GetConformers()]).ravel().tolist()
                 for mol, order in ((probe, list(match)), (target, slice(None)))]
    distances = orbit.computeSymmetricRmsd(_heavyGraph(target), *positions, maxMatches)
    return np.reshape(distances, (probe.GetNumConformers(), target.GetNumConformers()))


def _heavyGraph(mol: Chem.Mol) -> orbit.MolecularGraph:
    """The graph of a molecule without hydrogens, as far as computeSymmetricRmsd() looks at it."""
    from openmmorbit import orbit

    orders = {"SINGLE": orbit.BondOrder_Single, "DOUBLE": orbit.BondOrder_Double, "TRIPLE": orbit.BondOrder_Triple,
              "AROMATIC": orbit.BondOrder_Aromatic, "DATIVE": orbit.BondOrder_Dative}
    graph, atoms, bonds = orbit.MolecularGraph(), [], []
    for atom in mol.GetAtoms():
        atoms.append(orbit.GraphAtom())
        atoms[-1].element, atoms[-1].formalCharge = atom.GetAtomicNum(), atom.GetFormalCharge()
        atoms[-1].isotope, atoms[-1].aromatic = atom.GetIsotope(), atom.GetIsAromatic()
    for bond in mol.GetBonds():
        kind = str(bond.GetBondType())
        if kind not in orders:
            raise RuntimeError(f"expected single, double, triple, aromatic and dative bonds, got {kind.lower()}")
        bonds.append(orbit.GraphBond())
        bonds[-1].atom1, bonds[-1].atom2 = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        bonds[-1].order = orders[kind]
    graph.atoms, graph.bonds = atoms, bonds
    return graph


def coverage(distances: np.ndarray, threshold: float) -> float:
    """Get the share of distances, shape (n,), below a threshold in the same unit: from 0 to 1."""
    return float(np.mean(distances < threshold))


def perMolecule(scores: Sequence[Score], quantity: str, threshold: float | None = None) -> np.ndarray:
    """Get one number a molecule.

    Parameters
    ----------
    scores : list of evaluation.Score
    quantity : str
        "recall" or "precision".
    threshold : float, optional
        With a threshold in Angstrom, the covered percentage (0 where the method gave nothing); without, the mean
        distance in Angstrom (NaN where the method gave nothing).

    Returns
    -------
    numpy.ndarray
        Shape (numMolecules,).
    """
    values = []
    for score in scores:
        distances = getattr(score, quantity)
        if distances is None:
            values.append(np.nan if threshold is None else 0.0)
        else:
            values.append(np.mean(distances) if threshold is None else 100 * coverage(distances, threshold))
    return np.array(values)


def countCorrectStereo(mol: Chem.Mol, smiles: str) -> int:
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


def score(reference: Reference, generated: Generated, numRequested: int) -> Score:
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
                   numEvaluations=generated.numEvaluations, numRedraws=generated.numRedraws,
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


def evaluate(references: Sequence[Reference], methods: list[Method], factor: int = 2, progress: bool = True,
             inspect: Callable[[int, Generated, Score], None] | None = None) -> list[Method]:
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

    RDLogger.DisableLog("rdApp.*")
    counts = [factor * reference.numConformers for reference in references]
    for method in methods:
        if method.run is None:
            continue
        bar = makeBar(len(references), method.name, progress, "molecules")
        answers = zip(references, counts, method.run(references, counts))
        for index, (reference, count, generated) in enumerate(answers):
            method.scores.append(score(reference, generated, count))
            if inspect is not None:
                inspect(index, generated, method.scores[-1])
            bar.update()
        bar.close()
    return methods
