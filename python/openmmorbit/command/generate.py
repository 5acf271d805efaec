# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit generate: states of the system that a model was trained for, into one file."""
from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from openmmorbit.arguments import chooseSeed
from openmmorbit.bars import makeBar
from openmmorbit.command.console import EXIT_OK, EXIT_SOME_FAILED, UsageError, checkOutput, report
from openmmorbit.command.generation import addGenerationOptions, readGenerationOptions
from openmmorbit.messages import counted, explain

if TYPE_CHECKING:
    import argparse

    from openmmorbit._types import Subparsers
    from openmmorbit.ensemble import Ensemble
    from openmmorbit.topologies import TopologyGenerator

#: States that are generated, written and then let go at a time.
BLOCK = 200
_checks = {"finished": "not finished in time", "finite": "not finite", "bondsCorrect": "bonds",
           "anglesCorrect": "angles", "planar": "planes", "centersInside": "centres", "ringsClear": "rings",
           "clashFree": "contacts", "stereoCorrect": "hand or side"}


class _Generation:
    """One run of the subcommand: what was asked for, and the counts of what came."""

    def __init__(self, options: argparse.Namespace, generator: TopologyGenerator) -> None:
        from openmmorbit.io.statewriters import StateFile

        self.options, self.generator = options, generator
        self.output = StateFile(options.output, generator.topology)
        self.begin = time.perf_counter()
        self.numRedraws = self.numFailed = 0
        self.faults: Counter[str] = Counter()
        self.seed = chooseSeed(options.seed)
        self.example = ""

    def _take(self, states: Ensemble) -> None:
        self.output.add(states.positions._value)
        self.numRedraws += sum(entry.numRedraws for entry in states.provenance)
        for failure in states.failures:
            self.numFailed += 1
            self.example = self.example or failure.status.message
            self.faults.update(words for name, words in _checks.items() if not getattr(failure.status, name))

    def run(self) -> int:
        options, finished, path = self.options, False, ""
        try:
            with makeBar(options.num, "states", not options.quiet) as bar:
                for first in range(0, options.num, BLOCK):
                    number = min(BLOCK, options.num - first)
                    self._take(self.generator.generate(number, self.seed, first=first))
                    bar.update(number)
            finished = True
        finally:
            path = self.output.close(replace=finished)
            if not options.quiet or not finished:
                self._summarize(path)
        return EXIT_SOME_FAILED if self.numFailed else EXIT_OK

    def _summarize(self, path: str) -> None:
        text = (f"{counted(self.output.numStates, 'state')} in {time.perf_counter() - self.begin:.1f} s -> "
                f"{path or 'nothing written'}, seed {self.seed}, {self.generator.kernelDescription()}")
        if not self.options.no_check:
            text += f"; {counted(self.numRedraws, 'redraw')} of states that were kept"
        if self.numFailed:
            kinds = ", ".join(f"{number:,} {words}" for words, number in self.faults.most_common())
            text += (f"; {counted(self.numFailed, 'state')} stayed wrong and left out ({kinds}), e.g. "
                     f"{explain(self.example)}")
        if self.numFailed > self.output.numStates:
            text += "; the model has learned too little of the system: train it longer, or on more frames"
        report(text)


def runGenerate(options: argparse.Namespace) -> int:
    """Generate states and write them as they come."""
    from openmmorbit.io.statewriters import ENDINGS
    from openmmorbit.io.topologyfiles import readTopology
    from openmmorbit.topologies import TopologyGenerator

    if not options.output.lower().endswith(ENDINGS):
        raise UsageError(f"expected an output that ends in {', '.join(ENDINGS)}, got '{options.output}'")
    checkOutput(options.output, [options.model, options.topology])
    if options.num < 1:
        raise UsageError(f"expected at least 1 state, got -n {options.num}")
    if not 0 <= options.seed < 2**31:
        raise UsageError(f"expected a seed from 0 to {2**31 - 1}, got {options.seed}")
    try:
        topology = readTopology("generate", options.topology)
        generator = TopologyGenerator(options.model, topology, atoms=options.atoms, check=not options.no_check,
                                      **readGenerationOptions(options))
        generator.kernelDescription()   # Refuses a platform without a kernel before the output is opened.
    except (ValueError, OSError) as error:
        raise UsageError(explain(error)) from error
    return _Generation(options, generator).run()


def addGenerate(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser(
        "generate", help="generate states of the system that a model was trained for",
        description="Generates states with a model that 'openmm-orbit train --topology' made. States that fail the "
                    "inspection are redrawn, and left out if they stay wrong; the summary counts both. States are "
                    "written as they come, and Ctrl-C keeps them.",
        epilog="exit status: 0 all states, 2 wrong use, 3 some states stayed wrong and were left out")
    parser.add_argument("model", metavar="MODEL", help="model file")
    parser.add_argument("--topology", required=True, metavar="FILE",
                        help="the system: a .pdb, .cif, .prmtop or .psf file, the same as in training")
    parser.add_argument("-o", "--output", required=True, help=".dcd, .pdb, .cif or .h5")
    parser.add_argument("-n", "--num", type=int, default=100, help="states (default 100)")
    parser.add_argument("--atoms", help="the atoms that the model knows; default: those that it was trained for")
    parser.add_argument("--seed", type=int, default=0, help="random seed; 0 chooses one (default)")
    parser.add_argument("--no-check", action="store_true",
                        help="do not inspect states and redraw none, e.g. for importance weights")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no summary")
    addGenerationOptions(parser, "the first one of the model")
    parser.set_defaults(run=runGenerate)
