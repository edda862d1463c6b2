// Inbound media is needed from the zone calls come from: a provider the PBX does not register with, remote workers, a
// static port block, or wherever the firewall already opens a part of the range; outbound media where signalling may leave.
// What not even the upper bound lets through is blocked.
#include <fmt/format.h>

#include <algorithm>

#include "rules/checks/list.h"
#include "rules/exposure_findings.h"
#include "rules/media.h"

namespace ipo {
namespace {

constexpr std::string_view media_row = "ip-office/ingress/27";
constexpr std::string_view egress_row = "ip-office/egress/18";
constexpr std::string_view sip_row = "ip-office/ingress/16";

// Where a port forward leads to the host at all, nothing else counts as a way in: that a private address is routed from
// outside must not be hoped for.
bool forwarded_only(const Passage& passage) {
  if (!passage.inbound || passage.addresses.empty()) return false;
  if (!public_part(passage.addresses, passage.ruleset->family).empty()) return false;
  return std::any_of(passage.flows.begin(), passage.flows.end(), [](const Flow& f) { return f.translation.rule != nullptr; });
}

struct Media {
  const Judgement& judgement;
  Findings& findings;

  void report(const Passage& passage, PacketSet packets, const IntervalSet& closed, const IntervalSet& range, Level level,
              const Opening* partly) {
    Exposure::Block block = judgement.exposure.blocked_by(passage, packets, forwarded_only(passage));
    // Where no forward takes them, what refuses them as they come is the best place to say so.
    bool forgotten = forwarded_only(passage) && !block.by.chain && !partly;
    if (forgotten) block = judgement.exposure.blocked_by(passage, packets, false);
    Finding f;
    f.check = "rtp-range-blocked";
    f.level = level_at(level, passage);
    f.zone = passage.zone->name;
    f.hook = name_of(passage.hook);
    f.rows = {std::string(passage.inbound ? media_row : egress_row)};
    bool plural = closed.intervals().size() > 1 || closed.begin()->lo != closed.begin()->hi;
    f.message = fmt::format("udp/{} of the media range {} {} blocked {} the {}: calls lose audio", format_ports(closed),
                            format_ports(range), plural ? "are" : "is", passage.inbound ? "from" : "on the way to", f.zone);
    if (level == Level::note) f.message += " if the PBX runs on Linux";
    if (forgotten) f.message += "; no port forward takes them to the PBX";
    RuleRef place;
    if (block.by.chain) {
      place = block.by;
      Exposure::Witness witness = judgement.exposure.witness(passage, *block.flow, block.packets);
      f.witness = witness.packet;
      f.path = std::move(witness.path);
    }
    // A rule that blocks before the partly opening one is the line to change, and so is one of a firewall further in; else
    // the opening is too narrow, the filter's if the packets were forwarded up to there, else the forward.
    bool further_in = block.at && block.at != passage.at;
    bool in_front = block.by.rule && partly && block.by.span() < partly->by.span();
    if (partly && !in_front && !further_in) {
      place = block.flow && block.flow->translation.rule ? partly->by : line_to_change(*partly);
      if (block.by.chain) f.related.push_back({block.by.rule ? "blocked by this rule" : "blocked by this policy", block.by.span()});
    } else if (partly) {
      f.related.push_back({"opened by this line", partly->by.span()});
    }
    if (further_in) f.message += fmt::format("; {} lets them through, {} does not", passage.at->firewall->name, block.at->firewall->name);
    f.span = place.chain ? place.span() : passage.ruleset->span;
    f.identity = f.zone + '\n' + (place.chain ? rule_text(judgement, place) : "");
    findings.push_back(std::move(f));
  }

  // The part of a range no packet of `media` (udp) gets through with, by its ports in a dimension.
  IntervalSet closed_part(const Passage& passage, PacketSet media, Dimension ports, const IntervalSet& range) {
    Space& s = passage.chains->space();
    PacketSet open = passage.possible;
    if (forwarded_only(passage)) {
      Reach reach(*passage.chains);
      open = s.nothing();
      for (const Flow& f : passage.flows)
        if (f.translation.rule) open = s.unite(open, reach.after(s.possible(f.accepted), f));
      open = s.intersect(open, s.possible(passage.target));
    }
    return range.minus(s.project(s.intersect(open, media), ports));
  }

  void inbound(const Passage& passage) {
    Space& s = passage.chains->space();
    MediaRange range = media_range(passage.host, parse_release(judgement.matrix.release));
    PacketSet udp = s.test(Dimension::protocol, IntervalSet::of(proto_udp));
    const Opening *partly = nullptr, *signalled = nullptr;
    for (const Opening& o : passage.zone->is_internet() ? judgement.exposure.openings() : judgement.exposure.openings_of_zones())
      if (o.passage == &passage && !o.unrestricted)
        for (const RowHit& hit : o.hits) {
          if (hit.row->id == media_row && !partly) partly = &o;
          if (hit.row->id == sip_row && !signalled) signalled = &o;
        }
    if (!needs_media(judgement.site, passage, partly != nullptr, signalled != nullptr)) return;
    PacketSet to_host = s.possible(passage.to_host);
    auto part = [&](const IntervalSet& wanted, Level level) {
      if (wanted.empty()) return false;
      IntervalSet closed = closed_part(passage, udp, Dimension::destination_port, wanted);
      if (closed.empty()) return false;
      PacketSet packets = s.intersect(s.intersect(udp, to_host), s.test(Dimension::destination_port, closed));
      report(passage, packets, closed, range.needed.united(level == Level::note ? range.perhaps : IntervalSet()), level, partly);
      return true;
    };
    if (!part(range.needed, Level::error)) part(range.perhaps, Level::note);
  }

  void outbound(const Passage& passage) {
    Space& s = passage.chains->space();
    auto of = [&](std::uint8_t protocol, Dimension d, IntervalSet ports) {
      return s.intersect(s.test(Dimension::protocol, IntervalSet::of(protocol)), s.test(d, ports));
    };
    IntervalSet sip = IntervalSet::range(5060, 5061);
    PacketSet signalling = s.unite(of(proto_udp, Dimension::destination_port, sip), of(proto_tcp, Dimension::destination_port, sip));
    if (s.disjoint(passage.possible, signalling)) return;
    MediaRange range = media_range(passage.host, parse_release(judgement.matrix.release));
    PacketSet media = of(proto_udp, Dimension::destination_port, IntervalSet::range(1024, 65535));
    // Signalling itself is no media.
    media = s.minus(media, s.test(Dimension::destination_port, sip));
    IntervalSet closed = closed_part(passage, media, Dimension::source_port, range.needed);
    if (closed.empty()) return;
    report(passage, s.intersect(media, s.test(Dimension::source_port, closed)), closed, range.needed, Level::error, nullptr);
  }
};

void run(const Judgement& judgement, Findings& findings) {
  Media media{judgement, findings};
  for (const auto& passage : judgement.exposure.passages()) {
    if (!passage->host && !passage->at->protects_itself) continue;
    passage->inbound ? media.inbound(*passage) : media.outbound(*passage);
  }
}

}  // namespace

const Check check::rtp_range_blocked = {"rtp-range-blocked", "a part of the media range that calls need is blocked", Level::error,
                                 0, "high", {"availability"}, run};

}  // namespace ipo
