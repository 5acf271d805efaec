# Decides which GPU platforms are built (ORBIT_GPU_PLATFORMS) and says why others are not (ORBIT_GPU_NOTES). No device
# and no driver is needed to build: kernels are compiled when a Context is created.
option(ORBIT_BUILD_GPU
    "Build the kernels of the OpenCL, CUDA and HIP platforms whose headers and OpenMM libraries are found" ON)
get_filename_component(_site "${OPENMM_DIR}" DIRECTORY)
find_path(ORBIT_OPENCL_INCLUDE_DIR NAMES CL/opencl.h)
# cuda_runtime.h wants crt/, which is a wheel of its own.
find_path(ORBIT_CUDA_INCLUDE_DIR NAMES crt/host_defines.h HINTS "${_site}/nvidia/cu13/include"
    "${_site}/nvidia/cu12/include" /usr/local/cuda/include)
if(ORBIT_CUDA_INCLUDE_DIR AND NOT EXISTS "${ORBIT_CUDA_INCLUDE_DIR}/cuda.h")
    set(ORBIT_CUDA_INCLUDE_DIR "")
endif()
find_path(ORBIT_HIP_INCLUDE_DIR NAMES hip/hip_runtime.h HINTS /opt/rocm/include)

set(_OPENCL_headers "opencl-headers")
set(_CUDA_headers "pip install nvidia-cuda-runtime nvidia-cuda-crt")
set(_HIP_headers "libamdhip64-dev")
set(_notes "")
set(_platforms "")
foreach(_platform IN ITEMS OpenCL CUDA HIP)
    string(TOUPPER "${_platform}" _upper)
    if(NOT ORBIT_BUILD_GPU)
        list(APPEND _notes "${_platform} (ORBIT_BUILD_GPU is off)")
    elseif(NOT EXISTS "${OPENMM_DIR}/lib/plugins/libOpenMM${_platform}.so")
        list(APPEND _notes
            "${_platform} (OpenMM has no libOpenMM${_platform}.so: pip install openmm-cuda-13 or openmm-hip-7)")
    elseif(NOT ORBIT_${_upper}_INCLUDE_DIR)
        list(APPEND _notes "${_platform} (its headers were not found: ${_${_upper}_headers})")
    else()
        list(APPEND _platforms ${_platform})
    endif()
endforeach()
# The tests and the summary read these too.
set(ORBIT_GPU_PLATFORMS "${_platforms}" CACHE INTERNAL "GPU platforms that are built")
set(ORBIT_GPU_NOTES "${_notes}" CACHE INTERNAL "GPU platforms that are not built, and why")

# add_orbit_gpu_platform(<OpenCL|CUDA|HIP> <definition>...): the library OpenMMOrbit<Platform> from src/*.cpp of this
# folder and the common objects. OpenMM's library is linked; drivers need not be there, so their symbols may stay
# undefined.
function(add_orbit_gpu_platform platform)
    string(TOLOWER "${platform}" _folder)
    string(TOUPPER "${platform}" _upper)
    add_library(OpenMM::${platform} SHARED IMPORTED GLOBAL)
    set_target_properties(OpenMM::${platform} PROPERTIES IMPORTED_LOCATION
        "${OPENMM_DIR}/lib/plugins/libOpenMM${platform}.so"
        IMPORTED_NO_SONAME ON
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${OPENMM_DIR}/include/openmm/${_folder};${ORBIT_${_upper}_INCLUDE_DIR}"
        INTERFACE_INCLUDE_DIRECTORIES "${OPENMM_DIR}/include/openmm/${_folder};${ORBIT_${_upper}_INCLUDE_DIR}"
        INTERFACE_COMPILE_DEFINITIONS "${ARGN}")
    file(GLOB _sources CONFIGURE_DEPENDS src/*.cpp)
    add_library(OpenMMOrbit${platform} SHARED ${_sources} $<TARGET_OBJECTS:OpenMMOrbitCommon>)
    target_include_directories(OpenMMOrbit${platform} PRIVATE src ../common/src ../reference/src)
    target_link_options(OpenMMOrbit${platform} PRIVATE -Wl,--allow-shlib-undefined)
    target_link_libraries(OpenMMOrbit${platform} PUBLIC OpenMMOrbit OpenMM::${platform})
    orbit_library(OpenMMOrbit${platform} PLUGIN)
endfunction()
