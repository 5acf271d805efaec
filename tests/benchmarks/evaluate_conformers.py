#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scores conformers against reference ensembles, beside RDKit's ETKDGv3 in the same run, as a Markdown table."""
import argparse
import json
import sys
from functools import partial

from openmmorbit import evaluation, statistics


def parseArguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("references", help="SDF file of reference ensembles (.gz is fine), tags SMILES and ID")
    parser.add_argument("--model", help="model file; default: the packaged one")
    parser.add_argument("--limit", type=int, help="use only the first molecules")
    parser.add_argument("--factor", type=int, default=2, help="conformers requested for each reference (default 2)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", type=int, help="number of steps of the sampler")
    parser.add_argument("--method", choices=["euler", "heun", "multistep"], help="integration method")
    parser.add_argument("--schedule", choices=["karras", "logarithmic", "uniformTime"],
                        help="placement of the noise levels")
    parser.add_argument("--sigma-max", type=float, help="first noise level, Angstrom")
    parser.add_argument("--sigma-min", type=float, help="last noise level, Angstrom")
    parser.add_argument("--condition", help="name of the model's condition, e.g. a level of theory")
    parser.add_argument("--max-resamplings", type=int, help="how often a wrong copy is drawn again")
    parser.add_argument("--no-check", action="store_true", help="score every copy, wrong ones included")
    parser.add_argument("--platform", help="OpenMM platform")
    parser.add_argument("--threads", type=int, help="threads of the CPU platform")
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.1, 0.5], help="coverage limits, Angstrom")
    parser.add_argument("--no-baselines", action="store_true", help="leave RDKit out")
    parser.add_argument("--no-orbit", action="store_true", help="score RDKit only")
    parser.add_argument("--json", help="also write the summary to this file")
    return parser.parse_args(arguments)


def makeMethods(options):
    methods = []
    if not options.no_orbit:
        import openmmorbit

        settings = {"numSteps": options.steps, "method": options.method, "schedule": options.schedule,
                    "sigmaMax": options.sigma_max, "sigmaMin": options.sigma_min, "condition": options.condition,
                    "maxResamplings": options.max_resamplings, "check": not options.no_check}
        given = {name: value for name, value in settings.items() if value is not None}
        generator = openmmorbit.ConformerGenerator(model=options.model, platform=options.platform,
                                                   threads=options.threads, **given)
        print(generator)
        methods.append(evaluation.Method("orbit", evaluation.orbitGenerator(generator, options.seed)))
    if not options.no_baselines:
        methods.append(evaluation.Method("ETKDGv3", partial(evaluation.etkdg, seed=options.seed)))
        methods.append(evaluation.Method("ETKDGv3+MMFF", partial(evaluation.etkdg, seed=options.seed, relax=True)))
    return methods


def main(arguments=None):
    options = parseArguments(arguments)
    references = evaluation.readReferences(options.references, options.limit)
    methods = evaluation.evaluate(references, makeMethods(options), options.factor)
    print(f"{len(references)} molecules, {sum(r.numConformers for r in references)} reference conformers, "
          f"{options.factor} K requested, heavy-atom RMSD; 95 % bootstrap intervals over molecules\n")
    print(statistics.markdownTable(methods, options.thresholds))
    for baseline in methods[1:] if not options.no_orbit else []:
        print(f"\n{methods[0].name} minus {baseline.name}, paired by molecule:")
        differences = statistics.pairedDifferences(methods[0], baseline, options.thresholds)
        for title, (value, lower, upper) in differences.items():
            print(f"  {title}: {value:+.3f} ({lower:+.3f} to {upper:+.3f})")
    for method in methods:
        for failed in [s for s in method.scores if s.error][:20]:
            print(f"{method.name}: {failed.smiles}: {failed.error}", file=sys.stderr)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump({m.name: statistics.summarize(m, options.thresholds) for m in methods}, stream, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
