// SPDX-License-Identifier: MIT
// Mol blocks and SD files; what was read is written and read again. See README.md beside it.
#include "Fuzz.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/MoleculeWriter.h"

using namespace OrbitPlugin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text((const char*) data, size);
    expectOnly<ArgumentError>([&] { readMolBlock(text).validate(); });
    const std::string path = writeInput(text, ".sdf");
    expectOnly<ArgumentError>([&] {
        for (const MoleculeRecord& record : MoleculeReader(path).readAll()) {
            if (!record.error.empty())
                continue;
            record.graph.validate();
            if (!record.positions.empty())
                readMolBlock(writeMolBlock(record.graph, record.positions));
        }
    });
    return 0;
}
