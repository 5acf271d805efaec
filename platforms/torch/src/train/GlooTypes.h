// SPDX-License-Identifier: MIT
// The types of Gloo that the header of c10d's process group names: LibTorch's wheel ships that header without Gloo's
// own.
#ifndef OPENMM_ORBIT_TORCH_GLOOTYPES_H_
#define OPENMM_ORBIT_TORCH_GLOOTYPES_H_

#include <chrono>
#include <string>
#include <vector>

// Gloo itself is inside libtorch_cpu.so. We handle its objects through pointers that c10d makes and destroys, so that
// only the names are needed. CMake uses this file for the includes <gloo/...> if LibTorch has no folder gloo.
namespace gloo {

class Context {
public:
    void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {
class Device;
class UnboundBuffer {
public:
    virtual ~UnboundBuffer();
};
} // namespace transport

namespace rendezvous {
class Store {
public:
    virtual ~Store();
    virtual void set(const std::string& key, const std::vector<char>& data) = 0;
    virtual std::vector<char> get(const std::string& key) = 0;
    virtual void wait(const std::vector<std::string>& keys) = 0;
    virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) = 0;
};
} // namespace rendezvous

} // namespace gloo

#endif // OPENMM_ORBIT_TORCH_GLOOTYPES_H_
