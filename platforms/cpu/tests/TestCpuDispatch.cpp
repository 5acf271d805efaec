// SPDX-License-Identifier: MIT
// How callers, the environment and this processor choose kernels together; TestCpuProcessor has the choice alone.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "CpuTestSupport.h"
#include "Models.h"
#include "Processor.h"
#include "openmmorbit/ArgumentError.h"

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

TEST(CpuDispatch, choosesWhatTheProcessorSuggestsUnlessAsked) {
    const vector<const cpu::KernelTable*> tables = cpu::getAvailableTables();
    EXPECT_STREQ(tables[0]->instructionSet, "portable");
    for (const cpu::KernelTable* table : tables)
        EXPECT_EQ(cpu::chooseKernels(table->instructionSet, "").operand, table);
    EXPECT_EQ(cpu::chooseKernels("", "").operand->instructionSet,
        cpu::chooseInstructionSets(cpu::readProcessor(), {"", ""}).operand);
    EXPECT_FALSE(cpu::chooseKernels("", "").single->bf16);
    const cpu::KernelPair single = cpu::chooseKernels("", "single");
    EXPECT_EQ(single.operand, single.single);
    EXPECT_FALSE(single.operand->bf16);
}

TEST(CpuDispatch, whatACallerAsksForComesBeforeTheEnvironment) {
    const ScopedEnvironment instructionSet("ORBIT_CPU_ISA", ""), precision("ORBIT_CPU_PRECISION", "single");
    EXPECT_FALSE(cpu::chooseKernels("", 32).operand->bf16);
    if (cpu::getAvailableTables().back()->bf16) {
        EXPECT_TRUE(cpu::chooseKernels("bf16", 32).operand->bf16);
    }
    ThreadPool threads(1);
    CpuIntegrateOrbitDiffusionStepKernel kernel(IntegrateOrbitDiffusionStepKernel::Name(), Platform::getPlatform(0),
        threads);
    kernel.setPrecision("half");
    EXPECT_THROW(kernel.initialize(System(), makeSmallModel()), ArgumentError);
    kernel.setPrecision("single");
    kernel.initialize(System(), makeSmallModel());
    EXPECT_NE(kernel.getDescription().find(", single): precision single as asked"), string::npos);
}

TEST(CpuDispatch, oddHeadsAreInSinglePrecisionUnlessAsked) {
    const ScopedEnvironment instructionSet("ORBIT_CPU_ISA", ""), precision("ORBIT_CPU_PRECISION", "");
    PairBiasTransformerSettings settings = makeSmallSettings();
    settings.numHeads = 5;
    settings.width = 15;
    const DenoiserModel model = DenoiserModel::createRandom(settings, 5);
    EXPECT_FALSE(cpu::chooseKernels("", 3).operand->bf16);
    const cpu::KernelPair kernels = cpu::chooseKernels("", 6);
    EXPECT_EQ(kernels.operand, cpu::chooseKernels("", "").operand);
    EXPECT_EQ(cpu::chooseKernels("", 3).reason, "heads of odd width");
    if (!kernels.operand->bf16)
        return;
    ThreadPool threads(1);
    CpuIntegrateOrbitDiffusionStepKernel kernel(IntegrateOrbitDiffusionStepKernel::Name(), Platform::getPlatform(0),
        threads);
    kernel.setPrecision("bf16");
    expectThrows<ArgumentError>("IntegrateOrbitDiffusionStepKernel::initialize: expected a model with an even head "
        "width for the precision bf16, got 3; use single", [&] {
        kernel.initialize(System(), model);
    });
}

TEST(CpuDispatch, refusals) {
    string names;
    for (const string& name : cpu::getInstructionSets(cpu::readProcessor()))
        names += (names.empty() ? "" : ", ") + name;
    expectThrows<ArgumentError>("IntegrateOrbitDiffusionStepKernel::initialize: expected ORBIT_CPU_ISA to be one of " +
        names + " on this processor, got \"neon\"", [] {
        cpu::chooseKernels("neon", "");
    });
    expectThrows<ArgumentError>("IntegrateOrbitDiffusionStepKernel::initialize: expected the precision to be single or "
        "bf16 on platform CPU, got \"half\"; the platform Reference is double", [] {
        cpu::chooseKernels("", "half");
    });
    expectThrows<ArgumentError>("IntegrateOrbitDiffusionStepKernel::initialize: expected an instruction set with "
        "BF16 for the precision bf16, got portable; use single", [] {
        cpu::chooseKernels("portable", "bf16");
    });
}

} // namespace
