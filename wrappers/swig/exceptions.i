// SPDX-License-Identifier: MIT
// C++ exceptions become Python ones, and long calls run without the interpreter's lock.

%{
#include "openmm/OpenMMException.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/BackboneBuilder.h"
#include <cstring>
#include <exception>
#include <new>
#include <string>

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

/**
 * Raises a Python exception. "Class::method" in front of a message becomes "Class.method", or "Class" for a
 * constructor; a message may quote bytes that are no UTF-8.
 */
void raiseError(PyObject* type, const char* message) {
    std::string text = message;
    const std::size_t end = text.find(": "), colons = text.find("::");
    if (colons < end) {
        const std::string owner = text.substr(0, colons), method = text.substr(colons + 2, end - colons - 2);
        text.replace(0, end, owner == method ? owner : owner + "." + method);
    }
    PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), (Py_ssize_t) text.size(), "backslashreplace");
    if (decoded != nullptr)
        PyErr_SetObject(type, decoded);
    Py_XDECREF(decoded);
}

/** Raises openmm.OpenMMException, the class that OpenMM's own calls raise. */
void raiseOpenMMException(const char* message) {
    PyObject* module = PyImport_ImportModule("openmm");
    if (module == nullptr)
        return;
    PyObject* type = PyObject_GetAttrString(module, "OpenMMException");
    if (type != nullptr)
        raiseError(type, message);
    Py_XDECREF(type);
    Py_DECREF(module);
}

/** Raises openmmorbit.BackboneError, which knows the fault and the residue. */
void raiseBackboneError(const OrbitPlugin::BackboneError& error) {
    PyObject* module = PyImport_ImportModule("openmmorbit.building");
    PyObject* type = module == nullptr ? nullptr : PyObject_GetAttrString(module, "BackboneError");
    PyObject* value = type == nullptr ? nullptr :
        PyObject_CallFunction(type, "sii", error.what(), (int) error.getFault(), error.getResidue());
    if (value != nullptr)
        PyErr_SetObject(type, value);
    Py_XDECREF(value);
    Py_XDECREF(type);
    Py_XDECREF(module);
}

/** Raises what SWIG says about wrong arguments as one sentence, which openmmorbit._words makes. */
void raiseArgumentError(PyObject* type, const char* message) {
    PyErr_Clear();
    PyObject* module = PyImport_ImportModule("openmmorbit._words");
    PyObject* text = module == nullptr ? nullptr : PyObject_CallMethod(module, "explainArguments", "s", message);
    PyErr_Clear();
    if (text != nullptr)
        PyErr_SetObject(type, text);
    else
        PyErr_SetString(type, message);
    Py_XDECREF(text);
    Py_XDECREF(module);
}

} // namespace

// The wrappers below report wrong arguments through these.
#undef SWIG_Error
#define SWIG_Error(code, message) raiseArgumentError(SWIG_ErrorType(code), message)
#define SWIG_Python_RaiseOrModifyTypeError(message) raiseArgumentError(PyExc_TypeError, message)
%}

%define ORBIT_CATCH
    catch (const OrbitPlugin::BackboneError& e) {
        raiseBackboneError(e);
        SWIG_fail;
    }
    catch (const OrbitPlugin::ArgumentError& e) {
        raiseError(PyExc_ValueError, e.what());
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
        raiseError(PyExc_IndexError, e.what());
        SWIG_fail;
    }
    catch (const std::exception& e) {
        raiseError(PyExc_RuntimeError, e.what());
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
