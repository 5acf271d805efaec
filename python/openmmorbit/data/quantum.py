# SPDX-License-Identifier: MIT
"""GFN2-xTB energies and minima, by the program xtb or the package tblite, whichever is installed."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdkit import Chem

KCAL_PER_HARTREE = 627.509474
BOHR = 0.529177210544
_howToInstall = "install the program xtb (Debian: apt install xtb) or the package tblite (pip install tblite)"
_quietEnvironment = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                     "OMP_STACKSIZE": "512M"}


class QuantumError(RuntimeError):
    """A calculation that did not end well; the message says why."""


def availableEngines() -> list[str]:
    """Get the engines that are installed, the faster one first: any of "xtb", "tblite"."""
    found = [name for name, there in (("xtb", shutil.which("xtb") is not None),
                                      ("tblite", util.find_spec("tblite") is not None)) if there]
    return found


def chooseEngine(engine: str | None = None) -> str:
    """Get the name of an engine that is installed.

    Parameters
    ----------
    engine : str, optional
        "xtb" or "tblite"; default: the first that is installed.

    Raises
    ------
    ImportError
        If it is not installed; the message tells how to install it.
    ValueError
        For another name.
    """
    if engine not in (None, "xtb", "tblite"):
        raise ValueError(f"chooseEngine: expected \"xtb\" or \"tblite\", got {engine!r}")
    found = availableEngines()
    if not found or engine not in (None, *found):
        raise ImportError(f"GFN2-xTB needs {engine or 'xtb or tblite'}, which was not found; {_howToInstall}")
    return engine or found[0]


def _importCalculator() -> Any:
    """Import tblite with one thread a process: molecules are what runs in parallel, and idle threads spin."""
    kept = {name: os.environ.get(name) for name in _quietEnvironment}
    os.environ.update(_quietEnvironment)
    try:
        from tblite.interface import Calculator
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return Calculator


def _tbliteCalculator(numbers: Sequence[int], positions: np.ndarray, charge: int) -> Any:
    Calculator = _importCalculator()
    calculator = Calculator("GFN2-xTB", np.asarray(numbers), np.asarray(positions) / BOHR, charge=charge)
    calculator.set("verbosity", 0)
    return calculator


def _tbliteEnergy(numbers: Sequence[int], positions: np.ndarray, charge: int) -> float:
    try:
        return _tbliteCalculator(numbers, positions, charge).singlepoint().get("energy") * KCAL_PER_HARTREE
    except Exception as error:  # tblite has exceptions of its own.
        raise QuantumError(f"tblite: {error}") from error


def _tbliteMinimum(numbers: Sequence[int], positions: np.ndarray, charge: int,
                   maxIterations: int) -> tuple[float, np.ndarray]:
    from scipy.optimize import minimize

    shape = np.shape(positions)
    try:
        calculator = _tbliteCalculator(numbers, positions, charge)

        def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
            calculator.update(positions=x.reshape(shape) / BOHR)
            result = calculator.singlepoint()
            return (result.get("energy") * KCAL_PER_HARTREE,
                    result.get("gradient").ravel() * KCAL_PER_HARTREE / BOHR)

        # Forces below 0.6 kcal/mol/Angstrom are those of xtb's level "normal".
        found = minimize(evaluate, np.ravel(positions), jac=True, method="L-BFGS-B",
                         options={"maxiter": maxIterations, "gtol": 0.6, "ftol": 1e-9})
    except Exception as error:
        raise QuantumError(f"tblite: {error}") from error
    if not found.success:
        raise QuantumError(f"tblite: the minimisation did not converge ({found.message})")
    return float(found.fun), found.x.reshape(shape)


def _xtb(symbols: Sequence[str], positions: np.ndarray, charge: int, arguments: Sequence[str],
         timeout: float) -> tuple[str, list[str] | None]:
    """Run xtb in a folder of its own; returns its output and the optimised geometry, if there is one."""
    with tempfile.TemporaryDirectory(prefix="orbit-xtb-") as folder:
        lines = [f"{s} {x:.8f} {y:.8f} {z:.8f}\n" for s, (x, y, z) in zip(symbols, positions)]
        (Path(folder) / "in.xyz").write_text(f"{len(lines)}\n\n{''.join(lines)}")
        try:
            done = subprocess.run(["xtb", "in.xyz", "--gfn", "2", "--chrg", str(charge), *arguments], cwd=folder,
                                  env={**os.environ, **_quietEnvironment}, capture_output=True, text=True,
                                  errors="replace", timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise QuantumError(f"xtb: no answer after {timeout:g} s") from error
        if done.returncode != 0:
            raise QuantumError(f"xtb: exit status {done.returncode}")
        optimised = Path(folder) / "xtbopt.xyz"
        converged = (Path(folder) / ".xtboptok").exists()
        return done.stdout, optimised.read_text().splitlines() if converged and optimised.exists() else None


def energy(mol: Chem.Mol, positions: np.ndarray, engine: str | None = None, timeout: float = 300) -> float:
    """Compute a GFN2-xTB energy.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        The molecule with all hydrogens.
    positions : numpy.ndarray
        Shape (numAtoms, 3), Angstrom.
    engine : str, optional
        "xtb" or "tblite".
    timeout : float
        Seconds after which xtb is given up.

    Returns
    -------
    float
        kcal/mol.

    Raises
    ------
    QuantumError
        If the calculation fails.
    """
    charge = sum(atom.GetFormalCharge() for atom in mol.GetAtoms())
    if chooseEngine(engine) == "tblite":
        return _tbliteEnergy([a.GetAtomicNum() for a in mol.GetAtoms()], positions, charge)
    output, _ = _xtb([a.GetSymbol() for a in mol.GetAtoms()], positions, charge, ["--sp"], timeout)
    for line in output.splitlines():
        if "TOTAL ENERGY" in line:
            return float(line.split()[3]) * KCAL_PER_HARTREE
    raise QuantumError("xtb: expected a total energy in the output, got none")


def minimum(mol: Chem.Mol, positions: np.ndarray, engine: str | None = None, timeout: float = 300,
            maxIterations: int = 500) -> tuple[float, np.ndarray]:
    """Find the GFN2-xTB minimum next to a geometry.

    Parameters
    ----------
    mol, positions, engine, timeout
        As for energy().
    maxIterations : int
        Of tblite's minimisation.

    Returns
    -------
    tuple
        Energy in kcal/mol and positions in Angstrom, shape (numAtoms, 3).

    Raises
    ------
    QuantumError
        If the calculation fails or does not converge.
    """
    charge = sum(atom.GetFormalCharge() for atom in mol.GetAtoms())
    if chooseEngine(engine) == "tblite":
        return _tbliteMinimum([a.GetAtomicNum() for a in mol.GetAtoms()], positions, charge, maxIterations)
    _, lines = _xtb([a.GetSymbol() for a in mol.GetAtoms()], positions, charge, ["--opt", "normal"], timeout)
    if lines is None:
        raise QuantumError("xtb: the minimisation did not converge")
    found = np.array([[float(value) for value in line.split()[1:4]] for line in lines[2:2 + mol.GetNumAtoms()]])
    return float(lines[1].split()[1]) * KCAL_PER_HARTREE, found
