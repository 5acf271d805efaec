// SPDX-License-Identifier: MIT
// A table of a run in a file: rows are appended, survive a full disk in memory, and follow the checkpoint on resuming.
#ifndef OPENMM_ORBIT_TORCH_CSVLOG_H_
#define OPENMM_ORBIT_TORCH_CSVLOG_H_

#include <string>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** A CSV file whose first column is the step. */
class CsvLog {
public:
    /**
     * Open the file. Rows of steps after lastStep are removed, because the run repeats them. A file with other columns
     * is kept beside it as path.old.
     *
     * @param path       the file's path
     * @param columns    titles, separated by commas
     * @param lastStep   step of the checkpoint, or 0
     * @throws OpenMMException if the file cannot be written
     */
    CsvLog(const std::string& path, const std::string& columns, long long lastStep);
    /**
     * Append a row. Rows that cannot be written wait in memory for the next call.
     *
     * @return false if rows are waiting
     */
    bool add(const std::string& row);
    /** Get the number of rows that wait. */
    int getNumWaiting() const {
        return (int) waiting.size();
    }
private:
    std::string path;
    long long size = 0;
    std::vector<std::string> waiting;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_CSVLOG_H_
