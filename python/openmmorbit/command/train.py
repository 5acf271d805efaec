# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit train: as a file says, a system from trajectories, or backbones."""
from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from openmmorbit._fields import describeRun
from openmmorbit.command.console import EXIT_OK, UsageError, chooseBox, readSystem
from openmmorbit.messages import explain

if TYPE_CHECKING:
    import argparse

    from openmmorbit import orbittraining
    from openmmorbit._types import Subparsers

#: Options of runs on files, by what only they have: name in the namespace, and the option.
_systemOptions = {"trajectory": "--trajectory", "atoms": "--atoms", "stride": "--stride",
                  "temperature": "--temperature", "weights": "--weights", "damaged": "--damaged",
                  "topologyBox": "--topology-box", "system": "--system", "forceField": "--force-field"}
_backboneOptions = {"points": "--points", "shortest": "--shortest", "longest": "--longest", "keepD": "--keep-d"}
_sharedOptions = {"minutes": "--minutes", "output": "-o", "settings": "--set", "threads": "--threads",
                  "seed": "--seed"}


def _describe(result: orbittraining.TrainingResult) -> None:
    print(f"{describeRun(result)}, curves and held-out metrics in "
          f"{os.path.join(os.path.dirname(result.modelPath), 'report.md')}")


def _readSettings(options: argparse.Namespace) -> dict[str, Any]:
    """Get the settings that were given by --set and by options of their own."""
    values: dict[str, Any] = {}
    for text in options.settings or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(f"expected --set NAME=VALUE, got '{text}'")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return {**values, **{name: getattr(options, name) for name in ("threads", "seed")
                         if getattr(options, name) is not None}}


def _findGiven(options: argparse.Namespace, *groups: dict[str, str]) -> list[str]:
    return [option for group in groups for name, option in group.items() if getattr(options, name) is not None]


def _getMinutes(options: argparse.Namespace) -> float:
    return 30.0 if options.minutes is None else float(options.minutes)


def _trainBackbones(options: argparse.Namespace) -> orbittraining.TrainingResult:
    """Train a model of backbones on structures, or on shards of them."""
    from openmmorbit.data.backbonedataset import BackboneDataset
    from openmmorbit.data.frameshards import isShard
    from openmmorbit.training import train

    shards = [path for path in options.backbones if os.path.isfile(path) and isShard(path)]
    if shards and len(shards) < len(options.backbones):
        other = next(path for path in options.backbones if path not in shards)
        raise UsageError(f"expected shards or structures as --backbones, got both, '{shards[0]}' and '{other}'")
    if shards and _findGiven(options, _backboneOptions):
        raise UsageError(f"expected no {_findGiven(options, _backboneOptions)[0]} beside shards, which are what they "
                         f"are, got it beside '{shards[0]}'")
    given = {name: getattr(options, name) for name in _backboneOptions if getattr(options, name) is not None}
    try:
        data = shards or BackboneDataset(options.backbones, **given)
        return train(data, options.output, _getMinutes(options), **_readSettings(options))
    except TypeError as error:
        raise UsageError(explain(error)) from error


def _readWeights(options: argparse.Namespace) -> list[Any] | None:
    """Get the weights of the frames of each trajectory; None if none are given."""
    from openmmorbit.io.numberfiles import readNumbers

    if options.weights is None:
        return None
    if len(options.weights) != len(options.trajectory):
        raise UsageError(f"expected as many files as --weights as trajectories, {len(options.trajectory)}, got "
                         f"{len(options.weights)}")
    return [readNumbers("train", "weights of frames", path) for path in options.weights]


def _trainSystem(options: argparse.Namespace) -> orbittraining.TrainingResult:
    """Train a model of one system."""
    from openmmorbit.data.trajectories import TrajectoryDataset
    from openmmorbit.io.topologyfiles import readTopology
    from openmmorbit.training import train

    temperatures = options.temperature
    if temperatures is not None and len(temperatures) == 1:
        temperatures = temperatures[0]
    try:
        topology = readTopology("train", options.topology)
        dataset = TrajectoryDataset(topology, options.trajectory, atoms=options.atoms,
                                    stride=1 if options.stride is None else options.stride, temperature=temperatures,
                                    weights=_readWeights(options), boxVectors=chooseBox(topology, options),
                                    damaged=options.damaged or "refuse",
                                    system=None if options.system is None else readSystem(options.system))
        return train(dataset, options.output, _getMinutes(options), forceField=options.forceField,
                     **_readSettings(options))
    except TypeError as error:
        raise UsageError(explain(error)) from error


def _checkKind(options: argparse.Namespace) -> str:
    """Find what is trained, and refuse options of something else; get "config", "system" or "backbones"."""
    kinds = [(words, value) for words, value in (
        ("a configuration file", options.config), ("--topology", options.topology),
        ("--backbones", options.backbones and options.backbones[0])) if value is not None]
    if len(kinds) > 1:
        raise UsageError(f"expected {kinds[0][0]} or {kinds[1][0]}, got both, '{kinds[0][1]}' and '{kinds[1][1]}'")
    system, backbone, shared = (_findGiven(options, group) for group in (_systemOptions, _backboneOptions,
                                                                         _sharedOptions))
    chosen = kinds[0][0] if kinds else ""
    if system and chosen != "--topology":
        raise UsageError(f"expected --topology beside {system[0]}, got none; give the system's .pdb file")
    if backbone and chosen != "--backbones":
        raise UsageError(f"expected --backbones beside {backbone[0]}, got none; give files of structures")
    if not chosen.startswith("--") and shared:
        raise UsageError(f"expected --topology or --backbones beside {shared[0]}, got neither; a configuration file "
                         "has all settings itself")
    if not chosen:
        raise UsageError("expected a configuration file, --topology and --trajectory, or --backbones, got none of them")
    if chosen == "--topology" and options.trajectory is None:
        raise UsageError("expected --trajectory beside --topology, got none")
    if chosen.startswith("--") and options.output is None:
        raise UsageError(f"expected -o beside {chosen}, got none")
    return {"--topology": "system", "--backbones": "backbones"}.get(chosen, "config")


def runTrain(options: argparse.Namespace) -> int:
    """Train as a configuration file says, or on trajectories or structures."""
    kind = _checkKind(options)
    if kind == "config":
        if not os.path.isfile(options.config):
            raise UsageError(f"expected an existing configuration file, got '{options.config}'; check the path")
        from openmmorbit.training import train

        result = train(options.config)
    else:
        result = (_trainSystem if kind == "system" else _trainBackbones)(options)
    if result.modelPath:
        _describe(result)
    return EXIT_OK


def addTrain(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser(
        "train", help="train a model",
        usage="openmm-orbit train CONFIG\n       openmm-orbit train --topology FILE --trajectory FILE [FILE ...] "
              "[options] -o FOLDER\n       openmm-orbit train --backbones FILE [FILE ...] [options] -o FOLDER",
        description="Trains as a JSON file says; with --topology a model of one system on frames of simulations; or "
                    "with --backbones a model of backbones of proteins on structures. "
                    "The same call again continues the run, also after kill -9; Ctrl-C ends a run with a checkpoint "
                    "and a model. The folder receives model.safetensors, log.csv, metrics.csv, report.md and "
                    "training.png. "
                    "Several processes: torchrun --nproc-per-node N --no-python openmm-orbit train CONFIG.")
    parser.add_argument("config", metavar="CONFIG", nargs="?", help="JSON file of training settings")
    group = parser.add_argument_group("a model of one system")
    group.add_argument("--topology", metavar="FILE", help="the system: a .pdb, .cif, .prmtop or .psf file")
    group.add_argument("--trajectory", nargs="+", metavar="FILE",
                       help="its simulations, each in order of time: .dcd, .xtc, .trr, .nc, .h5, .pdb or .cif")
    group.add_argument("--atoms", metavar="WORDS",
                       help="which atoms: all (default), heavy, CA, or a selection in mdtraj's language")
    group.add_argument("--stride", type=int, metavar="N", help="take every N-th frame")
    group.add_argument("--temperature", type=float, nargs="+", metavar="KELVIN",
                       help="of the simulations: one for all, or one each")
    group.add_argument("--weights", nargs="+", metavar="FILE",
                       help="weights of the frames, a file for each trajectory: text with a number in each line, or "
                            ".npy; frames are drawn by them")
    group.add_argument("--damaged", choices=("refuse", "keep"),
                       help="what to do with files that are cut off (default refuse; keep: take the complete frames)")
    group.add_argument("--topology-box", dest="topologyBox", action="store_true", default=None,
                       help="trajectories without a box have that of the Topology")
    group.add_argument("--system", metavar="FILE",
                       help="what the simulations were run with, OpenMM's System as XML: models learn faster and more "
                            "accurately from the forces on the atoms; it must not constrain them")
    group.add_argument("--force-field", dest="forceField", metavar="TEXT", help="for the model card")
    group = parser.add_argument_group("a model of backbones")
    group.add_argument("--backbones", nargs="+", metavar="FILE",
                       help="structures of proteins: .pdb, .cif (also .gz), .npz, folders of them, or shards")
    group.add_argument("--points", type=int, choices=(1, 3),
                       help="atoms of a residue: 1 for CA (default), 3 for N, CA and C")
    group.add_argument("--shortest", type=int, metavar="N", help="leave out shorter backbones (default 20 residues)")
    group.add_argument("--longest", type=int, metavar="N", help="leave out longer backbones (default 512 residues)")
    group.add_argument("--keep-d", dest="keepD", action="store_true", default=None,
                       help="accept D-amino acids and mirror images")
    group = parser.add_argument_group("both")
    group.add_argument("--minutes", type=float, metavar="M", help="length of the run (default 30)")
    group.add_argument("-o", "--output", metavar="FOLDER", help="where the run lies")
    group.add_argument("--threads", type=int, metavar="N", help="threads; default: all cores but one")
    group.add_argument("--seed", type=int, metavar="N", help="random seed of the run")
    group.add_argument("--set", dest="settings", action="append", metavar="NAME=VALUE",
                       help="a setting of the trainer, e.g. width=64 or rotations=SO3; may be repeated")
    parser.set_defaults(run=runTrain)
