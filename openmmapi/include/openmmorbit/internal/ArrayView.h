// SPDX-License-Identifier: MIT
// A pointer with a size: how stages receive their arrays.
#ifndef OPENMM_ORBIT_ARRAYVIEW_H_
#define OPENMM_ORBIT_ARRAYVIEW_H_

#include <cstddef>
#include <type_traits>
#include <vector>

namespace OrbitPlugin {

template <class T>
class ArrayView {
public:
    ArrayView() = default;
    ArrayView(T* data, std::size_t size) : pointer(data), count(size) {
    }
    ArrayView(std::vector<std::remove_const_t<T>>& values) : pointer(values.data()), count(values.size()) {
    }
    template <class U = T, class = std::enable_if_t<std::is_const_v<U>>>
    ArrayView(const std::vector<std::remove_const_t<T>>& values) : pointer(values.data()), count(values.size()) {
    }
    template <class U = T, class = std::enable_if_t<std::is_const_v<U>>>
    ArrayView(const ArrayView<std::remove_const_t<T>>& other) : pointer(other.data()), count(other.size()) {
    }
    T* data() const {
        return pointer;
    }
    std::size_t size() const {
        return count;
    }
    T& operator[](std::size_t index) const {
        return pointer[index];
    }
    T* begin() const {
        return pointer;
    }
    T* end() const {
        return pointer + count;
    }
    /** Get the part of length size that starts at offset. */
    ArrayView slice(std::size_t offset, std::size_t size) const {
        return ArrayView(pointer + offset, size);
    }
private:
    T* pointer = nullptr;
    std::size_t count = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ARRAYVIEW_H_
