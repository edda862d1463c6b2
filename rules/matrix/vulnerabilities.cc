// A release is every release that begins with its numbers: the first of them ends in zeros, the last one in the largest numbers
// there are. It surely is in a range when both are, and perhaps when the two ranges meet.
#include "rules/matrix/vulnerabilities.h"

#include <algorithm>
#include <limits>

#include "rules/matrix/toml_table.h"

namespace ipo {
namespace {

constexpr std::size_t parts = 5;  // major, minor, maintenance, special, feature pack
constexpr unsigned last = std::numeric_limits<unsigned>::max();

std::vector<unsigned> filled(std::vector<unsigned> release, unsigned with) {
  release.resize(std::max(parts, release.size()), with);
  return release;
}

std::vector<Vulnerability> read_vulnerabilities() {
  Sources sources = embedded_matrix_file("vulnerabilities.toml");
  Document document = read_toml(sources, 0);
  std::vector<Note> errors = document.damages;
  std::vector<Vulnerability> out;
  TomlTable top(document.root, errors);
  for (const Node* node : top.tables("vulnerability")) {
    TomlTable table(*node, errors);
    Vulnerability v{table.text("id"),
                    table.text("what"),
                    table.text("component"),
                    table.text("product"),
                    table.flag("separate", false).value_or(false),
                    table.texts("platforms", false),
                    table.text("score", false),
                    {},
                    table.text("source")};
    for (const Node* range : table.tables("affected")) {
      TomlTable affected(*range, errors);
      v.affected.push_back(
          {affected.text("from", false), affected.text("through", false), affected.text("before", false), affected.text("fixed")});
      affected.report_unknown_keys();
    }
    table.report_unknown_keys();
    out.push_back(std::move(v));
  }
  top.report_unknown_keys();
  require_undamaged(sources, errors);
  return out;
}

}  // namespace

std::optional<Certainty> AffectedReleases::have(const Release& release) const {
  if (release.parts.empty()) return {};
  // An export writes five parts; four of them tell the service pack.
  std::vector<unsigned> low = filled(release.parts, 0), high = filled(release.parts, release.parts.size() >= 4 ? 0 : last);
  std::vector<unsigned> begin = from.empty() ? filled({}, 0) : filled(parse_release(from).parts, 0);
  auto ended = [&](const std::vector<unsigned>& at) {
    if (!before.empty()) return at >= filled(parse_release(before).parts, 0);
    return !through.empty() && at > filled(parse_release(through).parts, last);
  };
  if (high < begin || ended(low)) return {};
  return low >= begin && !ended(high) ? Certainty::proven : Certainty::possible;
}

std::optional<Certainty> Vulnerability::have(const Release& release, std::string_view platform, const AffectedReleases*& in) const {
  for (const AffectedReleases& range : affected)
    if (std::optional<Certainty> certainty = range.have(release)) {
      in = &range;
      bool elsewhere =
          !platforms.empty() && !platform.empty() && std::find(platforms.begin(), platforms.end(), platform) == platforms.end();
      return elsewhere || separate ? Certainty::possible : *certainty;
    }
  return {};
}

std::span<const Vulnerability> vulnerabilities() {
  static const std::vector<Vulnerability> list = read_vulnerabilities();
  return list;
}

}  // namespace ipo
