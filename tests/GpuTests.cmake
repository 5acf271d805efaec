# The platform suites on GPU platforms: which precisions each runs in. Without a driver or double precision a test is
# skipped and prints the reason. OpenCL runs on a CPU too (PoCL).
set(ORBIT_PRECISIONS_TestDenoiserKernel single mixed double tf32)
set(ORBIT_PRECISIONS_TestGatedTransformer single mixed double)
set(ORBIT_PRECISIONS_TestSelfConditioning single mixed double)
set(ORBIT_PRECISIONS_TestDenoiserSymmetry single mixed double tf32)
set(ORBIT_PRECISIONS_TestClampFixed single mixed double)
set(ORBIT_PRECISIONS_TestClassifierFreeGuidance single mixed double)
set(ORBIT_PRECISIONS_TestPrior single double)
set(ORBIT_PRECISIONS_TestOpenCLContextOrder single mixed double)
set(ORBIT_PRECISIONS_TestOrbitDiffusionIntegrator single mixed)
set(ORBIT_PRECISIONS_TestCompoundIntegrator mixed)

# The compilers of CUDA and HIP need no device; the test of the sources loads them.
function(orbit_add_source_test binary)
    find_file(ORBIT_NVRTC_LIBRARY NAMES libnvrtc.so.13 libnvrtc.so.12 libnvrtc.so HINTS
        "${OPENMM_DIR}/../nvidia/cu13/lib" /usr/local/cuda/lib64)
    find_library(ORBIT_HIPRTC_LIBRARY NAMES hiprtc amdhip64 HINTS /opt/rocm/lib)
    foreach(_compiler IN ITEMS NVRTC HIPRTC)
        set(_path "")
        if(ORBIT_${_compiler}_LIBRARY)
            set(_path "${ORBIT_${_compiler}_LIBRARY}")
        endif()
        target_compile_definitions(${binary} PRIVATE "ORBIT_${_compiler}_LIBRARY=\"${_path}\"")
    endforeach()
    target_include_directories(${binary} PRIVATE "${CMAKE_SOURCE_DIR}/platforms/common/src")
    target_link_libraries(${binary} PRIVATE ${CMAKE_DL_LIBS})
    orbit_add_test(${binary} ${binary})
    set_tests_properties(${binary} PROPERTIES TIMEOUT 1200)
endfunction()

# orbit_add_gpu_test(<name> <suite> <platform> <precision> [environment ...])
function(orbit_add_gpu_test name suite platform precision)
    orbit_add_test(${name} ${suite} --platform=${platform} --precision=${precision})
    get_test_property(${name} ENVIRONMENT _environment)
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT "${_environment};${ARGN}")
endfunction()

# orbit_add_gpu_tests(<suite> [platform]): TestName.Platform.precision for every GPU platform that is built, or for one.
function(orbit_add_gpu_tests suite)
    # The first two look at the reference's stages alone; of the third, the force field's kernels would compile for minutes, and
    # python/tests/test_gpu.py generates with the packaged model.
    if(ORBIT_SANITIZE OR suite MATCHES "^(TestNoise|TestSamplerStep|TestEndToEnd)$")
        return()
    endif()
    if(suite STREQUAL "TestOpenCLContextOrder")
        target_include_directories(${suite} PRIVATE "${CMAKE_SOURCE_DIR}/platforms/common/src")
    endif()
    set(_precisions ${ORBIT_PRECISIONS_${suite}})
    if(NOT _precisions)
        set(_precisions single)
    endif()
    set(_platforms ${ORBIT_GPU_PLATFORMS})
    if(ARGN)
        set(_platforms ${ARGN})
    endif()
    foreach(_platform IN LISTS _platforms)
        foreach(_precision IN LISTS _precisions)
            orbit_add_gpu_test(${suite}.${_platform}.${_precision} ${suite} ${_platform} ${_precision})
        endforeach()
    endforeach()
    # The tiles of a GPU, and groups that fit no tile, on whatever device there is.
    if(suite MATCHES "^Test(DenoiserKernel|DenoiserSymmetry|GatedTransformer|SelfConditioning)$"
            AND "OpenCL" IN_LIST ORBIT_GPU_PLATFORMS)
        orbit_add_gpu_test(${suite}.OpenCL.gpuTiles ${suite} OpenCL single ORBIT_GPU_TILES=gpu)
        orbit_add_gpu_test(${suite}.OpenCL.oddGroups ${suite} OpenCL single ORBIT_GPU_TILES=gpu ORBIT_GPU_GROUP_SIZE=23
            ORBIT_GPU_BIAS_BYTES=1)
    endif()
endfunction()
