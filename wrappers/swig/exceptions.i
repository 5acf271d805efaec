// SPDX-License-Identifier: MIT
// C++ exceptions become Python ones, and long calls run without the interpreter's lock.

%{
#include "openmm/OpenMMException.h"
#include "openmmorbit/ArgumentError.h"
#include <exception>
#include <new>

namespace {

/** Gives the interpreter's lock away for the lifetime of the object. */
class InterpreterRelease {
public:
    InterpreterRelease() : state(PyEval_SaveThread()) {
    }
    InterpreterRelease(const InterpreterRelease&) = delete;
    InterpreterRelease& operator=(const InterpreterRelease&) = delete;
    ~InterpreterRelease() {
        PyEval_RestoreThread(state);
    }
private:
    PyThreadState* state;
};

/** Raises openmm.OpenMMException, the class that OpenMM's own calls raise. */
void raiseOpenMMException(const char* message) {
    PyObject* module = PyImport_ImportModule("openmm");
    if (module == nullptr)
        return;
    PyObject* type = PyObject_GetAttrString(module, "OpenMMException");
    if (type != nullptr)
        PyErr_SetString(type, message);
    Py_XDECREF(type);
    Py_DECREF(module);
}

} // namespace
%}

%define ORBIT_CATCH
    catch (const OrbitPlugin::ArgumentError& e) {
        PyErr_SetString(PyExc_ValueError, e.what());
        SWIG_fail;
    }
    catch (const OpenMM::OpenMMException& e) {
        if (!PyErr_Occurred())
            raiseOpenMMException(e.what());
        SWIG_fail;
    }
    catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        SWIG_fail;
    }
    catch (const std::out_of_range& e) {
        PyErr_SetString(PyExc_IndexError, e.what());
        SWIG_fail;
    }
    catch (const std::exception& e) {
        PyErr_SetString(PyExc_RuntimeError, e.what());
        SWIG_fail;
    }
%enddef

%exception {
    try {
        $action
    }
    ORBIT_CATCH
}

// ORBIT_LONG_CALL(Class::method): the call releases the interpreter's lock.
%define ORBIT_LONG_CALL(NAME)
%exception NAME {
    try {
        InterpreterRelease release;
        $action
    }
    ORBIT_CATCH
}
%enddef
