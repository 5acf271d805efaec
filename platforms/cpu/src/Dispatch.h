// SPDX-License-Identifier: MIT
// Chooses the kernel tables for this processor and for the environment's wishes.
#ifndef OPENMM_ORBIT_CPU_DISPATCH_H_
#define OPENMM_ORBIT_CPU_DISPATCH_H_

#include "KernelTable.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace cpu {

/** The two tables a model is packed for: matrix operands, and the few small layers that stay in single precision. */
struct KernelPair {
    const KernelTable* operand = nullptr;
    const KernelTable* single = nullptr;
    std::string reason;         ///< why these, in words
};

/** Get the tables that this processor can run, widest last, and then those that were added. */
OPENMM_EXPORT_ORBIT std::vector<const KernelTable*> getAvailableTables();

/**
 * Add a table that is used where ORBIT_CPU_ISA names it, beside the portable one for single precision: so that tests
 * run kernels of processors that this one is not.
 */
OPENMM_EXPORT_ORBIT void addTable(const KernelTable& table);

/**
 * Choose the tables of a kernel.
 *
 * The environment variable ORBIT_CPU_ISA (portable, avx2, avx512, avx512bf16 or amx) limits the instruction set. See
 * chooseInstructionSets() for the default; heads that are not pairs of channels are always in single precision.
 *
 * @param precision   single or bf16; empty means the environment variable ORBIT_CPU_PRECISION, or else the default
 * @param headWidth   channels of an attention head of the network
 * @throws ArgumentError if a value is unknown, or asks for what this processor or this build lacks
 */
OPENMM_EXPORT_ORBIT KernelPair chooseKernels(const std::string& precision, int headWidth);

/** As above, without the environment; empty means no wish. */
OPENMM_EXPORT_ORBIT KernelPair chooseKernels(const std::string& instructionSet, const std::string& precision);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_DISPATCH_H_
