// Held against the forwards as their rules say them: one that takes any address or port takes this one.
#include <fmt/format.h>

#include <algorithm>

#include "rules/exposure/media.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/pbx/sip_ports.h"
#include "rules/site/join_dumps.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// A port forward that leads to a LAN, as far as its rule says it.
struct Forward {
  const Rule* rule;
  IntervalSet to, ports;  // where packets arrive; empty = any
  std::optional<IntervalSet> protocols;
};

std::vector<Forward> forwards_to(const Site& site, Address lan) {
  std::vector<Forward> out;
  for (const Firewall& firewall : site.firewalls)
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain& chain, const Rule& rule) {
      if (ruleset.family != lan.family || rule.action.kind != ActionKind::translate_destination || is_supposed(rule) ||
          is_chain_at(ruleset, chain, Hook::output) || !rule.action.translation.addresses.contains(lan.value))
        return;
      out.push_back({&rule, required(rule, Field::destination, address_max(lan.family)).value_or(IntervalSet()),
                     required(rule, Field::destination_port, 65535).value_or(IntervalSet()), required(rule, Field::protocol, 255)});
    });
  return out;
}

void addresses(const Judgement& judgement, Findings& findings, const Host& host, std::string_view lan, Address own,
               const IntervalSet& calls) {
  const Setting& said = *host.setting(std::string(lan) + ".public_address");
  std::optional<Address> outside = parse_address(said.value.value);
  if (!outside || outside->family != own.family || !is_public(*outside)) return;
  const Rule* other = nullptr;
  IntervalSet instead;
  for (const Forward& forward : forwards_to(judgement.site, own)) {
    // What belongs to other services has its own addresses.
    if (!forward.ports.empty() && !forward.ports.intersects(calls)) continue;
    bool one_address = !forward.to.empty() && std::all_of(forward.to.begin(), forward.to.end(), [&](const Interval& i) {
      return is_public({own.family, i.lo});
    });
    // By any address, or by a private one that a router in front leads to.
    if (!one_address || forward.to.contains(outside->value)) return;
    if (!other) other = forward.rule;
    instead.add(forward.to);
  }
  if (!other) return;
  Finding f =
      setting_finding(check::public_address_mismatch, Level::warning, host, said,
                      fmt::format("{} of {} gives {} as its address outside, and calls are forwarded from {} only", lan_name(lan),
                                  name_of_host(host), format_address(*outside), format_addresses(instead, own.family)));
  f.related.push_back({"forwarded here", other->span});
  findings.push_back(std::move(f));
}

void ports(const Judgement& judgement, Findings& findings, const Host& host, std::string_view lan, Address own) {
  for (const auto& [transport, protocol, standard] :
       {std::tuple("udp", proto_udp, 5060u), {"tcp", proto_tcp, 5060u}, {"tls", proto_tcp, 5061u}}) {
    std::string key = std::string(lan) + ".public_port." + transport;
    std::optional<std::uint32_t> outside = host.number(key);
    if (!outside || *outside == 0 || *outside > 65535 || sip_transport(host, lan, transport) == false) continue;
    std::uint32_t inside = host.number(std::string(lan) + ".sip." + transport + "_port").value_or(standard);
    const Rule* other = nullptr;
    IntervalSet instead;
    bool right = false;
    for (const Forward& forward : forwards_to(judgement.site, own)) {
      if (forward.protocols && !forward.protocols->contains(protocol)) continue;
      right = right || forward.ports.empty() || forward.ports.contains(*outside);
      // What the line names beside a range for media.
      IntervalSet named;
      for (const Interval& i : forward.ports)
        if (i.hi - i.lo < 255) named.add(i.lo, i.hi);
      const IntervalSet& to = forward.rule->action.translation.ports;
      if (named.empty() || !(to.empty() ? named : to).contains(inside)) continue;
      if (!other) other = forward.rule;
      instead.add(named);
    }
    if (right || !other) continue;
    Finding f = setting_finding(check::public_address_mismatch, Level::warning, host, *host.setting(key),
                                fmt::format("{} of {} gives {} as its port outside for SIP over {}, and the firewall forwards {}",
                                            lan_name(lan), name_of_host(host), *outside, transport, format_ports(instead)));
    f.rows = {"ip-office/ingress/16"};
    f.related.push_back({"forwarded here", other->span});
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  if (has_zone(judgement.site, "sbc")) return;
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans) {
      std::string prefix(lan);
      if (host.flag(prefix + ".sip.trunks") == false && host.flag(prefix + ".sip.remote_extension") != true) continue;
      const Setting *address = host.setting(prefix + ".address"), *outside = host.setting(prefix + ".public_address");
      std::optional<Address> own = address && !is_unset(*address) ? parse_address(address->value.value) : std::nullopt;
      if (!own) continue;
      const Host here = with_lan_only(host, lan);
      MediaRange media = media_range(&here, parse_release(judgement.matrix.release));
      IntervalSet calls = media.needed.united(media.through_nat).united(tls_sip_ports(&here)).united(clear_sip_ports(&here));
      if (outside && !is_unset(*outside)) addresses(judgement, findings, host, lan, *own, calls);
      ports(judgement, findings, host, lan, *own);
    }
}

}  // namespace

const Check check::public_address_mismatch = {"public-address-mismatch",
                                              "the PBX gives others an address or port that no forward takes",
                                              Level::warning,
                                              0,
                                              "medium",
                                              {"correctness"},
                                              run};

}  // namespace ipo
