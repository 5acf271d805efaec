// SPDX-License-Identifier: MIT
// Run-time dispatch: one library runs on every x86-64 processor and uses what it finds.
#include "Dispatch.h"
#include "Processor.h"
#include <cstdlib>

namespace OrbitPlugin {
namespace cpu {

namespace {

std::string readEnvironment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

const KernelTable* getTable(const std::string& instructionSet) {
#ifdef ORBIT_CPU_X86
    if (instructionSet == "avx2")
        return getAvx2Table();
    if (instructionSet == "avx512")
        return getAvx512Table();
    if (instructionSet == "avx512bf16")
        return getAvx512Bf16Table();
    if (instructionSet == "amx")
        return getAmxTable();
#endif
    return getPortableTable();
}

std::vector<const KernelTable*>& getAddedTables() {
    static std::vector<const KernelTable*> tables;
    return tables;
}

} // namespace

std::vector<const KernelTable*> getAvailableTables() {
    Processor processor = readProcessor();
    if (readEnvironment("ORBIT_CPU_ISA") != "amx" || !requestTiles())
        processor.tiles = TileUnit::Refused;
    std::vector<const KernelTable*> tables;
    for (const std::string& name : getInstructionSets(processor))
        tables.push_back(getTable(name));
    tables.insert(tables.end(), getAddedTables().begin(), getAddedTables().end());
    return tables;
}

void addTable(const KernelTable& table) {
    getAddedTables().push_back(&table);
}

KernelPair chooseKernels(const std::string& precision, int headWidth) {
    std::string wish = precision.empty() ? readEnvironment("ORBIT_CPU_PRECISION") : precision;
    const bool odd = wish.empty() && headWidth % 2 != 0;
    KernelPair kernels = chooseKernels(readEnvironment("ORBIT_CPU_ISA"), odd ? "single" : wish);
    if (odd)
        kernels.reason = "heads of odd width";
    return kernels;
}

KernelPair chooseKernels(const std::string& instructionSet, const std::string& precision) {
    for (const KernelTable* table : getAddedTables())
        if (instructionSet == table->instructionSet && precision != "single")
            return {table, getPortableTable(), "ORBIT_CPU_ISA is " + instructionSet};
    Processor processor = readProcessor();
    KernelChoice choice = chooseInstructionSets(processor, {instructionSet, precision});
    if (choice.operand == "amx" && !requestTiles()) {
        processor.tiles = TileUnit::Refused;
        choice = chooseInstructionSets(processor, {instructionSet, precision});
    }
    return {getTable(choice.operand), getTable(choice.single), choice.reason};
}

} // namespace cpu
} // namespace OrbitPlugin
