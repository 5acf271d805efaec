# SPDX-License-Identifier: MIT
"""The command openmm-orbit evaluate: a model beside other generators on the same molecules, as Markdown and PNG."""
import json
import os
import platform
import sys
from pathlib import Path

import numpy as np

from openmmorbit import baselines, evaluation, quality, statistics
from openmmorbit.outputs import replacing, replacingPath

baselineNames = ("etkdg", "mmff", "conforge", "openbabel")
referenceEndings = (".sdf", ".sdf.gz", ".sd", ".sd.gz", ".shard")
defaultThresholds = (0.05, 0.1, 0.5, 0.75)
_colors = ("#c0392b", "#e67e22", "#2c7fb8", "#41ab5d", "#6a51a3", "#737373")


def makeOrbitMethods(model=None, raw=True, seed=7, **settings):
    """Make the methods of a model: with inspection and resampling, and its raw output.

    Parameters
    ----------
    model : str, optional
        Model file; default: the packaged one.
    raw : bool
        Also score every copy as it comes from the sampler, wrong ones included.
    seed : int
        Random seed.
    **settings
        Further settings of openmmorbit.ConformerGenerator.

    Returns
    -------
    list of openmmorbit.evaluation.Method
        "orbit raw" (if wanted) and "orbit".
    """
    from openmmorbit.conformers import ConformerGenerator

    methods = []
    for title, check in (("orbit raw", False), ("orbit", True)):
        if check or raw:
            generator = ConformerGenerator(model, check=check, **settings)
            methods.append(evaluation.Method(title, evaluation.orbitGenerator(generator, seed)))
    return methods


def chooseCondition(references, model=None, condition=None):
    """Choose the condition of the model whose conformers are compared: that of the references, unless one is given.

    Parameters
    ----------
    references : list of openmmorbit.evaluation.Reference
    model : str or openmmorbit.orbit.DenoiserModel, optional
        Default: the packaged one.
    condition : str, optional
        What the caller asks for.

    Returns
    -------
    tuple of (str or None, str, bool)
        The condition, a sentence about both levels of theory, and whether they agree.
    """
    from openmmorbit.conformers import loadModel

    known = list(loadModel(model).getConditions())
    levels = sorted({reference.level for reference in references})
    if condition is None and len(levels) == 1 and levels[0] in known:
        condition = levels[0]
    used = condition or known[0]
    if levels == [used]:
        return condition, f"conformers and references of {used}", True
    if levels == [""]:
        return condition, f"conformers of {used}; the references do not tell their level of theory (tag LEVEL)", True
    names = ", ".join(level or "an unknown level" for level in levels)
    return condition, (f"conformers of {used}, references of {names}: distances and strains hold the difference of the "
                       f"levels of theory too (the model has {', '.join(known)}; --condition chooses)"), False


def drawReport(methods, path, largest=1.5):
    """Draw coverage against the RMSD limit, distances and strain energies to a PNG file.

    Parameters
    ----------
    methods : list of openmmorbit.evaluation.Method
        Scored methods; others are left out.
    path : path
        The PNG file.
    largest : float
        End of the axis of RMSD limits, Angstrom.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    methods = [method for method in methods if method.scores]
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4.2), constrained_layout=True)
    limits = np.linspace(0.01, largest, 75)
    for axis, quantity, title in ((axes[0], "recall", "references found (COV-R)"),
                                  (axes[1], "precision", "copies near a reference (COV-P)")):
        for method, color in zip(methods, _colors):
            values = np.array([statistics.perMolecule(method.scores, quantity, limit) for limit in limits])
            mean, error = values.mean(axis=1), values.std(axis=1) / np.sqrt(max(values.shape[1], 1))
            axis.plot(limits, mean, color=color, label=method.name)
            axis.fill_between(limits, mean - 1.96 * error, mean + 1.96 * error, color=color, alpha=0.08, linewidth=0)
        axis.set(xlabel="heavy-atom RMSD limit / Å", ylabel="%", title=title, xlim=(0, largest), ylim=(0, 101))
    axes[0].legend(frameon=False, loc="lower right")
    strains = [[value for score in method.scores for value in score.strains] for method in methods]
    shown = [(method.name, values, color) for method, values, color in zip(methods, strains, _colors) if values]
    for place, (_, values, color) in enumerate(shown):
        axes[2].boxplot([np.maximum(values, 0.01)], positions=[place], widths=0.6, showfliers=False,
                        medianprops={"color": color, "linewidth": 2})
    if shown:
        axes[2].set_yscale("log")
        axes[2].set_xticks(range(len(shown)), [name for name, _, _ in shown], rotation=30, ha="right")
        axes[2].set(ylabel="kcal/mol", title="GFN2-xTB strain")
    else:
        axes[2].set_axis_off()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def writeReport(references, methods, thresholds, description, notes=()):
    """Write the comparison as a Markdown page.

    Parameters
    ----------
    references : list of openmmorbit.evaluation.Reference
    methods : list of openmmorbit.evaluation.Method
        The first of those with scores is compared with all others.
    thresholds : sequence of float
        RMSD limits of the coverage, Angstrom.
    description : list of str
        What was compared, one line each.
    notes : sequence of str
        What is missing, and how to install it.

    Returns
    -------
    str
    """
    heavy = [reference.mol.GetNumHeavyAtoms() for reference in references]
    lines = ["# Evaluation", "", *[f"- {line}" for line in description],
             f"- {len(references)} molecules of {min(heavy)} to {max(heavy)} heavy atoms, "
             f"{sum(r.numConformers for r in references)} reference conformers; heavy-atom RMSD; 95 % bootstrap "
             "intervals over molecules; a molecule without an answer covers nothing", "",
             statistics.markdownTable(methods, thresholds), ""]
    scored = [method for method in methods if method.scores]
    chosen = next((method for method in scored if method.name == "orbit raw"), scored[0] if scored else None)
    for other in scored:
        if other is chosen or other.name == "orbit":
            continue
        differences = statistics.pairedDifferences(chosen, other, thresholds)
        lines += [f"{chosen.name} minus {other.name}, paired by molecule:", ""]
        lines += [f"- {title}: {value:+.3f} ({lower:+.3f} to {upper:+.3f})"
                  for title, (value, lower, upper) in differences.items()]
        lines.append("")
    missing = [f"{method.name} is {method.missing}" for method in methods if method.missing]
    lines += [f"- {note}" for note in (*missing, *notes)]
    failures = [(method.name, score) for method in scored for score in method.scores if score.error]
    if failures:
        lines += ["", f"{len(failures)} answers are missing:", ""]
        lines += [f"- {name}: `{score.smiles}`: {score.error}" for name, score in failures[:30]]
    return "\n".join(lines) + "\n"


def _describe(options):
    import rdkit

    from openmmorbit import __version__

    model = "packaged model" if options.model is None else Path(options.model).name
    return [f"model {model}, references {Path(options.data).name}, {options.factor} copies a reference, seed "
            f"{options.seed}", f"openmmorbit {__version__}, RDKit {rdkit.__version__}, Python "
            f"{platform.python_version()}, {len(os.sched_getaffinity(0))} cores"]


def addEvaluate(commands):
    """Add the command's parser to those of openmm-orbit, and return it."""
    parser = commands.add_parser(
        "evaluate", help="compare a model with other generators on reference ensembles",
        description="Coverage and average minimum RMSD with bootstrap intervals, stereochemistry before and after "
                    "resampling, PoseBusters, GFN2 strain and timing, beside RDKit, CONFORGE and Open Babel in the "
                    "same process on the same molecules. Software that is not installed is named with the command that "
                    "installs it.", epilog="exit status: 0 done, 2 wrong use")
    parser.add_argument("model", metavar="MODEL",
                        help="model file, or name of a packaged model; \"-\" for the default one")
    parser.add_argument("data", metavar="DATA",
                        help="reference ensembles: .sdf, .sdf.gz with tags SMILES and ID, or .shard")
    parser.add_argument("-o", "--output", help="folder for report.md, report.png and report.json")
    parser.add_argument("--limit", type=int, help="use only the first molecules")
    parser.add_argument("--factor", type=int, default=2, help="copies for each reference (default 2)")
    parser.add_argument("--seed", type=int, default=7, help="random seed (default 7)")
    parser.add_argument("--thresholds", type=float, nargs="+", default=list(defaultThresholds), metavar="ANGSTROM",
                        help="RMSD limits of the coverage (default 0.05 0.1 0.5 0.75)")
    parser.add_argument("--baselines", nargs="*", choices=baselineNames, default=list(baselineNames), metavar="NAME",
                        help=f"others to compare with, of {', '.join(baselineNames)}; no name for none (default all)")
    parser.add_argument("--no-orbit", action="store_true", help="evaluate the others only")
    parser.add_argument("--no-raw", action="store_true", help="leave out the column before resampling")
    parser.add_argument("--strain", type=int, default=20, metavar="N",
                        help="GFN2 strain of the first N molecules (default 20, 0 for none)")
    parser.add_argument("--posebusters", type=int, default=20, metavar="N",
                        help="PoseBusters on the first N molecules (default 20, 0 for none)")
    parser.add_argument("--copies", type=int, default=2, help="conformers of a molecule for strain and PoseBusters "
                                                             "(default 2)")
    parser.add_argument("--engine", choices=["xtb", "tblite"],
                        help="what computes GFN2-xTB; default: what is installed")
    sampler = parser.add_argument_group("generation")
    sampler.add_argument("--platform", help="OpenMM platform")
    sampler.add_argument("--threads", type=int, help="threads of the CPU platform")
    sampler.add_argument("--steps", type=int, help="steps of the sampler")
    sampler.add_argument("--method", choices=["euler", "heun", "multistep"], help="integration method")
    sampler.add_argument("--schedule", choices=["karras", "logarithmic", "uniformTime"],
                         help="placement of the noise levels")
    sampler.add_argument("--sigma-max", type=float, help="first noise level, Angstrom")
    sampler.add_argument("--sigma-min", type=float, help="last noise level, Angstrom")
    sampler.add_argument("--rho", type=float, help="exponent of the Karras schedule")
    sampler.add_argument("--renewal", type=float, help="share of the noise that each step draws anew")
    sampler.add_argument("--stereo-guidance", type=float, help="Angstrom by which stereocentres are moved in a step")
    sampler.add_argument("--condition",
                         help="a condition of the model; default: the level of theory of the references, if it has it")
    sampler.add_argument("--max-resamplings", type=int, help="how often a wrong copy is drawn again")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bars")
    return parser


def checkOptions(options):
    """Refuse missing files and wrong numbers.

    Raises
    ------
    ValueError
        Naming the file or the numbers.
    """
    from openmmorbit.conformers import findModel

    options.model = None if options.model in ("-", None) else findModel(options.model)
    for path in (options.data, options.model):
        if path is not None and not os.path.isfile(path):
            raise ValueError(f"evaluate: expected an existing file, got '{path}'; check the path")
    if not options.data.lower().endswith(referenceEndings):
        raise ValueError(f"evaluate: expected references in a file that ends in {', '.join(referenceEndings)}, got "
                         f"'{options.data}'; openmm-orbit dataset makes such files of SMILES")
    if options.output is not None and os.path.exists(options.output) and not os.path.isdir(options.output):
        raise ValueError(f"evaluate: expected a folder for the report, got the file '{options.output}'")
    if options.factor < 1 or options.copies < 1 or (options.limit is not None and options.limit < 1):
        raise ValueError("evaluate: expected --factor, --copies and --limit of at least 1, got "
                         f"{options.factor}, {options.copies} and {options.limit}")


def runEvaluate(options):
    """Evaluate as the command line says; the report goes to standard output, and to a folder if one is given.

    Returns
    -------
    int
        Exit status, 0.
    """
    settings = {"platform": options.platform, "threads": options.threads, "numSteps": options.steps,
                "method": options.method, "schedule": options.schedule, "sigmaMax": options.sigma_max,
                "sigmaMin": options.sigma_min, "rho": options.rho, "renewal": options.renewal,
                "stereoGuidance": options.stereo_guidance, "maxResamplings": options.max_resamplings}
    references = evaluation.readReferences(options.data, options.limit)
    if not references:
        raise ValueError(f"evaluate: expected at least one molecule, got none from '{options.data}'")
    description, methods = _describe(options), []
    if not options.no_orbit:
        settings["condition"], text, agree = chooseCondition(references, options.model, options.condition)
        description.append(text)
        if not agree:
            print(f"openmm-orbit: {text}", file=sys.stderr)
        methods = makeOrbitMethods(options.model, not options.no_raw, options.seed, **settings)
    methods += [baselines.makeBaseline(name, options.seed) for name in options.baselines]
    inspector = quality.Inspector(options.posebusters, options.strain, options.copies, options.engine)
    evaluation.evaluate(references, methods, options.factor, not options.quiet, inspector)
    page = writeReport(references, methods, options.thresholds, description, inspector.notes)
    print(page)
    if options.output is not None:
        folder = Path(options.output)
        folder.mkdir(parents=True, exist_ok=True)
        summary = {m.name: statistics.summarize(m, options.thresholds) for m in methods if m.scores}
        with replacing(folder / "report.json") as stream:
            json.dump(summary, stream, indent=1)
        try:
            with replacingPath(folder / "report.png") as part:
                drawReport(methods, part)
            page = page.replace("# Evaluation\n", "# Evaluation\n\n![coverage, strain](report.png)\n", 1)
        except ImportError:
            page += "- no picture: matplotlib is not installed: pip install matplotlib\n"
        with replacing(folder / "report.md") as stream:
            stream.write(page)
    return 0
