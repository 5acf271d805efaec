// SPDX-License-Identifier: MIT
// Collects the weights of a network in one array, padded and in the order in which the kernels of a device read.
#ifndef OPENMM_ORBIT_COMMONWEIGHTPACKER_H_
#define OPENMM_ORBIT_COMMONWEIGHTPACKER_H_

#include "../Device.h"
#include <functional>
#include <vector>

namespace OrbitPlugin {
namespace common {

/** Where a matrix and its bias lie, and their padded sizes. */
struct Matrix {
    int weights = 0, bias = 0, numInputs = 0, numOutputs = 0;
};

/** Packs weights until they are uploaded; what is added is found by its offset. */
class WeightPacker {
public:
    typedef std::function<double(int out, int in)> Entry;
    explicit WeightPacker(const Tiles& tiles) : tiles(tiles) {
    }
    /** Append rows, each padded with zeros. */
    int addRows(int numRows, int width, int paddedWidth, const Entry& entry);
    /** Append a matrix in panels of the tiles' columns, and its bias. */
    Matrix addPanels(int numInputs, int numOutputs, const Entry& weight, const std::function<double(int out)>& bias);
    /** Append a matrix in blocks of 8 outputs. */
    int addBlocks(int numInputs, int numOutputs, const Entry& weight);
    /** Put all of it into an array of the device, and forget it. */
    void upload(Device& device, Buffer& values);
    const Tiles tiles;
private:
    std::vector<double> packed;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONWEIGHTPACKER_H_
