// SPDX-License-Identifier: MIT
// A batch on a device: which row belongs to which copy, the coordinates, and what the sampler needs.
#ifndef OPENMM_ORBIT_COMMONDEVICEBATCH_H_
#define OPENMM_ORBIT_COMMONDEVICEBATCH_H_

#include "Device.h"
#include "openmmorbit/internal/Batch.h"

namespace OrbitPlugin {
namespace common {

/** Sizes are arguments of the kernels; another batch needs no compilation. The network has arrays of its own. */
class DeviceBatch {
public:
    /** Replace the batch: pack the indices, upload them and make room for all arrays. */
    void set(Device& device, const Batch& batch, int pointsPerToken);
    int numRows = 0, numCopies = 0, numConditions = 0;
    int pointsPerToken = 1;

    // Indices.
    Buffer rows{"rows"};                ///< [numRows] copy, place of its condition, token of all inputs, token
    Buffer copies{"copies"};            ///< [numCopies] first row, number of rows
    Buffer keys{"keys"};                ///< [numCopies] record, copy, draw of the noise
    Buffer conditions{"conditions"};    ///< [numConditions] rows of condition.embedding
    Buffer copyVolumes{"copyVolumes"}, volumes{"volumes"}, volumeScales{"volumeScales"};
    Buffer particles{"particles"}, fixed{"fixed"}, leaders{"leaders"};
    Buffer contrasts{"contrasts"};      ///< [numCopies] the copy that guides it, -1: none; empty if there is none
    Buffer copyTorsions{"copyTorsions"}, torsions{"torsions"}, torsionRanges{"torsionRanges"};
    Buffer movingRanges{"movingRanges"}, moving{"moving"};
    Buffer copyPockets{"copyPockets"}, obstacles{"obstacles"}, pointRadii{"pointRadii"}, moves{"moves"};
    // Coordinates in mixed precision.
    Buffer positions{"positions"}, denoised{"denoised"}, previousDenoised{"previousDenoised"}, noise{"noise"};
    Buffer predicted{"predicted"}, predictedDenoised{"predictedDenoised"}, unguided{"unguided"};
    Buffer centroids{"centroids"}, start{"start"};
    // What the network reads and writes, real: u and F of (3.2).
    Buffer u{"u"}, output{"output"};

    int getNumPoints() const {
        return numRows * pointsPerToken;
    }
    int getUStride() const {
        return u.getCapacity() / (3 * pointsPerToken);
    }
private:
    void packCopies(OpenMM::ComputeContext& context, const Batch& batch);
    void packVolumes(OpenMM::ComputeContext& context, const Batch& batch, bool asDouble);
    void packTorsions(OpenMM::ComputeContext& context, const Batch& batch, bool asDouble);
    void packPockets(OpenMM::ComputeContext& context, const Batch& batch, bool asDouble);
    void reserveAll(const Device& device);
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONDEVICEBATCH_H_
