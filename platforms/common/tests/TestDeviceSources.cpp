// SPDX-License-Identifier: MIT
// The device sources under the compilers of CUDA and HIP, which need no device: every kernel, precision and
// architecture.
#include "Device.h"
#include "networks/GatedWeights.h"
#include "networks/PairBiasWeights.h"
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <cstring>

using namespace OrbitPlugin;
using std::string;
using std::vector;

namespace {

/** The interface that NVRTC and hipRTC share up to the prefix of its names. */
class RuntimeCompiler {
public:
    RuntimeCompiler(const string& path, const string& prefix) : prefix(prefix) {
        handle = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr)
            reason = path.empty() ? "CMake found no library" : string(dlerror());
    }
    ~RuntimeCompiler() {
        if (handle != nullptr)
            dlclose(handle);
    }
    /** Compile; returns what the compiler says, and "" if it is content. */
    string compile(const string& source, const vector<string>& options) const {
        void* program = nullptr;
        const auto create =
                find<int(void**, const char*, const char*, int, const char**, const char**)>("CreateProgram");
        const auto run = find<int(void*, int, const char**)>("CompileProgram");
        const auto getLogSize = find<int(void*, size_t*)>("GetProgramLogSize");
        const auto getLog = find<int(void*, char*)>("GetProgramLog");
        const auto destroy = find<int(void**)>("DestroyProgram");
        if (create(&program, source.c_str(), "orbit.cu", 0, nullptr, nullptr) != 0)
            return "no program could be created";
        vector<const char*> arguments;
        for (const string& option : options)
            arguments.push_back(option.c_str());
        const int result = run(program, (int) arguments.size(), arguments.data());
        size_t size = 0;
        getLogSize(program, &size);
        string log(size, ' ');
        if (size > 0)
            getLog(program, &log[0]);
        destroy(&program);
        return result == 0 ? "" : "error " + std::to_string(result) + "\n" + log;
    }
    void* handle = nullptr;
    string reason;
private:
    template <class Function>
    Function* find(const string& name) const {
        Function* function = nullptr;
        void* symbol = dlsym(handle, (prefix + name).c_str());
        std::memcpy(&function, &symbol, sizeof(symbol));
        return function;
    }
    string prefix;
};

/** What OpenMM puts before a program on CUDA and HIP, as far as our sources use it. */
string makePreamble(const string& precision) {
    const string real = precision == "double" ? "double" : "float";
    const string mixed = precision == "single" || precision == "tf32" ? "float" : "double";
    string text = R"(
#define KERNEL extern "C" __global__
#define DEVICE __device__
#define LOCAL __shared__
#define LOCAL_ARG
#define GLOBAL
#define RESTRICT __restrict__
#define LOCAL_ID threadIdx.x
#define LOCAL_SIZE blockDim.x
#define GLOBAL_ID (blockIdx.x*blockDim.x+threadIdx.x)
#define GLOBAL_SIZE (blockDim.x*gridDim.x)
#define GROUP_ID blockIdx.x
#define NUM_GROUPS gridDim.x
#define SYNC_THREADS __syncthreads();
#define SUPPORTS_DOUBLE_PRECISION 1
typedef long long mm_long;
typedef unsigned long long mm_ulong;
)";
    for (const auto& [name, type] : {std::make_pair(string("real"), real), std::make_pair(string("mixed"), mixed)})
        text += "typedef " + type + " " + name + ";\ntypedef " + type + "2 " + name + "2;\ntypedef " + type + "4 " +
            name + "4;\n#define make_" + name + "4 make_" + type + "4\n";
    if (precision == "mixed")
        text += "#define USE_MIXED_PRECISION 1\n";
    return text;
}

/** A program with the constants of its network. */
string makeProgram(const string& precision, const std::map<string, string>& sizes, const string& source) {
    common::Tiles tiles;
    if (precision == "tf32")
        tiles.useTensorCores();
    std::map<string, string> defines = tiles.getDefines();
    defines.insert(sizes.begin(), sizes.end());
    defines["REAL_IS_DOUBLE"] = precision == "double" ? "1" : "0";
    defines["LAYER_NORM_EPSILON"] = "1e-5";
    if (precision == "double")
        defines["KEY_BLOCK"] = "32";
    string text = makePreamble(precision);
    for (const auto& [name, value] : defines)
        text += "#define " + name + " " + value + "\n";
    return text + source;
}

string makeSource(const string& precision, const PairBiasTransformerSettings& settings) {
    return makeProgram(precision, common::PairBiasSizes(settings).getDefines(settings), common::getProgramSource());
}

/** The gated transformer with the sizes of a published checkpoint of 200 million parameters. */
string makeGatedSource(const string& precision) {
    DenoiserModel model;
    PairBiasTransformerSettings settings;
    settings.width = 768;
    settings.numLayers = 15;
    settings.numHeads = 12;
    settings.pairWidth = 512;
    settings.conditionWidth = 512;
    model.setNetwork(NetworkKind::GatedTransformer);
    model.setSettings(settings);
    return makeProgram(precision, common::GatedSizes(model).getDefines(model), common::getGatedProgramSource());
}

} // namespace

class CudaSources : public testing::TestWithParam<string> {
};

TEST_P(CudaSources, compile) {
    const RuntimeCompiler compiler(ORBIT_NVRTC_LIBRARY, "nvrtc");
    if (compiler.handle == nullptr)
        GTEST_SKIP() << "NVRTC cannot be used: " << compiler.reason;
    for (const string precision : {"single", "mixed", "double"})
        EXPECT_EQ("",
                compiler.compile(makeSource(precision, {}),
                        {"--gpu-architecture=" + GetParam(), "--use_fast_math", "--std=c++17"}))
                << GetParam() << " " << precision;
}

TEST_P(CudaSources, tensorCoresCompileOrAreRefused) {
    const RuntimeCompiler compiler(ORBIT_NVRTC_LIBRARY, "nvrtc");
    if (compiler.handle == nullptr)
        GTEST_SKIP() << "NVRTC cannot be used: " << compiler.reason;
    const string failure = compiler.compile(makeSource("tf32", {}),
            {"--gpu-architecture=" + GetParam(), "--use_fast_math", "--std=c++17"});
    if (GetParam() == "sm_75")
        EXPECT_NE(string::npos, failure.find("needs a GPU of compute capability 8.0 or higher")) << failure;
    else
        EXPECT_EQ("", failure);
}

INSTANTIATE_TEST_SUITE_P(Architectures, CudaSources, testing::Values("sm_75", "sm_80", "sm_90", "sm_100"));

TEST(CudaSources, errorsAreSeen) {
    const RuntimeCompiler compiler(ORBIT_NVRTC_LIBRARY, "nvrtc");
    if (compiler.handle == nullptr)
        GTEST_SKIP() << "NVRTC cannot be used: " << compiler.reason;
    EXPECT_NE("", compiler.compile(makeSource("single", {}) + "KERNEL void wrong() { undeclared = 1; }",
        {"--gpu-architecture=sm_80"}));
}

TEST(CudaSources, severalPointsATokenCompile) {
    const RuntimeCompiler compiler(ORBIT_NVRTC_LIBRARY, "nvrtc");
    if (compiler.handle == nullptr)
        GTEST_SKIP() << "NVRTC cannot be used: " << compiler.reason;
    PairBiasTransformerSettings settings;
    settings.pointsPerToken = 3;
    for (const string precision : {"single", "mixed", "double", "tf32"})
        EXPECT_EQ("", compiler.compile(makeSource(precision, settings),
                {"--gpu-architecture=sm_80", "--use_fast_math", "--std=c++17"})) << precision;
}

TEST(CudaSources, theGatedTransformerCompiles) {
    const RuntimeCompiler compiler(ORBIT_NVRTC_LIBRARY, "nvrtc");
    if (compiler.handle == nullptr)
        GTEST_SKIP() << "NVRTC cannot be used: " << compiler.reason;
    for (const string precision : {"single", "mixed", "double", "tf32"})
        EXPECT_EQ("", compiler.compile(makeGatedSource(precision),
                {"--gpu-architecture=sm_80", "--use_fast_math", "--std=c++17"})) << precision;
}

class HipSources : public testing::TestWithParam<string> {
};

TEST_P(HipSources, compile) {
    const RuntimeCompiler compiler(ORBIT_HIPRTC_LIBRARY, "hiprtc");
    if (compiler.handle == nullptr)
        GTEST_SKIP() << "hipRTC cannot be used: " << compiler.reason;
    for (const string precision : {"single", "mixed", "double", "tf32"})
        EXPECT_EQ("", compiler.compile(makeSource(precision, {}), {"--gpu-architecture=" + GetParam(), "-std=c++17"}))
                << GetParam() << " " << precision;
}

TEST_P(HipSources, theGatedTransformerCompiles) {
    const RuntimeCompiler compiler(ORBIT_HIPRTC_LIBRARY, "hiprtc");
    if (compiler.handle == nullptr)
        GTEST_SKIP() << "hipRTC cannot be used: " << compiler.reason;
    for (const string precision : {"single", "mixed", "double"})
        EXPECT_EQ("", compiler.compile(makeGatedSource(precision),
                {"--gpu-architecture=" + GetParam(), "-std=c++17"})) << precision;
}

INSTANTIATE_TEST_SUITE_P(Architectures, HipSources, testing::Values("gfx90a", "gfx1030"));
