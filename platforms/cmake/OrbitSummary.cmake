# Prints what will be built and what was left out.
message(STATUS "OpenMM-Orbit ${PROJECT_VERSION}: OpenMM ${OPENMM_VERSION} in ${OPENMM_DIR}")
string(REPLACE ";" " " _gpus "${ORBIT_GPU_PLATFORMS};")
message(STATUS
    "  platforms: Reference CPU ${_gpus}  chem: ${ORBIT_BUILD_CHEM}   training: ${ORBIT_BUILD_TRAINING}${ORBIT_TRAINING_NOTE}   python: ${ORBIT_BUILD_PYTHON}   tests: ${ORBIT_BUILD_TESTS}")
foreach(_note IN LISTS ORBIT_GPU_NOTES)
    message(STATUS "  left out: ${_note}")
endforeach()
