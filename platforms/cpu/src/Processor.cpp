// SPDX-License-Identifier: MIT
// Reads CPUID and chooses instruction sets.
#include "Processor.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#ifdef ORBIT_CPU_X86
#include <cpuid.h>
#endif

namespace OrbitPlugin {
namespace cpu {

using std::string;
using std::vector;

namespace {

bool isBf16(const string& instructionSet) {
    return instructionSet == "avx512bf16" || instructionSet == "amx";
}

/** Zen 4 and later process as many VDPBF16PS as FMA, each with twice the products; Intel's half as many or fewer. */
bool hasFastBf16(const Processor& processor) {
    const int zen4 = 25;
    return processor.vendor == "AuthenticAMD" && processor.family >= zen4;
}

string joinNames(const vector<string>& names) {
    string joined;
    for (const string& name : names)
        joined += (joined.empty() ? "" : ", ") + name;
    return joined;
}

string nameProcessor(const Processor& processor) {
    if (processor.vendor == "AuthenticAMD")
        return "AMD, family " + std::to_string(processor.family);
    if (processor.vendor == "GenuineIntel")
        return "Intel";
    return processor.vendor.empty() ? "this processor" : processor.vendor;
}

/** Limit instruction sets to those up to the one that somebody wants. */
void limitTo(vector<string>& sets, const Processor& processor, const string& wish) {
    if (wish.empty())
        return;
    const auto wanted = std::find(sets.begin(), sets.end(), wish);
    if (wanted == sets.end()) {
        const bool refused = wish == "amx" && processor.tiles == TileUnit::Refused;
        throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected ORBIT_CPU_ISA to be one of " +
            joinNames(sets) + " on this processor, got \"" + wish + "\"" +
            (refused ? "; the operating system does not let this process use AMX" : ""));
    }
    sets.erase(wanted + 1, sets.end());
}

/** Why BF16 is not used where nobody has asked for a precision. */
string explainSingle(const Processor& processor, const vector<string>& sets) {
    if (isBf16(sets.back()))
        return "BF16 products are not faster on " + nameProcessor(processor) +
                (processor.tiles == TileUnit::Present ? ", but with its tiles (ORBIT_CPU_ISA=amx)" : "");
    return "no BF16 products";
}

string explainBf16(const Processor& processor) {
    return "BF16 products are twice as fast on " + nameProcessor(processor);
}

#ifdef ORBIT_CPU_X86

/** Get a register of a leaf of CPUID, 0 to 3 for eax to edx; 0 where there is no such leaf. */
unsigned readCpuid(unsigned leaf, unsigned subleaf, int place) {
    unsigned registers[4] = {0, 0, 0, 0};
    if (!__get_cpuid_count(leaf, subleaf, &registers[0], &registers[1], &registers[2], &registers[3]))
        return 0;
    return registers[place];
}

string readVendor() {
    string vendor;
    for (int place : {1, 3, 2})
        for (int byte = 0; byte < 4; byte++)
            vendor += (char) (readCpuid(0, 0, place) >> 8 * byte);
    return vendor;
}

int readFamily() {
    const unsigned signature = readCpuid(1, 0, 0);
    const int family = (signature >> 8) & 0xF;
    return family == 0xF ? family + ((signature >> 20) & 0xFF) : family;
}

/** Whether processor and operating system know eight tiles of 16 rows of 64 bytes, and products of BF16 numbers. */
bool hasTiles() {
    const unsigned osXsave = 1u << 27, tile = 1u << 24, bf16 = 1u << 22, tileStates = 3u << 17;
    const unsigned features = readCpuid(7, 0, 3);
    if ((readCpuid(1, 0, 2) & osXsave) == 0 || (features & tile) == 0 || (features & bf16) == 0)
        return false;
    unsigned states, high;
    __asm__ volatile("xgetbv" : "=a"(states), "=d"(high) : "c"(0));
    return (states & tileStates) == tileStates && readCpuid(0x1D, 1, 1) == ((8u << 16) | 64u) &&
            (readCpuid(0x1D, 1, 2) & 0xFFFF) == 16;
}

#endif

} // namespace

Processor readProcessor() {
    Processor processor;
#ifdef ORBIT_CPU_X86
    __builtin_cpu_init();
    processor.vendor = readVendor();
    processor.family = readFamily();
    processor.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    processor.avx512 = processor.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    processor.avx512Bf16 = processor.avx512 && __builtin_cpu_supports("avx512bf16");
    if (hasTiles())
        processor.tiles = TileUnit::Present;
#endif
    return processor;
}

bool requestTiles() {
#if defined(ORBIT_CPU_X86) && defined(__linux__)
    const long archPrctl = 158, requestPermission = 0x1023, tileData = 18;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(archPrctl), "D"(requestPermission), "S"(tileData)
                     : "rcx", "r11", "memory");
    return result == 0;
#else
    return false;
#endif
}

vector<string> getInstructionSets(const Processor& processor) {
    vector<string> sets = {"portable"};
    if (processor.avx2)
        sets.push_back("avx2");
    if (processor.avx512)
        sets.push_back("avx512");
    if (processor.avx512Bf16)
        sets.push_back("avx512bf16");
    if (processor.avx512Bf16 && processor.tiles == TileUnit::Present)
        sets.push_back("amx");
    return sets;
}

KernelChoice chooseInstructionSets(const Processor& processor, const KernelWishes& wishes) {
    if (wishes.precision != "" && wishes.precision != "single" && wishes.precision != "bf16")
        throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected the precision to be "
            "single or bf16 on platform CPU, got \"" + wishes.precision + "\"; the platform Reference is double");
    vector<string> sets = getInstructionSets(processor);
    limitTo(sets, processor, wishes.instructionSet);

    // Tiles have been tested by emulation only: they are for those who ask, until they have run on such a processor.

    if (wishes.instructionSet.empty() && sets.back() == "amx")
        sets.pop_back();
    KernelChoice choice;
    for (const string& set : sets)
        if (!isBf16(set))
            choice.single = set;
    const string& widest = sets.back();
    if (wishes.precision == "bf16" && !isBf16(widest))
        throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected an instruction set with BF16 for "
            "the precision bf16, got " + choice.single + "; use single");
    const bool named = widest == wishes.instructionSet;
    const bool usesBf16 = isBf16(widest) && wishes.precision != "single" &&
            (named || wishes.precision == "bf16" || hasFastBf16(processor));
    choice.operand = usesBf16 ? widest : choice.single;
    if (wishes.precision != "")
        choice.reason = "precision " + wishes.precision + " as asked";
    else if (named)
        choice.reason = "ORBIT_CPU_ISA is " + wishes.instructionSet;
    else
        choice.reason = usesBf16 ? explainBf16(processor) : explainSingle(processor, sets);
    return choice;
}

} // namespace cpu
} // namespace OrbitPlugin
