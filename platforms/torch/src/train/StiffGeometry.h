// SPDX-License-Identifier: MIT
// How stiff the bonds and angles of a system are, as its frames show: a quadratic model of their energy.
#ifndef OPENMM_ORBIT_TORCH_STIFFGEOMETRY_H_
#define OPENMM_ORBIT_TORCH_STIFFGEOMETRY_H_

#include <Eigen/Dense>
#include <Eigen/Sparse>
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
    StiffGeometry(const std::vector<std::vector<int>>& neighbors, const std::vector<std::vector<float>>& frames);
    /** Whether there is nothing stiff: no bond varies. */
    bool isEmpty() const {
        return blocks.empty();
    }
    /** Get the typical standard deviation of a bond. */
    double getBondDeviation() const {
        return bondDeviation;
    }
    /** Get a matrix of zeros that has the entries of every result of linearize(), the whole diagonal among them. */
    const Eigen::SparseMatrix<double>& getPattern() const {
        return pattern;
    }
    /** Get ½ (q − q̄)ᵀ P (q − q̄). */
    double getEnergy(const Eigen::VectorXd& positions) const;
    /**
     * The quadratic model at some positions, to first order in their bonds and angles.
     *
     * @param gradient   output [numAtoms * 3], Jᵀ P (q − q̄)
     * @return the lower triangle of Jᵀ P J, [numAtoms * 3][numAtoms * 3], which is positive semidefinite
     */
    Eigen::SparseMatrix<double> linearize(const Eigen::VectorXd& positions, Eigen::VectorXd& gradient) const;
private:
    /** Places among the atoms of the block: those of a bond, or of an angle with its centre second. */
    typedef std::array<int, 3> Coordinate;
    /** Coordinates that vary together. */
    struct Block {
        std::vector<int> atoms;
        std::vector<Coordinate> coordinates;
        Eigen::VectorXd mean{};         ///< [size]
        Eigen::MatrixXd precision{};    ///< [size][size]
        std::vector<int> entries{};     ///< [3 * numAtoms][3 * numAtoms] where the lower triangle is in the pattern
    };
    /** @param J   output [size][3 * numAtoms], derivatives by the positions of the block's atoms; may be null */
    static Eigen::VectorXd measure(const Block& block, const Eigen::VectorXd& positions, Eigen::MatrixXd* J);
    /** Get the positions of the block's atoms. */
    template<class Positions>
    static Eigen::VectorXd gather(const Block& block, const Positions& positions);
    /** Fit means and precision, without coordinates that do not vary or have no derivatives, and keep what is left. */
    void add(Block block, const std::vector<std::vector<float>>& frames);
    void makePattern(int numCoordinates);
    std::vector<Block> blocks;
    Eigen::SparseMatrix<double> pattern;
    double bondDeviation = 0;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_STIFFGEOMETRY_H_
