# SPDX-License-Identifier: MIT
"""What the command prints: bars and set tables on terminals, plain lines in files."""
import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios

import numpy as np
from openmm import app, unit

from openmmorbit.bars import makeBar
from openmmorbit.command.pages import formatPage, formatTable
from openmmorbit.io.trajectoryfiles import openTrajectory
from systems import makeStates

TABLE = ["| quantity | model | own | how to read it |", "|---|---|---|---|",
         "| **bonds** | 1.25 | 0.9 | smaller is better |",
         "| angles | 12.5 ± 0.1 | – | `as` of two halves of the data |"]


def testTablesAreSetInColumns():
    lines = formatTable(TABLE, 100)
    assert lines[0] == "quantity       model  own  how to read it" and set(lines[1]) == {"─"}
    assert lines[2] == "bonds           1.25  0.9  smaller is better"
    assert lines[3] == "angles    12.5 ± 0.1    –  as of two halves of the data"


def testTheLastColumnIsBroken():
    lines = formatTable(TABLE, 52)
    assert max(map(len, lines)) <= 52 and lines[-1].strip() == "data" and lines[-1].index("data") == 27


def testPages():
    page = "# Report\n\ntext\n\n" + "\n".join(TABLE) + "\n\nend"
    plain = formatPage(page, 100, bold=False).split("\n")
    assert plain[:4] == ["Report", "", "text", ""] and plain[-1] == "end" and "|" not in "".join(plain)
    assert formatPage("## Bold", 80).startswith("\033[1mBold")


def onTerminal(script, **environment):
    """Run a script whose output is a terminal of 80 columns; get what it shows."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen([sys.executable, "-c", script], stdout=other, stderr=other, stdin=other, close_fds=True,
                          env={**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", **environment}):
        os.close(other)
        text = b""
        while True:
            try:
                part = os.read(main, 4096)
            except OSError:     # the end of the script
                break
            if not part:
                break
            text += part
    os.close(main)
    return text.decode("utf-8")


BARS = """
from openmmorbit.bars import makeBar
for total, unit in ((4, "molecules"), (None, "molecules")):
    with makeBar(total, "conformers", True, unit) as bar:
        bar.update(3)
        bar.refresh()
print("end")
"""


def testBarsAreForTerminals():
    shown = onTerminal(BARS)
    assert "conformers  75 % " in shown and "3 of 4 molecules, " in shown and " left" in shown
    assert "conformers 3 molecules in 00:00, " in shown and shown.endswith("end\r\n")
    done = subprocess.run([sys.executable, "-c", BARS], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("end\n", "")


def testTablesAreSetOnTerminalsOnly():
    script = f"from openmmorbit.command.pages import printPage\nprintPage({chr(10).join(TABLE)!r})"
    assert "bonds           1.25  0.9" in onTerminal(script)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == TABLE


def testErrorsAreColouredOnTerminalsOnly():
    script = "from openmmorbit.command.console import report\nreport('error: a\\x1b[31mb'); report('no error: c')"
    assert onTerminal(script) == "openmm-orbit: error: a\\x1b[31mb\r\nopenmm-orbit: no error: c\r\n"
    assert onTerminal(script, NO_COLOR="").startswith("openmm-orbit: \033[1;31merror:\033[0m a\\x1b[31mb\r\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr.splitlines()[0] == "openmm-orbit: error: a\\x1b[31mb"


def testABarThatIsNotShownCounts():
    stream = io.StringIO()
    with makeBar(3, "x", show=False) as bar:
        bar.update(2)
    assert stream.getvalue() == "" and bar.disable


def testReadingDcdFilesPrintsNothing(tmp_path, capfd):
    topology, positions = makeStates("ACE", "ALA", "NME", number=2)
    with open(tmp_path / "run.dcd", "wb") as stream:
        dcd = app.DCDFile(stream, topology, 0.002)
        for state in positions:
            dcd.writeModel(state * unit.nanometer)
    print("before")
    source = openTrajectory("test", tmp_path / "run.dcd", topology)
    (frames,) = source.read(1)
    print("after")
    assert np.allclose(frames.positions, np.stack(positions), atol=1e-5)
    assert capfd.readouterr().out == "before\nafter\n"
