# The tests that are not suites: C++ examples, Python tests, lints, and the benchmarks (target `benchmarks`, not built
# by default).

# What is special to one implementation.
set(_library_reference OpenMMOrbitReference)
set(_library_cpu OpenMMOrbitCPU OpenMMOrbitReference orbit_emulated_amx)
set(_library_common OpenMMOrbitOpenCL)
set(_library_opencl OpenMMOrbitOpenCL)
set(_library_torch OpenMMOrbitTraining OpenMMOrbitReference)
set(_arguments_reference --platform=Reference)
set(_arguments_cpu --platform=CPU)
# Compilers of GPU code and their drivers leak memory of their own: sanitizers leave them out.
set(_implementations reference cpu torch)
if(NOT ORBIT_SANITIZE)
    list(APPEND _implementations common opencl)
endif()
foreach(_platform IN LISTS _implementations)
    file(GLOB _own CONFIGURE_DEPENDS ../platforms/${_platform}/tests/Test*.cpp)
    foreach(_test IN LISTS _own)
        orbit_test_binary(_binary "${_test}" ${_library_${_platform}})
        if(_binary STREQUAL "TestDeviceSources")
            orbit_add_source_test(${_binary})
        elseif(_binary AND _platform STREQUAL "opencl")
            orbit_add_gpu_tests(${_binary} OpenCL)
        elseif(_binary)
            orbit_add_test(${_binary} ${_binary} ${_arguments_${_platform}})
        endif()
    endforeach()
endforeach()

foreach(_library IN ITEMS OpenMMOrbit OpenMMOrbitChem OpenMMOrbitReference OpenMMOrbitCPU OpenMMOrbitTraining)
    if(TARGET ${_library})
        list(APPEND _built ${_library})
    endif()
endforeach()
set(_public ${_built})
list(REMOVE_ITEM _public OpenMMOrbitReference OpenMMOrbitCPU OpenMMOrbitTraining)

# C++ examples: the public libraries only; the first argument is the folder of the package.
file(GLOB _examples CONFIGURE_DEPENDS ../openmmapi/examples/*.cpp)
if(TARGET OpenMMOrbitChem)
    foreach(_example IN LISTS _examples)
        get_filename_component(_name "${_example}" NAME_WE)
        add_executable(Example${_name} "${_example}")
        target_link_libraries(Example${_name} PRIVATE ${_public} orbit_flags)
        set_target_properties(Example${_name} PROPERTIES BUILD_RPATH "${_search}" RUNTIME_OUTPUT_DIRECTORY
            "${CMAKE_BINARY_DIR}/examples")
        target_link_options(Example${_name} PRIVATE -Wl,--disable-new-dtags)
        add_test(NAME Example.${_name} COMMAND Example${_name} "${ORBIT_PACKAGE_DIR}" WORKING_DIRECTORY
            "${CMAKE_BINARY_DIR}/examples")
        # It loads all of OpenMM's plugins, which keep what they allocate; it finds them by itself.
        set_tests_properties(Example.${_name} PROPERTIES TIMEOUT 300 ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0"
            ENVIRONMENT_MODIFICATION "OPENMM_PLUGIN_DIR=unset:")
    endforeach()
endif()

# Python: one ctest, against the package in the build tree.
file(GLOB _pythonTests CONFIGURE_DEPENDS ../python/tests/test_*.py ../wrappers/tests/test_*.py)
if(NOT TARGET OpenMMOrbitTraining)
    list(FILTER _pythonTests EXCLUDE REGEX "/test_training")
endif()
if(ORBIT_BUILD_PYTHON AND _pythonTests AND NOT ORBIT_SANITIZE)
    add_test(NAME Python COMMAND "${Python_EXECUTABLE}" -m pytest -q -p no:cacheprovider ${_pythonTests}
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(Python PROPERTIES TIMEOUT 1200 ENVIRONMENT
        "PYTHONPATH=${CMAKE_BINARY_DIR}/python;PYTHONDONTWRITEBYTECODE=1;OMP_NUM_THREADS=1")
endif()

# Lints: every script checks the tree, and with --self-test that it can fail.
file(GLOB _lints CONFIGURE_DEPENDS lints/lint_*.py)
foreach(_lint IN LISTS _lints)
    get_filename_component(_name "${_lint}" NAME_WE)
    string(REPLACE "lint_" "Lint." _name "${_name}")
    add_test(NAME ${_name} COMMAND "${Python_EXECUTABLE}" -B "${_lint}" "${CMAKE_SOURCE_DIR}")
    add_test(NAME ${_name}.selfTest COMMAND "${Python_EXECUTABLE}" -B "${_lint}" --self-test)
    set_tests_properties(${_name} ${_name}.selfTest PROPERTIES SKIP_RETURN_CODE 77)
endforeach()

# A foreign CMake project against the installed package.
if(TARGET OpenMMOrbitReference AND NOT ORBIT_SANITIZE)
    add_test(NAME Package.foreignProject COMMAND "${CMAKE_COMMAND}" "-DBUILD_DIR=${CMAKE_BINARY_DIR}"
        "-DOPENMM_DIR=${OPENMM_DIR}"
        "-DSOURCE_DIR=${CMAKE_CURRENT_SOURCE_DIR}/foreign" "-DWORK_DIR=${CMAKE_CURRENT_BINARY_DIR}/foreign"
        -P "${CMAKE_CURRENT_SOURCE_DIR}/foreign/run.cmake")
    set_tests_properties(Package.foreignProject PROPERTIES TIMEOUT 600)
endif()

# What a wheel holds, from this build tree.
if(TARGET OpenMMOrbitTraining AND TARGET OpenMMOrbitChem AND ORBIT_BUILD_PYTHON AND NOT ORBIT_SANITIZE)
    add_test(NAME Package.wheel COMMAND "${Python_EXECUTABLE}" -B "${CMAKE_CURRENT_SOURCE_DIR}/wheel/check_wheel.py"
        --build "${CMAKE_BINARY_DIR}" --plugins "Reference;CPU;${ORBIT_GPU_PLATFORMS}" --work
        "${CMAKE_CURRENT_BINARY_DIR}/wheel")
    set_tests_properties(Package.wheel PROPERTIES TIMEOUT 300)
endif()

# Every public and internal header compiles alone.
if(NOT ORBIT_SANITIZE)
    file(GLOB_RECURSE _headers RELATIVE "${CMAKE_SOURCE_DIR}/openmmapi/include" CONFIGURE_DEPENDS
        ../openmmapi/include/*.h)
    set(_units "")
    foreach(_header IN LISTS _headers)
        string(MAKE_C_IDENTIFIER "${_header}" _name)
        set(_unit "${CMAKE_CURRENT_BINARY_DIR}/headers/${_name}.cpp")
        file(CONFIGURE OUTPUT "${_unit}" CONTENT "#include \"${_header}\"\n#include \"${_header}\"\n")
        list(APPEND _units "${_unit}")
    endforeach()
    add_library(orbit_headers OBJECT ${_units})
    target_include_directories(orbit_headers PRIVATE "${CMAKE_SOURCE_DIR}/openmmapi/include")
    target_link_libraries(orbit_headers PRIVATE OpenMM::OpenMM orbit_flags)
    target_compile_options(orbit_headers PRIVATE -O0)
endif()

# Benchmarks: one binary a file.
add_custom_target(benchmarks)
set(_timed ${_built})
list(REMOVE_ITEM _timed OpenMMOrbitTraining OpenMMOrbitChem)
file(GLOB _benchmarks CONFIGURE_DEPENDS benchmarks/Bench*.cpp)
if(benchmark_FOUND AND TARGET OpenMMOrbit)
    foreach(_benchmark IN LISTS _benchmarks)
        get_filename_component(_name "${_benchmark}" NAME_WE)
        add_executable(${_name} EXCLUDE_FROM_ALL "${_benchmark}")
        target_include_directories(${_name} PRIVATE support)
        target_compile_definitions(${_name} PRIVATE $<TARGET_PROPERTY:orbit_test_support,INTERFACE_COMPILE_DEFINITIONS>)
        target_link_libraries(${_name} PRIVATE ${_timed} benchmark::benchmark benchmark::benchmark_main GTest::gtest
            nlohmann_json::nlohmann_json orbit_flags)
        # LibTorch is one of the denoisers that are compared.
        if(_name STREQUAL "BenchDenoiser" AND TARGET Torch::Torch AND TARGET OpenMMOrbitTraining)
            target_link_libraries(${_name} PRIVATE OpenMMOrbitTraining Torch::Torch)
        endif()
        set_target_properties(${_name} PROPERTIES BUILD_RPATH "${_search}" RUNTIME_OUTPUT_DIRECTORY
            "${CMAKE_BINARY_DIR}/benchmarks")
        target_link_options(${_name} PRIVATE -Wl,--disable-new-dtags)
        add_dependencies(benchmarks ${_name})
    endforeach()
endif()

# How equivariant networks of backbones are.
if(TARGET OpenMMOrbitReference)
    add_executable(MeasureEquivariance EXCLUDE_FROM_ALL benchmarks/MeasureEquivariance.cpp)
    target_include_directories(MeasureEquivariance PRIVATE support)
    target_compile_definitions(MeasureEquivariance
        PRIVATE $<TARGET_PROPERTY:orbit_test_support,INTERFACE_COMPILE_DEFINITIONS>)
    target_link_libraries(MeasureEquivariance PRIVATE OpenMMOrbit Eigen3::Eigen GTest::gtest nlohmann_json::nlohmann_json
        orbit_flags)
    set_target_properties(MeasureEquivariance PROPERTIES BUILD_RPATH "${_search}" RUNTIME_OUTPUT_DIRECTORY
        "${CMAKE_BINARY_DIR}/benchmarks")
    target_link_options(MeasureEquivariance PRIVATE -Wl,--disable-new-dtags)
endif()

# What writes the tables of the inspection from files of minima.
if(TARGET OpenMMOrbitChem)
    add_executable(MeasureGeometry EXCLUDE_FROM_ALL benchmarks/MeasureGeometry.cpp)
    target_link_libraries(MeasureGeometry PRIVATE OpenMMOrbitChem orbit_flags)
    set_target_properties(MeasureGeometry PROPERTIES BUILD_RPATH "${_search}" RUNTIME_OUTPUT_DIRECTORY
        "${CMAKE_BINARY_DIR}/benchmarks")
    target_link_options(MeasureGeometry PRIVATE -Wl,--disable-new-dtags)
endif()
