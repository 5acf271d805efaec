# SPDX-License-Identifier: MIT
"""Molecules in: salts, columns of tables, standard input and pipes, InChI, MOL2 and XYZ."""
import gzip
import locale
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import runCli
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit.io.moleculefiles import FileOptions, countRecords, readInputs


@pytest.fixture(scope="module")
def modelPath(smallModel, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    smallModel.save(str(path))
    return str(path)


def options(modelPath):
    return ["--model", modelPath, "--platform", "Reference", "--steps", "1", "--no-check", "-n", "1", "--seed", "3"]


def embedded(smiles):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=1) == 0
    AllChem.UFFOptimizeMolecule(mol)
    return mol


@pytest.mark.parametrize("smiles, kept", [
    ("CC(=O)[O-].[Na+]", "CC(=O)[O-]"), ("Cl.C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O"), ("CCO.CCN", "CCO"),
    ("C[NH3+].F[P-](F)(F)(F)(F)F", "C[NH3+]"), ("C1.C1O", "CCO"), ("O.CC(C)C.O", "CC(C)C"),
    ("c1ccccc1.Cl", "c1ccccc1"), ("C[NH2+]C(C)c1ccccc1.[Cl-]", "C[NH2+]C(C)c1ccccc1"),
    ("[K+].O=C([O-])c1ccncc1", "O=C([O-])c1ccncc1"), ("Cl.C1CC2(C1)OCc1ccccc1O2", "C1CC2(C1)OCc1ccccc1O2")])
def testTheLargestFragment(smiles, kept):
    expected = Chem.CanonSmiles(kept)
    found = openmmorbit.readMolecule(smiles + " name", fragments="largest")
    assert Chem.CanonSmiles(found.smiles) == expected and found.name == "name"
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    mol.SetProp("_Name", "name")
    mol.SetProp("pKa", "3")
    found = openmmorbit.readMolecule(mol, fragments="largest")
    assert Chem.CanonSmiles(found.smiles) == expected
    assert (found.name, found.properties) == ("name", {"pKa": "3"})


def testFragmentsOfFiles(makeGenerator, modelPath, tmp_path, capsys):
    mol = Chem.AddHs(Chem.MolFromSmiles("[Na+].CCC(=O)[O-]"))
    mol.SetProp("_Name", "salt")
    mol.SetProp("ID", "7")
    AllChem.Compute2DCoords(mol)
    with Chem.SDWriter(str(tmp_path / "in.sdf")) as writer:
        writer.write(mol)
    (error,) = openmmorbit.readMolecules(tmp_path / "in.sdf")
    assert isinstance(error, ValueError) and "keep the largest" in str(error)
    (graph,) = openmmorbit.readMolecules(tmp_path / "in.sdf", fragments="largest")
    assert (graph.smiles, graph.name, graph.properties, graph.getNumAtoms()) == ("CCC(=O)[O-]", "salt", {"ID": "7"}, 10)
    with pytest.raises(ValueError, match="2 fragments"):
        makeGenerator().generate("CCO.Cl", 1)
    assert makeGenerator().generate("CCO.Cl", 1, fragments="largest").graph.smiles == "CCO"
    for result in makeGenerator().generateMany(["CCO.Cl", mol], 1, progress=False, fragments="largest"):
        assert result.error is None
    with pytest.raises(ValueError, match="fragments of 'refuse', 'largest', 'apart', got 'all'"):
        makeGenerator().generate("CCO", 1, fragments="all")
    output = tmp_path / "o.sdf"
    status, line = runCli(capsys, "conformers", "CCO.Cl", tmp_path / "in.sdf", "-o", output, *options(modelPath))
    assert status == 3 and "2 of 2 records failed" in line
    assert runCli(capsys, "conformers", "CCO.Cl", tmp_path / "in.sdf", "-o", output, *options(modelPath),
                  "--fragments", "largest")[0] == 0
    assert "> <ID>\n7\n" in output.read_text() or ">  <ID>\n7\n" in output.read_text()


TABLE = "Name,Parent,Drug,pIC50\nx,CC,CCO,6\ny,CCC,bad(,7\n\n\"z,\n1\",CCCC,CCN,8\nlast,C,oops,9\n"


def testNamedColumns(tmp_path, modelPath, capsys):
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    found = list(openmmorbit.readMolecules(path, smilesColumn="drug", nameColumn="Parent"))
    assert [graph.smiles for graph in found[::2]] == ["CCO", "CCN"] and found[0].name == "CC"
    assert found[2].properties == {"Name": "z,\n1", "pIC50": "8"}
    assert f'{path}, record 2 (line 3, "bad("): expected a valid SMILES' in str(found[1])
    assert f'{path}, record 4 (line 7, "oops")' in str(found[3])
    for keywords, name in (({"smilesColumn": "SMILES"}, "SMILES"),
                           ({"smilesColumn": "Drug", "nameColumn": "id"}, "id")):
        with pytest.raises(ValueError, match=f"column '{name}' in .* none of that name among 'Name', 'Parent', 'Drug'"):
            list(openmmorbit.readMolecules(path, **keywords))
    with pytest.raises(ValueError, match="column SMILES in .*'Name, Parent, Drug, pIC50'; name the column"):
        list(openmmorbit.readMolecules(path))
    arguments = ["conformers", path, "-o", tmp_path / "o.sdf", *options(modelPath)]
    status, line = runCli(capsys, *arguments, "--smiles-column", "Structure")
    assert status == 2 and "'Drug'" in line and not (tmp_path / "o.sdf").exists()
    status, line = runCli(capsys, *arguments, "--smiles-column", "Drug", "--name-column", "pIC50")
    assert status == 3 and "2 conformers of 2 molecules" in line
    assert [mol.GetProp("_Name") for mol in Chem.SDMolSupplier(str(tmp_path / "o.sdf"))] == ["6", "8"]
    assert runCli(capsys, "conformers", "CCO", "-o", tmp_path / "o.sdf", "--name-column", "x")[0] == 2


@pytest.mark.parametrize("header, place, name", [
    ("id,Canonical_SMILES,IUPAC name", 1, 0), ("Structure,MOLREGNO,title", 0, 2), ("RXN_SMI,CHEMBL_ID", 0, 1),
    ("inchikey,InChI,ID", 1, 2), ("smiles_old,SMILES", 1, None)])
def testGuessedColumns(tmp_path, header, place, name):
    columns = header.split(",")
    row = [f"v{k}" for k in range(len(columns))]
    row[place] = "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"
    (tmp_path / "a.tsv").write_text("\t".join(columns) + "\n" + "\t".join(row) + "\n")
    (graph,) = openmmorbit.readMolecules(tmp_path / "a.tsv")
    assert graph.smiles == "CCO" and graph.name == ("" if name is None else row[name])
    assert len(graph.properties) == len(columns) - 1 - (name is not None)


def testTwoColumnsOfAName(tmp_path):
    (tmp_path / "a.csv").write_text("x,x,SMILES\nC,CC,CCC\n")
    with pytest.raises(ValueError, match="got 2 of that name"):
        list(openmmorbit.readMolecules(tmp_path / "a.csv", smilesColumn="x"))
    with pytest.raises(ValueError, match="columns of different names in '.*a.csv', got 'x' twice, as columns 1 and 2"):
        list(openmmorbit.readMolecules(tmp_path / "a.csv"))


def testOptionsOfSomeInputs(tmp_path, modelPath, capsys):
    """Among several files an option is for those that have it."""
    (tmp_path / "a.csv").write_text("Drug\nCC\n")
    (tmp_path / "b.smi").write_text("CCO\n")
    found = list(readInputs([str(tmp_path / "a.csv"), str(tmp_path / "b.smi")],
                            openmmorbit.FileOptions(smilesColumn="Drug")))
    assert [graph.smiles for _, graph in found] == ["CC", "CCO"]
    status, line = runCli(capsys, "conformers", tmp_path / "b.smi", "-o", tmp_path / "o.sdf", *options(modelPath),
                          "--charge", 1)
    assert status == 2 and "expected a file without bond orders (.xyz, .mol2) with --charge, got smi" in line


CONTENTS = {"smi": "CCO a\nbad(\nCC b\n", "csv": "SMILES,name\nCCO,a\nbad(,x\nCC,b\n",
            "inchi": "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3 a\nInChI=1S/x\nInChI=1S/C2H6/c1-2/h1-2H3\tb\n"}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["smi", "csv", "inchi", "sdf"])
def testStandardInputToStandardOutput(modelPath, tmp_path, kind, packed):
    text = CONTENTS.get(kind, "")
    if kind == "sdf":
        for smiles, name in (("CCO", "a"), ("CC", "b")):
            mol = embedded(smiles)
            mol.SetProp("_Name", name)
            text += Chem.MolToMolBlock(mol) + "$$$$\n" + ("x\n\n\n bad\nM  END\n$$$$\n" if name == "a" else "")
    run = [sys.executable, "-m", "openmmorbit.cli", "conformers", "-", "-o", "-", "--input-format", kind,
           *options(modelPath)]
    data = gzip.compress(text.encode()) if packed else text.encode()
    done = subprocess.run(run, input=data, capture_output=True, cwd=tmp_path)
    assert done.returncode == 3 and b"standard input, record 2 (line" in done.stderr, done.stderr
    assert b"2 conformers of 2 molecules in" in done.stderr and b"-> standard output" in done.stderr
    assert [record.splitlines()[0] for record in done.stdout.split(b"$$$$\n")[:-1]] == [b"a", b"b"]
    assert not list(tmp_path.iterdir())


def testPipesWithNames(modelPath, tmp_path, capsys):
    source, target = tmp_path / "in.fifo", tmp_path / "out.xyz"
    for path in (source, target):
        os.mkfifo(path)
    received = []
    threads = [threading.Thread(target=source.write_text, args=("SMILES\tID\nCCO\tone\nCC\ttwo\n",)),
               threading.Thread(target=lambda: received.append(target.read_text()))]
    for thread in threads:
        thread.start()
    status = openmmorbit.cli.main(["conformers", str(source), "--input-format", "tsv", "-o", str(target),
                                   *options(modelPath), "-q"])
    for thread in threads:
        thread.join()
    assert status == 0 and received[0].count("Properties=") == 2 and 'name="two"' in received[0]


def testStandardInputFromANamedPipeWhoseWriterIsGone(modelPath, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    script = "(exec 3<pipe; sleep 1; exec \"$@\" <&3) & printf 'CCO a\\nC b\\n' > pipe; wait $!"
    run = [sys.executable, "-m", "openmmorbit.cli", "conformers", "-", "-o", "out.xyz", *options(modelPath)]
    done = subprocess.run(["sh", "-c", script, "sh", *run], cwd=tmp_path, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.xyz").read_text().count("name=") == 2


def testCtrlCWhileStandardInputIsSilent(modelPath, tmp_path):
    run = [sys.executable, "-m", "openmmorbit.cli", "conformers", "-", "-o", "-", *options(modelPath)]
    process = subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True, cwd=tmp_path)
    children, deadline = f"/proc/{process.pid}/task/{process.pid}/children", time.time() + 60
    while time.time() < deadline and not open(children).read():  # until it hands on standard input
        time.sleep(0.05)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and output == b"" and b"interrupted" in errors and b"Traceback" not in errors


def testWorkersIntoAPipe(modelPath, tmp_path):
    run = [sys.executable, "-m", "openmmorbit.cli", "conformers", "-", "-o", "-", "--output-format", "xyz.gz",
           "--processes", "1", *options(modelPath)]
    done = subprocess.run(run, input=b"CCO a\nbad(\nC b\n", capture_output=True, cwd=tmp_path)
    text = gzip.decompress(done.stdout).decode()
    assert done.returncode == 3 and [line for line in text.splitlines() if line.isdigit()] == ["9", "5"]
    assert b"record 2 (line 2" in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments, text", [
    (["-", "-", "-o", "x.sdf"], "standard input once"),
    (["-", "-o", "-", "--output-format", "dcd"], "several molecules"),
    (["CCO", "-o", "-", "--output-format", "pdb"], "to standard output"), (["CCO", "-o", "a.foo"], "ends in .sdf"),
    (["a.txt", "-o", "x.sdf"], "--input-format")])
def testWrongUseOfPipes(tmp_path, capsys, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("CCO\n")
    status, line = runCli(capsys, "conformers", *arguments)
    assert status == 2 and text in line
    assert openmmorbit.io.moleculefiles.FileOptions(format="smi").isFile("a.txt")


@pytest.mark.parametrize("smiles", [
    "CC(=O)Nc1ccc(O)cc1", "C[C@H](N)C(=O)O", "C/C=C/C(=O)NC", "O=c1[nH]cnc2[nH]cnc12", "Cc1c[nH]c(=O)[nH]c1=O",
    "NC(=O)c1cccnc1", "CC(=S)NC", "[H][H]", "[2H]C", "C[N+](=O)[O-]", "NC(N)=O", "O=C1CCCN1"])
def testInchi(smiles):
    expected = Chem.CanonSmiles(smiles)
    graph = openmmorbit.readMolecule(Chem.MolToInchi(Chem.MolFromSmiles(smiles)))
    assert Chem.CanonSmiles(graph.smiles) == expected


@pytest.mark.parametrize("text, message", [
    ("InChI=1/CH4/h1H4", "standard InChI"), ("InChI=1S/nonsense", "valid InChI"),
    ("InChI=1S/CH4/\xe9", "other characters"), ("InChI=1S/", "valid InChI"),
    ("InChI=1S/CH4.H2O/h1H4;1H2", "2 fragments")])
def testInchiThatIsNone(text, message):
    with pytest.raises(ValueError, match=message):
        openmmorbit.readMolecule(text)


CHEMISTRY = ["CC(=O)[O-]", "C[N+](=O)[O-]", "NC(=[NH2+])N", "c1cc[nH]c1", "C[n+]1ccccc1", "CS(N)(=O)=O", "CC[S@@](C)=O",
             "CN=[N+]=[N-]", "c1ccc2[nH]ccc2c1", "[O-][n+]1ccccc1", "O=c1cc[nH]cc1", "C[C@H]([NH3+])C(=O)[O-]",
             "C/C=C/C", "C[C@H](O)C(=O)OC", "CC(N)=S", "O=c1cc[nH]c(=O)[nH]1", "[O-]c1ccccc1", "N#Cc1ccsc1"]


def writeXYZ(mol, path, comment):
    lines = Chem.MolToXYZBlock(mol).splitlines()
    lines[1] = comment
    with open(path, "a", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")


def testXYZWithoutBonds(tmp_path):
    for smiles in CHEMISTRY:
        mol = embedded(smiles)
        writeXYZ(mol, tmp_path / "a.xyz", f'charge={Chem.GetFormalCharge(mol)} name="{smiles}" energy=-1.5')
    found = list(openmmorbit.readMolecules(tmp_path / "a.xyz"))
    assert [graph.name for graph in found] == CHEMISTRY and found[0].properties == {"energy": "-1.5"}
    assert [Chem.CanonSmiles(graph.smiles) for graph in found] == [Chem.CanonSmiles(smiles) for smiles in CHEMISTRY]
    assert [atom.element for atom in found[0].atoms] == [6, 6, 8, 8, 1, 1, 1]


def testWaysToWriteXYZ(tmp_path):
    text = ("5\r\nchatter\r\n6 0 0 0\r\nh .63 .63 .63\r\nH -.63 -.63 .63\r\nH -.63 .63 -.63 0.1\r\n"
            "D .63 -.63 -.63\r\n\r\n\r\n")
    (tmp_path / "a.xyz").write_bytes((text + text.replace("6 0 0 0", "CL 0 0 0")).encode())
    first, second = openmmorbit.readMolecules(tmp_path / "a.xyz")
    assert first.smiles == "[2H]C" and "RDKit can tell" in str(second)
    for wrong, words in (("Xx", "an element, got 'Xx'"), ("119", "an element, got '119'"), ("C x", "not convert")):
        (tmp_path / "b.xyz").write_text(f"1\n\n{wrong} 0 0 0\n")
        with pytest.raises(ValueError, match=f"frame 1: expected extended XYZ.*{words}"):
            list(openmmorbit.readMolecules(tmp_path / "b.xyz"))
    for text, words in (("99999999999\n\nC 0 0 0\n", "1 of 99999999999 atoms"), ("-1\n\n", "0 of -1 atoms"),
                        ("1\n\nC 0 nan 0\n", "not finite"), ("1\n\nC 0 0\n", "missing"),
                        ("1\nProperties=pos:R:-3:species:S:1\nC 0 0 0\n", "Properties=pos")):
        (tmp_path / "c.xyz").write_text(text)
        with pytest.raises(ValueError, match=words):
            list(openmmorbit.readMolecules(tmp_path / "c.xyz"))
    (tmp_path / "d.xyz").write_bytes('2\nname="caf\xe9" ID="\xe9"\nH 0 0 0\nH 0 0 .74\n'.encode("latin1"))
    (graph,) = openmmorbit.readMolecules(tmp_path / "d.xyz")
    assert (graph.name, graph.properties) == ("café", {"ID": "é"})


@pytest.mark.parametrize("charge", ["inf", "nan", "-0.9", "+-"])
def testChargesOfXYZ(tmp_path, charge):
    frame = "3\ncharge={}\nO 0 0 0\nH .96 0 0\nH -.24 .93 0\n"
    (tmp_path / "a.xyz").write_text(frame.format(charge) + frame.format("0.0"))
    wrong, right = openmmorbit.readMolecules(tmp_path / "a.xyz", charge=1)
    assert f"charge= as a whole number of elementary charges, got '{charge}'" in str(wrong)
    assert "record 1" in str(wrong) and right.smiles == "O"


def testPlacesOfXYZFrames(tmp_path):
    """Blank lines between frames count as lines, and not as frames."""
    (tmp_path / "a.xyz").write_text("1\n\nAr 0 0 0\n\n\n2\ncharge=x\nH 0 0 0\nH 0 0 .74\n\n1\n\nXx 0 0 0\n")
    records = openmmorbit.readMolecules(tmp_path / "a.xyz")
    assert next(records).smiles == "[Ar]" and "record 2 (line 6)" in str(next(records))
    (error,) = records
    assert re.search("frame 3: .*'Xx'.*; what follows is left out", str(error))


def testPackedFilesThatAreDamaged(tmp_path):
    data = bytearray(gzip.compress(b"SMILES\nCCO\n"))
    data[10] |= 6   # a kind of block that does not exist
    (tmp_path / "a.csv.gz").write_bytes(data)
    (error,) = openmmorbit.readMolecules(tmp_path / "a.csv.gz")
    assert "a.csv.gz: expected a complete file, got a truncated or damaged one" in str(error)
    assert countRecords([str(tmp_path / "a.csv.gz")]) is None
    for name, content in (("a.xyz.gz", data), ("a.mol2.gz", data), ("b.xyz.gz", b"1\n\nAr 0 0 0\n")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"view: expected a complete file, got '.*{name}'"):
            openmmorbit.view(tmp_path / name)


def testXYZThatRdkitCannotTell(tmp_path):
    mol = embedded("c1ccccc1C")
    writeXYZ(Chem.RemoveHs(mol), tmp_path / "a.xyz", "no hydrogens")
    writeXYZ(mol, tmp_path / "a.xyz", "charge=1")
    nitro = "Cc1nc(-c2ccc([N+](=O)[O-])cc2)sc1C(=O)O"
    writeXYZ(embedded(nitro), tmp_path / "a.xyz", "")
    writeXYZ(embedded(nitro), tmp_path / "a.xyz", f'smiles="{nitro}"')
    *wrong, last = openmmorbit.readMolecules(tmp_path / "a.xyz")
    assert all(isinstance(error, ValueError) and "smiles=" in str(error) for error in wrong)
    assert "record 2 (line 10)" in str(wrong[1]) and last.smiles == Chem.CanonSmiles(nitro)
    with open(tmp_path / "a.xyz", "a", encoding="utf-8") as stream:
        stream.write("3\nbroken\nC 0 0 0\n")
    *before, error = openmmorbit.readMolecules(tmp_path / "a.xyz")
    assert len(before) == 4 and "frame 5" in str(error)
    (tmp_path / "b.xyz").write_text("")
    assert ["empty" in str(error) for _, error in readInputs([str(tmp_path / "b.xyz")])] == [True]


@pytest.fixture
def keptLocale():
    """Open Babel may leave the process in the locale "C"."""
    before = locale.setlocale(locale.LC_ALL)
    yield
    locale.setlocale(locale.LC_ALL, before)


@pytest.mark.usefixtures("keptLocale")
def testMol2OfOpenBabel(tmp_path):
    """Open Babel writes aromatic bonds and charges in ways that RDKit's reader does not take."""
    from openbabel import pybel

    text = "# a comment\n"
    for smiles in CHEMISTRY:
        mol = embedded(smiles)
        mol.SetProp("_Name", smiles)
        text += pybel.readstring("sdf", Chem.MolToMolBlock(mol)).write("mol2")
    (tmp_path / "a.mol2").write_text(text)
    found = list(openmmorbit.readMolecules(tmp_path / "a.mol2"))
    assert [graph.name for graph in found] == CHEMISTRY
    assert [Chem.CanonSmiles(graph.smiles) for graph in found] == [Chem.CanonSmiles(smiles) for smiles in CHEMISTRY]
    lines = text.replace("C.3", "Xx").splitlines(keepends=True)
    (tmp_path / "b.mol2").write_text("".join(lines))
    first, *_ = openmmorbit.readMolecules(tmp_path / "b.mol2")
    assert isinstance(first, ValueError) and 'record 1 (line 2, "CC(=O)[O-]"): expected a MOL2 record' in str(first)
    for old, new in (("-0.2", "inf"), ("@<TRIPOS>BOND", "@<TRIPOS>B"), ("@<TRIPOS>ATOM", "@<TRIPOS>A")):
        (tmp_path / "c.mol2").write_text(text.replace(old, new))
        assert any(isinstance(record, ValueError) for record in openmmorbit.readMolecules(tmp_path / "c.mol2"))


def testCountsForTheForecast(tmp_path):
    (tmp_path / "a.smi").write_text("# head\nC\n\nCC\nCCC\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"smiles\nC\nCC\n"))
    (tmp_path / "c.sdf").write_text((Chem.MolToMolBlock(Chem.MolFromSmiles("C")) + "$$$$\n") * 3)
    paths = [str(tmp_path / name) for name in ("a.smi", "b.csv.gz", "c.sdf")]
    assert countRecords([*paths, "CCO"]) == 3 + 2 + 3 + 1 and countRecords(["-"]) is None
    assert len(list(readInputs([*paths, "CCO"], FileOptions()))) == 9


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz"])
def testATableWithoutLinesIsReported(capsys, modelPath, name, tmp_path):
    """The progress bar of a run that is not quiet asks for the number of records."""
    (tmp_path / name).write_bytes(gzip.compress(b"") if name.endswith("gz") else b"")
    assert countRecords([str(tmp_path / name)]) == 0
    status, line = runCli(capsys, "conformers", tmp_path / name, *options(modelPath), "-o", tmp_path / "b.sdf")
    assert status == 3 and "; 1 of 1 record failed" in line
    (error,) = (error for _, error in readInputs([str(tmp_path / name)]))
    assert "expected a file with records, got the empty file" in str(error)


def testAPipeGivesItsBytesInPieces(tmp_path):
    os.mkfifo(tmp_path / "in.smi")
    (tmp_path / "whole").write_text("".join(f"{'C' * (1 + k % 30)}O m{k}\n" for k in range(2000)))
    process = subprocess.Popen(["sh", "-c", "cat whole > in.smi"], cwd=tmp_path)
    names = [graph.name for graph in openmmorbit.readMolecules(tmp_path / "in.smi")]
    assert names == [f"m{k}" for k in range(2000)] and process.wait() == 0
