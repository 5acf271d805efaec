# Installs the build tree into a new folder, builds the foreign project against it, and runs it.
# cmake -DBUILD_DIR=… -DOPENMM_DIR=… -DSOURCE_DIR=… -DWORK_DIR=… -P run.cmake
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}/site")
# Installed, the package lies beside OpenMM.libs.
file(CREATE_LINK "${OPENMM_DIR}" "${WORK_DIR}/site/OpenMM.libs" SYMBOLIC)

function(run_step)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE _result)
    if(NOT _result EQUAL 0)
        message(FATAL_ERROR "This step failed: ${ARGN}")
    endif()
endfunction()

run_step("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/site")
run_step("${CMAKE_COMMAND}" -S "${SOURCE_DIR}" -B "${WORK_DIR}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/site/openmmorbit/lib/cmake")
run_step("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
run_step("${WORK_DIR}/build/Foreign")
