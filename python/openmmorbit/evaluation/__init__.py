# SPDX-License-Identifier: MIT
"""Compares generated conformers with reference ensembles: coverage, average minimum RMSD, stereochemistry, time."""
from openmmorbit.evaluation.methods import Clock, Generated, Method, etkdg, orbitGenerator
from openmmorbit.evaluation.references import Reference, readReferences
from openmmorbit.evaluation.scores import Score, countCorrectStereo, evaluate, rmsdMatrix, score

__all__ = ["Clock", "Generated", "Method", "Reference", "Score", "countCorrectStereo", "etkdg", "evaluate",
           "orbitGenerator", "readReferences", "rmsdMatrix", "score"]
