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
};

/** Get the tables that this processor can run, widest last. */
OPENMM_EXPORT_ORBIT std::vector<const KernelTable*> getAvailableTables();

/**
 * Choose the tables of a kernel.
 *
 * The environment variable ORBIT_CPU_ISA (portable, avx2, avx512 or avx512bf16) limits the instruction set. By default
 * the operands of matrix products are BF16 where the instruction set has them and heads are pairs of channels, else
 * single precision.
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
