// SPDX-License-Identifier: MIT
// Values at the border: units are stripped from inputs, numbers come back as NumPy arrays, containers as tuples.

%include "swig/typemaps.i"
%include "std_string.i"
%include "std_vector.i"
%include "std_pair.i"
%include "std_map.i"
%include "std_array.i"

%{
#include <cstring>
#include <string>
#include <vector>

namespace {

/**
 * Get a contiguous NumPy array of one type from any number or nested sequence; NULL with a Python error set otherwise.
 */
PyObject* asArray(PyObject* input, const char* type) {
    PyObject* plain = Py_StripOpenMMUnits(input);
    if (plain == nullptr)
        return nullptr;
    PyObject* numpy = PyImport_ImportModule("numpy");
    PyObject* raw = numpy == nullptr ? nullptr : PyObject_CallMethod(numpy, "asarray", "(O)", plain);
    Py_DECREF(plain);
    PyObject* array = nullptr;
    if (raw != nullptr) {
        // An empty list has no type of its own; fractions are not cut to integers.
        bool empty = PyObject_Length(raw) == 0;
        PyErr_Clear();
        array = PyObject_CallMethod(raw, "astype", "sss", type, "C", empty ? "unsafe" : "same_kind");
        Py_DECREF(raw);
    }
    Py_XDECREF(numpy);
    return array;
}

/** Refuse positions; the function is named as SWIG does, e.g. Ensemble_setPositions. */
void refuseShape(std::string function) {
    const std::size_t place = function.find('_');
    if (place != std::string::npos)
        function[place] = '.';
    PyErr_SetString(PyExc_ValueError, (function + ": expected positions of shape (n, 3), got another").c_str());
}

/** Copy any shape of numbers into a flat vector. */
template <class T>
bool toVector(PyObject* input, const char* type, std::vector<T>& output) {
    PyObject* array = asArray(input, type);
    Py_buffer view;
    if (array == nullptr || PyObject_GetBuffer(array, &view, PyBUF_C_CONTIGUOUS) != 0) {
        Py_XDECREF(array);
        return false;
    }
    output.resize(view.len / sizeof(T));
    if (!output.empty())
        std::memcpy(output.data(), view.buf, view.len);
    PyBuffer_Release(&view);
    Py_DECREF(array);
    return true;
}

/** Copy a flat vector into a new one-dimensional NumPy array. */
template <class T>
PyObject* fromVector(const std::vector<T>& input, const char* type) {
    PyObject* numpy = PyImport_ImportModule("numpy");
    if (numpy == nullptr)
        return nullptr;
    PyObject* array = PyObject_CallMethod(numpy, "empty", "ns", (Py_ssize_t) input.size(), type);
    Py_DECREF(numpy);
    Py_buffer view;
    if (array == nullptr || input.empty())
        return array;
    if (PyObject_GetBuffer(array, &view, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) != 0) {
        Py_DECREF(array);
        return nullptr;
    }
    std::memcpy(view.buf, input.data(), input.size() * sizeof(T));
    PyBuffer_Release(&view);
    return array;
}

} // namespace
%}

// ORBIT_NUMBERS(C++ type, NumPy type, precedence): vectors of numbers cross as NumPy arrays.
%define ORBIT_NUMBERS(TYPE, NUMPY, PRECEDENCE)
%naturalvar std::vector<TYPE>;
%typemap(in) const std::vector<TYPE>& (std::vector<TYPE> values) {
    if (!toVector<TYPE>($input, NUMPY, values))
        SWIG_fail;
    $1 = &values;
}
%typemap(in) std::vector<TYPE> {
    if (!toVector<TYPE>($input, NUMPY, $1))
        SWIG_fail;
}
%typemap(freearg) const std::vector<TYPE>& ""
%typemap(typecheck, precedence=PRECEDENCE) std::vector<TYPE>, const std::vector<TYPE>& {
    PyObject* array = PySequence_Check($input) && !PyUnicode_Check($input) ? asArray($input, NUMPY) : nullptr;
    $1 = array != nullptr;
    Py_XDECREF(array);
    PyErr_Clear();
}
%typemap(out) std::vector<TYPE> {
    $result = fromVector<TYPE>($1, NUMPY);
    if ($result == nullptr)
        SWIG_fail;
}
%typemap(out) const std::vector<TYPE>& {
    $result = fromVector<TYPE>(*$1, NUMPY);
    if ($result == nullptr)
        SWIG_fail;
}
%enddef

ORBIT_NUMBERS(double, "float64", SWIG_TYPECHECK_DOUBLE_ARRAY)
ORBIT_NUMBERS(float, "float32", SWIG_TYPECHECK_FLOAT_ARRAY)
ORBIT_NUMBERS(int, "int32", SWIG_TYPECHECK_INT32_ARRAY)

// Lists of positions cross as NumPy arrays of shape (n, 3).
%typemap(in) const std::vector<OpenMM::Vec3>& (std::vector<OpenMM::Vec3> points) {
    std::vector<double> values;
    if (!toVector<double>($input, "float64", values))
        SWIG_fail;
    if (values.size() % 3 != 0) {
        refuseShape("$symname");
        SWIG_fail;
    }
    for (size_t i = 0; i < values.size(); i += 3)
        points.push_back(OpenMM::Vec3(values[i], values[i + 1], values[i + 2]));
    $1 = &points;
}
%typemap(freearg) const std::vector<OpenMM::Vec3>& ""
%typemap(argout) const std::vector<OpenMM::Vec3>& ""
%typemap(typecheck, precedence=SWIG_TYPECHECK_DOUBLE_ARRAY) const std::vector<OpenMM::Vec3>& {
    $1 = PySequence_Check($input);
}
%typemap(out) const std::vector<OpenMM::Vec3>& {
    std::vector<double> values;
    for (const OpenMM::Vec3& point : *$1)
        values.insert(values.end(), {point[0], point[1], point[2]});
    PyObject* flat = fromVector<double>(values, "float64");
    $result = flat == nullptr ? nullptr : PyObject_CallMethod(flat, "reshape", "ii", -1, 3);
    Py_XDECREF(flat);
    if ($result == nullptr)
        SWIG_fail;
}

// ORBIT_VALUE(class): a reference to a value comes back as a copy, which may outlive the object that it was taken from.
%define ORBIT_VALUE(TYPE...)
%copyctor TYPE;
%typemap(out) const TYPE& {
    $result = SWIG_NewPointerObj(new TYPE(*$1), $descriptor(TYPE*), SWIG_POINTER_OWN);
}
%enddef

// The bytes of a file are bytes in Python, not text.
%typemap(out) std::string OrbitPlugin::DenoiserModel::toBytes {
    $result = PyBytes_FromStringAndSize($1.data(), $1.size());
}
%typemap(in) const std::string& bytes (std::string data) {
    char* begin = nullptr;
    Py_ssize_t length = 0;
    if (PyBytes_AsStringAndSize($input, &begin, &length) != 0)
        SWIG_fail;
    data.assign(begin, length);
    $1 = &data;
}
%typemap(freearg) const std::string& bytes ""
%typemap(typecheck, precedence=SWIG_TYPECHECK_STRING) const std::string& bytes {
    $1 = PyBytes_Check($input);
}

// A path is text, bytes or a pathlib.Path, and need not be UTF-8.
%typemap(in) const std::string& path (std::string text) {
    PyObject* bytes = nullptr;
    if (PyUnicode_FSConverter($input, &bytes) == 0)
        SWIG_fail;
    text.assign(PyBytes_AsString(bytes), PyBytes_Size(bytes));
    Py_DECREF(bytes);
    $1 = &text;
}
%typemap(freearg) const std::string& path ""
%typemap(typecheck, precedence=SWIG_TYPECHECK_STRING) const std::string& path {
    $1 = PyUnicode_Check($input) || PyBytes_Check($input) || PyObject_HasAttrString($input, "__fspath__");
}
%apply const std::string& path { const std::string& modelPath };
