# Installs what a foreign CMake project needs: find_package(OpenMMOrbit) gives OpenMMOrbit::OpenMMOrbit and, if it was
# built, OpenMMOrbit::OpenMMOrbitChem.
include(CMakePackageConfigHelpers)
set(_cmakeDir openmmorbit/lib/cmake/OpenMMOrbit)
set(_config "${CMAKE_CURRENT_BINARY_DIR}/OpenMMOrbitConfig.cmake")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/OpenMMOrbitConfig.cmake.in" "${_config}" INSTALL_DESTINATION
    ${_cmakeDir})
# OpenMM's ABI changes between minor releases, and ours does so far.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/OpenMMOrbitConfigVersion.cmake" COMPATIBILITY
    SameMinorVersion)
install(FILES "${_config}" "${CMAKE_CURRENT_BINARY_DIR}/OpenMMOrbitConfigVersion.cmake" DESTINATION ${_cmakeDir})

# The folder of the libraries is a prefix too, as openmmorbit.libraryPath() names it.
foreach(_name IN ITEMS Config ConfigVersion)
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/prefix/OpenMMOrbit${_name}.cmake"
        "include(\"\${CMAKE_CURRENT_LIST_DIR}/OpenMMOrbit/OpenMMOrbit${_name}.cmake\")\n")
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/prefix/OpenMMOrbit${_name}.cmake" DESTINATION openmmorbit/lib/cmake)
endforeach()

install(EXPORT OpenMMOrbitTargets NAMESPACE OpenMMOrbit:: DESTINATION ${_cmakeDir})
