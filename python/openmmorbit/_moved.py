# SPDX-License-Identifier: MIT
"""Modules that have moved: imports by their former names, openmmorbit.datasets for example, go on to work."""
import importlib
import sys
from importlib.machinery import ModuleSpec

#: Former name of a module in this package, and the present one.
moved = {
    "baselines": "evaluation.methods", "quality": "evaluation.quality", "statistics": "evaluation.statistics",
    "evaluationcommand": "command.evaluate", "conformerscommand": "command.conformers", "console": "command.console",
    "datasets": "data.datasets", "makeensemble": "data.recipes", "parallel": "data.parallel",
    "quantum": "data.quantum",
    "ensemblefiles": "io.ensemblefiles", "moleculefiles": "io.moleculefiles", "outputs": "io.outputs",
    "picture": "io.picture", "writers": "io.writers", "trainingreport": "training.report",
}


class MovedModules:
    """Finds a module by its former name; it is then one object with two names."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Get the specification of a moved module, or None for all others."""
        package, _, old = name.rpartition(".")
        return ModuleSpec(name, MovedModules) if package == "openmmorbit" and old in moved else None

    @staticmethod
    def create_module(spec):
        """Leave the making of the module, which exec_module() replaces, to Python."""
        return None

    @staticmethod
    def exec_module(module):
        """Put the module of the present name in the place of a new one."""
        name = module.__name__
        sys.modules[name] = importlib.import_module(f"openmmorbit.{moved[name.rpartition('.')[2]]}")


def findMovedModules():
    """Let Python find moved modules. A call after the first changes nothing."""
    if MovedModules not in sys.meta_path:
        sys.meta_path.append(MovedModules)
