# SPDX-License-Identifier: MIT
"""Modules that have moved: imports by their former names, openmmorbit.datasets for example, go on to work."""
from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

#: Former name of a module in this package, and the present one.
moved = {
    "baselines": "evaluation.methods", "quality": "evaluation.quality", "statistics": "evaluation.statistics",
    "evaluationcommand": "command.evaluate", "conformerscommand": "command.conformers", "console": "command.console",
    "datasets": "data.datasets", "makeensemble": "data.recipes", "parallel": "data.parallel",
    "quantum": "data.quantum",
    "ensemblefiles": "io.ensemblefiles", "moleculefiles": "io.moleculefiles", "outputs": "io.outputs",
    "picture": "io.picture", "writers": "io.writers", "trainingreport": "training.report",
}


class MovedModules(MetaPathFinder, Loader):
    """Finds a module by its former name; it is then one object with two names."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Get the specification of a moved module, or None for all others."""
        package, _, old = fullname.rpartition(".")
        return ModuleSpec(fullname, self) if package == "openmmorbit" and old in moved else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the making of the module, which exec_module() replaces, to Python."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put the module of the present name in the place of a new one."""
        name = module.__name__
        sys.modules[name] = importlib.import_module(f"openmmorbit.{moved[name.rpartition('.')[2]]}")


def findMovedModules() -> None:
    """Let Python find moved modules. A call after the first changes nothing."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(MovedModules())
