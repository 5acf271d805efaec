// SPDX-License-Identifier: MIT
// What Python shows of a value, containers that come back as Python's own, and conditions by name.

%pythoncode %{
_hybridizations = ("S", "SP", "SP2", "SP3", "other hybridization")
_bondOrders = ("no order", "single", "double", "triple", "aromatic", "dative")


def _counted(number, what):
    return f"{number} {what}" + ("" if number == 1 else "s")


def _symbol(element):
    from openmm import app

    return app.Element.getByAtomicNumber(element).symbol if element > 0 else "no element"
%}

%extend OrbitPlugin::MolecularGraph {
    %pythoncode %{
    def __repr__(self):
        # A double bond or an axis has a record for every pair of its end substituents.
        middles = [{frozenset(record.atoms[1:3]) for record in self.torsional
                    if (record.kind >= TorsionStereoKind_AtropisomerMinus) == axis} for axis in (False, True)]
        doubleBonds, axes = (len(middle) for middle in middles)
        parts = [_counted(self.getNumAtoms(), "atom"), _counted(self.getNumBonds(), "bond"),
                 _counted(len(self.tetrahedral), "stereocentre"),
                 _counted(doubleBonds, "stereo double bond")]
        if axes > 0:
            parts.append("1 axis" if axes == 1 else f"{axes} axes")
        return f"<MolecularGraph {self.getLabel()}, {self.getFormula() or 'empty'}: {', '.join(parts)}>"
    %}
}

%extend OrbitPlugin::GraphAtom {
    %pythoncode %{
    def __repr__(self):
        parts = [_symbol(self.element), _hybridizations[self.hybridization]]
        if self.formalCharge != 0:
            parts.append(f"charge {self.formalCharge:+d}")
        if self.isotope != 0:
            parts.append(f"isotope {self.isotope}")
        if self.aromatic:
            parts.append("aromatic")
        return f"<GraphAtom {self.name or 'without name'}: {', '.join(parts)}>"
    %}
}

%extend OrbitPlugin::GraphBond {
    %pythoncode %{
    def __repr__(self):
        return f"<GraphBond {self.atom1}-{self.atom2}, {_bondOrders[self.order]}>"
    %}
}

%extend OrbitPlugin::ConformerStatus {
    %pythoncode %{
    def __repr__(self):
        return f"<ConformerStatus {'accepted' if self.isAccepted() else self.message or 'not accepted'}>"
    %}
}

%extend OrbitPlugin::ConformerProvenance {
    %pythoncode %{
    numRedraws = property(lambda self: self.numResamplings,
                          lambda self, number: setattr(self, "numResamplings", number),
                          doc="Redraws before this copy: wrong copies in its place; the same as numResamplings.")

    def __repr__(self):
        model = f"{self.modelName or 'unnamed model'} sha256 {self.modelChecksum[:12] or 'unknown'}"
        return (f"<ConformerProvenance {model}, {self.condition or 'no condition'}, seed {self.seed}, record "
                f"{self.record}, copy {self.copy}, {_counted(self.numResamplings, 'redraw')}, "
                f"{_counted(self.numEvaluations, 'evaluation')}{', mirrored' if self.mirrored else ''}>")
    %}
}

%extend OrbitPlugin::SamplerSettings {
    /** Get the settings as a JSON object; methods and schedules are words. */
    std::string toJson() const {
        return OrbitPlugin::formatSampler(*$self);
    }
    /** Get the words that a setting may have, in the order of their numbers; none for a number. */
    static std::vector<std::string> getWords(const std::string& name) {
        return OrbitPlugin::getSamplerWords(name);
    }
    %pythoncode %{
    def getMethodName(self):
        """Get the word for the method, e.g. "multistep"."""
        return self.getWords("method")[self.method]

    def __repr__(self):
        rho = f", rho {self.rho:g}" if self.schedule == NoiseSchedule_Karras else ""
        renewal = f", renewal {self.renewal:g}" if self.renewal > 0 else ""
        if self.renewal > 0 and self.noiseScale != 1:
            renewal += f", noise scale {self.noiseScale:g}"
        guidance = f", stereo guidance {self.stereoGuidance:g} Angstrom" if self.stereoGuidance > 0 else ""
        levels = f"{self.getWords('schedule')[self.schedule]} from {self.sigmaMax:g} to {self.sigmaMin:g} Angstrom{rho}"
        if self.method == SamplerMethod_Bespoke:
            levels = f"from {self.sigmaMax:g} Angstrom"
        return (f"<SamplerSettings {self.getMethodName()}, {_counted(self.numSteps, 'step')}, {levels}{renewal}"
                f"{guidance}>")
    %}
}

%extend OrbitPlugin::DenoiserModel {
    %pythoncode %{
    def __repr__(self):
        settings, names = self.getSettings(), self.getTensorNames()
        checksum = f"sha256 {self.getChecksum()[:12]}" if names else "empty"
        return (f"<DenoiserModel {self.getMetadata('name') or self.getPath() or 'unnamed'}, {checksum}, width "
                f"{settings.width}, {_counted(settings.numLayers, 'layer')}, {_counted(len(names), 'tensor')}, "
                f"conditions: {', '.join(self.getConditions()) or 'none'}>")
    %}
}

%extend OrbitPlugin::OrbitDiffusionIntegrator {
    %pythoncode %{
    def __repr__(self):
        settings = self.getSamplerSettings()
        return (f"<OrbitDiffusionIntegrator {_counted(self.getNumMolecules(), 'molecule')}, "
                f"{settings.getMethodName()}, step {self.getCurrentStep()} of {settings.numSteps}, seed "
                f"{self.getRandomNumberSeed()}>")
    %}
}

%define ORBIT_SHOW_GENERATOR(CLASS)
%extend OrbitPlugin::CLASS {
    %pythoncode %{
    __repr__ = _showGenerator
    %}
}
%enddef

ORBIT_SHOW_GENERATOR(ConformerGenerator)
ORBIT_SHOW_GENERATOR(TopologyGenerator)
ORBIT_SHOW_GENERATOR(BackboneGenerator)

%extend OrbitPlugin::Ensemble {
    %pythoncode %{
    def __repr__(self):
        return f"<Ensemble {self.getGraph().getLabel()}: {_counted(self.getNumConformers(), 'conformer')}>"
    %}
}
