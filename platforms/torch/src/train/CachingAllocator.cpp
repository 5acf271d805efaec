// SPDX-License-Identifier: MIT
// The block cache behind CachingAllocatorGuard: size classes of a quarter of a power of two.
#include "CachingAllocator.h"
#include <c10/core/CPUAllocator.h>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

const std::size_t ALIGNMENT = 64;
const std::size_t MAX_CACHED = (std::size_t) 4 << 30;

/** The free blocks by size. A block starts with its size; the tensor's memory follows after ALIGNMENT bytes. */
struct BlockCache {
    std::mutex lock;
    std::unordered_map<std::size_t, std::vector<void*>> blocks;
    std::size_t cached = 0;

    void clear() {
        for (auto& item : blocks)
            for (void* block : item.second)
                std::free(block);
        blocks.clear();
        cached = 0;
    }
};

/** Tensors may outlive every guard, so the cache is never destroyed. */
BlockCache& getCache() {
    static BlockCache& cache = *std::make_unique<BlockCache>().release();
    return cache;
}

std::size_t roundUp(std::size_t size) {
    std::size_t step = ALIGNMENT;
    while (8 * step < size)
        step *= 2;
    return (size + step - 1) / step * step;
}

void release(void* data) {
    if (data == nullptr)
        return;
    void* block = (char*) data - ALIGNMENT;
    std::size_t size = *(std::size_t*) block;
    BlockCache& cache = getCache();
    std::lock_guard<std::mutex> guard(cache.lock);
    if (cache.cached + size > MAX_CACHED)
        cache.clear();
    cache.blocks[size].push_back(block);
    cache.cached += size;
}

class CachingAllocator : public c10::Allocator {
public:
    c10::DataPtr allocate(std::size_t count) override {
        void* data = nullptr;
        if (count > 0) {
            std::size_t size = roundUp(count + ALIGNMENT);
            void* block = take(size);
            if (block == nullptr)
                block = std::aligned_alloc(ALIGNMENT, size);
            if (block == nullptr)
                throw std::bad_alloc();
            *(std::size_t*) block = size;
            data = (char*) block + ALIGNMENT;
        }
        return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override {
        return &release;
    }
    void copy_data(void* target, const void* source, std::size_t count) const override {
        default_copy_data(target, source, count);
    }
private:
    void* take(std::size_t size) {
        BlockCache& cache = getCache();
        std::lock_guard<std::mutex> guard(cache.lock);
        auto found = cache.blocks.find(size);
        if (found == cache.blocks.end() || found->second.empty())
            return nullptr;
        void* block = found->second.back();
        found->second.pop_back();
        cache.cached -= size;
        return block;
    }
};

} // namespace

CachingAllocatorGuard::CachingAllocatorGuard() : previous(c10::GetCPUAllocator()) {
    static CachingAllocator& allocator = *std::make_unique<CachingAllocator>().release();
    c10::SetCPUAllocator(&allocator);
}

CachingAllocatorGuard::~CachingAllocatorGuard() {
    c10::SetCPUAllocator(previous);
    BlockCache& cache = getCache();
    std::lock_guard<std::mutex> guard(cache.lock);
    cache.clear();
}

} // namespace torchimpl
} // namespace OrbitPlugin
