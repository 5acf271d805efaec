// SPDX-License-Identifier: MIT
// Which processes NCCL can connect, and a process that is alone. Two processes: python/tests/test_training_survival.py.
#include "train/WorkerGroup.h"
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using namespace OrbitPlugin::torchimpl;

namespace {

TEST(WorkerGroup, ncclConnectsGpusOfTheirOwn) {
    EXPECT_EQ(getReasonAgainstNccl({"a 0", "a 1", "b 0", "b 1"}), "");
    EXPECT_EQ(getReasonAgainstNccl({"a 0", "a 1", "a 0"}), "process 2 shares its GPU with another one");
    EXPECT_EQ(getReasonAgainstNccl({"a 0", ""}), "process 1 has no GPU, or a trainer built without NCCL");
}

TEST(WorkerGroup, aloneNothingIsExchanged) {
    WorkerGroup group;
    EXPECT_EQ(group.getSize(), 1);
    EXPECT_TRUE(group.isFirst());
    EXPECT_EQ(group.connectGpus(at::kCPU), "");
    const at::Tensor tensor = at::ones({3});
    group.sum({tensor});
    group.copyFromFirst({tensor});
    EXPECT_TRUE(tensor.equal(at::ones({3})));
}

} // namespace
