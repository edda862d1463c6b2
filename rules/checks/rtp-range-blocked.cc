// Inbound media is needed from the zone calls come from: a provider the PBX does not register with, remote workers, a
// static port block, or wherever the firewall already opens a part of the range; outbound media where signalling may leave.
// What not even the upper bound lets through is blocked.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/findings/lost_media.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/sip_lines.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::string_view media_row = "ip-office/ingress/27";
constexpr std::string_view egress_row = "ip-office/egress/18";
constexpr std::string_view sip_row = "ip-office/ingress/16";

const IntervalSet sip = IntervalSet::range(5060, 5061);

// Whether calls go to the internet, as far as the site says: nothing where it says nothing. That trunks are on is how every PBX comes.
std::optional<bool> calls_outside(const Site& site, const Host* host) {
  if (workers_send_media(site) || !site.trunks.empty() || std::any_of(site.records.begin(), site.records.end(), is_sip_line))
    return true;
  std::optional<bool> out;
  for (std::string_view lan : lans)
    if (std::optional<bool> on = host ? host->flag(std::string(lan) + ".sip.trunks") : std::nullopt) {
      if (*on) return {};
      out = false;
    }
  return out;
}

// Whether a line that lets some of the packets out is about SIP.
bool names_sip(const Passage& passage, PacketSet leaving) {
  Space& s = passage.chains->space();
  Reach reach(*passage.chains);
  for (const Flow& flow : passage.flows)
    for (const ChainSets::Decided& d : reach.acceptors(flow, s.intersect(flow.seen, leaving)))
      if (std::optional<IntervalSet> ports = d.by.rule ? required(*d.by.rule, Field::destination_port, 65535) : std::nullopt)
        if (ports->intersects(sip) && ports->size() < few_ports) return true;
  return false;
}

struct Media {
  const Judgement& judgement;
  Findings& findings;

  // `partly` opens a part of the range there.
  void report(const LostMedia& lost, const HostAt& part, const IntervalSet& range, Level level, const Opening* partly,
              std::string_view name = "media range") {
    Blocked b = lost.blocked;
    const Passage& passage = *b.passage;
    // What stops calls is what stops those whom the rest is open to: others may be kept out on purpose.
    if (partly && b.no_forward) {
      IntervalSet theirs;
      for (const RowHit& hit : partly->hits)
        if (hit.row->id == media_row) theirs.add(hit.sources);
      Space& s = passage.chains->space();
      if (PacketSet of_them = s.intersect(b.lost, s.test(Dimension::source, theirs)); !of_them.empty())
        b = why_blocked(judgement, passage, of_them);
    }
    Finding f = blocked_finding(judgement, check::rtp_range_blocked.id, level, b);
    f.level = level_of_loss(level, passage);
    f.zone = passage.zone->name;
    f.rows = {std::string(passage.inbound ? media_row : egress_row)};
    bool plural = lost.closed.intervals().size() > 1 || lost.closed.begin()->lo != lost.closed.begin()->hi;
    std::string ports = "udp/" + format_ports(lost.closed);
    std::string what =
        lost.closed == range && b.no_forward ? ports : fmt::format("{} of the {} {}", ports, name, format_ports(range));
    f.message = b.message(judgement, what, plural) + ": calls lose audio";
    if (level == Level::note) f.message += " if the PBX runs on Linux";
    RuleRef place = b.by.by;
    bool further_in = b.by.at && b.by.at != passage.at;
    if (lost.moved) {
      // Only a packet for another port is led there.
      place = lost.moved->translation;
      f.message =
          fmt::format("this forward leads other ports to {}: calls lose audio, for the PBX tells callers its own ports", what);
    } else if (partly && !b.elsewhere) {
      // A rule that blocks before the partly opening one is the line to change, and so is one of a firewall further in; else
      // the opening is too narrow, the filter's if the packets were forwarded up to there, else the forward.
      bool in_front = b.by.by.rule && !b.accepted && !b.no_forward && b.by.by.span() < partly->by.span();
      if (in_front || further_in) {
        f.related.push_back({"opened by this line", partly->by.span()});
      } else if (RuleRef narrow = b.by.flow && b.by.flow->translation.rule ? partly->by : line_to_change(*partly); narrow.rule) {
        if (b.by.by.chain && !b.accepted && narrow != place) {
          std::string who = b.by.by.rule ? "this rule" : "this policy";
          f.related.push_back({b.no_forward ? who + " blocks it as well" : "blocked by " + who, b.by.by.span()});
        }
        place = narrow;
      }
    }
    if (further_in)
      f.message += fmt::format("; {} lets them through, {} does not", passage.at->firewall->name, b.by.at->firewall->name);
    if (place.chain) f.span = place.span();
    f.identity = f.zone + '\n' + (place.chain ? rule_text(judgement, place) : "");
    if (!part.lan.empty()) f.identity += '\n' + std::string(part.lan);
    findings.push_back(std::move(f));
  }

  struct Wanted {
    HostAt part;
    const Opening *partly = nullptr, *signalled = nullptr;
  };

  // Which lines let calls in to a LAN. A rule for what the host sends counts for nothing, nor a line for those whom the forward is for.
  Wanted wanted(const Ways& ways, const HostAt& part) const {
    Wanted out{part};
    for (const Opening& o : judgement.exposure.openings(*ways.front())) {
      if (o.unrestricted || std::find(ways.begin(), ways.end(), o.passage) == ways.end()) continue;
      const PacketSet there = judgement.exposure.to_part(*o.passage, part);
      for (const RowHit& hit : o.hits) {
        if (o.passage->addresses.covers(hit.sources) || hit.beside_forward) continue;
        if (hit.row->id != media_row && hit.row->id != sip_row) continue;
        if (o.passage->chains->space().disjoint(packets_of(judgement, Exposed{&o, hit}), there)) continue;
        if (hit.row->id == media_row && !out.partly) out.partly = &o;
        if (hit.row->id == sip_row && !out.signalled) out.signalled = &o;
      }
    }
    return out;
  }

  // What was found out of a host beside its findings.
  struct Led {
    bool asked = false;
    bool own = false;  // the host's settings, or a line that opens a part of the range, ask it of this very host
    bool signalled = false;
  };
  Led inbound(const Ways& ways) {
    Led out;
    const Passage& first = *ways.front();
    std::vector<Wanted> of_workers, others;
    for (const HostAt& part : media_parts(judgement, first)) {
      Wanted here = wanted(ways, part);
      if (!needs_media(judgement.site, first, part.host, here.partly != nullptr, here.signalled != nullptr)) continue;
      bool workers = first.zone->is_internet() && workers_send_media(judgement.site) &&
                     takes_calls(part.host, flag_of_workers(judgement.site));
      out.own = out.own || here.partly || static_port_block(part.host);
      out.signalled = out.signalled || here.signalled;
      (workers ? of_workers : others).push_back(here);
    }
    out.asked = !of_workers.empty() || !others.empty();
    inbound(ways, std::move(of_workers));
    inbound(ways, std::move(others));
    return out;
  }

  // Calls come to the LANs that the firewalls lead them to; else by any of them.
  void inbound(const Ways& ways, std::vector<Wanted> all) {
    auto led = [](const Wanted& w) { return w.partly || w.signalled; };
    bool some_led = std::any_of(all.begin(), all.end(), led);
    if (some_led) std::erase_if(all, [&](const Wanted& w) { return !led(w); });
    if (!some_led && std::any_of(all.begin(), all.end(), [&](const Wanted& w) {
          return !lost_media(judgement, ways, w.part, calls_media(judgement, w.part.host).needed, {});
        }))
      return;
    for (const Wanted& w : all) {
      inbound(ways, w.part, w.partly);
      if (!some_led) return;
    }
  }

  void inbound(const Ways& ways, const HostAt& lan, const Opening* partly) {
    MediaRange range = calls_media(judgement, lan.host);
    auto part = [&](const IntervalSet& wanted, Level level) {
      std::optional<LostMedia> lost = lost_media(judgement, ways, lan, wanted, {});
      if (!lost) return false;
      bool there = partly && partly->passage == lost->blocked.passage;
      report(*lost, lan,
             wanted == range.through_nat ? wanted : range.needed.united(level == Level::note ? range.perhaps : IntervalSet()),
             level, there ? partly : nullptr, wanted == range.through_nat ? "media range through NAT" : "media range");
      return true;
    };
    // What the settings call the range for NAT serves calls from there as well, or instead.
    bool both = !range.through_nat.empty() && (ways.front()->zone->is_internet() || ways.front()->zone->kind == "itsp");
    if (both && !lost_media(judgement, ways, lan, range.through_nat, {})) return;
    // A firewall that opens a part of that range, and nothing of the ordinary one, is meant to open it.
    auto closed = [&](const IntervalSet& asked) {
      std::optional<LostMedia> lost = lost_media(judgement, ways, lan, asked, {});
      return lost ? lost->closed : IntervalSet();
    };
    if (both && partly && closed(range.needed) == range.needed && closed(range.through_nat) != range.through_nat) {
      part(range.through_nat, Level::error);
      return;
    }
    if (part(range.needed, Level::error) || part(range.perhaps, Level::note)) return;
    if (!both || range.through_nat.intersects(range.needed)) return;
    if (!part(range.through_nat, Level::warning)) return;
    Finding& f = findings.back();
    f.certainty = Certainty::possible;
    f.message += " if the PBX uses this range for them";
    f.doubt.push_back({"what the range is used for is concluded from its name, RtpPortMinNat and RtpPortMaxNat", f.span});
  }

  void outbound(const Ways& ways) {
    for (const HostAt& part : media_parts(judgement, *ways.front())) outbound(ways, part);
  }

  void outbound(const Ways& ways, const HostAt& part) {
    // With trunks the LANs that have them; phones outside may be of any.
    if (!part.lan.empty() && !workers_send_media(judgement.site) && !takes_calls(part.host, ".sip.trunks")) return;
    // Where signalling cannot leave, that is what is told (required-egress-blocked).
    const Passage& first = *ways.front();
    std::optional<bool> calls = first.zone->is_internet() ? calls_outside(judgement.site, first.host) : true;
    if (calls == false) return;
    bool signals = std::any_of(ways.begin(), ways.end(), [&](const Passage* p) {
      Space& s = p->chains->space();
      PacketSet possible =
          part.addresses.empty() ? p->possible : s.intersect(p->possible, s.test(Dimension::source, part.addresses));
      PacketSet over_tcp = s.intersect(possible, packets_to(*p, proto_tcp, sip));
      // That TCP may leave is said of the web; it is of calls where they are known or the line names them.
      if (!calls && !names_sip(*p, over_tcp)) over_tcp = s.nothing();
      PacketSet out = s.unite(s.intersect(possible, packets_to(*p, proto_udp, sip)), over_tcp);
      // What only leaves from few ports is answers of other services, but for SIP's own.
      IntervalSet from = s.project(out, Dimension::source_port);
      return from.size() >= few_ports || from.intersects(sip);
    });
    if (!signals) return;
    MediaRange range = calls_media(judgement, part.host);
    // Signalling itself is no media.
    const IntervalSet far = IntervalSet::range(1024, 65535).minus(sip);
    if (auto lost = lost_media(judgement, ways, part, range.needed, far)) {
      report(*lost, part, range.needed, Level::error, nullptr);
      return;
    }
    // Lines for the PBX's own range as the ports to send to: the other end has ports of its own, but may be another IP Office.
    if (first.zone->kind == "peer-site") return;
    IntervalSet own = range.needed.united(range.through_nat);
    for (const MediaDefault& known : media_defaults()) own.add(known.ports.lo, known.ports.hi);
    std::optional<LostMedia> lost = lost_media(judgement, ways, part, range.needed, far.minus(own));
    if (!lost || far.minus(own).empty()) return;
    report(*lost, part, range.needed, Level::warning, nullptr);
    Finding& f = findings.back();
    f.certainty = Certainty::possible;
    f.message += ", unless the other end receives on ports of such a range";
    f.doubt.push_back({"the other end chooses the ports it receives on", f.span});
  }
};

// Where calls go to: not to networks of those who surf or maintain, and not to just anybody where the trunk's zone is declared.
bool has_calls(const Site& site, const ZoneAt& zone) {
  if (!zone.is_internet()) return zone.kind == "itsp" || zone.kind == "sbc" || zone.kind == "voice" || zone.kind == "peer-site";
  if (site.trunks.empty()) return true;
  return workers_send_media(site) || std::any_of(site.trunks.begin(), site.trunks.end(), [&](const Trunk& t) {
           return t.zone.value == zone.name || t.zone.value == "internet";
         });
}

// A server beside the PBX, as that of voicemail, has no calls with those outside.
bool has_media(const Judgement& judgement, const Host* host) {
  const MatrixRow* row = judgement.matrix.find(media_row);
  return !row || applies(*row, host);
}

void run(const Judgement& judgement, Findings& findings) {
  std::vector<Asked> inbound;
  std::vector<Media::Led> led;
  std::set<std::string> signalled;  // zones that call some host
  for (const Ways& in : ways(judgement, true)) {
    if (!has_media(judgement, in.front()->host)) continue;
    Asked asked;
    asked.way = in.front();
    led.push_back(Media{judgement, asked.findings}.inbound(in));
    asked.own = led.back().own;
    if (led.back().signalled) signalled.insert(asked.way->zone->name);
    inbound.push_back(std::move(asked));
  }
  // Media that comes to one host serves no calls to another.
  for (std::size_t i = 0; i < inbound.size(); ++i)
    inbound[i].met =
        led[i].asked && inbound[i].findings.empty() && (led[i].signalled || !signalled.contains(inbound[i].way->zone->name));
  Findings all;
  take_unmet(std::move(inbound), all);
  // A forward that is missing is missing for every zone.
  for (Finding& f : all)
    if (std::none_of(findings.begin(), findings.end(),
                     [&](const Finding& g) { return g.span == f.span && g.message == f.message; }))
      findings.push_back(std::move(f));
  Media media{judgement, findings};
  for (const Ways& out : ways(judgement, false))
    if (has_media(judgement, out.front()->host) && has_calls(judgement.site, *out.front()->zone)) media.outbound(out);
}

}  // namespace

const Check check::rtp_range_blocked = {
    "rtp-range-blocked", "a part of the media range that calls need is blocked", Level::error, 0, "high", {"availability"}, run};

}  // namespace ipo
