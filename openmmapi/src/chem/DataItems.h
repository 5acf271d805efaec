// SPDX-License-Identifier: MIT
// The data items of SD records: collected line by line, and written so that every reader finds them again.
#ifndef OPENMM_ORBIT_DATAITEMS_H_
#define OPENMM_ORBIT_DATAITEMS_H_

#include <string>
#include <utility>
#include <vector>

namespace OrbitPlugin {
namespace chem {

/** Names and values of data items, in the order of a record. */
typedef std::vector<std::pair<std::string, std::string>> DataItems;

/** Collects the data items of one record. */
class DataItemCollector {
public:
    /** Take the next line behind the mol block. */
    void add(const std::string& line);
    /** Get what was found. Items of one name are one item; empty lines inside a value are kept. */
    const DataItems& getItems() const {
        return items;
    }

private:
    DataItems items;
    std::size_t current = 0;
    int numBlank = 1;
    bool empty = true;
};

/** Write a data item; what an SD file cannot hold is changed: brackets in the name, lines that would end the value. */
std::string writeDataItem(const std::string& name, const std::string& value);

/** Get a text as a title: one line without control characters, and not the line that ends a record. */
std::string toTitle(const std::string& text);

} // namespace chem
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_DATAITEMS_H_
