# SPDX-License-Identifier: MIT
"""Compares generated conformers with reference ensembles, and a model of a system with its simulation."""
from openmmorbit.evaluation.methods import Clock, Generated, Method, etkdg, orbitGenerator
from openmmorbit.evaluation.references import Reference, readReferences
from openmmorbit.evaluation.scores import Score, countCorrectStereo, evaluate, rmsdMatrix, score
from openmmorbit.evaluation.systemreport import SystemReport
from openmmorbit.evaluation.systems import evaluateSystem

__all__ = ["Clock", "Generated", "Method", "Reference", "Score", "SystemReport", "countCorrectStereo", "etkdg",
           "evaluate", "evaluateSystem", "orbitGenerator", "readReferences", "rmsdMatrix", "score"]
