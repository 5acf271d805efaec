// SPDX-License-Identifier: MIT
// Units of what the C++ calls return: positions and times come back as openmm.unit.Quantity.

%pythoncode %{
from openmm import unit as _unit
%}

// ORBIT_UNIT(Class::method, unit): the returned number or array carries a unit.
%define ORBIT_UNIT(NAME, UNIT)
%pythonappend NAME %{
    val = _unit.Quantity(val, UNIT)
%}
%enddef
