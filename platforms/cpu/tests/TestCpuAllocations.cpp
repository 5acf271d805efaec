// SPDX-License-Identifier: MIT
// A step of the CPU kernel allocates no memory: every array is sized when the batch is set.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "CpuTestSupport.h"
#include "Models.h"
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> numAllocations{0};

/** What all forms of operator new come to in this program and its libraries. */
void* allocate(std::size_t size, std::size_t alignment) {
    numAllocations++;
    void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

} // namespace

__attribute__((noinline)) void* operator new(std::size_t size) {
    return allocate(size, alignof(std::max_align_t));
}

__attribute__((noinline)) void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, (std::size_t) alignment);
}

// The buffers of std::stable_sort come from here.

__attribute__((noinline)) void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, alignof(std::max_align_t));
}

__attribute__((noinline)) void operator delete(void* memory) noexcept {
    std::free(memory);
}

__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

__attribute__((noinline)) void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}

__attribute__((noinline)) void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

TEST(CpuAllocations, areCounted) {
    const long before = numAllocations;
    const vector<double> values(1000, 1.0);
    const cpu::AlignedBuffer buffer(1000);
    EXPECT_EQ(numAllocations, before + 2) << values[0] << buffer.data()[0];
}

TEST(CpuAllocations, noneInAStep) {
    DenoiserModel model = makeSmallModel();
    model.addSelfConditioning();
    for (const cpu::KernelTable* table : cpu::getAvailableTables())
        for (const vector<int>& sizes : vector<vector<int>>{{60}, {9, 21, 4, 33, 60}})
            for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep,
                     SamplerMethod::Bespoke}) {
                Batch batch;
                batch.seed = 7;
                batch.plan.method = method;
                batch.plan.noiseLevels = {12.0, 3.0, 0.7, 0.1, 0};
                if (method == SamplerMethod::Bespoke) {
                    batch.plan.stageLevels = {5.0, 1.0, 0.3, 0.05};
                    batch.plan.stageWeights = {0.9, 0.5, 0.4, 1.2};
                }
                for (int i = 0; i < (int) sizes.size(); i++) {
                    batch.inputs.push_back(makeFeatures(model, sizes[i], i));
                    BatchCopy copy;
                    copy.input = i;
                    copy.condition = i % 2;
                    batch.addCopy(copy);
                }
                for (int numThreads : {1, 3}) {
                    const ScopedEnvironment instructionSet("ORBIT_CPU_ISA", table->instructionSet);
                    ThreadPool threads(numThreads);
                    CpuIntegrateOrbitDiffusionStepKernel kernel(IntegrateOrbitDiffusionStepKernel::Name(),
                        Platform::getPlatform(0), threads);
                    kernel.initialize(System(), model);
                    kernel.setBatch(batch);
                    const long before = numAllocations;
                    kernel.start();
                    for (int step = 0; step < batch.plan.getNumSteps(); step++)
                        kernel.execute(step);
                    EXPECT_EQ(numAllocations - before, 0) << table->instructionSet << ", " << sizes.size()
                        << " copies, " << numThreads << " threads, method " << (int) method;
                    expectFinite("positions", kernel.getPositions());
                }
            }
}

} // namespace
