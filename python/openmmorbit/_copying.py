# SPDX-License-Identifier: MIT
"""Values of the compiled core that are pickled, deep-copied and compared by what they hold."""
from __future__ import annotations

import copyreg
from typing import Any

import numpy as np


def _restore(kind: type, fields: dict[str, Any]) -> Any:
    value = kind()
    for name, field in fields.items():
        setattr(value, name, field)
    return value


def _listFields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name, field in vars(type(value)).items()
            if isinstance(field, property) and name != "thisown"}


def _reduce(value: Any) -> tuple[Any, ...]:
    # A map of C++ is a proxy, which cannot be pickled itself.
    return _restore, (type(value), {name: dict(field) if hasattr(field, "items") else field
                                    for name, field in _listFields(value).items()})


def _isEqual(value: Any, other: Any) -> Any:
    if type(value) is not type(other):
        return NotImplemented
    fields = _listFields(other)
    return all(np.array_equal(field, fields[name]) for name, field in _listFields(value).items())


def copyByFields(*kinds: type) -> None:
    """Let pickle and copy make values of these classes again from their public members, as those of pickles.i.

    Parameters
    ----------
    *kinds : type
        Classes of openmmorbit.orbit without state besides these.
    """
    for kind in kinds:
        copyreg.pickle(kind, _reduce)


def compareByFields(*kinds: type) -> None:
    """Let == compare values of these classes by their public members, which are texts, numbers and lists of them.

    Such values can be changed, so they have no hash.

    Parameters
    ----------
    *kinds : type
        Classes of openmmorbit.orbit without state besides these.
    """
    for kind in kinds:
        kind.__eq__, kind.__hash__ = _isEqual, None  # type: ignore[method-assign, assignment]
