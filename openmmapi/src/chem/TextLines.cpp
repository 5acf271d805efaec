// SPDX-License-Identifier: MIT
// Decompression, line ends and encodings of text files.
#include "TextLines.h"
#include "openmmorbit/ArgumentError.h"
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <boost/locale/utf.hpp>
#include <array>
#include <exception>
#include <fstream>
#include <iterator>
#include <utility>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
namespace utf = boost::locale::utf;

namespace {

const int END = std::char_traits<char>::eof();

/** First bytes of files that are no text, and what they are. */
const std::array<std::pair<string, const char*>, 8> FOREIGN = {
        {{"PK\x03\x04", "a zip archive; unpack it first"}, {"BZh", "a file compressed by bzip2; decompress it first"},
                {"\xfd"
                 "7zXZ",
                        "a file compressed by xz; decompress it first"},
                {"\x28\xb5\x2f\xfd", "a file compressed by zstd; decompress it first"},
                {"\xff\xfe", "text in UTF-16; save it as UTF-8"}, {"\xfe\xff", "text in UTF-16; save it as UTF-8"},
                {string("\0", 1), "text in UTF-16, or no text; save it as UTF-8"}, {"%PDF", "a PDF document"}}};

/** Windows-1252 from 0x80 to 0x9f; the rest is Latin-1, and so are its gaps. */
const std::array<utf::code_point, 32> WINDOWS_1252 = {{0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
        0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178}};

bool startsWith(const string& text, const string& start) {
    return text.compare(0, start.size(), start) == 0;
}

[[noreturn]] void refuse(const string& found) {
    throw ArgumentError("MoleculeReader::MoleculeReader: expected a readable file with records, got " + found);
}

} // namespace

string chem::toUtf8(const string& bytes) {
    string text;
    for (auto place = bytes.begin(); place != bytes.end();) {
        const auto start = place;
        utf::code_point point = utf::utf_traits<char>::decode(place, bytes.end());
        if (point == utf::illegal || point == utf::incomplete) {
            const auto byte = (unsigned char) *start;
            point = byte < 0xa0 ? WINDOWS_1252.at(byte - 0x80) : byte;
            place = start + 1;
        }
        utf::utf_traits<char>::encode(point == 0 ? 0xfffd : point, std::back_inserter(text));
    }
    return text;
}

string chem::shorten(const string& text, std::size_t length) {
    if (text.size() <= length)
        return text;
    while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
        length--;
    return text.substr(0, length) + "...";
}

struct TextLines::Impl {
    std::ifstream file;
    boost::iostreams::filtering_istreambuf stream;
    string ahead; ///< first bytes of the text, read to tell what it is
    std::size_t numTaken = 0; ///< of those
    int numLines = 0;
    bool damaged = false, blankPending = false;

    int take() {
        if (numTaken < ahead.size())
            return (unsigned char) ahead[numTaken++];
        return read([&] { return stream.sbumpc(); });
    }
    int peek() {
        if (numTaken < ahead.size())
            return (unsigned char) ahead[numTaken];
        return read([&] { return stream.sgetc(); });
    }
    template <class Read> int read(Read call) {
        if (damaged)
            return END;
        try {
            return call();
        }
        catch (const std::exception&) {
            damaged = true;
            return END;
        }
    }
};

TextLines::TextLines(const string& path) : impl(std::make_unique<Impl>()) {
    impl->file.open(path, std::ios::binary);
    if (!impl->file.is_open())
        refuse("no file \"" + path + "\"");
    string start(2, '\0');
    impl->file.read(&start[0], (std::streamsize) start.size());
    start.resize((std::size_t) impl->file.gcount());
    if (start.empty())
        refuse("the empty or unreadable file \"" + path + "\"");
    impl->file.clear();
    for (std::size_t i = 0; i < start.size(); i++)
        impl->file.unget();
    if (start == "\x1f\x8b")
        impl->stream.push(boost::iostreams::gzip_decompressor());
    impl->stream.push(impl->file);
    string& ahead = impl->ahead;
    for (int byte = 0; ahead.size() < 8 && byte != END;) {
        byte = impl->read([&] { return impl->stream.sbumpc(); });
        if (byte != END)
            ahead.push_back((char) byte);
    }
    for (const auto& [magic, kind] : FOREIGN)
        if (startsWith(ahead, magic))
            refuse("\"" + path + "\", which is " + kind);
    if (ahead.size() > 1 && ahead[1] == '\0')
        refuse("\"" + path + "\", which is text in UTF-16, or no text; save it as UTF-8");
    if (startsWith(ahead, "\xef\xbb\xbf"))
        impl->numTaken = 3;
}

TextLines::~TextLines() = default;

bool TextLines::next(string& line) {
    line.clear();
    if (impl->blankPending) {
        impl->blankPending = false;
        impl->numLines++;
        return true;
    }
    string bytes;
    int byte = impl->take();
    if (byte == END)
        return false;
    impl->numLines++;
    for (; byte != END && byte != '\n' && byte != '\r'; byte = impl->take())
        if (bytes.size() < MAX_RECORD_LENGTH)
            bytes.push_back((char) byte);
    if (byte == '\r') {
        // CR CR LF is one end: a file whose ends were converted twice. CR CR are two, with an empty line between.
        const bool doubled = impl->peek() == '\r';
        if (doubled)
            impl->take();
        if (impl->peek() == '\n')
            impl->take();
        else
            impl->blankPending = doubled;
    }
    line = toUtf8(bytes);
    return true;
}

int TextLines::getNumber() const {
    return impl->numLines;
}

bool TextLines::isDamaged() const {
    return impl->damaged;
}
