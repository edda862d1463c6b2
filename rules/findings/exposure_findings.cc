#include "rules/findings/exposure_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/opened_media.h"
#include "rules/site/join_dumps.h"
#include "rules/site/required.h"

namespace ipo {
namespace {
constexpr std::size_t shown_limit = 8;  // pieces of ports named in a message; the rows name them all

// The next word of a rule, in its quotes if it has some; empty at the end.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  std::size_t end = 0;
  for (char quote = 0; end < text.size() && (quote || std::string_view(" \t\r\n").find(text[end]) == text.npos); ++end) {
    if (text[end] == '\\' && end + 1 < text.size())
      ++end;
    else if (quote ? text[end] == quote : text[end] == '"' || text[end] == '\'')
      quote = quote ? char{0} : text[end];
  }
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}
}  // namespace

RuleRef line_to_change(const Opening& opening) { return opening.line; }

Level level_of_loss(Level level, const Passage& passage) {
  bool side_known = !passage.zone->is_internet() || !passage.at->internet.empty() || passage.at->network_only;
  return side_known && passage.unlocated.empty() ? level : std::min(level, Level::warning);
}

Level level_at(Level level, const Passage& passage) {
  if (passage.at->network_only) level = level == Level::error ? Level::warning : Level::note;
  return level_of_loss(level, passage);
}

Level level_at(Level level, const Opening& opening) {
  // What a rule that was not understood may accept, or a table that is not shown may translate, is doubt enough for a warning,
  // not for an error.
  const Rule* translation = opening.flow->translation.rule;
  const Rule* by = opening.by.rule;
  bool guessed = (by && (by->action.kind == ActionKind::unknown || by->understanding == Understanding::not_understood)) ||
                 (translation && is_supposed(*translation));
  return std::min(level_at(level, *opening.passage), guessed ? Level::warning : Level::error);
}

std::string from_zone(const Opening& opening) { return (opening.passage->zone->is_internet() ? "the " : "zone ") + opening.zone(); }

bool OpenToAnyone::covers(const Opening& o, const RowHit& hit) const {
  return std::all_of(hit.transports.begin(), hit.transports.end(), [&](std::uint8_t transport) {
    auto open = ports_.find({o.passage->host, o.passage->at, hit.row, transport});
    return open != ports_.end() && open->second.covers(hit.ports);
  });
}

OpenToAnyone::OpenToAnyone(const Exposure& exposure) {
  for (const Opening& o : exposure.openings())
    for (const RowHit& hit : o.hits)
      if (o.located() && hit.any)
        for (std::uint8_t transport : hit.transports) ports_[{o.passage->host, o.passage->at, hit.row, transport}].add(hit.ports);
}

std::string if_routed(const Opening& opening) {
  if (opening.routed) return "";
  Space& s = opening.passage->chains->space();
  IntervalSet to = s.project(s.unite(opening.proven, opening.possible), Dimension::destination);
  return fmt::format(", if {} {} routed from there", format_addresses(to, opening.passage->ruleset->family),
                     to.size() == 1 ? "is" : "are");
}

bool names_ports(const Opening& opening) {
  auto names = [](const Rule* rule) { return rule && is_about_ports(*rule); };
  return names(opening.by.rule) || names(opening.line.rule) || names(opening.flow->translation.rule);
}

IntervalSet source_ports(const Opening& opening) {
  Space& s = opening.passage->chains->space();
  PacketSet both = s.unite(opening.proven, opening.possible);
  return s.project(s.intersect(both, s.test(Dimension::protocol, IntervalSet({{proto_tcp, proto_tcp}, {proto_udp, proto_udp}}))),
                   Dimension::source_port);
}

std::string if_sent_from(const Opening& opening) {
  IntervalSet ports = source_ports(opening);
  if (ports.empty() || ports.size() >= few_ports) return "";
  return fmt::format(", if it is sent from port{} {}", ports.size() == 1 ? "" : "s", format_ports(ports));
}

std::string rule_text(const Judgement& judgement, RuleRef at) {
  SourceSpan span = at.span();
  std::string_view text = judgement.sources[span.source].slice(span);
  if (!at.rule) return at.chain->table + "/" + at.chain->name + " policy";
  if (text.starts_with('[')) text.remove_prefix(std::min(text.size(), text.find(']') + 1));
  std::string out = at.chain->table + "/" + at.chain->name;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    std::string_view rest = text;
    if ((word == "-m" || word == "--match") && next_word(rest) == "comment") {
      text = rest;
    } else if (word == "--comment") {
      next_word(text);
    } else if (word == "-c" || word == "--set-counters") {
      next_word(text), next_word(text);
    } else if (!word.starts_with("--comment=")) {
      (out += ' ') += word;
    }
  }
  return out;
}

std::string format_ports(const PortsByTransport& ports) {
  std::string out;
  std::size_t all = 0;
  for (const auto& [transport, set] : ports)
    for (const Interval& i : set)
      if (++all <= shown_limit) out += (out.empty() ? "" : ", ") + transport + "/" + format_ports(IntervalSet::range(i.lo, i.hi));
  if (all > shown_limit) out += fmt::format(" and {} more", all - shown_limit);
  return out;
}

std::string format_hits(const std::vector<Exposed>& exposed) {
  PortsByTransport ports;
  for (const Exposed& e : exposed) {
    std::string transport;
    for (std::uint8_t p : e.hit.transports) transport += (transport.empty() ? "" : "+") + protocol_name(p);
    ports[transport].add(e.hit.ports);
  }
  return format_ports(ports);
}

bool is_plural(std::string_view ports) { return ports.find_first_of(",-") != ports.npos; }

PacketSet packets_of(const Judgement& judgement, const Exposed& exposed) {
  const Opening& o = *exposed.opening;
  Space& s = o.passage->chains->space();
  return s.intersect(s.unite(o.proven, o.possible), judgement.exposure.row_packets(*o.passage, exposed.hit));
}

PacketSet as_they_arrive(const Opening& opening, PacketSet seen) {
  ChainSets& chains = *opening.passage->chains;
  Space& s = chains.space();
  return s.intersect(s.possible(opening.flow->accepted), Reach(chains).before(seen, *opening.flow));
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
      judgement.exposure.witness(passage, *opening.flow, passage.chains->space().intersect(mine, wanted), opening.by);
  f.witness = witness.packet;
  f.path = std::move(witness.path);
  if (line_to_change(opening).span() != opening.by.span())
    f.related.push_back({opening.by.rule ? "accepted by this rule" : "accepted by this policy", opening.by.span()});
  if (const RuleRef& led = opening.flow->translation; led.rule && line_to_change(opening).span() != led.span())
    f.related.push_back({"led to the PBX by this rule", led.span()});
  // What a policy accepts came back from every chain it was sent to.
  if (!opening.by.rule)
    for (SourceSpan by : witness.returned)
      if (f.related.size() < 3) f.related.push_back({"what this rule returns comes to the policy", by});
  for (std::size_t k = 1; k < witness.decided_by.size(); ++k)
    f.related.push_back({"then accepted here by " + passage.then[k - 1].at->firewall->name, witness.decided_by[k]});
  if (certainty == Certainty::possible) f.doubt = std::move(witness.doubt);
  f.identity = opening.zone() + '\n' + rule_text(judgement, line_to_change(opening));
  return f;
}

namespace {

const Check* owner_of(const std::string& row) {
  static const std::map<std::string_view, const Check*> owners = [] {
    std::map<std::string_view, const Check*> out;
    for (const Check& check : checks())
      for (std::string_view id : check.rows) out.emplace(id, &check);
    return out;
  }();
  auto owner = owners.find(row);
  return owner == owners.end() ? nullptr : owner->second;
}

// A hit and the check that speaks of it; null where no check owns its row.
struct Spoken {
  RowHit hit;
  const Check* by = nullptr;
};

// A session border controller is declared and this goes past it; not where those outside are declared to come directly.
bool goes_past_sbc(const Site& site, const RowHit& hit) {
  bool sbc = has_zone(site, "sbc") || (site.remote_workers && site.remote_workers->value == "sbc");
  if (!sbc || std::any_of(site.trunks.begin(), site.trunks.end(), [](const Trunk& t) { return t.zone.value == "internet"; }))
    return false;
  std::string_view workers = site.remote_workers ? std::string_view(site.remote_workers->value) : "none";
  bool sip = workers == "sip" || workers == "sip-tls";
  if (hit.row->id == "ip-office/ingress/16") return !sip;
  if (hit.row->id == "ip-office/ingress/27") return !sip && workers != "h323" && workers != "webrtc";
  return false;
}

// Extent counts for the internet only: who is of a zone is declared.
bool is_told_of(const Opening& opening, const RowHit& hit) { return hit.any || !opening.passage->zone->is_internet(); }

// What anyone of the zone can reach, gravest first; services that are off come last, for another row's may be the one that answers.
std::vector<Spoken> spoken_of(const Judgement& judgement, const Opening& opening) {
  std::vector<Spoken> out;
  for (bool off : {false, true})
    for (const RowHit& hit : opening.hits)
      if (is_told_of(opening, hit) && (hit.off != nullptr) == off)
        out.push_back({hit, off                                  ? &check::service_off_port_open
                            : goes_past_sbc(judgement.site, hit) ? &check::sbc_bypassed
                                                                 : owner_of(hit.row->id)});
  // Services inside a range that is opened for media: the check of that range lists them.
  for (Spoken& s : out) {
    bool udp = s.hit.transports.size() == 1 && s.hit.transports.front() == proto_udp;
    const OpenedMedia* media = udp ? media_of(judgement.opened_media, line_to_change(opening), s.hit.ports) : nullptr;
    if (!media || media->needed.empty()) continue;
    if (media->stale)
      s.by = &check::rtp_range_stale;
    else if (media->too_wide() && (s.hit.row->id == "ip-office/ingress/27" || s.hit.row->id == "ip-office/ingress/28"))
      s.by = &check::rtp_range_too_wide;
  }
  for (std::size_t k = 1; k < out.size(); ++k) {
    RowHit& hit = out[k].hit;
    IntervalSet ports;
    std::vector<std::uint8_t> transports;
    const Check* sharer = nullptr;
    for (std::uint8_t transport : hit.transports) {
      IntervalSet left = hit.ports;
      for (std::size_t graver = 0; graver < k; ++graver) {
        const RowHit& g = out[graver].hit;
        if (std::find(g.transports.begin(), g.transports.end(), transport) == g.transports.end() || !g.ports.intersects(left))
          continue;
        left = left.minus(g.ports);
        if (!sharer) sharer = out[graver].by;
      }
      ports.add(left);
      if (!left.empty()) transports.push_back(transport);
    }
    if (!sharer) continue;
    if (ports.empty())
      out[k].by = sharer;
    else
      hit.ports = ports, hit.transports = transports;
  }
  return out;
}

// Whether the check can speak of a hit at all, before what the opening shares out is worked out.
bool may_speak(const Judgement& judgement, const Check& check, const Opening& o, const RowHit& hit) {
  if (!is_told_of(o, hit)) return false;
  if (check.id == check::service_off_port_open.id) return hit.off != nullptr;
  if (check.id == check::sbc_bypassed.id) return goes_past_sbc(judgement.site, hit);
  return std::find(check.rows.begin(), check.rows.end(), hit.row->id) != check.rows.end();
}

}  // namespace

bool is_told(const Judgement& judgement, const Opening& opening, const RowHit& hit) {
  if (opening.unrestricted || !hit.any || !opening.located()) return hit.any;
  for (const Spoken& s : spoken_of(judgement, opening)) {
    if (s.hit.row != hit.row || s.hit.off != hit.off || !s.by) continue;
    return s.by->id != check::media_exposed.id || !needs_media(judgement.site, *opening.passage, hit.host, true, true);
  }
  return false;
}

bool is_told_as_off(const Judgement& judgement, const Opening& opening, const RowHit& hit) {
  if (opening.unrestricted || !opening.located() || !hit.off) return false;
  for (const Spoken& s : spoken_of(judgement, opening))
    if (s.hit.row == hit.row && s.hit.off == hit.off) return s.by && s.by->id == check::service_off_port_open.id;
  return false;
}

std::vector<std::vector<Exposed>> exposed_rows(const Judgement& judgement, const Check& check) {
  return exposed_rows(judgement, check, judgement.exposure.openings());
}

std::vector<std::vector<Exposed>> exposed_rows(const Judgement& judgement, const Check& check,
                                               const std::vector<Opening>& openings) {
  std::map<std::tuple<SourceSpan, std::string, std::string>, std::vector<Exposed>> groups;
  for (const Opening& o : openings) {
    if (o.unrestricted) continue;
    // Where the PBX may be any destination a chain gives one finding for lines of the same gravest service.
    if (!o.located()) {
      auto gravest = std::find_if(o.hits.begin(), o.hits.end(), [](const RowHit& hit) { return hit.any && owner_of(hit.row->id); });
      if (gravest == o.hits.end() || owner_of(gravest->row->id)->id != check.id) continue;
      for (const RowHit& hit : o.hits)
        if (hit.any)
          groups[{judgement.group ? line_to_change(o).chain->span : line_to_change(o).span(), o.zone(), ""}].push_back({&o, hit});
      continue;
    }
    if (std::none_of(o.hits.begin(), o.hits.end(), [&](const RowHit& hit) { return may_speak(judgement, check, o, hit); }))
      continue;
    for (Spoken& spoken : spoken_of(judgement, o))
      if (spoken.by && spoken.by->id == check.id)
        groups[{line_to_change(o).span(), o.zone(), judgement.group ? "" : spoken.hit.row->id}].push_back(
            {&o, std::move(spoken.hit)});
  }
  std::vector<std::vector<Exposed>> out;
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  return out;
}

const Exposed& surest(const std::vector<Exposed>& group) {
  auto proven = std::find_if(group.begin(), group.end(), [](const Exposed& e) { return e.hit.certainty == Certainty::proven; });
  return proven == group.end() ? group.front() : *proven;
}

Finding finding_for(const Judgement& judgement, std::string_view check, Level level, const Exposed& exposed) {
  const Opening& o = *exposed.opening;
  Finding f = finding_at(judgement, check, o, judgement.exposure.row_packets(*o.passage, exposed.hit), exposed.hit.certainty);
  f.level = level_at(level, o);
  return f;
}

namespace {

// "; closed by default in this release", which says that somebody switched it on or that nothing answers.
std::string closed_by_default(const std::vector<Exposed>& group) {
  IntervalSet all, closed;
  for (const Exposed& e : group) {
    all.add(e.hit.ports);
    if (e.hit.row->state == "closed") closed.add(e.hit.ports);
  }
  if (closed.empty()) return "";
  return (closed == all ? "; " : "; " + format_ports(closed) + " is ") + "closed by default in this release";
}

}  // namespace

std::string as_port(const Opening& o, PacketSet packets, const IntervalSet& ports) {
  if (!o.flow->translation.rule || o.flow->translation.rule->action.translation.ports.empty()) return "";
  IntervalSet outer = o.passage->chains->space().project(as_they_arrive(o, packets), Dimension::destination_port);
  if (outer.empty() || outer == ports || outer.intervals().size() > shown_limit) return "";
  return fmt::format(" as port{} {}", outer.size() > 1 ? "s" : "", format_ports(outer));
}

Finding exposed_finding(const Judgement& judgement, const Check& check, Level level, const std::vector<Exposed>& group,
                        std::string_view what) {
  const Exposed& speaker = surest(group);
  const Opening& o = *speaker.opening;
  Finding f = finding_for(judgement, check.id, level, speaker);
  // The forward beside it shows what is meant to be let in; that a private address is routed from outside is far-fetched.
  if (std::all_of(group.begin(), group.end(), [](const Exposed& e) { return e.hit.beside_forward; })) f.level = Level::note;
  std::set<std::string> rows;
  for (const Exposed& e : group) rows.insert(e.hit.row->id);
  std::string ports = format_hits(o.located() ? group : std::vector{group.front()});
  std::set<std::string> elsewhere;  // of rows with other ports
  for (const Exposed& e : group)
    if (!o.located() && !group.front().hit.ports.covers(e.hit.ports)) elsewhere.insert(e.hit.row->id);
  std::string others =
      elsewhere.empty() ? "" : fmt::format(" and {} more service{}", elsewhere.size(), elsewhere.size() > 1 ? "s" : "");
  f.rows.assign(rows.begin(), rows.end());
  f.message = fmt::format("{} ({}){} {} reachable from {}{}", ports, what, others,
                          is_plural(ports) || !others.empty() ? "are" : "is", from_zone(o),
                          (group.size() == 1 ? as_port(*speaker.opening, packets_of(judgement, speaker), speaker.hit.ports) : "") +
                              if_sent_from(o) + if_routed(o));
  f.message += closed_by_default(o.located() ? group : std::vector{group.front()});
  if (!judgement.group)
    for (const std::string& row : f.rows) f.identity += '\n' + row;
  std::set<SourceSpan> lines;
  for (const Exposed& e : group)
    if (SourceSpan line = line_to_change(*e.opening).span(); line != f.span) lines.insert(line);
  if (!lines.empty())
    f.message += fmt::format("; so are services by {} more line{} of this chain", lines.size(), lines.size() > 1 ? "s" : "");
  for (SourceSpan line : lines)
    if (f.related.size() < 5) f.related.push_back({"lets in such a service, too", line});
  return f;
}

void run_check(const Check& check, const Judgement& judgement, Findings& findings) {
  if (check.run)
    check.run(judgement, findings);
  else
    report_exposed(judgement, findings, check, check.service, check.grade);
}

void report_exposed(const Judgement& judgement, Findings& findings, const Check& check, std::string_view what, GradeOf grade) {
  for (const auto& group : exposed_rows(judgement, check)) {
    Grade highest{check.severity, ""};
    if (grade) {
      highest = grade(judgement, group.front());
      for (const Exposed& e : group)
        if (Grade g = grade(judgement, e); g.level > highest.level) highest = g;
    }
    findings.push_back(exposed_finding(judgement, check, highest.level, group, what));
    findings.back().message += highest.because;
  }
}

}  // namespace ipo
