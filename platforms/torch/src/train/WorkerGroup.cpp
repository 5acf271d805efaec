// SPDX-License-Identifier: MIT
// The connection to the other processes: a TCP store for the meeting, Gloo or NCCL for the data.
#define USE_C10D_GLOO
#include "WorkerGroup.h"
#include "nccl/NcclGroup.h"
#include "openmm/OpenMMException.h"
#include "openmmorbit/ArgumentError.h"
#include <c10/core/GradMode.h>
#include <cstdlib>
#include <dlfcn.h>
#include <exception>
#include <set>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** The first process validates alone while the others wait. */
const std::chrono::minutes TIMEOUT(120);

std::string getVariable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::string() : value;
}

int getNumber(const std::string& name) {
    const std::string value = getVariable(name);
    char* end = nullptr;
    const long number = std::strtol(value.c_str(), &end, 10);
    if (value.empty() || *end != 0 || number < 0 || number > 65535)
        throw ArgumentError("train: expected a number in the environment variable " + name +
                " beside WORLD_SIZE, got \"" + value +
                "\"; start the processes with torchrun, or set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT");
    return (int) number;
}

const std::string GPU = "GPU ";

/** Get a function of the library with NCCL; null where it was not built or cannot be loaded, dlerror() tells why. */
template <class Function>
Function loadNccl(const char* name) {
    void* library = dlopen(NCCL_LIBRARY, RTLD_NOW);
    return library == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(library, name));
}

/** What a process says of its GPU. */
std::string describeGpu(at::Device device) {
    if (!device.is_cuda())
        return "no GPU";
    const auto read = loadNccl<GpuReader>(NCCL_GPU_READER);
    if (read == nullptr)
        return std::string("no NCCL: ") + dlerror();
    try {
        std::string identity;
        read(device.index(), identity);
        return GPU + identity;
    }
    catch (const std::exception& error) {
        return error.what();
    }
}

} // namespace

std::string getReasonAgainstNccl(const std::vector<std::string>& gpus) {
    std::set<std::string> different;
    for (std::size_t rank = 0; rank < gpus.size(); rank++) {
        const std::string process = "process " + std::to_string(rank);
        if (gpus[rank].compare(0, GPU.size(), GPU) != 0)
            return process + " has " + gpus[rank];
        if (!different.insert(gpus[rank]).second)
            return process + " shares its GPU with another one";
    }
    return "";
}

struct WorkerGroup::Connection {
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::Backend> host;
    c10::intrusive_ptr<c10d::Backend> gpus;     // null: tensors on GPUs go through host memory
};

WorkerGroup::WorkerGroup() {
    if (getVariable("WORLD_SIZE").empty())
        return;
    size = getNumber("WORLD_SIZE");
    if (size <= 1)
        return;
    rank = getNumber("RANK");
    const std::string host = getVariable("MASTER_ADDR");
    if (host.empty() || rank >= size)
        throw ArgumentError("train: expected MASTER_ADDR and a RANK below WORLD_SIZE in the environment, got \"" +
                host + "\" and " + std::to_string(rank) + " of " + std::to_string(size) +
                "; start the processes with torchrun");
    c10d::TCPStoreOptions options;
    options.port = (std::uint16_t) getNumber("MASTER_PORT");
    options.isServer = rank == 0 && getVariable("TORCHELASTIC_USE_AGENT_STORE") != "True";
    options.numWorkers = size;
    options.waitWorkers = false;
    try {
        connection = std::make_unique<Connection>();
        connection->store = c10::make_intrusive<c10d::PrefixStore>(
                "openmmorbit" + getVariable("TORCHELASTIC_RESTART_COUNT"),
                c10::make_intrusive<c10d::TCPStore>(host, options));
        auto settings = c10d::ProcessGroupGloo::Options::create(TIMEOUT);
        settings->devices.push_back(host == "localhost" || host == "127.0.0.1" ?
                        c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1") :
                        c10d::ProcessGroupGloo::createDefaultDevice());
        connection->host = c10::make_intrusive<c10d::ProcessGroupGloo>(connection->store, rank, size, settings);
    }
    catch (const std::exception& error) {
        throw OpenMM::OpenMMException("train: expected " + std::to_string(size) + " processes to meet at " + host +
                ":" + std::to_string(options.port) + ", got: " + error.what());
    }
}

WorkerGroup::~WorkerGroup() {
    if (connection == nullptr || connection->gpus == nullptr)
        return;
    try {
        // After an error the others may be waiting for this process: an orderly end would wait for them.

        if (std::uncaught_exceptions() > 0)
            connection->gpus->abort();
        else
            connection->gpus->shutdown();
    }
    catch (const std::exception&) {
        // The run has ended; its result or its error counts.
    }
}

std::string WorkerGroup::connectGpus(at::Device device) {
    if (size == 1)
        return "";
    try {
        // Every process tells the others what it has, so that all come to the same conclusion.

        const std::string key = "gpu";
        connection->store->setTimeout(TIMEOUT);
        connection->store->set(key + std::to_string(rank), describeGpu(device));
        std::vector<std::string> gpus;
        for (int other = 0; other < size; other++)
            gpus.push_back(connection->store->get_to_str(key + std::to_string(other)));
        const std::string reason = getReasonAgainstNccl(gpus);
        if (!reason.empty())
            return "gradients go through host memory (Gloo): " + reason;
        const auto store = c10::make_intrusive<c10d::PrefixStore>("nccl", connection->store);
        loadNccl<NcclMaker>(NCCL_MAKER)(store, rank, size, TIMEOUT, connection->gpus);
    }
    catch (const std::exception& error) {
        throw OpenMM::OpenMMException("train: expected the GPUs of " + std::to_string(size) +
                " processes to meet, process " + std::to_string(rank) + " got: " + error.what());
    }
    return "gradients go from GPU to GPU (NCCL)";
}

template <class Call>
void WorkerGroup::exchange(const std::vector<Tensor>& tensors, Call call) {
    if (size == 1 || tensors.empty())
        return;
    c10::NoGradGuard noGradients;
    std::vector<Tensor> flat;
    for (const Tensor& tensor : tensors)
        flat.push_back(tensor.detach().reshape({-1}));
    const bool amongGpus = connection->gpus != nullptr && tensors[0].is_cuda();
    std::vector<Tensor> joined = {at::cat(flat)};
    if (!amongGpus)
        joined[0] = joined[0].to(at::kCPU);     // Gloo takes tensors in host memory.
    try {
        call(amongGpus ? *connection->gpus : *connection->host, joined)->wait();
    }
    catch (const std::exception& error) {
        throw OpenMM::OpenMMException("train: expected all " + std::to_string(size) +
                " processes to go on, process " + std::to_string(rank) + " got: " + error.what());
    }
    int64_t offset = 0;
    for (const Tensor& tensor : tensors) {
        tensor.detach().copy_(joined[0].narrow(0, offset, tensor.numel()).view_as(tensor));
        offset += tensor.numel();
    }
}

void WorkerGroup::sum(const std::vector<Tensor>& tensors) {
    exchange(tensors, [](c10d::Backend& group, std::vector<Tensor>& joined) { return group.allreduce(joined); });
}

void WorkerGroup::copyFromFirst(const std::vector<Tensor>& tensors) {
    exchange(tensors, [](c10d::Backend& group, std::vector<Tensor>& joined) { return group.broadcast(joined); });
}

} // namespace torchimpl
} // namespace OrbitPlugin
