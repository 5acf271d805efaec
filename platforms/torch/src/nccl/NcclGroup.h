// SPDX-License-Identifier: MIT
// What the library libOpenMMOrbitNccl offers: LibTorch's process group for GPUs. It is a library of its own because it
// links LibTorch's GPU half; the trainer loads it at run time, where it was built.
#ifndef OPENMM_ORBIT_TORCH_NCCLGROUP_H_
#define OPENMM_ORBIT_TORCH_NCCLGROUP_H_

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace OrbitPlugin {
namespace torchimpl {

constexpr const char* NCCL_LIBRARY = "libOpenMMOrbitNccl.so";
constexpr const char* NCCL_MAKER = "orbitMakeNcclGroup";
constexpr const char* NCCL_GPU_READER = "orbitReadGpuIdentity";

/** Join a group of processes with one GPU each. @throws c10::Error if there is no GPU */
typedef void (*NcclMaker)(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
        std::chrono::milliseconds timeout, c10::intrusive_ptr<c10d::Backend>& group);
/** Get what no other GPU has: its UUID. Numbers differ from process to process. */
typedef void (*GpuReader)(int device, std::string& identity);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_NCCLGROUP_H_
