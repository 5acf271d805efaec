// SPDX-License-Identifier: MIT
// What the stages need of a device: number types, tile sizes, buffers that grow, and kernels with their arguments.
#ifndef OPENMM_ORBIT_COMMONDEVICE_H_
#define OPENMM_ORBIT_COMMONDEVICE_H_

#include "openmm/common/ComputeArray.h"
#include "openmm/common/ComputeContext.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace common {

/** Round up to a multiple. */
inline int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/** Rows of vectors and of pairs are padded to a multiple of this. */
constexpr int PADDING = 16;

/** Sizes of register tiles, work-groups and local memory: compile-time constants of the device sources. */
struct OPENMM_EXPORT_ORBIT Tiles {
    int vectorWidth = 4;    ///< numbers in a vector
    int tileRows = 4;       ///< rows of a register tile of a matrix product; it has two vectors of columns
    int blockRows = 32;     ///< rows of a work-group
    int blockColumns = 64;  ///< columns of a work-group
    int blockInputs = 16;   ///< inputs staged in local memory at a time
    bool stageWeights = true;
    bool tensorCores = false;   ///< products of TF32 numbers by groups of blockColumns work-items
    int normParts = 4;      ///< partial sums of the moments of a row
    int keyBlock = 64;      ///< keys staged in local memory at a time
    int queryTile = 1;      ///< queries of a work-item
    int queryBlock = 64;    ///< queries of a work-group
    int pairLanes = 1;      ///< pairs of a work-item
    int groupSize = 64;     ///< work-items of a group; the sources are right for any
    /**
     * The attention biases of several layers lie in memory together up to this size; beyond it they are made in parts.
     */
    std::size_t maxBiasBytes = std::size_t(256) << 20;

    /** Let tensor cores multiply, with their tiles. */
    void useTensorCores();
    /** Choose tiles for a device. maxInputs is the longest row of a matrix, headWidth that of a head. */
    static Tiles choose(OpenMM::ComputeContext& context, int maxInputs, int headWidth, int pointsPerToken);
    /** Get the constants by their names in the device sources. */
    std::map<std::string, std::string> getDefines() const;
};

/** Number types of a Context: real is that of the network, mixed that of coordinates. */
struct Precision {
    bool realIsDouble = false, mixedIsDouble = false;
    int getRealSize() const {
        return realIsDouble ? sizeof(double) : sizeof(float);
    }
    int getMixedSize() const {
        return mixedIsDouble ? sizeof(double) : sizeof(float);
    }
};

/** Scalar arguments whose type depends on the precision. */
struct RealArgument {
    double value;
};
struct MixedArgument {
    double value;
};
struct MixedVectorArgument {
    OpenMM::Vec3 value;
};

/** An array that grows by capacity buckets, so that another molecule seldom needs new memory. */
class Buffer {
public:
    explicit Buffer(const std::string& name) : name(name) {
    }
    /** Make room for at least size elements. The contents are lost if there was less. */
    void reserve(OpenMM::ComputeContext& context, std::size_t size, int elementSize);
    /** Replace the first elements, after making room for them. */
    template <class T>
    void upload(OpenMM::ComputeContext& context, const std::vector<T>& values) {
        reserve(context, values.size(), sizeof(T));
        if (!values.empty())
            array.uploadSubArray(values.data(), 0, (int) values.size(), true);
    }
    /** Replace the first elements by numbers in the type of the array. */
    void uploadNumbers(OpenMM::ComputeContext& context, const std::vector<double>& values, bool asDouble);
    /** Read the first elements. */
    std::vector<double> downloadNumbers(std::size_t size) const;
    OpenMM::ComputeArray& getArray() {
        return array;
    }
    /** Get the number of elements there is room for. */
    int getCapacity() const {
        return array.isInitialized() ? (int) array.getSize() : 0;
    }
private:
    std::string name;
    mutable OpenMM::ComputeArray array;
};

/** How many work-items a launch has, and how many of them make a group. */
struct Launch {
    long long numItems;
    int groupSize;
};

/** One kernel of the program; a call binds its arguments in order and queues it. */
class DeviceKernel {
public:
    DeviceKernel() = default;
    DeviceKernel(OpenMM::ComputeKernel kernel, Precision precision) : kernel(kernel), precision(precision) {
    }
    template <class... Arguments>
    void operator()(Launch launch, Arguments&&... arguments) {
        next = 0;
        (bind(arguments), ...);
        numBound = next;
        execute(launch);
    }
private:
    template <class T>
    void bindValue(const T& value) {
        if (next < numBound)
            kernel->setArg(next, value);
        else
            kernel->addArg(value);
        next++;
    }
    void bind(int value) {
        bindValue(value);
    }
    void bind(unsigned int value) {
        bindValue(value);
    }
    void bind(const RealArgument& argument) {
        bindNumber(argument.value, precision.realIsDouble);
    }
    void bind(const MixedArgument& argument) {
        bindNumber(argument.value, precision.mixedIsDouble);
    }
    void bind(Buffer& buffer) {
        bind(buffer.getArray());
    }
    void bindNumber(double value, bool asDouble);
    void bind(const MixedVectorArgument& argument);
    void bind(OpenMM::ArrayInterface& array);
    /** An array that this precision does not have. */
    void bind(std::nullptr_t);
    void execute(Launch launch);
    OpenMM::ComputeKernel kernel;
    Precision precision;
    int next = 0, numBound = 0;
};

/** A device with the compiled program of one model. */
class Device {
public:
    /** Compile a program, with the tiles and sizes as its constants. */
    Device(OpenMM::ComputeContext& context, const Tiles& tiles, const std::map<std::string, std::string>& sizes,
            const std::string& source);
    /** Get a kernel by its name in the device sources. */
    DeviceKernel& operator[](const std::string& name);
    /** One work-item an element. */
    Launch elements(long long count) const {
        return {count, tiles.groupSize};
    }
    /** One work-group a unit. */
    Launch groups(long long count) const {
        return {count * tiles.groupSize, tiles.groupSize};
    }
    OpenMM::ComputeContext& context;
    Tiles tiles;
    Precision precision;
private:
    OpenMM::ComputeProgram program;
    std::map<std::string, DeviceKernel> kernels;
};

/** Get the number types of a Context. */
Precision getPrecision(OpenMM::ComputeContext& context);

/** Get the device sources of the pair-bias transformer as one program, with the stages of coordinates. */
OPENMM_EXPORT_ORBIT std::string getProgramSource();
/** The same of the gated transformer. */
OPENMM_EXPORT_ORBIT std::string getGatedProgramSource();

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONDEVICE_H_
