// SPDX-License-Identifier: MIT
// What a test binary was asked for on its command line: platform, precision and the folder of the golden data.
#ifndef OPENMM_ORBIT_TESTS_OPTIONS_H_
#define OPENMM_ORBIT_TESTS_OPTIONS_H_

#include "openmm/Platform.h"
#include <string>

namespace testSupport {

/** The command line: --platform=NAME --precision=bfloat16|tf32|single|mixed|double --data=FOLDER. */
struct Options {
    std::string platform;               ///< empty if no platform was asked for
    std::string precision = "double";   ///< the precision of the arithmetic, a column of Tolerances.h
    std::string data = ORBIT_GOLDEN_DIR;///< folder of the golden data
};

/** Get the options; Main.cpp fills them before the tests run. */
inline Options& options() {
    static Options values;
    return values;
}

/** Get the platform the tests should run on, "Reference" if none was named. */
inline std::string platformName() {
    return options().platform.empty() ? "Reference" : options().platform;
}

/** Get "bfloat16", "single", "mixed" or "double". */
inline std::string precisionName() {
    return options().precision;
}

/** Get the platform the tests should run on. */
inline OpenMM::Platform& platform() {
    return OpenMM::Platform::getPlatformByName(platformName());
}

/** Get the path of a file among the golden data. */
inline std::string goldenPath(const std::string& name) {
    return options().data+"/"+name;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_OPTIONS_H_
