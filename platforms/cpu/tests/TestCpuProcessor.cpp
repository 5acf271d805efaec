// SPDX-License-Identifier: MIT
// Which kernels follow from the facts of a processor and from somebody's wishes. No test asks this machine.
#include "Matchers.h"
#include "Processor.h"
#include "openmmorbit/ArgumentError.h"

using namespace OrbitPlugin;
using namespace OrbitPlugin::cpu;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

Processor makeProcessor(const string& vendor, int family, const string& widest, TileUnit tiles = TileUnit::Absent) {
    Processor processor;
    processor.vendor = vendor;
    processor.family = family;
    processor.avx512Bf16 = widest == "avx512bf16";
    processor.avx512 = processor.avx512Bf16 || widest == "avx512";
    processor.avx2 = processor.avx512 || widest == "avx2";
    processor.tiles = tiles;
    return processor;
}

const Processor ZEN5 = makeProcessor("AuthenticAMD", 26, "avx512bf16");
const Processor COOPER_LAKE = makeProcessor("GenuineIntel", 6, "avx512bf16");
const Processor SAPPHIRE_RAPIDS = makeProcessor("GenuineIntel", 6, "avx512bf16", TileUnit::Present);
const Processor WITHOUT_PERMISSION = makeProcessor("GenuineIntel", 6, "avx512bf16", TileUnit::Refused);
const Processor ARM = Processor();

/** A choice in one line. */
string choose(const Processor& processor, const string& instructionSet = "", const string& precision = "") {
    const KernelChoice choice = chooseInstructionSets(processor, {instructionSet, precision});
    return choice.operand + " " + choice.single + ": " + choice.reason;
}

void expectRefusal(const string& message, const Processor& processor, const string& instructionSet,
        const string& precision = "") {
    expectThrows<ArgumentError>("IntegrateOrbitDiffusionStepKernel::initialize: expected " + message, [&] {
        chooseInstructionSets(processor, {instructionSet, precision});
    });
}

TEST(CpuProcessor, fastestThatItHas) {
    EXPECT_EQ(choose(ZEN5), "avx512bf16 avx512: BF16 products are twice as fast on AMD, family 26");
    EXPECT_EQ(choose(makeProcessor("AuthenticAMD", 25, "avx512bf16")),
        "avx512bf16 avx512: BF16 products are twice as fast on AMD, family 25");
    EXPECT_EQ(choose(makeProcessor("AuthenticAMD", 25, "avx2")), "avx2 avx2: no BF16 products");
    EXPECT_EQ(choose(COOPER_LAKE), "avx512 avx512: BF16 products are not faster on Intel");
    EXPECT_EQ(choose(WITHOUT_PERMISSION), "avx512 avx512: BF16 products are not faster on Intel");
    EXPECT_EQ(choose(SAPPHIRE_RAPIDS),
        "avx512 avx512: BF16 products are not faster on Intel, but with its tiles (ORBIT_CPU_ISA=amx)");
    EXPECT_EQ(choose(makeProcessor("GenuineIntel", 6, "avx512")), "avx512 avx512: no BF16 products");
    EXPECT_EQ(choose(makeProcessor("CentaurHauls", 7, "avx512bf16")),
        "avx512 avx512: BF16 products are not faster on CentaurHauls");
    EXPECT_EQ(choose(ARM), "portable portable: no BF16 products");
}

TEST(CpuProcessor, wishesComeFirst) {
    EXPECT_EQ(choose(COOPER_LAKE, "", "bf16"), "avx512bf16 avx512: precision bf16 as asked");
    EXPECT_EQ(choose(COOPER_LAKE, "avx512bf16"), "avx512bf16 avx512: ORBIT_CPU_ISA is avx512bf16");
    EXPECT_EQ(choose(SAPPHIRE_RAPIDS, "avx512bf16"), "avx512bf16 avx512: ORBIT_CPU_ISA is avx512bf16");
    EXPECT_EQ(choose(SAPPHIRE_RAPIDS, "avx512"), "avx512 avx512: ORBIT_CPU_ISA is avx512");
    EXPECT_EQ(choose(SAPPHIRE_RAPIDS, "amx"), "amx avx512: ORBIT_CPU_ISA is amx");
    EXPECT_EQ(choose(SAPPHIRE_RAPIDS, "", "bf16"), "avx512bf16 avx512: precision bf16 as asked");
    EXPECT_EQ(choose(SAPPHIRE_RAPIDS, "amx", "bf16"), "amx avx512: precision bf16 as asked");
    EXPECT_EQ(choose(SAPPHIRE_RAPIDS, "amx", "single"), "avx512 avx512: precision single as asked");
    EXPECT_EQ(choose(WITHOUT_PERMISSION, "", "bf16"), "avx512bf16 avx512: precision bf16 as asked");
    EXPECT_EQ(choose(ZEN5, "", "single"), "avx512 avx512: precision single as asked");
    EXPECT_EQ(choose(ZEN5, "avx2"), "avx2 avx2: ORBIT_CPU_ISA is avx2");
    EXPECT_EQ(choose(ZEN5, "portable", "single"), "portable portable: precision single as asked");
}

TEST(CpuProcessor, refusals) {
    expectRefusal("ORBIT_CPU_ISA to be one of portable, avx2, avx512, avx512bf16 on this processor, got \"amx\"", ZEN5,
        "amx");
    expectRefusal("ORBIT_CPU_ISA to be one of portable, avx2, avx512, avx512bf16 on this processor, got \"amx\"; the "
        "operating system does not let this process use AMX", WITHOUT_PERMISSION, "amx");
    expectRefusal("ORBIT_CPU_ISA to be one of portable on this processor, got \"avx2\"", ARM, "avx2");
    expectRefusal("ORBIT_CPU_ISA to be one of portable, avx2, avx512, avx512bf16, amx on this processor, got \"neon\"",
        SAPPHIRE_RAPIDS, "neon");
    expectRefusal("an instruction set with BF16 for the precision bf16, got avx512; use single", SAPPHIRE_RAPIDS,
        "avx512", "bf16");
    expectRefusal("an instruction set with BF16 for the precision bf16, got portable; use single", ARM, "", "bf16");
    expectRefusal("the precision to be single or bf16 on platform CPU, got \"half\"; the platform Reference is double",
        ZEN5, "", "half");
}

TEST(CpuProcessor, thisMachineHasAtLeastThePortableSet) {
    const vector<string> sets = getInstructionSets(readProcessor());
    EXPECT_EQ(sets.front(), "portable");
    EXPECT_EQ(readProcessor().vendor, readProcessor().vendor.c_str()) << "no bytes behind the name";
}

} // namespace
