// SPDX-License-Identifier: MIT
// A value that has no words of its own shows its fields in Python, instead of the address of a proxy.

%pythoncode %{
from openmmorbit._fields import showFields as _swig_repr, showGenerator as _showGenerator
%}
