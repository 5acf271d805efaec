// SPDX-License-Identifier: MIT
// From a permutation group to strata and exchange classes: isomorphic branches are found on the graph and checked by
// the group.
#include "openmmorbit/internal/OrbitLattice.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

using namespace OrbitPlugin;
using std::vector;

namespace {

const size_t MAX_EXCHANGES = 6;
const size_t MAX_STRATA = 20000;

typedef vector<vector<int>> MemberList;

vector<int> select(const vector<int>& values, const vector<int>& places) {
    vector<int> selected;
    for (int place : places)
        selected.push_back(values[place]);
    return selected;
}

/**
 * Bring a permutation into the form that all elements of its stratum share: sources in increasing order, inside out.
 */
void canonicalize(const ExchangeClass& exchange, const vector<int>& atoms, vector<int>& permutation) {
    MemberList sites, sources;
    for (const vector<int>& member : exchange.members) {
        sites.push_back(select(atoms, member));
        for (const ExchangeClass& inner : exchange.inner)
            canonicalize(inner, sites.back(), permutation);
        sources.push_back(select(permutation, sites.back()));
    }
    std::sort(sources.begin(), sources.end());
    for (size_t m = 0; m < sites.size(); m++)
        for (size_t k = 0; k < sites[m].size(); k++)
            permutation[sites[m][k]] = sources[m][k];
}

vector<int> getCanonical(const vector<ExchangeClass>& classes, vector<int> permutation) {
    vector<int> atoms(permutation.size());
    std::iota(atoms.begin(), atoms.end(), 0);
    for (const ExchangeClass& exchange : classes)
        canonicalize(exchange, atoms, permutation);
    return permutation;
}

/** Finds branches, the parts behind a bond that is in no ring, which the group exchanges freely. */
class BranchSearch {
public:
    BranchSearch(const SymmetryGroup& group, const MemberList& neighbors) : group(group), neighbors(neighbors) {
        for (const vector<int>& leaves : group.leafClasses) {
            ExchangeClass exchange;
            for (int leaf : leaves)
                exchange.members.push_back({leaf});
            exchange.single = {0};
            leafClasses.push_back(exchange);
        }
        for (const vector<int>& representative : group.representatives)
            cosets.insert(getCanonical(leafClasses, representative));
    }
    /** Get leaf classes and classes of larger branches, each as a list of aligned members. */
    vector<MemberList> findClasses() const {
        vector<MemberList> classes;
        for (const ExchangeClass& exchange : leafClasses)
            classes.push_back(exchange.members);
        for (int parent = 0; parent < group.numAtoms; parent++) {
            MemberList branches;
            for (int root : neighbors[parent])
                if (neighbors[root].size() > 1)
                    branches.push_back(getBranch(parent, root));
            branches.erase(std::remove(branches.begin(), branches.end(), vector<int>()), branches.end());
            while (!branches.empty())
                addClass(parent, branches, classes);
        }
        return classes;
    }
private:
    /** Get the atoms behind the bond from parent to root, the root first; none if a ring leads back. */
    vector<int> getBranch(int parent, int root) const {
        vector<int> branch = {root};
        vector<bool> seen(group.numAtoms, false);
        seen[root] = true;
        for (size_t k = 0; k < branch.size(); k++)
            for (int next : neighbors[branch[k]]) {
                if (next == parent && k > 0)
                    return {};
                if (next != parent && !seen[next]) {
                    seen[next] = true;
                    branch.push_back(next);
                }
            }
        return branch;
    }
    /** Move the first branch, and all that can be exchanged with it, from the list into a class. */
    void addClass(int parent, MemberList& branches, vector<MemberList>& classes) const {
        const vector<int> base = branches.front();
        MemberList members = {base}, others;
        for (size_t k = 1; k < branches.size(); k++) {
            const vector<int> aligned = align(parent, base, branches[k]);
            if (aligned.empty())
                others.push_back(branches[k]);
            else
                members.push_back(aligned);
        }
        branches = others;
        if (members.size() > 1)
            classes.push_back(members);
    }
    /** List a branch in the order of another one if their exchange belongs to the group; otherwise nothing. */
    vector<int> align(int parent, const vector<int>& base, const vector<int>& branch) const {
        if (base.size() != branch.size())
            return {};
        const std::set<int> atoms(branch.begin(), branch.end());
        for (const vector<int>& element : group.representatives) {
            if (element[parent] != parent || element[base[0]] != branch[0])
                continue;
            const vector<int> aligned = select(element, base);
            if (std::set<int>(aligned.begin(), aligned.end()) != atoms)
                continue;
            vector<int> exchange(group.numAtoms);
            std::iota(exchange.begin(), exchange.end(), 0);
            for (size_t k = 0; k < base.size(); k++) {
                exchange[base[k]] = aligned[k];
                exchange[aligned[k]] = base[k];
            }
            if (cosets.count(getCanonical(leafClasses, exchange)) > 0)
                return aligned;
        }
        return {};
    }
    const SymmetryGroup& group;
    const MemberList& neighbors;
    vector<ExchangeClass> leafClasses;
    std::set<vector<int>> cosets;
};

bool contains(const vector<int>& atoms, const MemberList& members) {
    return std::all_of(members.begin(), members.end(), [&](const vector<int>& member) {
        return std::all_of(member.begin(), member.end(),
            [&](int atom) { return std::find(atoms.begin(), atoms.end(), atom) != atoms.end(); });
    });
}

/** Nest the classes that lie within some atoms; single receives the places of atoms outside all of them. */
vector<ExchangeClass> nest(const vector<int>& atoms, const vector<MemberList>& classes, vector<int>& single) {
    vector<MemberList> inside;
    for (const MemberList& members : classes)
        if (contains(atoms, members))
            inside.push_back(members);
    vector<bool> covered(atoms.size(), false);
    vector<ExchangeClass> nested;
    for (const MemberList& members : inside) {
        const bool isInner = std::any_of(inside.begin(), inside.end(), [&](const MemberList& other) {
            return std::any_of(other.begin(), other.end(), [&](const vector<int>& branch) {
                return branch.size() > members[0].size() && contains(branch, members);
            });
        });
        if (isInner)
            continue;
        ExchangeClass exchange;
        exchange.inner = nest(members[0], classes, exchange.single);
        for (const vector<int>& member : members) {
            exchange.members.emplace_back();
            for (int atom : member) {
                const size_t place = std::find(atoms.begin(), atoms.end(), atom) - atoms.begin();
                exchange.members.back().push_back((int) place);
                covered[place] = true;
            }
        }
        nested.push_back(exchange);
    }
    for (size_t place = 0; place < atoms.size(); place++)
        if (!covered[place])
            single.push_back((int) place);
    return nested;
}

/** Get ln n!. std::lgamma() writes the sign into a global variable, and several threads prepare batches. */
double logFactorial(size_t n) {
    double sum = 0;
    for (size_t k = 2; k <= n; k++)
        sum += std::log((double) k);
    return sum;
}

double countExchanges(const vector<ExchangeClass>& classes) {
    double sum = 0;
    for (const ExchangeClass& exchange : classes)
        sum += logFactorial(exchange.members.size()) +
            (double) exchange.members.size() * countExchanges(exchange.inner);
    return sum;
}

/** Split classes of too many members. Returns true if there was one. */
bool limitExchanges(vector<MemberList>& classes) {
    vector<MemberList> limited;
    for (const MemberList& members : classes)
        for (size_t first = 0; first < members.size(); first += MAX_EXCHANGES)
            limited.emplace_back(members.begin() + first,
                members.begin() + std::min(first + MAX_EXCHANGES, members.size()));
    const bool changed = limited.size() != classes.size();
    limited.erase(std::remove_if(limited.begin(), limited.end(),
        [](const MemberList& members) { return members.size() < 2; }), limited.end());
    classes = limited;
    return changed;
}

} // namespace

double LatticeGroup::getLogOrder() const {
    return logNumExchanges + std::log((double) strata.size());
}

LatticeGroup OrbitPlugin::makeLatticeGroup(const SymmetryGroup& group, const vector<vector<int>>& neighbors,
        int maxStrata) {
    const BranchSearch search(group, neighbors);
    vector<MemberList> classes = search.findClasses();
    if ((int) group.representatives.size() <= maxStrata)
        classes.resize(group.leafClasses.size());
    const bool isSubgroup = limitExchanges(classes);
    LatticeGroup result;
    result.numAtoms = group.numAtoms;
    vector<int> atoms(group.numAtoms);
    std::iota(atoms.begin(), atoms.end(), 0);
    result.classes = nest(atoms, classes, result.single);
    result.logNumExchanges = countExchanges(result.classes);
    result.strata.push_back(atoms);
    std::set<vector<int>> known = {getCanonical(result.classes, atoms)};
    if (!isSubgroup)
        for (const vector<int>& representative : group.representatives)
            if (known.insert(getCanonical(result.classes, representative)).second)
                result.strata.push_back(representative);
    if (result.strata.size() > MAX_STRATA)
        result.strata.resize(1);
    return result;
}
