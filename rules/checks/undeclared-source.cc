// One finding for each source, at the first line that lets it in.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/undeclared_sources.h"

namespace ipo {
namespace {

// Services that give the PBX away whoever the source is.
constexpr std::array<std::string_view, 7> grave = {"ip-office/ingress/4",  "ip-office/ingress/15", "ip-office/ingress/31",
                                                   "ip-office/ingress/37", "ip-office/ingress/39", "ip-office/ingress/41",
                                                   "ip-office/ingress/44"};
constexpr std::size_t row_limit = 8;  // rows a message names

// The line that says who it is, for single addresses and nets; of signalling and media alone a provider.
std::string declaration(const std::string& sources, const std::vector<std::string>& rows) {
  bool calls = std::all_of(rows.begin(), rows.end(), is_of_calls);
  std::string list;
  for (std::size_t at = 0; at < sources.size();) {
    std::size_t end = std::min(sources.find(", ", at), sources.size());
    list += (list.empty() ? "\"" : ", \"") + sources.substr(at, end - at) + '"';
    at = end + 2;
  }
  return fmt::format("zones.NAME = {{ kind = \"{}\", sources = [{}] }}", calls ? "itsp" : "partner", list);
}

void run(const Judgement& judgement, Findings& findings) {
  for (const UndeclaredSource& undeclared : undeclared_sources(judgement.site, judgement.exposure)) {
    // A forward says what the source is there for; what a filter would let pass beside it comes only if the PBX is routed to.
    std::vector<Exposed> group, unled;
    for (const Exposed& e : undeclared.exposed) (e.opening->routed ? group : unled).push_back(e);
    if (group.empty()) std::swap(group, unled);
    const Exposed& first = group.front();
    const Opening& o = *first.opening;
    Space& s = o.passage->chains->space();
    PacketSet wanted =
        s.intersect(judgement.exposure.row_packets(*o.passage, *first.hit.row), s.test(Dimension::source, undeclared.addresses));
    Finding f = finding_at(judgement, "undeclared-source", o, wanted, first.hit.certainty);
    std::set<std::string> rows;
    for (const Exposed& e : group) rows.insert(e.hit.row->id);
    f.rows.assign(rows.begin(), rows.end());
    bool is_grave = std::any_of(f.rows.begin(), f.rows.end(),
                                [](const std::string& row) { return std::find(grave.begin(), grave.end(), row) != grave.end(); });
    f.level = level_at(is_grave ? Level::warning : Level::note, o);
    std::string ports = format_hits(group);
    if (f.rows.size() > row_limit) ports = fmt::format("{} services of the matrix", f.rows.size());
    std::string source = undeclared.text;
    if (source.size() > 120) source = source.substr(0, source.rfind(',', 100)) + " and others";
    bool many = source.find(", ") != source.npos;
    std::set<std::string> more;
    for (const Exposed& e : unled)
      if (!rows.contains(e.hit.row->id)) more.insert(e.hit.row->id);
    std::string beside;
    if (!more.empty())
      beside = fmt::format(" and {} more service{} of the matrix{}", more.size(), more.size() == 1 ? "" : "s",
                           if_routed(*unled.front().opening));
    f.message = fmt::format("{} {} {}{}{}, and no zone names {}", source, many ? "reach" : "reaches", ports, if_routed(o), beside,
                            many ? "these sources" : "this source");
    if (source == undeclared.text && source.find('-') == source.npos)
      f.message += "; in ipo-lint.toml: " + declaration(source, f.rows);
    for (const Exposed& e : undeclared.exposed)
      if (SourceSpan span = line_to_change(*e.opening).span(); span != f.span && f.related.size() < 5)
        if (std::none_of(f.related.begin(), f.related.end(), [&](const Note& n) { return n.span == span; }))
          f.related.push_back({"also let in by this line", span});
    f.identity = undeclared.zone + '\n' + undeclared.text;
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::undeclared_source = {"undeclared-source",
                                        "a single public source reaches the PBX and no zone says who it is",
                                        Level::warning,
                                        4.0,
                                        "high",
                                        {"security", "external/cwe/cwe-284"},
                                        run};

}  // namespace ipo
