// SPDX-License-Identifier: MIT
// What may stand between bars behind a SMILES (ChemAxon extensions): parts that change the molecule are refused.
#include "Molecules.h"
#include <algorithm>
#include <cctype>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;

namespace {

/** Parts that say nothing about the structure of one molecule, by how they begin. */
const char* const HARMLESS[] = {"(", "$", "atomProp:", "a:", "lp:", "f:"};

struct Meaning {
    const char* beginning;
    const char* text;
};

/** What the others mean, longer beginnings first. */
const Meaning MEANINGS[] = {{"&", "a racemate; write the isomers on their own, or leave the centres open"},
        {"o", "centres known relative to each other; write the isomers on their own, or leave the centres open"},
        {"r", "relative stereochemistry; write the isomers on their own, or leave the centres open"},
        {"w", "wedged or wavy bonds; write the configuration into the SMILES"},
        {"ctu", "double bonds of unknown configuration; leave them open in the SMILES"},
        {"c", "a cis double bond; write it into the SMILES"}, {"t", "a trans double bond; write it into the SMILES"},
        {"^", "radicals, which the models were not trained for"},
        {"C:", "coordinate bonds; write them as -> in the SMILES"},
        {"H:", "hydrogen bonds, which are no bonds of a molecule"}, {"Z", "zero-order bonds"},
        {"m:", "a bond to one of several atoms"}, {"Sg", "groups of atoms such as polymers"}};

string explain(const string& part) {
    for (const Meaning& meaning : MEANINGS)
        if (part.rfind(meaning.beginning, 0) == 0)
            return meaning.text;
    return "something that is not known here";
}

bool isHarmless(const string& part) {
    for (const char* beginning : HARMLESS)
        if (part.rfind(beginning, 0) == 0)
            return true;
    return part.empty();
}

/** The end of the part that begins at a place: a comma, unless it stands in brackets or before another number. */
std::size_t findEnd(const string& text, std::size_t begin) {
    const char opening = text[begin], closing = opening == '(' ? ')' : '$';
    std::size_t end = begin;
    if (opening == '(' || opening == '$')
        end = text.find(closing, begin + 1);
    while (end < text.size()) {
        end = text.find(',', end);
        if (end == string::npos || end + 1 >= text.size() || std::isdigit((unsigned char) text[end + 1]) == 0)
            break;
        end++;
    }
    return std::min(end, text.size());
}

} // namespace

void chem::checkSmilesExtensions(const string& extensions, const Origin& origin) {
    for (std::size_t begin = 0; begin < extensions.size();) {
        const std::size_t end = findEnd(extensions, begin);
        const string part = extensions.substr(begin, end - begin);
        if (!isHarmless(part))
            throw ArgumentError(origin.function + ": expected a SMILES whose extensions can be kept, got \"" + part +
                    "\" behind " + origin.text + ": " + explain(part));
        begin = end + 1;
    }
}
