#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks and writes one Markdown page about this machine: make bench."""
import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZES = (10, 20, 44, 100)
PRECISIONS = {"avx512bf16": "BF16", "avx512": "FP32", "avx2": "FP32"}
OPERANDS = {"BF16": "bf16", "FP32": "single"}


def table(header, rows):
    """Make a Markdown table; numbers have three digits, None is a dash."""
    def text(cell):
        if cell is None:
            return "–"
        if not isinstance(cell, float):
            return str(cell)
        return f"{cell:.0f}" if cell >= 100 else f"{cell:.3g}"
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(text, line)) + " |" for line in lines) + "\n"


def runBenchmark(program, pattern, seconds):
    """Run a program of Google Benchmark and get its counters by name; those that failed are left out."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        subprocess.run([program, f"--benchmark_filter={pattern}", f"--benchmark_min_time={seconds}",
                        f"--benchmark_out={out}", "--benchmark_out_format=json"], check=True, capture_output=True,
                       env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"})
        text = out.read_text(encoding="utf-8")
    entries = json.loads(text)["benchmarks"] if text else []
    return {entry["name"].removesuffix("/manual_time"): entry for entry in entries if not entry.get("error_occurred")}


def measureLoad(seconds=3):
    """Get the share of the machine that other programs use."""
    def read():
        numbers = list(map(int, Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]))
        return sum(numbers), numbers[3] + numbers[4]
    if not Path("/proc/stat").exists():
        return min(1.0, os.getloadavg()[0] / os.cpu_count())
    begin = read()
    time.sleep(seconds)
    total, idle = (b - a for a, b in zip(begin, read()))
    return 1 - idle / total


def describeMachine():
    """Get the processor's name, its relevant instruction sets, the system and the commit."""
    cpu, flags = platform.processor() or platform.machine(), set()
    info = Path("/proc/cpuinfo")
    if info.exists():
        content = info.read_text(encoding="utf-8")
        cpu = re.search(r"model name\s*: (.*)", content)[1]
        flags = set(re.search(r"flags\s*: (.*)", content)[1].split())
    known = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    commit = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=False).stdout.strip()
    return (f"{cpu}, {os.cpu_count()} cores, {' '.join(known)}; {platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}; commit {commit or 'unknown'}")


def chooseSets(roofline):
    """Get the instruction sets that the page is about: that of BF16 and the widest of single precision."""
    found = [isa for isa in PRECISIONS if f"peak/{isa}" in roofline]
    return [isa for isa in found if PRECISIONS[isa] == "BF16"] + [isa for isa in found if PRECISIONS[isa] == "FP32"][:1]


def writeRoofline(sets, roofline, denoiser, lines):
    """Peaks, the stages and whole evaluations of one core."""
    peaks = {name: roofline[f"peak/{name}"]["GFLOPs"] for name in PRECISIONS if f"peak/{name}" in roofline}
    lines += ["## Roofline, one core", "",
              "Peak: fused multiply-adds into 24 registers, nothing else. GFLOP/s and per cent of the peak.", "",
              table(["peak", "GFLOP/s"], [[name, peak] for name, peak in peaks.items()])]
    stages = ["linear.qkv", "linear.output", "linear.up", "linear.down", "attention", "pairFeatures"]
    for isa in sets:
        def cell(entry, peak=peaks[isa]):
            return f"{entry['GFLOPs']:.0f} ({100 * entry['GFLOPs'] / peak:.0f} %)" if entry else None
        rows = [[stage, *(cell(roofline.get(f"{stage}/{isa}/{size}")) for size in SIZES)] for stage in stages]
        for copies in (1, 64):
            rows.append([f"whole evaluation, batch {copies}",
                         *(cell(denoiser.get(f"cpu/{isa}/{size}/{copies}")) for size in SIZES)])
        lines += [f"{PRECISIONS[isa]} ({isa}):", "", table(["stage", *(f"{size} atoms" for size in SIZES)], rows)]


def runScript(python, name, build, *arguments):
    """Run a script of this folder with the package of a build, and read the JSON that it prints."""
    done = subprocess.run([python, HERE / name, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(build / "python")})
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def runCompiled(python, build, sets):
    """Time compiled PyTorch in a Python that can import torch; nothing without one."""
    if not python:
        return {}
    precisions = {OPERANDS[PRECISIONS[isa]] for isa in sets}
    return runScript(python, "compiled_network.py", build, "--precisions", *sorted(precisions))


def writeDenoiser(sets, denoiser, compiled, lines, busy=False):
    """Microseconds a molecule and evaluation, beside LibTorch, with the batch, and on two threads."""
    def micros(name):
        return compiled.get(name) or denoiser.get(name, {}).get("us_per_molecule")

    def ratio(a, b):
        return None if micros(a) is None or micros(b) is None else micros(a) / micros(b)
    lines += ["## One evaluation of the network", "", "Microseconds of one core a molecule; LibTorch runs the same "
              "network eagerly, in C++, on one thread.", ""]
    header, rows = ["atoms", "batch"], [[size, copies] for size in SIZES for copies in (1, 64)]
    for isa in sets:
        label, precision = PRECISIONS[isa], OPERANDS[PRECISIONS[isa]]
        others = {f"LibTorch {label}": f"torch/{precision}", f"compiled {label}": f"compiled/{precision}"}
        if not compiled:
            others.popitem()
        header += [label, *(title for other in others for title in (other, "ratio"))]
        for row in rows:
            own, *theirs = (f"{kind}/{row[0]}/{row[1]}" for kind in (f"cpu/{isa}", *others.values()))
            row += [micros(own), *(cell for name in theirs for cell in (micros(name), ratio(name, own)))]
    lines += [table(header, rows),
              f"Compiled: PyTorch {compiled['version']}, torch.compile with frozen weights, called from Python."
              if compiled else
              "Compiled PyTorch was not measured: --torch-python names a Python that can import torch.", "",
              "With the batch, 44 atoms:", "",
              table(["precision", *(f"batch {n}" for n in (1, 4, 16, 64))],
                    [[PRECISIONS[isa], *(micros(f"cpu/{isa}/44/{n}") for n in (1, 4, 16, 64))] for isa in sets])]
    if busy:
        return
    rows = [[PRECISIONS[isa], size, copies, *(micros(f"threads{n}/{isa}/{size}/{copies}") for n in (1, 2)),
             ratio(f"threads1/{isa}/{size}/{copies}", f"threads2/{isa}/{size}/{copies}")]
            for isa in sets for size in SIZES for copies in (1, 64)]
    lines += ["Threads, microseconds on the wall (single molecules below 40 atoms stay on one thread):", "",
              table(["precision", "atoms", "batch", "1 thread", "2 threads", "speed-up"], rows)]


def writeGeneration(result, lines, busy=False):
    """Conformers beside RDKit, start-up and memory."""
    methods = list(dict.fromkeys(row["method"] for row in result["generation"]))
    lines += ["## Conformers", "", "Core-milliseconds a conformer, all included: reading the SMILES, inspection, "
              "redraws, the RDKit molecule; RDKit in the same process. A dash: no correct conformer.", ""]
    header = ["molecule", "atoms", *methods, "ETKDGv3+MMFF / default"]
    rows, strains, cores = [], [], []

    def divide(a, b):
        return a / b if a and b else None
    for name in dict.fromkeys(row["molecule"] for row in result["generation"]):
        found = {row["method"]: row for row in result["generation"] if row["molecule"] == name}
        default, rdkit = found[methods[0]], found["RDKit ETKDGv3+MMFF"]
        label = [name, default["atoms"]]
        rows.append([*label, *(found[method]["core_ms"] for method in methods),
                     divide(rdkit["core_ms"], default["core_ms"])])
        cores.append([*label, *(divide(1e3, default.get(key)) for key in ("wall_ms", "wall_ms_two")),
                      divide(1e3, rdkit["core_ms"])])
        if any("strain" in row for row in found.values()):
            strains.append([*label, *(found[method].get("strain") for method in methods)])
    lines.append(table(header, rows))
    if not busy:
        lines += ["Conformers a second on the wall:", "",
                  table(["molecule", "atoms", "1 core", "2 cores", "RDKit ETKDGv3+MMFF, 1 core"], cores)]
    if strains:
        lines += ["GFN2-xTB energy above the next minimum, median, kcal/mol:", "",
                  table(["molecule", "atoms", *methods], strains)]
    lines += ["## Start-up and memory", "",
              table(["start of a process", "wall s", "core s"],
                    [[name, *times] for name, times in result["start"].items()]),
              table(["peak memory of a process", "MB"], [[name, size] for name, size in result["memory"].items()]),
              "A step on the CPU platform allocates nothing: platforms/cpu/tests/TestCpuAllocations.cpp.", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="build folder with benchmarks/ and python/")
    parser.add_argument("-o", "--output", help="the page; default: benchmarks.md in the build folder")
    parser.add_argument("--full", action="store_true", help="longer repetitions, and GFN2-xTB strain: half an hour")
    parser.add_argument("--torch-python", help="a Python with torch, openmm and rdkit: times compiled PyTorch")
    options, others = parser.parse_known_args()
    build = Path(options.build).resolve()
    seconds, load = 0.3 if options.full else 0.02, measureLoad()
    busy = load > 0.2
    roofline = runBenchmark(build / "benchmarks" / "BenchRoofline", "peak", seconds)
    sets = chooseSets(roofline)
    names = f"({'|'.join(sets) or 'portable'})/"
    roofline.update(runBenchmark(build / "benchmarks" / "BenchRoofline", f"/{names}", seconds))
    denoiser = runBenchmark(build / "benchmarks" / "BenchDenoiser",
                            f"cpu/{names}|torch" + ("" if busy else f"|threads./{names}"), seconds)
    compiled = runCompiled(options.torch_python, build, sets)
    extra = ["--repeats", "9", "--strain", "8"] if options.full else ["--repeats", "3"]
    result = runScript(sys.executable, "measure_generation.py", build, *extra, *others)
    lines = ["# Benchmarks of one machine", "", f"{describeMachine()}; kernel {result['kernel']}.", "",
             "Times are processor time, the shortest of many repetitions, unless the wall is named. " +
             (f"Other programs took {100 * load:.0f} % of the machine: they have a share of caches and clock, and what "
              "only the clock on the wall tells is left out." if busy else "The machine was idle."), ""]
    writeRoofline(sets, roofline, denoiser, lines)
    writeDenoiser(sets, denoiser, compiled, lines, busy)
    writeGeneration(result, lines, busy)
    output = Path(options.output) if options.output else build / "benchmarks.md"
    output.write_text("\n".join(lines), encoding="utf-8")
    print(f"{output}\n\n{output.read_text(encoding='utf-8')}")


if __name__ == "__main__":
    main()
