# The flags of our own targets and the layout of the build tree, which mirrors the installed Python package.
add_library(orbit_flags INTERFACE)
target_compile_options(orbit_flags INTERFACE -Wall -Wextra -Wno-unused-parameter)
if(ORBIT_WARNINGS_AS_ERRORS)
    # GCC 12 sees overlaps in its own std::string that are none (GCC bug 105651).
    target_compile_options(orbit_flags INTERFACE -Werror $<$<CXX_COMPILER_ID:GNU>:-Wno-error=restrict>)
endif()
if(ORBIT_SANITIZE)
    target_compile_options(orbit_flags INTERFACE -fsanitize=${ORBIT_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=undefined)
    target_link_options(orbit_flags INTERFACE -fsanitize=${ORBIT_SANITIZE})
endif()

set(ORBIT_PACKAGE_DIR "${CMAKE_BINARY_DIR}/python/openmmorbit")
set(ORBIT_LIBRARY_DIR "${ORBIT_PACKAGE_DIR}/lib")
set(ORBIT_PLUGIN_DIR "${ORBIT_PACKAGE_DIR}/plugins")

# orbit_library(<target> [PLUGIN] [EXPORT] [BUILD_RPATH dir ...] [INSTALL_RPATH dir ...]): output folder, RPATH and
# install rule of one of our shared libraries; EXPORT makes it known to foreign CMake projects.
# Installed, the package lies beside OpenMM.libs in site-packages.
function(orbit_library target)
    cmake_parse_arguments(ARG "PLUGIN;EXPORT" "" "BUILD_RPATH;INSTALL_RPATH" ${ARGN})
    set(_dir lib)
    if(ARG_PLUGIN)
        set(_dir plugins)
    endif()
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${ORBIT_PACKAGE_DIR}/${_dir}"
        BUILD_RPATH "${ORBIT_LIBRARY_DIR};${OPENMM_DIR}/lib;${OPENMM_DIR}/lib/plugins;${ARG_BUILD_RPATH}"
        INSTALL_RPATH
        "$ORIGIN;$ORIGIN/../lib;$ORIGIN/../../OpenMM.libs/lib;$ORIGIN/../../OpenMM.libs/lib/plugins;${ARG_INSTALL_RPATH};${ORBIT_INSTALL_RPATH}")
    target_link_options(${target} PRIVATE -Wl,-z,now -Wl,--disable-new-dtags)
    target_link_libraries(${target} PRIVATE orbit_flags)
    set(_export "")
    if(ARG_EXPORT)
        set(_export EXPORT OpenMMOrbitTargets)
    endif()
    install(TARGETS ${target} ${_export} LIBRARY DESTINATION openmmorbit/${_dir})
endfunction()
