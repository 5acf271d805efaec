// SPDX-License-Identifier: MIT
// Chooses the kernel tables for this processor and for the environment's wishes.
#ifndef OPENMM_ORBIT_CPU_DISPATCH_H_
#define OPENMM_ORBIT_CPU_DISPATCH_H_

#include "PackedModel.h"
#include "openmmorbit/internal/windowsExportOrbit.h"

namespace OrbitPlugin {
namespace cpu {

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
 * @param settings    of the network
 * @throws ArgumentError if a value is unknown, or asks for what this processor or this build lacks
 */
OPENMM_EXPORT_ORBIT KernelPair chooseKernels(const std::string& precision,
        const PairBiasTransformerSettings& settings);

/** As above, without the environment; empty means no wish. */
OPENMM_EXPORT_ORBIT KernelPair chooseKernels(const std::string& instructionSet, const std::string& precision);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_DISPATCH_H_
