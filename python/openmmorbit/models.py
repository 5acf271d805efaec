# SPDX-License-Identifier: MIT
"""Model files: the packaged ones by their names, and others by their paths."""
from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from openmmorbit import orbit

if TYPE_CHECKING:
    from openmmorbit._types import ModelLike, StrPath


def defaultModelPath() -> str:
    """Get the path of the packaged model.

    Raises
    ------
    FileNotFoundError
        If this installation has none.
    """
    path = Path(__file__).resolve().parent / "models" / "conformer.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"ConformerGenerator: expected the packaged model at {path}, found none; give "
                                "model=<path of a model file>, or install a package that contains the weights")
    return str(path)


def findModel(model: StrPath | None = None) -> str:
    """Get the path of a model file.

    Parameters
    ----------
    model : str or path, optional
        A path, the folder of a training run, the name of a packaged model (e.g. "conformer-fast"), or None for the
        default one.

    Returns
    -------
    str
        A path; that of a file that does not exist is returned as it is.
    """
    if model is None:
        return defaultModelPath()
    model = os.fspath(model)
    packaged = Path(__file__).resolve().parent / "models" / f"{model}.safetensors"
    if Path(model).name == str(model) and not Path(model).exists() and packaged.is_file():
        return str(packaged)
    # The folder of a training run stands for its model.
    inFolder = Path(model) / "model.safetensors"
    return str(inFolder) if inFolder.is_file() else str(model)


def loadModel(model: ModelLike = None, where: str = "ConformerGenerator") -> orbit.DenoiserModel:
    """Get a DenoiserModel from what a caller may give: a DenoiserModel, a path, the name of a packaged model, or None
    for the default one; where names the caller in messages."""
    if isinstance(model, orbit.DenoiserModel):
        return model
    if model is not None and not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"{where}: expected a model as a path, a name, a DenoiserModel or what train() returned, got "
                        f"{type(model).__name__}")
    path = findModel(model)
    if not Path(path).is_file():
        packaged = sorted(file.stem for file in (Path(__file__).resolve().parent / "models").glob("*.safetensors"))
        raise ValueError(f"{where}: expected a model file, or a packaged model ({', '.join(packaged)}), got '{path}'; "
                         "check the name")
    return orbit.DenoiserModel.load(path)
