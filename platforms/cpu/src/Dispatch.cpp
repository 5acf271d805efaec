// SPDX-License-Identifier: MIT
// Run-time dispatch: one library runs on every x86-64 processor and uses what it finds.
#include "Dispatch.h"
#include "openmmorbit/ArgumentError.h"
#include <cstdlib>

namespace OrbitPlugin {
namespace cpu {

namespace {

std::string readEnvironment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string listNames(const std::vector<const KernelTable*>& tables) {
    std::string names;
    for (const KernelTable* table : tables)
        names += (names.empty() ? "" : ", ") + std::string(table->instructionSet);
    return names;
}

} // namespace

std::vector<const KernelTable*> getAvailableTables() {
    std::vector<const KernelTable*> tables = {getPortableTable()};
#ifdef ORBIT_CPU_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        tables.push_back(getAvx2Table());
    bool has512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
    if (has512)
        tables.push_back(getAvx512Table());
    if (has512 && __builtin_cpu_supports("avx512bf16"))
        tables.push_back(getAvx512Bf16Table());
#endif
    return tables;
}

KernelPair chooseKernels(const std::string& precision, int headWidth) {
    std::string wish = precision.empty() ? readEnvironment("ORBIT_CPU_PRECISION") : precision;
    if (wish.empty() && headWidth % 2 != 0)
        wish = "single";
    return chooseKernels(readEnvironment("ORBIT_CPU_ISA"), wish);
}

KernelPair chooseKernels(const std::string& instructionSet, const std::string& precision) {
    if (precision != "" && precision != "single" && precision != "bf16")
        throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected the precision to be "
            "single or bf16 on platform CPU, got \"" + precision + "\"; the platform Reference is double");
    std::vector<const KernelTable*> tables = getAvailableTables();
    std::size_t count = tables.size();
    if (instructionSet != "") {
        for (count = 1; count <= tables.size() && tables[count - 1]->instructionSet != instructionSet;)
            count++;
        if (count > tables.size())
            throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected ORBIT_CPU_ISA to be one of " +
                listNames(tables) + " on this processor, got \"" + instructionSet + "\"");
    }
    KernelPair kernels;
    for (std::size_t i = 0; i < count; i++) {
        if (!tables[i]->bf16)
            kernels.single = tables[i];
        else if (precision != "single")
            kernels.operand = tables[i];
    }
    if (precision == "bf16" && kernels.operand == nullptr)
        throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected an instruction set with BF16 for "
            "the precision bf16, got " + std::string(kernels.single->instructionSet) + "; use single");
    if (kernels.operand == nullptr)
        kernels.operand = kernels.single;
    return kernels;
}

} // namespace cpu
} // namespace OrbitPlugin
