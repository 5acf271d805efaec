# SPDX-License-Identifier: MIT
"""The options of openmm-orbit evaluate that compare a model of a system with its simulation, and what they do."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmmorbit.command.console import EXIT_OK, UsageError, checkFolder, chooseBox, readSystem
from openmmorbit.command.generation import readGenerationOptions
from openmmorbit.command.pages import printPage
from openmmorbit.messages import explain

if TYPE_CHECKING:
    import argparse

#: Options that only a system has: name in the namespace, and the option.
SYSTEM_OPTIONS = {"trajectory": "--trajectory", "system": "--system", "temperature": "--temperature",
                  "density": "--density", "densitySteps": "--density-steps", "probes": "--probes", "lag": "--lag",
                  "stride": "--stride", "damaged": "--damaged", "topologyBox": "--topology-box", "atoms": "--atoms"}


def addSystemOptions(parser: argparse.ArgumentParser) -> None:
    """Add the options of a system to the parser of the subcommand."""
    group = parser.add_argument_group("a model of one system", "Instead of DATA: its simulation.")
    group.add_argument("--topology", metavar="FILE",
                       help="the system: a .pdb, .cif, .prmtop or .psf file, the same as in training")
    group.add_argument("--trajectory", nargs="+", metavar="FILE",
                       help="its simulations, each in order of time: .dcd, .xtc, .trr, .nc, .h5, .pdb or .cif")
    group.add_argument("--system", metavar="FILE",
                       help="OpenMM's System as XML, for energies, a relaxation and weights")
    group.add_argument("--temperature", type=float, metavar="KELVIN",
                       help="of the simulations; default: the only one that the model knows")
    group.add_argument("-n", "--num", type=int, metavar="N", help="states (default 1000)")
    group.add_argument("--density", type=int, metavar="N",
                       help="states with densities for weights (default 0; each takes 6 times as many evaluations as "
                            "there are atoms)")
    group.add_argument("--density-steps", dest="densitySteps", type=int, metavar="N",
                       help="steps of the sampler for these: 8, 12 or 20 that are fitted to densities, or another "
                            "number of Heun's method (default 20)")
    group.add_argument("--probes", type=int, metavar="N",
                       help="random vectors that densities are estimated with; 0: exactly (default: 0 for up to 100 "
                            "atoms, else 8)")
    group.add_argument("--relax", type=int, metavar="N",
                       help="states that are minimised and given the temperature (default 100 with a System)")
    group.add_argument("--run", dest="dynamics", type=int, metavar="N",
                       help="states that are run for 20 ps (default 0)")
    group.add_argument("--lag", type=int, metavar="FRAMES",
                       help="lag time of TICA; default: a hundredth of the longest trajectory, at most 100")
    group.add_argument("--stride", type=int, metavar="N", help="take every N-th frame")
    group.add_argument("--damaged", choices=("refuse", "keep"),
                       help="what to do with files that are cut off (default refuse; keep: take the complete frames)")
    group.add_argument("--topology-box", dest="topologyBox", action="store_true", default=None,
                       help="trajectories without a box have that of the Topology")
    group.add_argument("--atoms", help="the atoms that the model knows; default: those that it was trained for")
    group.add_argument("--no-check", action="store_true", help="do not inspect states and redraw none")
    group.add_argument("--simulation-platform", dest="simulationPlatform", metavar="NAME",
                       help="OpenMM's platform for energies and dynamics (default CPU)")


def runSystem(options: argparse.Namespace) -> int:
    """Compare a model of a system with its simulation; the summary goes to standard output, all into a folder.

    Returns
    -------
    int
        Exit status, 0.
    """
    from openmmorbit.evaluation.systems import evaluateSystem
    from openmmorbit.io.topologyfiles import readTopology
    from openmmorbit.models import findModel

    checkFolder(options.output)
    names = {"temperature": "temperature", "num": "numStates", "density": "density", "relax": "relax",
             "dynamics": "run", "lag": "lag", "stride": "stride", "damaged": "damaged", "atoms": "atoms",
             "simulationPlatform": "simulationPlatform", "seed": "seed", "probes": "probes"}
    given = {keyword: getattr(options, name) for name, keyword in names.items() if getattr(options, name) is not None}
    if options.densitySteps is not None:
        given["flow"] = {"numSteps": options.densitySteps}
    if options.system is not None:
        given["system"] = readSystem(options.system)
    try:
        topology = readTopology("evaluate", options.topology)
        report = evaluateSystem(findModel(options.model), topology, options.trajectory, check=not options.no_check,
                                boxVectors=chooseBox(topology, options), progress=not options.quiet, **given,
                                **readGenerationOptions(options))
    except TypeError as error:
        raise UsageError(explain(error)) from error
    printPage(report.table())
    print(f"\n{report.write(options.output)}")
    return EXIT_OK
