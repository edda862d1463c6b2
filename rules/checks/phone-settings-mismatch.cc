// A controller is "10.1.1.1:5061;transport=tls", several are separated by commas. Only one that is an address of a known system, with
// its port and transport, can be held against that system's settings; names are not looked up.
#include <fmt/format.h>

#include "parsers/ipoffice/settings.h"
#include "parsers/text/values.h"
#include "rules/findings/check_list.h"
#include "rules/findings/phone_servers.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

void add(Findings& findings, Finding f, const Setting& s, const Setting* said_by) {
  if (said_by) f.related.push_back({"the system's setting", said_by->value.span});
  if (s.conditional) {
    f.certainty = Certainty::possible;
    f.doubt.push_back({"only some phones reach this line", s.value.span});
  }
  findings.push_back(std::move(f));
}

void controllers(const LansByAddress& lan_of, const Setting& list, Findings& findings) {
  for (const SipController& c : sip_controllers(list)) {
    LanOf lan = lan_of.with(c.address);
    Objection objection = against(lan, c);
    if (objection.why.empty()) continue;
    Finding f = setting_finding(check::phone_settings_mismatch, Level::warning, *lan.host, list,
                                fmt::format("phones are told to register at {}:{} over {}, {} of {}, {}", format_address(c.address),
                                            c.port, c.transport, lan_name(lan.lan), name_of_host(*lan.host), objection.why));
    f.rows = {"ip-office/ingress/16"};
    return add(findings, std::move(f), list, objection.said_by);
  }
}

// A system gives phones its own range: one that starts where no LAN's does, or goes on behind its end, is of another time, or another
// system. It counts one port more than the range has.
void media(const Judgement& judgement, const Record& phones, Findings& findings) {
  const Setting* low = phones.field("phone.rtp.min");
  std::optional<std::uint32_t> start = low ? parse_number(low->value.value) : std::nullopt;
  if (!start) return;
  const Setting* size = phones.field("phone.rtp.count");
  const std::uint32_t count = size ? parse_number(size->value.value).value_or(0) : 0;
  const bool counted = count > 1 && count <= 65536 && *start <= 65535;
  const Host* system = nullptr;
  const Setting* said_by = nullptr;
  bool same_start = false;
  std::string range, whose;
  for (const Host& host : judgement.site.hosts)
    for (std::string_view lan : lans) {
      std::string key = std::string(lan) + ".rtp.";
      auto min = host.number(key + "min"), max = host.number(key + "max");
      if (!min || !max) continue;
      auto fits = [&](std::optional<std::uint32_t> from, std::optional<std::uint32_t> to) {
        return from == *start && (!counted || !to || *start + count - 2 <= *to);
      };
      if (fits(min, max) || fits(host.number(key + "nat_min"), host.number(key + "nat_max"))) return;
      // One that starts there is the one to compare with.
      if (system && (*min != *start || same_start)) continue;
      same_start = *min == *start;
      system = &host, said_by = host.setting(key + (same_start ? "max" : "min"));
      range = fmt::format("{}-{}", *min, *max), whose = lan_name(lan) + " of " + name_of_host(host);
    }
  if (!system) return;
  const Setting& line = same_start ? *size : *low;
  std::string used = same_start ? fmt::format("{}-{}", *start, *start + count - 1) : fmt::format("from {} on", *start);
  add(findings,
      setting_finding(
          check::phone_settings_mismatch, Level::note, *system, line,
          fmt::format("phones are told to use media ports {}, and the range of {} is {}: what is opened for the one closes {}",
                      used, whose, range, same_start ? "some of the other" : "the other")),
      line, said_by);
}

void run(const Judgement& judgement, Findings& findings) {
  const LansByAddress lan_of(judgement.site);
  for (const Record& phones : judgement.site.records) {
    if (phones.type != "46xxsettings") continue;
    media(judgement, phones, findings);
    for (const Setting& s : phones.fields) {
      if (is_controller_list(s)) controllers(lan_of, s, findings);
      if (s.key != "phone.rtcp_monitor.address") continue;
      std::optional<Address> address = parse_address(s.value.value);
      LanOf lan = address ? lan_of.with(*address) : LanOf();
      const Setting* refused = refuses_reports(lan);
      if (!refused) continue;
      Finding f = setting_finding(check::phone_settings_mismatch, Level::warning, *lan.host, s,
                                  fmt::format("phones send reports on their calls to {}, {} of {}, which does not take them",
                                              format_address(*address), lan_name(lan.lan), name_of_host(*lan.host)));
      add(findings, std::move(f), s, refused);
    }
  }
}

}  // namespace

const Check check::phone_settings_mismatch = {"phone-settings-mismatch",
                                              "phones are sent to a port or transport the system does not have",
                                              Level::warning,
                                              0,
                                              "high",
                                              {"correctness"},
                                              run};

}  // namespace ipo
