// SPDX-License-Identifier: MIT
// Which processes NCCL can connect, and a process that is alone. Two processes: python/tests/test_training_survival.py.
#include "train/WorkerGroup.h"
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using namespace OrbitPlugin::torchimpl;

namespace {

TEST(WorkerGroup, ncclConnectsGpusOfTheirOwn) {
    EXPECT_EQ(getReasonAgainstNccl({"GPU 01", "GPU 23", "GPU 45"}), "");
    EXPECT_EQ(getReasonAgainstNccl({"GPU 01", "GPU 23", "GPU 01"}), "process 2 shares its GPU with another one");
    EXPECT_EQ(getReasonAgainstNccl({"GPU 01", "no GPU"}), "process 1 has no GPU");
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
