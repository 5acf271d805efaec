# SPDX-License-Identifier: MIT
"""What Python shows of C++ objects: the fields of a value, lists by their lengths, and results in words."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from openmmorbit.messages import counted

if TYPE_CHECKING:
    from openmmorbit import orbit, orbittraining

#: Lists of so many numbers are shown; of longer ones their lengths.
_shortList = 4


def _describe(value: Any) -> str:
    """Get a field in a few words; none for what is empty or not set."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f'"{value}"' if value else ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if not hasattr(value, "__len__"):
        return str(value)
    if len(value) <= _shortList and all(isinstance(entry, (str, int, float)) for entry in value):
        return ", ".join(map(_describe, value)) and f"({', '.join(map(_describe, value))})"
    # NumPy's numbers are none of Python's.
    if len(value) <= _shortList and hasattr(value, "tolist"):
        return _describe(value.tolist())
    return f"of {len(value)}"


def showFields(value: Any) -> str:
    """Show a value of a SWIG class, e.g. "<TopologyBond atom1 0, atom2 1, order 1>".

    Fields that are empty are left out. An object without fields tells what it counts: what its methods getNum...()
    return.
    """
    cls = type(value)
    if not hasattr(value, "this"):
        return f"<{cls.__name__} without a value>"
    names = [name for base in reversed(cls.__mro__) for name, entry in vars(base).items()
             if isinstance(entry, property) and name != "thisown"]
    parts = [(name, _describe(getattr(value, name))) for name in names]
    if not names:
        counts = [(name, re.fullmatch("getNum([A-Z].*)", name)) for name in dir(cls)]
        parts = [(f"num{found[1]}", str(getattr(value, name)())) for name, found in counts if found]
    words = ", ".join(f"{name} {text}" for name, text in parts if text)
    return f"<{cls.__name__}{' ' if words else ''}{words}>"


def showGenerator(core: orbit.Generator, name: str | None = None) -> str:
    """Show a generator: its model, its sampler and its platform. The name is that of its class, unless one is given."""
    settings, model = core.getSamplerSettings(), core.getModel()
    return (f"<{name or type(core).__name__} {model.getMetadata('name') or model.getPath() or 'unnamed model'} "
            f"sha256 {model.getChecksum()[:12]}, {settings.getMethodName()}, {settings.numSteps} steps = "
            f"{settings.getNumEvaluations()} evaluations, {core.getPlatformName() or 'default platform'}>")


def describeRun(result: orbittraining.TrainingResult) -> str:
    """Get the steps, the time and the losses of a training run, and where its model lies."""
    # A loss of 0 is none: no validation shards, or no step since a checkpoint without it.
    losses = "".join(f"; {name} {value:.4f}" for name, value in (("loss", result.loss), ("validation loss",
                                                                                    result.validationLoss)) if value)
    skipped = f" ({result.numSkipped:,} of them skipped)" if result.numSkipped else ""
    model = f"model in {result.modelPath}" if result.modelPath else "no model"
    return (f"{counted(result.numSteps, 'step')}{skipped}, {counted(result.numSamples, 'sample')} in "
            f"{result.minutes:.1f} minutes{losses}; {model}")
