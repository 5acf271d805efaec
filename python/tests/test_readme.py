# SPDX-License-Identifier: MIT
"""The Python example of README.md runs as it stands."""
import pathlib
import re


import openmmorbit

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_example_runs(tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert blocks, "README.md has a Python example"
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks), str(README), "exec"), {})
    assert (tmp_path / "aspirin.sdf").read_text().count("$$$$") == 20
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "(20, 21, 3)"
    assert len(lines) == 4 and "expected a valid SMILES" in lines[3]


def test_every_make_target_exists():
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    developing = README.parent / "openmmapi" / "docs" / "developing.md"
    text = README.read_text(encoding="utf-8") + developing.read_text(encoding="utf-8")
    assert "`make test`" in text
    for target in set(re.findall(r"`make (\w+)", text)):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_reference_has_public_names():
    site = README.parent / "python" / "docs" / "site"
    text = "".join(path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.rst"))
    listed = re.findall(r"^\.\. auto(?:class|function):: (?:openmmorbit\.)?(\w+)$", text, re.M)
    # Those that are missing are added by the build of the site.
    assert len(set(listed)) == len(listed) > 50 and set(listed) <= set(openmmorbit._homes)
    assert text.count(".. further-names::") == 1
    pages = (site / "index.md").read_text(encoding="utf-8")
    assert all(f"\nreference/{path.stem}\n" in pages for path in (site / "reference").glob("*.rst"))


def test_every_page_is_on_the_site():
    pages = README.parent / "python" / "docs"
    index = (pages / "site" / "index.md").read_text(encoding="utf-8")
    named = {line.split("/")[-1] for line in index.splitlines() if re.fullmatch(r"[\w./-]+", line)}
    folders = (pages, README.parent / "openmmapi" / "docs")
    assert {path.stem for folder in folders for path in folder.glob("*.md")} <= named


def test_names_of_the_readme_exist():
    for name in set(re.findall(r"openmmorbit\.(\w+)\(", README.read_text(encoding="utf-8"))):
        assert callable(getattr(openmmorbit, name)), name
