// SPDX-License-Identifier: MIT
// What is known of a processor, and which kernels follow from that: not from the clock, so a machine keeps its bits.
#ifndef OPENMM_ORBIT_CPU_PROCESSOR_H_
#define OPENMM_ORBIT_CPU_PROCESSOR_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace cpu {

/** Whether a process may use the tiles of AMX. */
enum class TileUnit {
    Absent,     ///< the processor has none, or the operating system does not know them
    Refused,    ///< the operating system does not allow this process to use them
    Present
};

/** Facts of a processor, as far as the operating system lets programs use them. */
struct Processor {
    std::string vendor;         ///< of CPUID, such as GenuineIntel; empty where there is none
    int family = 0;             ///< of CPUID, the extended one included
    bool avx2 = false;          ///< with FMA
    bool avx512 = false;        ///< F, BW, DQ and VL
    bool avx512Bf16 = false;
    TileUnit tiles = TileUnit::Absent;      ///< with products of BF16 numbers
};

/** Ask this machine. Tiles count as present where the processor has them: see requestTiles(). */
OPENMM_EXPORT_ORBIT Processor readProcessor();

/**
 * Ask the operating system to let this process use tiles. Their state needs larger stacks for signals, so nobody should
 * ask who does not use them.
 */
OPENMM_EXPORT_ORBIT bool requestTiles();

/** What somebody wants; empty means no wish. */
struct KernelWishes {
    std::string instructionSet, precision;
};

/** Instruction sets by name: of the operands of matrix products, and of what stays in single precision. */
struct KernelChoice {
    std::string operand, single;
    std::string reason;         ///< in words, for the description of a kernel
};

/** Get the instruction sets of a processor, the narrowest first. */
OPENMM_EXPORT_ORBIT std::vector<std::string> getInstructionSets(const Processor& processor);

/**
 * Choose instruction sets. Without a wish they are AMX, or else AVX512-BF16 where its products are faster than those in
 * single precision, or else the widest in single precision.
 *
 * @throws ArgumentError if a wish is unknown, or asks for what the processor lacks
 */
OPENMM_EXPORT_ORBIT KernelChoice chooseInstructionSets(const Processor& processor, const KernelWishes& wishes);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PROCESSOR_H_
