// SPDX-License-Identifier: MIT
// The choice between processor and GPU, and LibTorch's GPU half, which is loaded at run time.
#include "TrainingDevice.h"
#include "openmmorbit/ArgumentError.h"
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Batch threads that keep one GPU busy. */
const int MAX_BATCH_THREADS = 8;

/** LibTorch's GPU halves, for CUDA and for ROCm; both register a device called "cuda". */
const char* const GPU_LIBRARIES[] = {"libtorch_cuda.so", "libtorch_hip.so"};

/** Whether the kernel shows a GPU: loading gigabytes of libraries to learn that there is none would take seconds. */
bool hasGpuDriver() {
    return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/kfd");
}

/** Load LibTorch's GPU half. @return empty, or why there is none */
std::string loadGpuLibrary() {
    if (!hasGpuDriver())
        return "this machine has none";
    std::string reasons;
    for (const char* library : GPU_LIBRARIES) {
        if (dlopen(library, RTLD_NOW | RTLD_GLOBAL) != nullptr)
            return at::detail::getCUDAHooks().deviceCount() > 0 ? "" : "LibTorch sees none";
        reasons += (reasons.empty() ? "" : "; ") + std::string(dlerror());
    }
    return "LibTorch's GPU library cannot be loaded: " + reasons;
}

const std::string& getReasonAgainstGpu() {
    static const std::string reason = loadGpuLibrary();
    return reason;
}

/** Processes on one machine take one GPU each; torchrun numbers them. */
int getDeviceIndex() {
    const char* rank = std::getenv("LOCAL_RANK");
    return rank == nullptr ? 0 : std::atoi(rank) % std::max<int>(1, at::detail::getCUDAHooks().deviceCount());
}

} // namespace

bool hasBfloat16Products() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

/** Whether BF16 products are the fast ones there. */
static bool prefersBfloat16(const TrainingDevice& device) {
    return device.isGpu() || hasBfloat16Products();
}

TrainingDevice findDevice(const TrainingSettings& settings) {
    TrainingDevice result;
    if (settings.device != "cpu") {
        const std::string& reason = getReasonAgainstGpu();
        if (reason.empty())
            result.device = at::Device(at::kCUDA, (c10::DeviceIndex) getDeviceIndex());
        else if (settings.device == "gpu")
            throw ArgumentError("train: expected a GPU for the device \"gpu\", got none (" + reason +
                    "); install LibTorch with its GPU libraries, or set \"device\" to \"cpu\"");
    }
    if (settings.precision == "bfloat16" || (settings.precision == "auto" && prefersBfloat16(result)))
        result.productType = at::kBFloat16;
    return result;
}

std::string describeDevice(const TrainingSettings& settings) {
    const TrainingDevice device = findDevice(settings);
    const bool bfloat16 = device.productType == at::kBFloat16, fast = prefersBfloat16(device);
    std::string text = std::string("matrix products in ") + (bfloat16 ? "bfloat16" : "float32") + " on the " +
            (device.isGpu() ? "GPU" : "CPU");
    if (bfloat16 && !fast)
        text += ", which is slow: this processor has no AVX512-BF16";
    else if (!bfloat16 && fast)
        text += ", by settings";
    if (!device.isGpu() && settings.device == "auto" && hasGpuDriver())
        text += "; no GPU: " + getReasonAgainstGpu();
    return text;
}

int getNumBatchThreads(const TrainingSettings& settings) {
    if (settings.numBatchThreads > 0)
        return settings.numBatchThreads;
    if (!findDevice(settings).isGpu())
        return 1;
    return std::clamp((int) std::thread::hardware_concurrency() - 1, 1, MAX_BATCH_THREADS);
}

} // namespace torchimpl
} // namespace OrbitPlugin
