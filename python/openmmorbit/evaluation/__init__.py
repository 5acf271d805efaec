# SPDX-License-Identifier: MIT
"""Compares conformers with reference ensembles, states of a system with its simulation, backbones with natural ones."""
from openmmorbit.evaluation.backbonereport import BackboneReport
from openmmorbit.evaluation.backbones import evaluateBackbones
from openmmorbit.evaluation.methods import Clock, Generated, Method, etkdg, orbitGenerator
from openmmorbit.evaluation.references import Reference, readReferences
from openmmorbit.evaluation.scores import Score, countCorrectStereo, evaluate, rmsdMatrix, score
from openmmorbit.evaluation.systemreport import SystemReport
from openmmorbit.evaluation.systems import evaluateSystem

__all__ = ["BackboneReport", "Clock", "Generated", "Method", "Reference", "Score", "SystemReport", "countCorrectStereo",
           "etkdg", "evaluate", "evaluateBackbones", "evaluateSystem", "orbitGenerator", "readReferences",
           "rmsdMatrix", "score"]
