// SPDX-License-Identifier: MIT
// A ProgressCallback that calls a Python function, and lets Ctrl-C stop a generation between two steps.

%inline %{
namespace OrbitPlugin {

/** Calls a Python function report(numFinished, numCopies, fraction); what it raises stops the generation. */
class PythonProgressCallback : public ProgressCallback {
public:
    /** Create a callback. The function may be None: then only Ctrl-C is watched. */
    explicit PythonProgressCallback(PyObject* function) : function(function) {
        Py_INCREF(function);
    }
    PythonProgressCallback(const PythonProgressCallback&) = delete;
    PythonProgressCallback& operator=(const PythonProgressCallback&) = delete;
    ~PythonProgressCallback() override {
        Py_DECREF(function);
    }
    bool report(int numFinished, int numCopies, double fraction) override {
        PyGILState_STATE state = PyGILState_Ensure();
        bool proceed = PyErr_CheckSignals() == 0;
        if (proceed && function != Py_None) {
            PyObject* answer = PyObject_CallFunction(function, "iid", numFinished, numCopies, fraction);
            proceed = answer != nullptr && answer != Py_False;
            Py_XDECREF(answer);
        }
        PyGILState_Release(state);
        return proceed;
    }
private:
    PyObject* function;
};

} // namespace OrbitPlugin
%}
