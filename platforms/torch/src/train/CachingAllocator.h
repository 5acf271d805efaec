// SPDX-License-Identifier: MIT
// Keeps freed tensors' memory for the next tensor of that size, while a training run lasts.
#ifndef OPENMM_ORBIT_TORCH_CACHINGALLOCATOR_H_
#define OPENMM_ORBIT_TORCH_CACHINGALLOCATOR_H_

#include <c10/core/Allocator.h>

namespace OrbitPlugin {
namespace torchimpl {

/**
 * Makes LibTorch take its CPU memory from a cache of blocks while it lives. A training step asks for some thousand
 * blocks of a few megabytes, and the system's allocator spends an eighth of the step on finding them.
 */
class CachingAllocatorGuard {
public:
    CachingAllocatorGuard();
    ~CachingAllocatorGuard();
    CachingAllocatorGuard(const CachingAllocatorGuard&) = delete;
    CachingAllocatorGuard& operator=(const CachingAllocatorGuard&) = delete;
private:
    c10::Allocator* previous;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_CACHINGALLOCATOR_H_
