// Published vulnerabilities and the releases that have them: vulnerabilities.toml.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/model/model.h"

namespace ipo {

struct AffectedReleases {
  std::string from, through, before;  // from and through included, before not; empty = no end there
  std::string fixed;                  // "11.1.3.1", "later than 11.0.4.2"

  // Nothing where the release is not among them; possible where it is incomplete: "11.1" may be 11.1.3.1.
  std::optional<Certainty> have(const Release& release) const;
};

struct Vulnerability {
  std::string id;    // "CVE-2024-4196"
  std::string what;  // a clause: "a web request to Web Control runs commands"
  std::string component;
  std::string product;                 // "ip-office", "one-x-portal", "ccr", "application-server", "administration", "softconsole"
  bool separate = false;               // on another machine, of which no input tells the release
  std::vector<std::string> platforms;  // where the matrix has the component; empty = not told apart
  std::string score;                   // CVSS base score, "10.0"; empty = the record has none
  std::vector<AffectedReleases> affected;
  std::string source;

  // Of a system of the release on the platform ("ip500v2"; empty = not known); nothing where it does not have it.
  std::optional<Certainty> have(const Release& release, std::string_view platform, const AffectedReleases*& in) const;
};

// In the order of the file. Aborts only if the embedded data is damaged, which a test excludes.
std::span<const Vulnerability> vulnerabilities();

}  // namespace ipo
