// SPDX-License-Identifier: MIT
// The export macros of the project's shared libraries.
#ifndef OPENMM_WINDOWSEXPORTORBIT_H_
#define OPENMM_WINDOWSEXPORTORBIT_H_

#ifdef _MSC_VER
    #pragma warning(disable : 4251)
    #if defined(ORBIT_BUILDING_SHARED_LIBRARY)
        #define OPENMM_EXPORT_ORBIT __declspec(dllexport)
    #else
        #define OPENMM_EXPORT_ORBIT __declspec(dllimport)
    #endif
#else
    #define OPENMM_EXPORT_ORBIT __attribute__((visibility("default")))
#endif

#endif // OPENMM_WINDOWSEXPORTORBIT_H_
