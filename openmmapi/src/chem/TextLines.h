// SPDX-License-Identifier: MIT
// The lines of a text file, plain or compressed, with any line ends, as UTF-8.
#ifndef OPENMM_ORBIT_TEXTLINES_H_
#define OPENMM_ORBIT_TEXTLINES_H_

#include <memory>
#include <string>

namespace OrbitPlugin {
namespace chem {

/** Longest record that is read, in bytes; what is longer is reported and not kept. */
constexpr std::size_t MAX_RECORD_LENGTH = 16 << 20;

/**
 * Get a text as UTF-8 without NUL. Bytes that are no UTF-8 are read as Windows-1252, which contains Latin-1; NUL
 * becomes U+FFFD.
 */
std::string toUtf8(const std::string& bytes);

/** Get the beginning of a text in UTF-8 for a message; "..." stands for what is beyond the number of bytes. */
std::string shorten(const std::string& text, std::size_t length);

/**
 * Reads a file line by line. Lines end with LF, CR LF or CR, also mixed. A byte order mark is left out, and a file that
 * begins as gzip's do is decompressed whatever its name is.
 */
class TextLines {
public:
    /**
     * Open a file.
     *
     * @throws ArgumentError if it cannot be read, is empty, or holds UTF-16 or another compression
     */
    explicit TextLines(const std::string& path);
    ~TextLines();
    /**
     * Read a line.
     *
     * @param line   the line without its end, as UTF-8, at most MAX_RECORD_LENGTH bytes of it
     * @return false at the end of the file
     */
    bool next(std::string& line);
    /** Get the number of the last line, from 1. */
    int getNumber() const;
    /** Get whether the file turned out to be damaged: what was read is all that there is. */
    bool isDamaged() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl;
};

} // namespace chem
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TEXTLINES_H_
