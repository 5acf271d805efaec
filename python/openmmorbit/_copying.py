# SPDX-License-Identifier: MIT
"""Values of the compiled core that are pickled and deep-copied by what they hold, as those of pickles.i are."""
from __future__ import annotations

import copyreg
from typing import Any


def _restore(kind: type, fields: dict[str, Any]) -> Any:
    value = kind()
    for name, field in fields.items():
        setattr(value, name, field)
    return value


def _reduce(value: Any) -> tuple[Any, ...]:
    fields = {name: getattr(value, name) for name, field in vars(type(value)).items()
              if isinstance(field, property) and name != "thisown"}
    # A map of C++ is a proxy, which cannot be pickled itself.
    return _restore, (type(value), {name: dict(field) if hasattr(field, "items") else field
                                    for name, field in fields.items()})


def copyByFields(*kinds: type) -> None:
    """Let pickle and copy make values of these classes again from their public members.

    Parameters
    ----------
    *kinds : type
        Classes of openmmorbit.orbit without state besides these.
    """
    for kind in kinds:
        copyreg.pickle(kind, _reduce)
