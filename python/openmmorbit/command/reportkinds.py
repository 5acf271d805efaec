# SPDX-License-Identifier: MIT
"""What openmm-orbit evaluate compares a model with, and the options that do not go with it."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmmorbit.command.backbonereport import BACKBONE_OPTIONS
from openmmorbit.command.console import UsageError
from openmmorbit.command.systemreport import SYSTEM_OPTIONS

if TYPE_CHECKING:
    import argparse

#: Options that only reference ensembles have.
CONFORMER_OPTIONS = {"limit": "--limit", "factor": "--factor", "thresholds": "--thresholds",
                     "baselines": "--baselines", "no_orbit": "--no-orbit", "no_raw": "--no-raw", "strain": "--strain",
                     "posebusters": "--posebusters", "copies": "--copies", "engine": "--engine"}
#: Options that systems and backbones have.
SHARED_OPTIONS = {"num": "-n", "relax": "--relax", "dynamics": "--run", "simulationPlatform": "--simulation-platform",
                  "no_check": "--no-check"}


def _findGiven(options: argparse.Namespace, defaults: argparse.ArgumentParser, names: dict[str, str]) -> list[str]:
    return [option for name, option in names.items() if getattr(options, name) != defaults.get_default(name)]


def checkKind(options: argparse.Namespace, defaults: argparse.ArgumentParser) -> str:
    """Find what a model is compared with, and refuse options of something else.

    Returns
    -------
    str
        "conformers", "system" or "backbones".

    Raises
    ------
    UsageError
        Naming the option.
    """
    kinds = [(option, value) for option, value in (("DATA", options.data), ("--topology", options.topology), (
        "--backbones", options.backbones and options.backbones[0])) if value is not None]
    if len(kinds) > 1:
        raise UsageError(f"expected {kinds[0][0]} or {kinds[1][0]}, got both, '{kinds[0][1]}' and '{kinds[1][1]}'")
    system, backbone, shared, conformer = (_findGiven(options, defaults, names) for names in (
        SYSTEM_OPTIONS, BACKBONE_OPTIONS, SHARED_OPTIONS, CONFORMER_OPTIONS))
    chosen = kinds[0][0] if kinds else "DATA"
    if chosen != "--topology" and system + (shared if chosen == "DATA" else []):
        raise UsageError(f"expected --topology beside {(system + shared)[0]}, got none; give the system's .pdb file")
    if chosen != "--backbones" and backbone:
        raise UsageError(f"expected --backbones beside {backbone[0]}, got none; give natural backbones")
    if not kinds:
        raise UsageError("expected DATA, --topology and --trajectory, or --backbones, got none of them")
    if chosen == "DATA":
        return "conformers"
    what = "a system" if chosen == "--topology" else "backbones"
    if conformer:
        raise UsageError(f"expected options of {what} beside {chosen}, got {conformer[0]}, which belongs to DATA")
    for name, option in (("trajectory", "--trajectory"), ("output", "-o")):
        if getattr(options, name) is None and (name == "output" or chosen == "--topology"):
            raise UsageError(f"expected {option} beside {chosen}, got none")
    if chosen == "--topology" and options.model == "-":
        raise UsageError("expected the file of a model of the system, got '-'")
    return "system" if chosen == "--topology" else "backbones"
