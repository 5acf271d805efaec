# Finds OpenMM (and LibTorch) inside the wheels of the chosen Python, and the other packages where the system has them.
find_package(Python 3.9 REQUIRED COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(Eigen3 3.3 REQUIRED NO_MODULE)

# OpenMM: headers, libraries and the SWIG interface ship in the wheel.
if(NOT OPENMM_DIR)
    execute_process(COMMAND "${Python_EXECUTABLE}" -c
        "import os, openmm.version as v; print(os.path.dirname(v.openmm_library_path))"
        OUTPUT_VARIABLE OPENMM_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
set(OPENMM_DIR "${OPENMM_DIR}" CACHE PATH "Folder that holds OpenMM's include and lib folders")
if(NOT EXISTS "${OPENMM_DIR}/include/OpenMM.h")
    message(FATAL_ERROR "OpenMM was not found. Install it into the Python that CMake uses (${Python_EXECUTABLE}): "
        "pip install 'openmm>=8.6,<8.7', or set OPENMM_DIR to the folder that holds include/OpenMM.h.")
endif()
execute_process(COMMAND "${Python_EXECUTABLE}" -c "import openmm.version as v; print(v.short_version)"
    OUTPUT_VARIABLE OPENMM_VERSION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)

add_library(OpenMM::OpenMM SHARED IMPORTED)
set_target_properties(OpenMM::OpenMM PROPERTIES IMPORTED_LOCATION "${OPENMM_DIR}/lib/libOpenMM.so"
    IMPORTED_NO_SONAME ON INTERFACE_INCLUDE_DIRECTORIES "${OPENMM_DIR}/include" INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
    "${OPENMM_DIR}/include")
add_library(OpenMM::CPU SHARED IMPORTED)
set_target_properties(OpenMM::CPU PROPERTIES IMPORTED_LOCATION "${OPENMM_DIR}/lib/plugins/libOpenMMCPU.so"
    IMPORTED_NO_SONAME ON
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${OPENMM_DIR}/include/openmm/cpu;${OPENMM_DIR}/include/openmm/reference")

# LibTorch: linked by path, so that neither a CUDA toolkit nor the wheel's Python half is needed.
if(ORBIT_BUILD_TRAINING STREQUAL "AUTO" OR ORBIT_BUILD_TRAINING)
    if(NOT TORCH_DIR)
        execute_process(COMMAND "${Python_EXECUTABLE}" -c
            "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
            OUTPUT_VARIABLE TORCH_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
    set(TORCH_DIR "${TORCH_DIR}" CACHE PATH "Folder that holds LibTorch's include and lib folders")
    if(EXISTS "${TORCH_DIR}/lib/libtorch_cpu.so")
        set(ORBIT_BUILD_TRAINING ON)
    elseif("${ORBIT_BUILD_TRAINING}" STREQUAL "AUTO")
        set(ORBIT_BUILD_TRAINING OFF)
        set(ORBIT_TRAINING_NOTE " (LibTorch was not found)")
        unset(TORCH_DIR CACHE)
    else()
        message(FATAL_ERROR "LibTorch was not found. Install it (pip install --no-deps torch==2.13.0 "
            "nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85), set TORCH_DIR, or configure with -DORBIT_BUILD_TRAINING=OFF.")
    endif()
endif()
if(ORBIT_BUILD_TRAINING)
    add_library(Torch::C10 SHARED IMPORTED)
    set_target_properties(Torch::C10 PROPERTIES IMPORTED_LOCATION "${TORCH_DIR}/lib/libc10.so" IMPORTED_NO_SONAME OFF)
    add_library(Torch::Torch SHARED IMPORTED)
    set_target_properties(Torch::Torch PROPERTIES IMPORTED_LOCATION "${TORCH_DIR}/lib/libtorch_cpu.so"
        INTERFACE_INCLUDE_DIRECTORIES "${TORCH_DIR}/include;${TORCH_DIR}/include/torch/csrc/api/include"
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${TORCH_DIR}/include;${TORCH_DIR}/include/torch/csrc/api/include"
        INTERFACE_COMPILE_DEFINITIONS "_GLIBCXX_USE_CXX11_ABI=1" INTERFACE_COMPILE_FEATURES cxx_std_20
        INTERFACE_LINK_LIBRARIES Torch::C10)
    # Its C++ interface changes between minor versions.
    file(STRINGS "${TORCH_DIR}/include/torch/headeronly/version.h" _lines REGEX "TORCH_VERSION_(MAJOR|MINOR) [0-9]+")
    string(REGEX REPLACE "[^0-9]+([0-9]+)[^0-9]+([0-9]+)" "\\1.\\2" ORBIT_TORCH_VERSION "${_lines}")
    # The wheel's libtorch_cpu.so needs the CUDA runtime and CUPTI wheels beside it.
    get_filename_component(_site "${TORCH_DIR}" DIRECTORY)
    set(ORBIT_TORCH_RPATH "${TORCH_DIR}/lib;${_site}/nvidia/cu13/lib")
    target_link_options(Torch::Torch INTERFACE "-Wl,-rpath-link,${TORCH_DIR}/lib:${_site}/nvidia/cu13/lib")
    # NCCL: the headers must be those that LibTorch was built with; its whole installation (pip install torch) has them.
    # c10d's header wants those of all libraries that LibTorch's GPU half uses.
    set(ORBIT_TORCH_CUDA_INCLUDE_DIR "${_site}/nvidia/cu13/include")
    set(ORBIT_NCCL_INCLUDE_DIR "${_site}/nvidia/nccl/include")
    if(EXISTS "${ORBIT_TORCH_CUDA_INCLUDE_DIR}/cusolverDn.h" AND EXISTS "${ORBIT_NCCL_INCLUDE_DIR}/nccl.h" AND
            EXISTS "${TORCH_DIR}/lib/libtorch_cuda.so")
        set(ORBIT_BUILD_NCCL ON)
    else()
        set(ORBIT_BUILD_NCCL OFF)
        set(ORBIT_TRAINING_NOTE " (without NCCL: pip install torch brings the headers)")
    endif()
endif()

if(ORBIT_BUILD_CHEM)
    find_package(Boost REQUIRED COMPONENTS iostreams)
    find_package(ZLIB REQUIRED)
    find_path(RDKIT_INCLUDE_DIR NAMES GraphMol/RDKitBase.h PATH_SUFFIXES rdkit)
    if(NOT RDKIT_INCLUDE_DIR)
        message(FATAL_ERROR
            "RDKit's C++ headers were not found. Install librdkit-dev and libboost-dev, or configure with -DORBIT_BUILD_CHEM=OFF.")
    endif()
    add_library(RDKit::RDKit INTERFACE IMPORTED)
    target_include_directories(RDKit::RDKit SYSTEM INTERFACE "${RDKIT_INCLUDE_DIR}")
    # Headers of newer releases are C++20; their file of versions is not always filled in.
    file(STRINGS "${RDKIT_INCLUDE_DIR}/Geometry/point.h" _newer REGEX "constexpr" LIMIT_COUNT 1)
    if(_newer)
        target_compile_features(RDKit::RDKit INTERFACE cxx_std_20)
    endif()
    foreach(_part IN ITEMS ForceFieldHelpers ForceField FileParsers SmilesParse Depictor SubstructMatch Descriptors
        PartialCharges ChemTransforms GraphMol DataStructs RDGeometryLib RDGeneral)
        find_library(RDKIT_${_part} NAMES RDKit${_part})
        if(NOT RDKIT_${_part})
            message(FATAL_ERROR "RDKit's library RDKit${_part} was not found. Install librdkit-dev.")
        endif()
        target_link_libraries(RDKit::RDKit INTERFACE "${RDKIT_${_part}}")
    endforeach()
endif()

if(ORBIT_BUILD_PYTHON)
    # pip's SWIG first: Debian 12 ships 4.1, whose types are foreign to OpenMM's.
    get_filename_component(_bin "${Python_EXECUTABLE}" DIRECTORY)
    find_program(SWIG_EXECUTABLE NAMES swig HINTS "${_bin}")
    find_package(SWIG 4.4 REQUIRED)
endif()

if(ORBIT_BUILD_TESTS)
    find_package(GTest REQUIRED)
    find_package(benchmark QUIET)
endif()
