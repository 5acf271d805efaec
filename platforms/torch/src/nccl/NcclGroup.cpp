// SPDX-License-Identifier: MIT
// Makes c10d's process group of NCCL.
#define USE_C10D_NCCL
#include "NcclGroup.h"
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

extern "C" __attribute__((visibility("default"))) void orbitMakeNcclGroup(
        const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, std::chrono::milliseconds timeout,
        c10::intrusive_ptr<c10d::Backend>& group) {
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

extern "C" __attribute__((visibility("default"))) void orbitReadGpuIdentity(int device, std::string& identity) {
    const cudaDeviceProp* properties = at::cuda::getDeviceProperties((c10::DeviceIndex) device);
    for (unsigned char byte : properties->uuid.bytes)
        identity += {"0123456789abcdef"[byte / 16], "0123456789abcdef"[byte % 16]};
}

using namespace OrbitPlugin::torchimpl;
static_assert(std::is_same_v<decltype(&orbitMakeNcclGroup), NcclMaker>);
static_assert(std::is_same_v<decltype(&orbitReadGpuIdentity), GpuReader>);
