// Where the PBX speaks SIP over TLS only, its row has no clear port, so that no other check speaks of one: this looks
// at the packets themselves, whoever the source is.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/pbx/sip_ports.h"

namespace ipo {
namespace {

// Calls from outside come from here; phones inside are no business of this check.
bool is_outside(const ZoneAt& zone) {
  return zone.is_internet() || zone.kind == "itsp" || zone.kind == "sbc" || zone.kind == "partner";
}

bool is_of_anyone(const Exposed& e) {
  return e.opening->passage->zone->is_internet() && is_anyone(e.hit.sources, e.opening->passage->ruleset->family);
}

// One hole is told once: by the forward that leads there rather than by what counts if somebody routes a private address, and of
// anyone on the internet rather than of a zone.
bool tells(const Exposed& other, const Exposed& e) {
  if (other.hit.host != e.hit.host || !other.hit.ports.covers(e.hit.ports)) return false;
  for (std::uint8_t transport : e.hit.transports)
    if (std::find(other.hit.transports.begin(), other.hit.transports.end(), transport) == other.hit.transports.end()) return false;
  const Passage &there = *other.opening->passage, &here = *e.opening->passage;
  if (there.zone != here.zone && !(is_of_anyone(other) && !here.zone->is_internet())) return false;
  if (other.opening->routed != e.opening->routed) return other.opening->routed;
  return there.zone != here.zone;
}

void run(const Judgement& judgement, Findings& findings) {
  const MatrixRow* sip = judgement.matrix.find("ip-office/ingress/16");
  if (!sip) return;
  std::vector<Exposed> all;
  for (const auto* openings : {&judgement.exposure.openings(), &judgement.exposure.openings_of_zones()})
    for (const Opening& o : *openings) {
      const Passage& passage = *o.passage;
      if (o.unrestricted || !o.located() || !is_outside(*passage.zone)) continue;
      Space& s = passage.chains->space();
      for (const HostAt& part : judgement.exposure.parts_of(passage)) {
        if (!speaks_only_tls(part.host)) continue;
        RowHit hit;
        hit.row = sip;
        hit.any = true;
        hit.host = part.host, hit.at = part.addresses;
        hit.ports = would_be_clear_sip_ports(part.host);
        PacketSet wanted = judgement.exposure.row_packets(passage, hit);
        PacketSet sure = s.intersect(o.proven, wanted), some = s.unite(sure, s.intersect(o.possible, wanted));
        if (some.empty()) continue;
        hit.certainty = sure.empty() ? Certainty::possible : Certainty::proven;
        hit.ports = s.project(judgement.exposure.at_host(passage, some), Dimension::destination_port).intersected(hit.ports);
        hit.sources = s.project(some, Dimension::source);
        IntervalSet protocols = s.project(some, Dimension::protocol);
        for (std::uint8_t protocol : {proto_tcp, proto_udp})
          if (protocols.contains(protocol)) hit.transports.push_back(protocol);
        all.push_back({&o, std::move(hit)});
      }
    }
  // Of many lines few differ in what tells() asks.
  std::map<std::tuple<const ZoneAt*, const Host*, bool, bool, std::string, std::vector<std::uint8_t>>, const Exposed*> kinds;
  for (const Exposed& e : all)
    kinds.emplace(std::tuple(e.opening->passage->zone, e.hit.host, e.opening->routed, is_of_anyone(e), format_ports(e.hit.ports),
                             e.hit.transports),
                  &e);
  std::map<std::pair<SourceSpan, std::string>, std::vector<Exposed>> groups;
  for (const Exposed& e : all)
    if (std::none_of(kinds.begin(), kinds.end(), [&](const auto& other) { return tells(*other.second, e); }))
      groups[{line_to_change(*e.opening).span(), e.opening->zone()}].push_back(e);
  for (const auto& [key, group] : groups) {
    Finding f = exposed_finding(judgement, check::sip_cleartext_exposed, Level::warning, group, "SIP in clear");
    f.message += ", though the PBX speaks SIP over TLS only";
    f.rows.clear();  // the row's port is the encrypted one
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::sip_cleartext_exposed = {"sip-cleartext-exposed",
                                            "the port for SIP without encryption is open though the PBX speaks TLS only",
                                            Level::warning,
                                            5.3,
                                            "medium",
                                            {"security", "external/cwe/cwe-319"},
                                            run};

}  // namespace ipo
