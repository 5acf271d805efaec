// SPDX-License-Identifier: MIT
// How stiff the bonds and angles of a system are, as its frames show: a quadratic model of their energy.
#ifndef OPENMM_ORBIT_TORCH_STIFFGEOMETRY_H_
#define OPENMM_ORBIT_TORCH_STIFFGEOMETRY_H_

#include <ATen/Tensor.h>
#include <array>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/**
 * The distribution of bonds and angles as a Gaussian: exp(−½ (q − q̄)ᵀ P (q − q̄)). P has a block for each bond and one
 * for all angles of an atom: the inverse of their covariance. Positions have any unit, always the same.
 */
class StiffGeometry {
public:
    /**
     * @param neighbors   bonded neighbours of every atom
     * @param frames      [numFrames][numAtoms * 3]
     */
    StiffGeometry(const std::vector<std::vector<int>>& neighbors, const std::vector<std::vector<double>>& frames);
    /** Whether there is nothing stiff: no bond varies. */
    bool isEmpty() const {
        return blocks.empty();
    }
    /** Get the typical standard deviation of a bond. */
    double getBondDeviation() const {
        return bondDeviation;
    }
    /** Get ½ (q − q̄)ᵀ P (q − q̄). */
    double getEnergy(const double* positions) const;
    /**
     * The quadratic model at some positions, to first order in their bonds and angles.
     *
     * @param gradient   output [numAtoms * 3], Jᵀ P (q − q̄)
     * @return Jᵀ P J, [numAtoms * 3][numAtoms * 3], symmetric and positive semidefinite
     */
    at::Tensor linearize(const double* positions, at::Tensor& gradient) const;
private:
    /** A bond of two atoms, or an angle with its centre second; and its derivatives. */
    struct Coordinate {
        std::array<int, 3> atoms{{-1, -1, -1}};
        double value = 0;
        std::array<double, 9> derivatives{};
    };
    /** Coordinates that vary together. */
    struct Block {
        std::vector<Coordinate> coordinates;
        std::vector<double> mean, precision;    ///< [size], [size][size]
    };
    static void measure(const double* positions, Coordinate& coordinate);
    /** Fit means and precision. Returns false if the coordinates do not vary. */
    static bool fit(const std::vector<std::vector<double>>& frames, Block& block);
    std::vector<Block> blocks;
    int numCoordinates = 0;     ///< 3 * numAtoms
    double bondDeviation = 0;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_STIFFGEOMETRY_H_
