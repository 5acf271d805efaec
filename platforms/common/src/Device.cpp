// SPDX-License-Identifier: MIT
// Tile sizes, buffers, kernels and their arguments.
#include "Device.h"
#include "CommonOrbitKernelSources.h"
#include "openmm/OpenMMException.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/stages/LayerNorm.h"
#include <algorithm>
#include <cstdlib>
#include <limits>

using namespace OpenMM;

namespace OrbitPlugin {
namespace common {

using std::string;
using std::vector;

namespace {

/** Read an environment variable for tests: tiles and work-groups of another kind of device. */
string readEnvironment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/** How long the vectors of a CPU device are: as its registers, so that a register tile fits into them. */
int getVectorBytes() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return 64;
#endif
    return 32;
}

/** Whether ORBIT_GPU_PRODUCTS asks for tensor cores. */
bool asksForTensorCores(int realSize) {
    const string products = readEnvironment("ORBIT_GPU_PRODUCTS");
    if (products != "" && products != "single" && products != "tf32")
        throw ArgumentError("Tiles::choose: expected the environment variable ORBIT_GPU_PRODUCTS to be single or tf32, "
            "got \"" + products + "\"");
    if (products == "tf32" && realSize != sizeof(float))
        throw ArgumentError("Tiles::choose: expected a Context in single or mixed precision with ORBIT_GPU_PRODUCTS="
            "tf32, got double; choose another Precision or unset the variable");
    return products == "tf32";
}

} // namespace

void Tiles::useTensorCores() {
    tensorCores = true;
    blockInputs = 32;
}

Tiles Tiles::choose(ComputeContext& context, int maxInputs, int headWidth, int pointsPerToken) {
    Tiles tiles;
    const int realSize = getPrecision(context).getRealSize();
    const string kind = readEnvironment("ORBIT_GPU_TILES"), size = readEnvironment("ORBIT_GPU_GROUP_SIZE");
    if (kind != "" && kind != "cpu" && kind != "gpu")
        throw ArgumentError(
                "Tiles::choose: expected the environment variable ORBIT_GPU_TILES to be cpu or gpu, got \"" + kind +
                "\"");
    if (asksForTensorCores(realSize))
        tiles.useTensorCores();
    else if (kind == "cpu" || (kind == "" && context.getIsCPU())) {
        tiles.vectorWidth = getVectorBytes() / realSize;
        tiles.tileRows = 6;
        tiles.blockRows = 12;
        tiles.blockColumns = 2 * tiles.vectorWidth;
        tiles.blockInputs = std::min(roundUp(maxInputs, PADDING), 1024);
        tiles.stageWeights = false;
        tiles.normParts = 1;
        tiles.queryTile = 4;
        tiles.pairLanes = tiles.vectorWidth;
        tiles.groupSize = 1;
    }

    // Keys and values of a block fit into 24 kB, less than the local memory of any GPU.

    while (tiles.keyBlock > PADDING && (2 * headWidth + 3 * pointsPerToken) * tiles.keyBlock * realSize > 24 << 10)
        tiles.keyBlock /= 2;
    if (size != "" && !tiles.tensorCores)
        tiles.groupSize = std::max(1, std::atoi(size.c_str()));
    const string biasBytes = readEnvironment("ORBIT_GPU_BIAS_BYTES");
    if (biasBytes != "")
        tiles.maxBiasBytes = std::strtoull(biasBytes.c_str(), nullptr, 10);
    return tiles;
}

std::map<string, string> Tiles::getDefines() const {
    const std::map<string, int> values = {{"VECTOR_WIDTH", vectorWidth}, {"TILE_ROWS", tileRows},
            {"BLOCK_ROWS", blockRows}, {"BLOCK_COLUMNS", blockColumns}, {"BLOCK_INPUTS", blockInputs},
            {"STAGE_WEIGHTS", stageWeights ? 1 : 0}, {"TENSOR_CORES", tensorCores ? 1 : 0}, {"NORM_PARTS", normParts},
            {"KEY_BLOCK", keyBlock}, {"QUERY_TILE", queryTile}, {"QUERY_BLOCK", queryBlock}, {"PAIR_LANES", pairLanes}};
    std::map<string, string> defines;
    for (const auto& [name, value] : values)
        defines[name] = std::to_string(value);
    return defines;
}

void Buffer::reserve(ComputeContext& context, std::size_t size, int elementSize) {
    if (size > (std::size_t) std::numeric_limits<int>::max())
        throw OpenMMException("Buffer::reserve: expected at most " + std::to_string(std::numeric_limits<int>::max()) +
            " elements of \"" + name + "\", got " + std::to_string(size) + "; generate fewer copies at a time");
    std::size_t capacity = 64;
    while (capacity < size)
        capacity += capacity / 2 & ~std::size_t(15);
    if (!array.isInitialized())
        array.initialize(context, capacity, elementSize, "orbit " + name);
    else if (array.getSize() < size)
        array.resize(capacity);
}

void Buffer::uploadNumbers(ComputeContext& context, const vector<double>& values, bool asDouble) {
    if (asDouble)
        upload(context, values);
    else
        upload(context, vector<float>(values.begin(), values.end()));
}

vector<double> Buffer::downloadNumbers(std::size_t size) const {
    vector<double> values;
    if (size == 0)
        return values;
    if (array.getElementSize() == sizeof(double)) {
        values.resize(array.getSize());
        array.download(values.data());
    }
    else {
        vector<float> numbers(array.getSize());
        array.download(numbers.data());
        values.assign(numbers.begin(), numbers.begin() + size);
    }
    values.resize(size);
    return values;
}

void DeviceKernel::bindNumber(double value, bool asDouble) {
    if (asDouble)
        bindValue(value);
    else
        bindValue((float) value);
}

void DeviceKernel::bind(const MixedVectorArgument& argument) {
    const Vec3& v = argument.value;
    if (precision.mixedIsDouble)
        bindValue(mm_double4(v[0], v[1], v[2], 0));
    else
        bindValue(mm_float4((float) v[0], (float) v[1], (float) v[2], 0));
}

void DeviceKernel::bind(ArrayInterface& array) {
    if (next < numBound)
        kernel->setArg(next, array);
    else
        kernel->addArg(array);
    next++;
}

void DeviceKernel::bind(std::nullptr_t) {
    if (next >= numBound)
        kernel->addArg(nullptr);
    next++;
}

void DeviceKernel::execute(Launch launch) {
    const int groupSize = std::min(launch.groupSize, kernel->getMaxBlockSize());
    const long long numItems = std::min<long long>(std::max<long long>(launch.numItems, 1), 1 << 30);
    kernel->execute((int) numItems, groupSize);
}

Precision getPrecision(ComputeContext& context) {
    return {context.getUseDoublePrecision(), context.getUseDoublePrecision() || context.getUseMixedPrecision()};
}

static string joinSources(const vector<const char*>& parts) {
    string source;
    for (const char* part : parts)
        source += string(part) + "\n";
    return source;
}

string getProgramSource() {
    using namespace CommonOrbitKernelSources;
    return joinSources({vectors, centroid, rotation, tensorCores, linear, noise, prior, timeConditioning,
        tokenEmbedding, pairFeatures, pairBiasAttention, transition, coordinateHead, classifierFreeGuidance,
        stereoGuidance, clampFixed, followFixed, avoidPocket, turnTorsions, samplerStep, gather, scatter});
}

string getGatedProgramSource() {
    using namespace CommonOrbitKernelSources;
    return joinSources({vectors, centroid, rotation, tensorCores, linear, noise, prior, flowConditioning,
        tokenEmbedding, binnedPairs, pairUpdate, gatedAttention, pairBiasAttention, transition, coordinateHead,
        classifierFreeGuidance, stereoGuidance, clampFixed, followFixed, avoidPocket, turnTorsions, samplerStep, gather,
        scatter});
}

Device::Device(ComputeContext& context, const Tiles& tiles, const std::map<string, string>& sizes,
    const string& source) :
        context(context), tiles(tiles), precision(getPrecision(context)) {
    std::map<string, string> defines = tiles.getDefines();
    defines.insert(sizes.begin(), sizes.end());
    defines["REAL_IS_DOUBLE"] = precision.realIsDouble ? "1" : "0";
    defines["LAYER_NORM_EPSILON"] = context.doubleToString(LAYER_NORM_EPSILON);
    program = context.compileProgram(source, defines);
}

DeviceKernel& Device::operator[](const string& name) {
    auto place = kernels.find(name);
    if (place == kernels.end())
        place = kernels.emplace(name, DeviceKernel(program->createKernel(name), precision)).first;
    return place->second;
}

} // namespace common
} // namespace OrbitPlugin
