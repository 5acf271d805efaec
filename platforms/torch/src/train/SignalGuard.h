// SPDX-License-Identifier: MIT
// What a run does with signals: it ends after the current step, and a full quota is an error of the file.
#ifndef OPENMM_ORBIT_TORCH_SIGNALGUARD_H_
#define OPENMM_ORBIT_TORCH_SIGNALGUARD_H_

#include <atomic>
#include <csignal>

namespace OrbitPlugin {
namespace torchimpl {

/** Set by SIGINT and SIGTERM while a SignalGuard lives. */
inline std::atomic<bool> stopRequested(false);
/** The same, by SIGTERM. */
inline std::atomic<bool> endRequested(false);

extern "C" inline void requestStop(int signal) {
    stopRequested = true;
    endRequested = endRequested || signal == SIGTERM;
}

/**
 * Catches SIGINT and SIGTERM while it lives, and lets writes beyond a limit of the file size fail (SIGXFSZ). A user
 * who interrupts a run goes on with its model. SIGTERM is meant for the process, e.g. by a queueing system: it is given
 * back at the end.
 */
class SignalGuard {
public:
    SignalGuard() {
        stopRequested = endRequested = false;
        interrupt = std::signal(SIGINT, requestStop);
        terminate = std::signal(SIGTERM, requestStop);
        fileSize = std::signal(SIGXFSZ, SIG_IGN);
    }
    ~SignalGuard() {
        std::signal(SIGINT, interrupt);
        std::signal(SIGTERM, terminate);
        std::signal(SIGXFSZ, fileSize);
        if (endRequested)
            std::raise(SIGTERM);
    }
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;
private:
    void (*interrupt)(int);
    void (*terminate)(int);
    void (*fileSize)(int);
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_SIGNALGUARD_H_
