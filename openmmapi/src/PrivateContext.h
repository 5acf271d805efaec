// SPDX-License-Identifier: MIT
// A Context of our own that only holds a denoising kernel: every generator of a subject has one.
#ifndef OPENMM_ORBIT_PRIVATECONTEXT_H_
#define OPENMM_ORBIT_PRIVATECONTEXT_H_

#include "openmm/Context.h"
#include "openmm/System.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <map>
#include <memory>
#include <string>

namespace OrbitPlugin {

class KernelHolder;

/** Owns a Context with one particle, whose Integrator does nothing but own the kernel. */
class PrivateContext {
public:
    /**
     * Create the Context.
     *
     * @param caller         class, for messages
     * @param platformName   empty means CPU if its kernel is loaded, else Reference
     * @param properties     properties of the platform
     * @param numThreads     0 means the platform's default; used by platforms that have the property "Threads"
     * @throws ArgumentError if no such platform has a denoising kernel
     */
    PrivateContext(std::shared_ptr<const DenoiserModel> model, const std::string& caller,
            const std::string& platformName, std::map<std::string, std::string> properties, int numThreads);
    ~PrivateContext();
    IntegrateOrbitDiffusionStepKernel& getKernel() const;
private:
    OpenMM::System system;
    std::unique_ptr<KernelHolder> integrator;
    std::unique_ptr<OpenMM::Context> context;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PRIVATECONTEXT_H_
