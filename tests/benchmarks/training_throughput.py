#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training throughput in atoms a CPU second: the trainer beside the same network in eager PyTorch, on the same data."""
import argparse
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def parseArguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=Path, help="settings of a run: its shards, weights, network, atomsPerBatch")
    parser.add_argument("--steps", type=int, default=40, help="steps of the trainer that are timed")
    parser.add_argument("--eager-steps", type=int, default=12, help="steps of eager PyTorch that are timed")
    parser.add_argument("--repeats", type=int, default=3, help="the fastest of so many counts")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="processes of one thread each")
    parser.add_argument("--molecules", type=int, default=1500, help="of every shard, for eager PyTorch")
    parser.add_argument("--trainer", help="the program openmm-orbit-train; default: that of the installed package")
    parser.add_argument("--tolerance", type=float, default=2e-3, help="between the two networks, Angstrom")
    return parser.parse_args(arguments)


def loadModel(settings):
    from openmmorbit import orbit

    if settings.get("initialModel"):
        return orbit.DenoiserModel.load(settings["initialModel"])
    import openmmorbit

    return orbit.DenoiserModel.load(str(Path(openmmorbit.__file__).with_name("models") / "conformer.safetensors"))


def makeEnvironment(rank, size, port):
    environment = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    if size > 1:
        environment.update(RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1",
                           MASTER_PORT=str(port))
    return environment


def findPort():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def runTrainer(options, settings, size, numSteps, folder):
    """Train some steps. Returns the CPU seconds of all processes, and the rows of the log as numbers."""
    folder.mkdir()
    changed = {**settings, "outputDirectory": str(folder), "maxSteps": numSteps, "maxMinutes": 0, "numThreads": 1,
               "logSteps": options.steps, "validationShards": [], "validationSteps": 0, "metricSteps": 0,
               "checkpointMinutes": 1e6, "exportMinutes": 1e6}
    (folder / "settings.json").write_text(json.dumps(changed))
    before, port = resource.getrusage(resource.RUSAGE_CHILDREN), findPort()
    running = [subprocess.Popen([options.trainer, str(folder / "settings.json")], stdout=subprocess.DEVNULL,
                                env={**os.environ, **makeEnvironment(rank, size, port)}) for rank in range(size)]
    if any(process.wait() for process in running):
        raise SystemExit("training_throughput: expected the trainer to succeed; its message stands above")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    titles, *rows = (folder / "log.csv").read_text().split()
    log = [dict(zip(titles.split(","), row.split(","))) for row in rows]
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, log


def timeTrainer(options, settings, size):
    """Atoms a CPU second and atoms a second: two runs, so that reading the shards and writing the model cancel."""
    with tempfile.TemporaryDirectory(prefix="orbit-throughput-") as name:
        short, _ = runTrainer(options, settings, size, options.steps, Path(name) / "short")
        long, log = runTrainer(options, settings, size, 2 * options.steps, Path(name) / "long")
    samples = float(log[1]["samples"]) - float(log[0]["samples"])
    atoms = samples * float(log[1]["atomsPerSecond"]) / float(log[1]["samplesPerSecond"])
    return atoms / (long - short), float(log[1]["atomsPerSecond"]), samples / options.steps


def cutBatches(molecules, choices, settings, similar, samplesPerBatch):
    """Batches of random samples, or cut from a sorted pool as the trainer does it."""
    if not similar:
        count = max(1, round(samplesPerBatch))
        return [choices[k:k + count] for k in range(0, len(choices), count)]
    batches, limit = [[]], settings.get("atomsPerBatch", 1200)
    for choice in sorted(choices, key=lambda choice: molecules[choice].numAtoms):
        if (len(batches[-1]) + 1) * molecules[choice].numAtoms > limit:
            batches.append([])
        batches[-1].append(choice)
    return [batches[k] for k in np.random.default_rng(2).permutation(len(batches))]


def runWorker(task):
    """Train with eager PyTorch; batches are made beforehand. Prints atoms, CPU seconds and seconds."""
    import torch
    from eager_network import Batch, EagerNetwork, readMolecules

    torch.set_num_threads(1)
    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    settings, random = task["settings"], np.random.default_rng(rank + 1)
    model = loadModel(settings)
    sets = [[m for shard in entry["shards"] for m in readMolecules(shard, model, task["molecules"])]
            for entry in settings["datasets"]]
    molecules = [molecule for group in sets for molecule in group]
    shares = np.concatenate([np.full(len(group), entry.get("weight", 1.0) / len(group))
                             for group, entry in zip(sets, settings["datasets"])])
    network = EagerNetwork(model)
    wrapped = network
    if size > 1:
        torch.distributed.init_process_group("gloo")
        wrapped = torch.nn.parallel.DistributedDataParallel(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.9, 0.99), weight_decay=0.01)
    average = [parameter.detach().clone() for parameter in network.parameters()]
    choices = random.choice(len(molecules), 4096, p=shares / shares.sum())
    batches = []
    for chosen in cutBatches(molecules, choices, settings, task["similar"], task["samplesPerBatch"]):
        picked = [molecules[k] for k in chosen]
        clean = [m.positions[random.integers(len(m.positions))] for m in picked]
        sigma = np.exp(random.normal(-0.5, 1.3, len(picked)))
        noisy = [x + s * random.normal(size=x.shape) for x, s in zip(clean, sigma)]
        batches.append((Batch(picked, noisy, sigma), Batch(picked, clean, sigma).y))
        if len(batches) == task["steps"] + 2:
            break
    atoms = 0
    for step, (batch, target) in enumerate(batches):
        if step == 2:
            cpu, start = time.process_time(), time.perf_counter()
        skip, out = network.getFactors(batch.sigma)
        difference = (wrapped(batch) - (target - skip * batch.y) / out) * batch.mask[..., None]
        (difference.square().sum() / batch.mask.sum()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():
            torch._foreach_lerp_(average, list(network.parameters()), 0.001)
        atoms += batch.numAtoms if step >= 2 else 0
    print(atoms, time.process_time() - cpu, time.perf_counter() - start)
    if size > 1:
        torch.distributed.destroy_process_group()


def timeEager(options, settings, size, similar, samplesPerBatch):
    task = {"settings": settings, "steps": options.eager_steps, "similar": similar, "molecules": options.molecules,
            "samplesPerBatch": samplesPerBatch / size}
    port = findPort()
    running = [subprocess.Popen([sys.executable, __file__, json.dumps(task)], stdout=subprocess.PIPE, text=True,
                                env={**os.environ, **makeEnvironment(rank, size, port)}) for rank in range(size)]
    outputs = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit("training_throughput: expected eager PyTorch to succeed; its message stands above")
    results = [[float(word) for word in output.split()] for output in outputs]
    atoms = sum(result[0] for result in results)
    return atoms / sum(result[1] for result in results), atoms / max(result[2] for result in results)


def describeMachine():
    lines = Path("/proc/cpuinfo").read_text().split("\n") if Path("/proc/cpuinfo").exists() else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return f"{name}, {os.cpu_count()} cores"


def main(arguments=None):
    options = parseArguments(arguments)
    try:
        import torch
        from eager_network import compareWithPlatform, readMolecules
    except (ImportError, OSError) as error:
        print(f"skipped: this Python cannot import torch ({error})")
        return 0
    import openmmorbit

    if not options.trainer:
        options.trainer = str(Path(openmmorbit.__file__).parent / "bin" / "openmm-orbit-train")
    if not shutil.which(options.trainer):
        print(f"skipped: expected a program to train with, got '{options.trainer}'")
        return 0
    settings = json.loads(options.settings.read_text())
    model = loadModel(settings)
    shards = [shard for entry in settings["datasets"] for shard in entry["shards"]]
    worst = max(compareWithPlatform(model, m) for shard in shards for m in readMolecules(shard, model, 2))
    print(f"{describeMachine()}, PyTorch {torch.__version__}; the networks differ by {worst:.1e} Angstrom", flush=True)
    if not worst <= options.tolerance:
        raise SystemExit(f"training_throughput: expected networks that agree to {options.tolerance} Angstrom")
    print("| processes of one thread | trainer, atoms/CPU s (atoms/s) | eager, random batches | ratio | "
          "eager, batches of similar size | ratio |\n|---|---|---|---|---|---|", flush=True)
    for size in options.processes:
        own, ownWall, samples = max(timeTrainer(options, settings, size) for _ in range(options.repeats))
        cells = [f"{size}", f"{own:.0f} ({ownWall:.0f})"]
        for similar in (False, True):
            eager, wall = max(timeEager(options, settings, size, similar, samples) for _ in range(options.repeats))
            cells += [f"{eager:.0f} ({wall:.0f})", f"{own / eager:.2f}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1].startswith("{"):
        runWorker(json.loads(sys.argv[1]))
    else:
        sys.exit(main())
