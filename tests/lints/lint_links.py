# SPDX-License-Identifier: MIT
"""Links of the Markdown pages lead to files that are there, and to headings that they have."""

import os
import re

from common import lineOf, listFiles, readText, run

LINK = re.compile(r"\]\(([^()\s]+)\)")


def withoutCode(text):
    """Markdown with its code blanked out; line numbers stay."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))  # noqa: E731
    text = re.sub(r"(?ms)^( *)```.*?^\1```", blank, text)
    return re.sub(r"`[^`\n]*`", blank, text)


def findAnchors(text):
    """The anchors of all headings, as hosts of repositories make them."""
    anchors = set()
    for heading in re.findall(r"(?m)^#+ +(.*?) *#*$", re.sub(r"(?ms)^```.*?^```", "", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        anchor = base = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = 0
        while anchor in anchors:
            count += 1
            anchor = f"{base}-{count}"
        anchors.add(anchor)
    return anchors


def check(root):
    faults = []
    pages = listFiles(root, (".md",)) + (["README.md"] if os.path.exists(os.path.join(root, "README.md")) else [])
    for page in pages:
        text = withoutCode(readText(root, page))
        for match in LINK.finditer(text):
            target, _, anchor = match.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            path = os.path.normpath(os.path.join(os.path.dirname(page), target)) if target else page
            place = f"{page}:{lineOf(text, match.start())}"
            if not os.path.exists(os.path.join(root, path)):
                faults.append(f"{place}: \"{match.group(1)}\" leads to no file")
            elif anchor and path.endswith(".md") and anchor not in findAnchors(readText(root, path)):
                faults.append(f"{place}: \"{match.group(1)}\" leads to no heading of {path}")
    return faults


PAGE = "# One page\n\n## What is `it`, then?\n\nSee [b](b.md#a-heading), [above](#what-is-it-then), " \
       "[x](https://x.org/#y).\n"
OTHER = "# A heading\n\n```bash\n# no heading\n```\n"
run(check, [
    ({"python/docs/a.md": PAGE, "python/docs/b.md": OTHER}, 0),
    ({"python/docs/a.md": "`[no](link.md)`\n\n```\n[none](here.md)\n```\n"}, 0),
    ({"python/docs/a.md": PAGE}, 1),
    ({"python/docs/a.md": PAGE, "python/docs/b.md": "# Another heading\n"}, 1),
    ({"python/docs/a.md": "[b](b.md#no-heading)\n", "python/docs/b.md": OTHER}, 1),
    ({"README.md": "[a](python/docs/a.md) and [b](python/docs/b.md)\n", "python/docs/a.md": "# A\n"}, 1),
])
