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

static_assert(std::is_same_v<decltype(&orbitMakeNcclGroup), OrbitPlugin::torchimpl::NcclMaker>);
