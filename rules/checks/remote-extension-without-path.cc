#include <fmt/format.h>

#include <algorithm>

#include "rules/exposure/media.h"
#include "rules/findings/blocked.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"
#include "rules/findings/users.h"
#include "rules/pbx/own_ports.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

// All of a protocol's ways in from the internet are closed; nothing where no firewall between the two is among the files.
std::optional<Blocked> closed(const Judgement& judgement, const Host& host, const std::vector<Ways>& all, std::string_view flag,
                              std::string_view service) {
  std::optional<Blocked> out;
  for (const Ways& ways : all) {
    const Passage& first = *ways.front();
    if (first.host != &host || !first.zone->is_internet() || first.at->network_only) continue;
    std::optional<Blocked> here = blocked(judgement, ways, [&](const Passage& passage) {
      Space& s = passage.chains->space();
      PacketSet wanted = s.nothing();
      const MatrixRow* row = judgement.matrix.find(service == "SIP" ? "ip-office/ingress/16" : "ip-office/ingress/14");
      if (!row) return wanted;
      for (const HostAt& part : judgement.exposure.parts_of(passage)) {
        bool on = false;
        each_lan_with(*part.host, flag, [&](std::string_view, const Setting&) { on = true; });
        if (!on) continue;
        PacketSet there = s.nothing();
        for (std::uint8_t protocol : {proto_tcp, proto_udp})
          there = s.unite(there, requests_to(passage, protocol, listening_ports(*row, part.host, protocol)));
        wanted =
            s.unite(wanted, s.intersect(judgement.exposure.before_path(passage, there), judgement.exposure.to_part(passage, part)));
      }
      return wanted;
    });
    if (!here) return {};
    if (!out) out = std::move(here);
  }
  return out;
}

// Signalling is forwarded to another machine: a session border controller that nobody declared.
bool forwarded_elsewhere(const Site& site) {
  const IntervalSet signalling = IntervalSet::range(5060, 5061).united(IntervalSet::range(1719, 1720));
  bool found = false;
  for (const Firewall& firewall : site.firewalls)
    each_rule(firewall, [&](const Ruleset& ruleset, const Chain&, const Rule& rule) {
      if (rule.action.kind != ActionKind::translate_destination) return;
      std::optional<IntervalSet> ports = required(rule, Field::destination_port, 65535);
      bool here = std::any_of(site.hosts.begin(), site.hosts.end(), [&](const Host& host) {
        return rule.action.translation.addresses.intersects(addresses_in(host, ruleset.family));
      });
      found = found || (!here && ports && ports->intersects(signalling));
    });
  return found;
}

void run(const Judgement& judgement, Findings& findings) {
  // What is declared of remote workers is remote-worker-path-blocked's; with a session border controller they come by it.
  if (judgement.site.remote_workers || has_zone(judgement.site, "sbc") || forwarded_elsewhere(judgement.site)) return;
  auto remote = static_cast<std::size_t>(std::count_if(judgement.users.begin(), judgement.users.end(), [](const User& user) {
    return user.flag("user.remote_worker"_key) == true;
  }));
  if (remote == 0) return;
  std::vector<Ways> all = ways(judgement, true);
  for (const Host& host : judgement.site.hosts) {
    // By one of the two protocols they come.
    std::vector<std::pair<const Setting*, std::string>> on;
    std::optional<Blocked> lost;
    bool open = false;
    for (const auto& [flag, service] : {std::pair(".sip.remote_extension", "SIP"), {".h323.remote_extension", "H.323"}}) {
      std::size_t before = on.size();
      each_lan_with(host, flag, [&, service = service](std::string_view lan, const Setting& setting) {
        on.push_back({&setting, fmt::format("remote {} extensions on {}", service, lan_name(lan))});
      });
      if (on.size() == before || open) continue;
      std::optional<Blocked> here = closed(judgement, host, all, flag, service);
      open = !here;
      if (here && !lost) lost = std::move(here);
    }
    if (on.empty() || open || !lost) continue;
    std::string what;
    for (const auto& [setting, name] : on) what += (what.empty() ? "" : " and ") + name;
    Finding f = setting_finding(
        check::remote_extension_without_path, Level::note, host, *on.front().first,
        fmt::format(
            "{} takes {}, and the export has {} remote worker{}, but none of their signalling gets in from the internet: no "
            "way but a VPN is known",
            name_of_host(host), what, remote, remote == 1 ? "" : "s"));
    if (lost->by.by.chain) f.related.push_back({"blocked here", lost->by.by.span()});
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::remote_extension_without_path = {
    "remote-extension-without-path",
    "extensions outside are admitted, users have them, and no firewall lets them in",
    Level::note,
    0,
    "medium",
    {"availability"},
    run};

}  // namespace ipo
