#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains one small network on every orbit target with equal data and updates, scores it, and draws learning curves."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

TARGETS = ("plain", "monteCarlo", "exact", "exactVelocity", "quotient")
VALIDATION = re.compile(r"step (\d+)\s+validation loss ([0-9.eE+-]+)")


def parseArguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="folder of the runs; an interrupted comparison goes on where it was")
    parser.add_argument("--shards", nargs="+", required=True, help="training shards")
    parser.add_argument("--validation-shards", nargs="+", required=True, help="validation shards, for the loss")
    parser.add_argument("--condition", default="GFN2-xTB")
    parser.add_argument("--references", help="SDF file of reference ensembles, for COV and AMR")
    parser.add_argument("--limit", type=int, default=60, help="use the first molecules of the references")
    parser.add_argument("--trainer", help="the program openmm-orbit-train; default: that of the installed package")
    parser.add_argument("--targets", nargs="+", default=TARGETS)
    parser.add_argument("--regression", default="velocity", choices=["denoiser", "velocity"],
                        help="with \"denoiser\" exact and exactVelocity are the same target")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--atoms-per-batch", type=int, default=1200)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--validate-every", type=int, default=250)
    parser.add_argument("--extra", type=json.loads, default={}, help="more settings of the trainer, a JSON object")
    parser.add_argument("--report", type=Path, help="Markdown file; default: OUTPUT/report.md")
    parser.add_argument("--report-only", action="store_true", help="train nothing")
    return parser.parse_args(arguments)


def makeSettings(options, target, seed, folder):
    settings = {
        "conditions": [options.condition], "datasets": [{"shards": options.shards, "weight": 1.0}],
        "validationShards": options.validation_shards, "outputDirectory": str(folder), "seed": seed,
        "network": {"width": options.width, "numLayers": options.layers, "numHeads": options.width // 16,
                    "transitionFactor": 2, "pairWidth": 24, "conditionWidth": 64},
        "target": target, "regression": options.regression, "maxSteps": options.steps,
        "atomsPerBatch": options.atoms_per_batch, "learningRate": options.learning_rate, "warmupSteps": 100,
        "logSteps": 50, "validationSteps": options.validate_every, "checkpointMinutes": 1, "exportMinutes": 1000,
    }
    settings.update(options.extra)
    return settings


def findTrainer(options):
    if options.trainer:
        return options.trainer
    import openmmorbit

    return os.path.join(os.path.dirname(openmmorbit.__file__), "bin", "openmm-orbit-train")


def train(options, target, seed):
    folder = options.output / f"{target}-{seed}"
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(makeSettings(options, target, seed, folder), indent=1))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    with open(folder / "train.log", "a", encoding="utf-8") as log:
        subprocess.run([findTrainer(options), str(folder / "settings.json")], stdout=log, stderr=log, check=True,
                       env=environment)
    (folder / "done").write_text("")


def readCurve(folder):
    """Validation losses by step; a part that was repeated after an interruption counts once."""
    log = folder / "train.log"
    if not log.exists():
        return {}
    return {int(step): float(loss) for step, loss in VALIDATION.findall(log.read_text())}


def readGradientNorm(folder):
    """Mean gradient norm over the last half of the log."""
    path = folder / "log.csv"
    if not path.exists():
        return np.nan
    lines = path.read_text().strip().split("\n")
    column = lines[0].split(",").index("gradientNorm")
    values = [float(line.split(",")[column]) for line in lines[1:] if line.count(",") == lines[0].count(",")]
    return float(np.mean(values[len(values) // 2:])) if values else np.nan


def score(options, folder):
    """Mean COV (%) and AMR (Angstrom) of all copies, wrong ones included: COV-R and COV-P at 0.5, AMR-R, AMR-P."""
    cache = folder / "scores.json"
    if cache.exists():
        return json.loads(cache.read_text())
    if not options.references or not (folder / "done").exists():
        return None
    import openmmorbit
    from openmmorbit import evaluation
    from openmmorbit.evaluation import scores as measures

    references = evaluation.readReferences(options.references, options.limit)
    generator = openmmorbit.ConformerGenerator(model=str(folder / "model.safetensors"), threads=1, check=False)
    methods = [evaluation.Method("model", evaluation.orbitGenerator(generator, 7))]
    scores = evaluation.evaluate(references, methods, 2)[0].scores
    values = [float(np.nanmean(measures.perMolecule(scores, quantity, threshold)))
              for quantity, threshold in (("recall", 0.5), ("recall", None), ("precision", 0.5), ("precision", None))]
    cache.write_text(json.dumps(values))
    return values


def formatMean(values, digits):
    """Mean and standard error over seeds."""
    values = np.array([v for v in values if v is not None and np.isfinite(v)], dtype=float)
    if len(values) == 0:
        return "–"
    error = f" ± {values.std(ddof=1) / np.sqrt(len(values)):.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{error}"


def writeReport(options):
    rows = ["| target | seeds | validation loss | gradient norm | COV-R@0.5 / % | AMR-R / Å | COV-P@0.5 / % | "
            "AMR-P / Å |",
            "|---|---|---|---|---|---|---|---|"]
    curves = {}
    for target in options.targets:
        folders = [options.output / f"{target}-{seed}" for seed in options.seeds]
        finished = [folder for folder in folders if (folder / "done").exists()]
        curves[target] = [readCurve(folder) for folder in folders if readCurve(folder)]
        losses = [curve[max(curve)] for curve in map(readCurve, finished) if curve]
        norms = [readGradientNorm(folder) for folder in finished]
        scores = [values for values in (score(options, folder) for folder in finished) if values]
        columns = [formatMean([values[k] for values in scores], 3 if k % 2 else 1) for k in range(4)]
        rows.append(f"| {target} | {len(finished)} | {formatMean(losses, 4)} | {formatMean(norms, 3)} | "
                    + " | ".join(columns) + " |")
    report = options.report or options.output / "report.md"
    report.write_text("\n".join(rows) + "\n")
    plot(curves, report.with_suffix(".png"), options.steps)
    print("\n".join(rows))


def plot(curves, path, steps):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for target, runs in curves.items():
        common = sorted(set.intersection(*(set(run) for run in runs))) if runs else []
        if not common:
            continue
        losses = np.array([[run[step] for step in common] for run in runs])
        line, = axes.plot(common, losses.mean(axis=0), label=f"{target} ({len(runs)} seeds)")
        axes.fill_between(common, losses.min(axis=0), losses.max(axis=0), color=line.get_color(), alpha=0.2)
    axes.set(xlabel="update", ylabel="validation loss against the exact target", yscale="log", xlim=(0, steps))
    if axes.lines:
        axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main(arguments=None):
    options = parseArguments(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    if not options.report_only:
        if not shutil.which(findTrainer(options)):
            raise SystemExit(f"compare_targets: expected a program to train with, got \"{findTrainer(options)}\"")
        for seed in options.seeds:
            for target in options.targets:
                train(options, target, seed)
    writeReport(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
