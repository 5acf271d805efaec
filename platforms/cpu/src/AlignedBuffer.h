// SPDX-License-Identifier: MIT
// A zero-filled array of 32-bit words that starts on a cache line and only ever grows.
#ifndef OPENMM_ORBIT_CPU_ALIGNEDBUFFER_H_
#define OPENMM_ORBIT_CPU_ALIGNEDBUFFER_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace OrbitPlugin {
namespace cpu {

/** Words that a kernel reads as floats or as pairs of BF16 numbers. */
class AlignedBuffer {
public:
    static constexpr std::size_t ALIGNMENT = 64;

    AlignedBuffer() = default;
    explicit AlignedBuffer(std::size_t size) {
        reserve(size);
    }
    /** Make room for size words. Growing loses the contents and fills with zero. */
    void reserve(std::size_t size) {
        if (size <= count)
            return;
        words.reset(static_cast<float*>(::operator new(size * sizeof(float), std::align_val_t(ALIGNMENT))));
        count = size;
        std::memset(words.get(), 0, count * sizeof(float));
    }
    float* data() {
        return words.get();
    }
    const float* data() const {
        return words.get();
    }
    std::size_t size() const {
        return count;
    }
private:
    struct Release {
        void operator()(float* pointer) const {
            ::operator delete(pointer, std::align_val_t(ALIGNMENT));
        }
    };
    std::unique_ptr<float[], Release> words;
    std::size_t count = 0;
};

/** Round a count up to a multiple. */
inline int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_ALIGNEDBUFFER_H_
