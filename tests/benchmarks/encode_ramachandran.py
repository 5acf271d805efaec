# SPDX-License-Identifier: MIT
"""Write the Ramachandran regions of the Top8000 as a table of the backbone builder.

    git clone https://github.com/rlabduke/reference_data
    python tests/benchmarks/encode_ramachandran.py reference_data openmmapi/src/backbone/RamachandranTable.cpp

Each cell of 2 x 2 degrees gets 0 (outlier), 1 (allowed) or 2 (favoured). Equal cells that follow one another, psi
fastest, are one byte: 64 times the region plus their number, up to 63.
"""

import base64
import pathlib
import sys

import numpy as np

FOLDER = "Top8000/Top8000_ramachandran_pct_contour_grids"
#: Files in the order of RamachandranClass, and their limit of the allowed region; that of the favoured one is 0.02.
FILES = [("rama8000-general-noGPIVpreP.data", 0.0005), ("rama8000-gly-sym.data", 0.001),
         ("rama8000-ileval-nopreP.data", 0.001), ("rama8000-prepro-noGP.data", 0.001),
         ("rama8000-transpro.data", 0.001), ("rama8000-cispro.data", 0.002)]
FAVOURED, NUM_CELLS = 0.02, 180


def readRegions(path, allowed):
    """Regions by the cells of phi and psi."""
    values = np.zeros((NUM_CELLS, NUM_CELLS))
    phi, psi, value = np.loadtxt(path).T
    values[((phi + 180) // 2).astype(int), ((psi + 180) // 2).astype(int)] = value
    return (values >= allowed).astype(int) + (values >= FAVOURED)


def encode(regions):
    result, cells, start = bytearray(), regions.ravel(), 0
    while start < len(cells):
        end = start
        while end < len(cells) and end - start < 63 and cells[end] == cells[start]:
            end += 1
        result.append(64 * int(cells[start]) + end - start)
        start = end
    return bytes(result)


def main(source, target):
    data = b"".join(encode(readRegions(pathlib.Path(source) / FOLDER / name, allowed)) for name, allowed in FILES)
    text = base64.b64encode(data).decode()
    lines = [f'    "{text[start:start + 112]}"' for start in range(0, len(text), 112)]
    pathlib.Path(target).write_text(
        "// SPDX-License-Identifier: MIT\n"
        "// Regions of phi and psi, written by tests/benchmarks/encode_ramachandran.py.\n"
        "// From the Top8000 contours of the Richardson lab, github.com/rlabduke/reference_data, CC BY 4.0; reduced\n"
        "// to three regions a cell of 2 degrees.\n"
        "namespace OrbitPlugin {\n\n"
        "extern const char* const ramachandranTableText;\nconst char* const ramachandranTableText =\n"
        + "\n".join(lines) + ";\n\n} // namespace OrbitPlugin\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
