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
# The folder that openmmorbit.libraryPath() names, and the package's own, are both right.
run_step("${CMAKE_COMMAND}" -S "${SOURCE_DIR}" -B "${WORK_DIR}/package" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/site/openmmorbit")
run_step("${CMAKE_COMMAND}" -S "${SOURCE_DIR}" -B "${WORK_DIR}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/site/openmmorbit/lib")
run_step("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
# Nothing tells the program where plugins are.
run_step("${CMAKE_COMMAND}" -E env --unset=OPENMM_PLUGIN_DIR "${WORK_DIR}/build/Foreign")
