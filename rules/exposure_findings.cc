#include "rules/exposure_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace ipo {
namespace {
constexpr std::size_t shown_limit = 8;  // ports named in a message; the rows name them all
}

RuleRef line_to_change(const Opening& opening) {
  return opening.flow->translation.rule ? opening.flow->translation : opening.by;
}

Level level_at(Level level, const Passage& passage) {
  if (passage.at->network_only) level = level == Level::error ? Level::warning : Level::note;
  bool side_known = !passage.zone->is_internet() || !passage.at->internet.empty();
  return side_known && passage.unlocated.empty() ? level : std::min(level, Level::warning);
}

Level level_at(Level level, const Opening& opening) {
  // What a rule that was not understood may accept is doubt enough for a warning, not for an error.
  bool guessed = opening.by.rule && opening.by.rule->action.kind == ActionKind::unknown;
  return std::min(level_at(level, *opening.passage), guessed ? Level::warning : Level::error);
}

std::string from_zone(const Opening& opening) { return "the " + opening.zone(); }

std::string if_routed(const Opening& opening) {
  if (opening.routed) return "";
  Space& s = opening.passage->chains->space();
  IntervalSet to = s.project(s.unite(opening.proven, opening.possible), Dimension::destination);
  return fmt::format(", if {} {} routed from there", format_addresses(to, opening.passage->ruleset->family),
                     to.size() == 1 ? "is" : "are");
}

std::string rule_text(const Judgement& judgement, RuleRef at) {
  SourceSpan span = at.span();
  std::string_view text = judgement.sources[span.source].slice(span);
  if (!at.rule) return at.chain->table + "/" + at.chain->name + " policy";
  if (text.starts_with('[')) text.remove_prefix(std::min(text.size(), text.find(']') + 1));
  return at.chain->table + "/" + at.chain->name + " " + std::string(text);
}

std::string format_hits(const std::vector<Exposed>& exposed) {
  // By transports, so that "tcp+udp/5060-5061" is one piece.
  std::map<std::string, IntervalSet> by_transport;
  for (const Exposed& e : exposed) {
    std::string transport;
    for (std::uint8_t p : e.hit->transports) transport += (transport.empty() ? "" : "+") + protocol_name(p);
    by_transport[transport].add(e.hit->ports);
  }
  std::string out;
  std::size_t shown = 0, all = 0;
  for (const auto& [transport, ports] : by_transport)
    for (const Interval& i : ports)
      if (++all <= shown_limit) {
        out += (out.empty() ? "" : ", ") + transport + "/" + format_ports(IntervalSet::range(i.lo, i.hi));
        ++shown;
      }
  if (all > shown) out += fmt::format(" and {} more", all - shown);
  return out;
}

Finding finding_at(const Judgement& judgement, std::string_view check, const Opening& opening, PacketSet wanted,
                   Certainty certainty) {
  const Passage& passage = *opening.passage;
  Finding f;
  f.check = check;
  f.certainty = certainty;
  f.span = line_to_change(opening).span();
  f.zone = opening.zone();
  f.hook = name_of(passage.hook);
  // The witness is a packet this very line decides.
  PacketSet mine = passage.chains->space().unite(opening.proven, opening.possible);
  if (certainty == Certainty::proven) mine = opening.proven;
  Exposure::Witness witness =
      judgement.exposure.witness(passage, *opening.flow, passage.chains->space().intersect(mine, wanted));
  f.witness = witness.packet;
  f.path = std::move(witness.path);
  if (opening.flow->translation.rule)
    f.related.push_back({opening.by.rule ? "accepted by this rule" : "accepted by this policy", opening.by.span()});
  for (std::size_t k = 1; k < witness.decided_by.size(); ++k)
    f.related.push_back({"then accepted here by " + passage.then[k - 1].at->firewall->name, witness.decided_by[k]});
  if (certainty == Certainty::possible) {
    f.doubt = std::move(witness.doubt);
    if (!passage.path_certain && passage.hook == Hook::forward && passage.host)
      f.doubt.push_back({"which interface leads to " + format_addresses(passage.addresses, passage.ruleset->family) +
                             " is not known",
                         opening.by.span()});
    if (!opening.located())
      f.doubt.push_back({passage.unlocated, opening.by.span()});
  }
  f.identity = opening.zone() + '\n' + rule_text(judgement, line_to_change(opening));
  return f;
}

std::vector<std::vector<Exposed>> exposed_rows(const Judgement& judgement, const Check& check) {
  std::map<std::tuple<SourceSpan, std::string, std::string>, std::vector<Exposed>> groups;
  for (const Opening& o : judgement.exposure.openings()) {
    if (o.unrestricted) continue;
    auto mine = [&](const RowHit& hit) {
      return hit.any && std::find(check.rows.begin(), check.rows.end(), hit.row->id) != check.rows.end();
    };
    // Where the PBX may be any destination a line gives one finding: its gravest service's, listing all.
    auto gravest = std::find_if(o.hits.begin(), o.hits.end(), [](const RowHit& hit) { return hit.any; });
    if (!o.located() && (gravest == o.hits.end() || !mine(*gravest))) continue;
    for (const RowHit& hit : o.hits)
      if (o.located() ? mine(hit) : hit.any) {
        bool split = !judgement.group && o.located();
        groups[{line_to_change(o).span(), o.zone(), split ? hit.row->id : ""}].push_back({&o, &hit});
      }
  }
  std::vector<std::vector<Exposed>> out;
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  return out;
}

const Exposed& surest(const std::vector<Exposed>& group) {
  auto proven = std::find_if(group.begin(), group.end(), [](const Exposed& e) { return e.hit->certainty == Certainty::proven; });
  return proven == group.end() ? group.front() : *proven;
}

Finding finding_for(const Judgement& judgement, std::string_view check, Level level, const Exposed& exposed) {
  const Opening& o = *exposed.opening;
  Finding f = finding_at(judgement, check, o, judgement.exposure.row_packets(*o.passage, *exposed.hit), exposed.hit->certainty);
  f.level = level_at(level, o);
  return f;
}

Finding exposed_finding(const Judgement& judgement, const Check& check, Level level, const std::vector<Exposed>& group,
                        std::string_view what) {
  const Exposed& speaker = surest(group);
  const Opening& o = *speaker.opening;
  Finding f = finding_for(judgement, check.id, level, speaker);
  // The forward beside it shows what is meant to be let in; that a private address is routed from outside is far-fetched.
  if (std::all_of(group.begin(), group.end(), [](const Exposed& e) { return e.hit->beside_forward; })) f.level = Level::note;
  std::set<std::string> rows;
  for (const Exposed& e : group) rows.insert(e.hit->row->id);
  std::string ports = format_hits(o.located() ? group : std::vector{group.front()});
  std::string others = !o.located() && rows.size() > 1 ? fmt::format(" and {} more service{}", rows.size() - 1, rows.size() > 2 ? "s" : "") : "";
  bool plural = ports.find_first_of(",-") != std::string::npos;
  f.rows.assign(rows.begin(), rows.end());
  f.message = fmt::format("{} ({}){} {} reachable from {}{}", ports, what, others,
                          plural || !others.empty() ? "are" : "is", from_zone(o),
                          if_routed(o));
  for (const std::string& row : f.rows) f.identity += '\n' + row;
  return f;
}

void report_exposed(const Judgement& judgement, Findings& findings, const Check& check, std::string_view what) {
  for (const auto& group : exposed_rows(judgement, check))
    findings.push_back(exposed_finding(judgement, check, check.severity, group, what));
}

}  // namespace ipo
