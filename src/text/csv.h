// Comma-separated values as spreadsheets and Python's csv module write them (RFC 4180): fields may
// be quoted, quotes inside are doubled, lines end in LF, CRLF or CR.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

// Every row that is not an empty line. Lenient: spaces before a field are skipped, text after a
// closing quote is kept, a quote left open reaches to the end.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);

// One row with its CRLF; quotes only where parse_csv would not give the field back without.
std::string format_csv_row(const std::vector<std::string>& fields);

}  // namespace pentimento
