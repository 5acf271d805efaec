// SPDX-License-Identifier: MIT
// Words for a file that could not be written: what the system says, e.g. that the disk is full.
#ifndef OPENMM_ORBIT_WRITEFAULT_H_
#define OPENMM_ORBIT_WRITEFAULT_H_

#include <cerrno>
#include <string>
#include <system_error>

namespace OrbitPlugin {

/**
 * Describe why a file could not be written.
 *
 * @param path    the file
 * @param size    bytes that were to be written
 * @param fault   errno after the failure, which was 0 before; 0: not known
 * @return "expected ..., got ..." without the name of a function
 */
inline std::string describeWriteFault(const std::string& path, std::size_t size, int fault) {
    // The last is a file's own limit, of the shell or of the file system.
    if (fault == ENOSPC || fault == EDQUOT || fault == EFBIG)
        return "expected room for " + std::to_string(size) + " bytes in \"" + path + "\", got \"" +
            std::generic_category().message(fault) + "\"; free some space, and call it again";
    return "expected a writable file, got \"" + path + "\"" +
        (fault == 0 ? "" : ": " + std::generic_category().message(fault));
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_WRITEFAULT_H_
