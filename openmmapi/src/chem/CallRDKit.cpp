// SPDX-License-Identifier: MIT
// Calls RDKit so that its exceptions, null results and log reach the user as one sentence of ours.
#include "Molecules.h"
#include <RDGeneral/RDLog.h>
#include <cctype>
#include <mutex>
#include <sstream>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;

namespace {

/** Sends RDKit's error log, which is one for the whole process, into a text for as long as the object lives. */
class ErrorLogCapture {
public:
    ErrorLogCapture() : lock(getMutex()), previous(rdErrorLog) {
        rdErrorLog = std::make_shared<boost::logging::rdLogger>(&text);
    }
    ~ErrorLogCapture() {
        rdErrorLog = previous;
    }
    string getText() const {
        return text.str();
    }
private:
    static std::mutex& getMutex() {
        static std::mutex mutex;
        return mutex;
    }
    std::unique_lock<std::mutex> lock;
    std::ostringstream text;
    RDLogger previous;
};

} // namespace

/** Drop RDKit's time stamps, its own prefixes and line ends from a text. */
static string tidyReason(const string& text) {
    std::istringstream lines(text);
    string line, reason;
    const string prefix = "SMILES Parse Error: ";
    while (std::getline(lines, line)) {
        if (line.size() > 10 && line[0] == '[' && std::isdigit((unsigned char) line[1]) != 0 &&
                line.find(']') != string::npos)
            line.erase(0, line.find(']') + 1);
        const std::size_t first = line.find_first_not_of(" \t\r~^-");
        if (first == string::npos || line.find("Failed parsing SMILES") != string::npos)
            continue;
        line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
        if (line.rfind(prefix, 0) == 0)
            line.erase(0, prefix.size());
        reason += (reason.empty() ? "" : " ") + line;
    }
    return reason;
}

std::unique_ptr<RDKit::RWMol> chem::callRDKit(const Origin& origin, const string& expected,
        const std::function<RDKit::RWMol*()>& call) {
    try {
        std::unique_ptr<RDKit::RWMol> result(call());
        if (result)
            return result;
    }
    catch (const std::exception&) {
        // The second call below finds the same fault and reports it.
    }
    const ErrorLogCapture capture;
    string reason;
    try {
        std::unique_ptr<RDKit::RWMol> result(call());
        if (result)
            return result;
    }
    catch (const std::exception& error) {
        reason = error.what();
    }
    const string logged = tidyReason(capture.getText());
    reason = logged.empty() ? tidyReason(reason) : logged;
    throw ArgumentError(origin.function + ": expected " + expected + ", got " + origin.text +
        (reason.empty() ? "" : "; RDKit says: " + reason));
}
