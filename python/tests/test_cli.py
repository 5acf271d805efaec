# SPDX-License-Identifier: MIT
"""The command line as a process: files written, bad records reported, exit statuses."""
import gzip
import signal
import subprocess
import sys
import time

import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit


@pytest.fixture(scope="module")
def modelPath(smallModel, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    smallModel.setMetadata("name", "random")
    smallModel.save(str(path))
    return str(path)


def command(*arguments):
    return [sys.executable, "-m", "openmmorbit.cli", *map(str, arguments)]


def run(*arguments, folder=None):
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=folder, timeout=120)


def generate(modelPath, *arguments, folder):
    return run("conformers", *arguments, "--model", modelPath, "--platform", "Reference", "--steps", 1, "--no-check",
               "--seed", 3, folder=folder)


def testSmilesToSDF(modelPath, tmp_path):
    done = generate(modelPath, "CCO", "-n", 4, "-o", "ethanol.sdf", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 conformers of 1 molecule in" in done.stderr and done.stdout == ""
    found = list(Chem.SDMolSupplier(str(tmp_path / "ethanol.sdf"), removeHs=False, sanitize=False))
    assert [m.GetNumAtoms() for m in found] == [9] * 4
    assert found[1].GetProp("ORBIT_EVALUATIONS") == "1" and found[1].GetProp("ORBIT_REDRAWS") == "0"
    assert found[1].GetProp("ORBIT_CONDITION") == "GFN2-xTB" and found[1].GetProp("ORBIT_MIRRORED") == "no"
    assert found[1].GetProp("ORBIT_KERNEL") == "Reference (double)" and "ethanol.sdf, Reference" in done.stderr
    assert found[1].GetProp("ORBIT_SEED") == "3" and found[1].GetProp("ORBIT_COPY") == "1"


def testAPrecisionThatThePlatformLacksIsWrongUse(modelPath, tmp_path):
    done = generate(modelPath, "CCO", "--precision", "bf16", "-o", "ethanol.sdf", folder=tmp_path)
    assert done.returncode == 2 and 'no precision on platform Reference, got "bf16"' in done.stderr
    assert not (tmp_path / "ethanol.sdf").exists()


def testABadRecordDoesNotStopTheRun(modelPath, tmp_path):
    (tmp_path / "in.smi").write_text("CCO ethanol\nbad( broken\nO water\n")
    done = generate(modelPath, "in.smi", "C", "-n", 2, "-o", "out.sdf.gz", "-q", folder=tmp_path)
    assert done.returncode == 3
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1 and "in.smi, record 2" in lines[0] and "bad(" in lines[0]
    with gzip.open(tmp_path / "out.sdf.gz", "rt") as stream:
        names = [record.splitlines()[0] for record in stream.read().split("$$$$\n")[:-1]]
    assert names == ["ethanol", "ethanol", "water", "water", "", ""]


def testSDFInWithABadRecord(modelPath, tmp_path):
    blocks = []
    for smiles in ("CO", "CC"):
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        AllChem.EmbedMolecule(mol, randomSeed=1)
        blocks.append(Chem.MolToMolBlock(mol) + "$$$$\n")
    with gzip.open(tmp_path / "in.sdf.gz", "wt") as stream:
        stream.write(blocks[0] + "nonsense\n\n\n  x  y\nM  END\n$$$$\n" + blocks[1])
    done = generate(modelPath, "in.sdf.gz", "-n", 1, "-o", "out.sdf", folder=tmp_path)
    assert done.returncode == 3 and "record 2" in done.stderr
    found = Chem.SDMolSupplier(str(tmp_path / "out.sdf"), removeHs=False, sanitize=False)
    assert [m.GetNumAtoms() for m in found] == [6, 8]


def testAnEmptyFileDoesNotStopTheRun(modelPath, tmp_path):
    (tmp_path / "empty.smi").write_text("")
    done = generate(modelPath, "empty.smi", "O", "-n", 1, "-o", "out.sdf", "-q", folder=tmp_path)
    assert done.returncode == 3 and "empty.smi" in done.stderr
    assert (tmp_path / "out.sdf").read_text().count("$$$$") == 1


@pytest.mark.parametrize("ending", [".pdb", ".cif", ".dcd"])
def testOtherFormats(modelPath, tmp_path, ending):
    done = generate(modelPath, "CO", "-n", 2, "-o", f"out{ending}", folder=tmp_path)
    assert done.returncode == 0 and (tmp_path / f"out{ending}").stat().st_size > 100


def testWrongConformersAreReported(modelPath, tmp_path):
    done = run("conformers", "CCO", "-o", "out.sdf", "--model", modelPath, "--steps", 1, "--max-resamplings", 0,
               "-n", 2, "--fallback", "none", folder=tmp_path)
    assert done.returncode == 3 and "'CCO'" in done.stderr


@pytest.mark.parametrize("arguments, text", [
    (["CCO", "-o", "out.txt"], "output that ends in"), (["missing.smi", "-o", "out.sdf"], "missing.smi"),
    (["CCO", "CC", "-o", "out.pdb"], "several molecules"), (["CCO", "-o", "nowhere/out.sdf"], "folder"),
    (["nofile.gro", "-o", "out.sdf"], "ends in .smi"), (["CCO", "book.pdb", "-o", "out.sdf"], "'book.pdb'; name"),
    (["CCO", "-n", "0", "-o", "out.sdf"], "at least 1"), (["CCO"], "required"),
    (["CCO", "-o", "out.sdf", "--seed", "x"], "int"),
    (["CCO", "-o", "out.sdf", "--seed", "99999999999"], "seed from 0"),
    (["CCO", "-o", "out.sdf", "--platform", "Abacus"], "Abacus"),
    (["CCO", "-o", "out.sdf", "--model", "none.safetensors"], "none.safetensors")])
def testWrongUse(modelPath, tmp_path, arguments, text):
    extra = [] if "--model" in arguments else ["--model", modelPath]
    done = run("conformers", *arguments, *extra, folder=tmp_path)
    assert done.returncode == 2 and text in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out.sdf").exists()


def testInfoAndVersion(modelPath):
    done = run("info", modelPath)
    assert done.returncode == 0 and "parameters" in done.stdout and "random" in done.stdout
    assert "sampler        multistep, 24 steps" in done.stdout
    assert openmmorbit.DenoiserModel.load(modelPath).getChecksum() in done.stdout
    assert run("--version").stdout.strip() == f"openmm-orbit {openmmorbit.__version__}"
    asModule = subprocess.run([sys.executable, "-m", "openmmorbit", "--version"], capture_output=True, text=True,
                              check=True)
    assert asModule.stdout == run("--version").stdout
    assert run().returncode == 2


def testAReaderThatHasEnough(modelPath):
    line = f"{' '.join(command('info', modelPath))} | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("file") and done.stderr == ""


def testInterruptKeepsWhatIsFinished(modelPath, tmp_path):
    (tmp_path / "in.smi").write_text("O\n" + "CCCCCCCCCCCCCCCCCC\n" * 200)
    process = subprocess.Popen(command("conformers", "in.smi", "-n", 20, "-o", "out.sdf", "--model", modelPath,
                                       "--no-check", "--platform", "Reference", "--steps", 40, "--batch-size", 1),
                               cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.time() + 60
    while time.time() < deadline and not ((tmp_path / "out.sdf").exists() and (tmp_path / "out.sdf").stat().st_size):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in errors and "Traceback" not in errors
    found = Chem.SDMolSupplier(str(tmp_path / "out.sdf"), removeHs=False, sanitize=False)
    assert len(found) >= 20 and found[0].GetNumAtoms() == 3


def testDataset(tmp_path):
    writer = Chem.SDWriter(str(tmp_path / "in.sdf"))
    for number, smiles in enumerate(("CCO", "CC(N)=O", "c1ccccc1")):
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        AllChem.EmbedMultipleConfs(mol, 3, randomSeed=1)
        for index in range(3):
            for key, value in (("SMILES", smiles), ("ID", f"{number}_{index}"), ("REL_E_KCAL", f"{index}")):
                mol.SetProp(key, value)
            writer.write(mol, confId=index)
    writer.close()
    done = run("dataset", "in.sdf", "-o", "out.shard", "--condition", "MMFF94s", folder=tmp_path)
    assert done.returncode == 0 and "9 conformers of 3 molecules" in done.stderr
    from openmmorbit import orbit

    reader, record, found = orbit.ShardReader(str(tmp_path / "out.shard")), orbit.ShardRecord(), []
    while reader.next(record):
        found.append((record.flatSmiles, record.getNumConformers(), list(record.energies), record.condition))
    assert found == [(smiles, 3, [0, 1, 2], "MMFF94s") for smiles in ("CCO", "CC(N)=O", "c1ccccc1")]
