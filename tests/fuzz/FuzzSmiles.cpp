// SPDX-License-Identifier: MIT
// SMILES, alone and as a file of lines. See README.md beside it.
#include "Fuzz.h"
#include "openmmorbit/MoleculeReader.h"

using namespace OrbitPlugin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text((const char*) data, size);
    expectOnly<ArgumentError>([&] {
        const MolecularGraph graph = readSmiles(text);
        graph.validate();
        flatSmiles(graph);
    });
    const std::string path = writeInput(text, ".smi");
    expectOnly<ArgumentError>([&] {
        for (const MoleculeRecord& record : MoleculeReader(path).readAll())
            if (record.error.empty())
                record.graph.validate();
    });
    return 0;
}
