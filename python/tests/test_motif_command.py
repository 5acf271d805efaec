# SPDX-License-Identifier: MIT
"""openmm-orbit backbones from known proteins: motifs and starts, and wrong use of their options."""
import numpy as np
import pytest
from conftest import runCli
from helices import makeHelix, writeModel, writeResidues
from openmm import app

import openmmorbit


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return writeModel(tmp_path_factory.mktemp("motifs"))


def testTheCommandKeepsMotifsAndVaries(model, tmp_path, capsys):
    writeResidues(tmp_path / "x.pdb", range(1, 26), names=["SER"] * 25)
    base = ["backbones", "--model", model, "--steps", 3, "--seed", 5, "--no-check", "-n", 2]
    for options, count, kept in ((["--start", tmp_path / "x.pdb", "--level", 2], 25, 0),
                                 (["--motif", tmp_path / "x.pdb", "--fixed", "A5-9"], 25, 5),
                                 (["--motif", tmp_path / "x.pdb", "--fixed", "A5-9", "--residues", "A3-23"], 21, 5),
                                 (["--motif", tmp_path / "x.pdb", "--contig", "3-9/A5-9/9-20", "--length", 30], 30, 5),
                                 (["--start", tmp_path / "x.pdb", "--level", 2, "--fixed", "A5-9"], 25, 5)):
        output = tmp_path / "out.pdb"
        assert openmmorbit.cli.main([str(entry) for entry in [*base, *options, "-o", output]]) == 0
        lines = capsys.readouterr().err.strip().splitlines()
        assert "2 backbones in" in lines[-1]
        assert any("backbone 2: A5-A9 at" in line for line in lines) == ("--contig" in options)
        read = app.PDBFile(str(output))
        assert read.topology.getNumAtoms() == count and read.getNumFrames() == 2
        names = [residue.name for residue in read.topology.residues()]
        assert names.count("SER") == kept
        if kept:
            first = names.index("SER")
            found = read.getPositions(asNumpy=True, frame=0)._value[first:first + 5]
            assert np.abs(found - 0.1 * makeHelix(25)[4:9, 1]).max() < 2e-3


def testWrongUseOfTheCommandIsNamed(model, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    writeResidues("x.pdb", range(1, 26))
    writeResidues("two.pdb", [*range(1, 21), *range(1, 21)], chains="A" * 20 + "B" * 20, shift=20.0)
    writeResidues("short.pdb", range(1, 9))
    writeResidues("sep.pdb", range(1, 26), names=["SEP"] * 25)
    (tmp_path / "bad.pdb").write_text("nothing")
    (tmp_path / "x.dcd").write_text("nothing")
    base, start, motif = ["backbones", "--model", model, "-o", "y.pdb"], ["--start", "x.pdb"], ["--motif", "x.pdb"]
    for options, message in (
            ([], "expected --length, --start or --motif, got none of them"),
            ([*start, *motif], "--start or --motif, got both"), (start, "--level beside --start, got none"),
            ([*start, "--level", -1], "a level above 0, got -1.0 A"),
            ([*start, "--level", "nan"], "a level"), ([*start, "--level", 3, "--structure", "h" * 25],
             "got 'h' for residue 1"),
            (["--motif", "sep.pdb", "--fixed", "A5", "--build"],
             "got SEP A5 of 'sep.pdb'; leave it out of the motif, say with --sequence what to build, or leave --build"),
            ([*start, "--level", 1000], "a level to start at above sigmaMin"),
            ([*start, "--level", 3, "--length", 30], "no --length beside --start"),
            ([*start, "--level", 3, "--contig", "5/A5"], "--contig beside --motif"),
            (["--level", 3, "--length", 30], "--start beside --level"),
            (["--fixed", "A5", "--length", 30], "--motif beside --fixed"),
            (motif, "--fixed or --contig beside --motif, got neither"),
            ([*motif, "--fixed", "A5", "--contig", "5/A5"], "got both"),
            ([*motif, "--fixed", "B5"], "one of the chains A in 'B5', got B"),
            ([*motif, "--fixed", "A"], "residues to design, got all 25 as fixed"),
            ([*motif, "--contig", "90/A5-9"], "a contig of 20 to 47 residues, got one of 95 to 95"),
            ([*motif, "--contig", "10-20/A5-9/20", "--sequence", "A" * 40, "-n", 9], "one length beside --sequence"),
            ([*motif, "--fixed", "A5-9", "--structure", "HH"], "a structure of each of 25 residues, got 2"),
            ([*motif, "--fixed", "A5-9", "-o", "x.pdb"], "not the input"),
            (["--motif", "two.pdb", "--fixed", "A5-9"], "at most 1 chain, as the model was trained on, got 2 of 'two"),
            (["--motif", "short.pdb", "--fixed", "A5-6"], "20 to 47 residues, as the model was trained on, got 8 of"),
            (["--motif", "no.pdb", "--fixed", "A5"], "no.pdb\", which is no file"),
            (["--motif", "bad.pdb", "--fixed", "A5"], "bad.pdb"),
            (["--motif", "x.dcd", "--fixed", "A5"], "a structure that ends in .pdb")):
        status, line = runCli(capsys, *base, *options)
        assert status == 2 and message in line and line.startswith("openmm-orbit: error: expected"), (options, line)
    assert not (tmp_path / "y.pdb").exists()
