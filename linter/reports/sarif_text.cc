// What is not plain text everywhere is escaped, byte by byte.
#include "linter/reports/sarif_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "linter/output/snippet.h"

namespace ipo {

std::string sarif_uri(std::string_view path) {
  std::string uri;
  for (char c : path) {
    auto b = static_cast<unsigned char>(c);
    bool plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
                 std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", b);
  }
  return uri;
}

std::string outside_uri(std::string_view absolute) { return "file://" + (absolute.empty() ? "/dev/stdin" : sarif_uri(absolute)); }

std::string sarif_text(std::string_view text) {
  std::string out;
  std::string clean = printable(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    char c = clean[i];
    if (c == '{') {
      std::size_t end = clean.find_first_not_of("0123456789", i + 1);
      if (end != clean.npos && end > i + 1 && clean[end] == '}') {
        out += fmt::format("{{{}}}", clean.substr(i, end - i + 1));
        i = end;
        continue;
      }
    }
    if (c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string visible(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find_first_of("\r\n\t", at), text.size());
    out += printable(text.substr(at, end - at));
    if (end < text.size()) out += text[end++];
    at = end;
  }
  return out;
}

std::string pascal_case(std::string_view id) {
  std::string name;
  bool upper = true;
  for (char c : id) {
    if (c != '-') name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '-';
  }
  return name;
}

std::string as_sentence(std::string text) {
  if (!text.ends_with('.')) text += '.';
  return text;
}

std::string_view cwe_name(std::string_view number) {
  using Entry = std::pair<std::string_view, std::string_view>;
  static constexpr Entry names[] = {
      {"183", "Permissive List of Allowed Inputs"},
      {"200", "Exposure of Sensitive Information to an Unauthorized Actor"},
      {"255", "Credentials Management Errors"},
      {"269", "Improper Privilege Management"},
      {"284", "Improper Access Control"},
      {"285", "Improper Authorization"},
      {"286", "Incorrect User Management"},
      {"287", "Improper Authentication"},
      {"306", "Missing Authentication for Critical Function"},
      {"307", "Improper Restriction of Excessive Authentication Attempts"},
      {"311", "Missing Encryption of Sensitive Data"},
      {"319", "Cleartext Transmission of Sensitive Information"},
      {"400", "Uncontrolled Resource Consumption"},
      {"489", "Active Debug Code"},
      {"502", "Deserialization of Untrusted Data"},
      {"521", "Weak Password Requirements"},
      {"522", "Insufficiently Protected Credentials"},
      {"561", "Dead Code"},
      {"570", "Expression is Always False"},
      {"636", "Not Failing Securely"},
      {"668", "Exposure of Resource to Wrong Sphere"},
      {"670", "Always-Incorrect Control Flow Implementation"},
      {"693", "Protection Mechanism Failure"},
      {"694", "Use of Multiple Resources with Duplicate Identifier"},
      {"697", "Incorrect Comparison"},
      {"710", "Improper Adherence to Coding Standards"},
      {"732", "Incorrect Permission Assignment for Critical Resource"},
      {"749", "Exposed Dangerous Method or Function"},
      {"770", "Allocation of Resources Without Limits or Throttling"},
      {"778", "Insufficient Logging"},
      {"798", "Use of Hard-coded Credentials"},
      {"862", "Missing Authorization"},
      {"863", "Incorrect Authorization"},
      {"923", "Improper Restriction of Communication Channel to Intended Endpoints"},
      {"937", "OWASP Top Ten 2013 A9: Using Components with Known Vulnerabilities"},
      {"940", "Improper Verification of Source of a Communication Channel"},
      {"1059", "Insufficient Technical Documentation"},
      {"1104", "Use of Unmaintained Third Party Components"},
      {"1164", "Irrelevant Code"},
      {"1188", "Initialization of a Resource with an Insecure Default"},
      {"1220", "Insufficient Granularity of Access Control"},
      {"1391", "Use of Weak Credentials"},
      {"1392", "Use of Default Credentials"},
      {"1393", "Use of Default Password"},
      {"1395", "Dependency on Vulnerable Third-Party Component"},
  };
  auto found = std::find_if(std::begin(names), std::end(names), [&](const Entry& e) { return e.first == number; });
  return found == std::end(names) ? std::string_view() : found->second;
}

}  // namespace ipo
