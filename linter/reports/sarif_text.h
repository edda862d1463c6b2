// Texts and addresses the way SARIF wants them.
#pragma once

#include <string>
#include <string_view>

namespace ipo {

// A path as it is in a URI, percent-encoded.
std::string sarif_uri(std::string_view path);
// The whole URI of a file outside of the repository, which must not look like one inside; of none it is standard input's.
std::string outside_uri(std::string_view absolute);
// Plain text for message.text: brackets and backslashes escaped, so that no input makes a link; "{0}" doubled, so that
// none makes a placeholder; invisible characters as in the text report.
std::string sarif_text(std::string_view text);
// Quoted lines: what a viewer would obey or not show as in printable(), but line ends and tabs stay.
std::string visible(std::string_view text);
// "tftp-exposed" -> "TftpExposed".
std::string pascal_case(std::string_view id);
// With a full stop at the end.
std::string as_sentence(std::string text);
// MITRE's short name of a CWE number ("284"); empty for those no check uses.
std::string_view cwe_name(std::string_view number);

}  // namespace ipo
