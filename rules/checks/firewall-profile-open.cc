// A profile is the group of fields below one element of a record. What a profile lets in by default, System Status and TSPI, is
// not counted.
#include <fmt/format.h>

#include <map>
#include <set>

#include "parsers/text/letters.h"
#include "rules/findings/check_list.h"
#include "rules/findings/setting_findings.h"

namespace ipo {
namespace {

const std::set<std::string_view> never_in = {"telnet", "ftp", "snmp", "cfg", "sec", "ws"};
constexpr std::string_view prefix = "firewall_profile.";

bool lets_in(const Setting& setting) {
  std::string word = lower(setting.value.value);
  return word == "in" || word.starts_with("both");
}

// The names of the profiles the LANs use; empty where no LAN says it.
std::set<std::string> used_profiles(const Site& site) {
  std::set<std::string> out;
  for (const Host& host : site.hosts)
    for (std::string_view lan : lans)
      if (const Setting* profile = host.setting(std::string(lan) + ".firewall_profile"); profile && !profile->value.value.empty())
        out.insert(profile->value.value);
  return out;
}

void run(const Judgement& judgement, Findings& findings) {
  const std::set<std::string> used = used_profiles(judgement.site);
  for (const Record& record : judgement.site.records) {
    std::map<std::string, std::vector<const Setting*>> profiles;  // by the path of their element
    for (const Setting& field : record.fields)
      if (field.key.text().starts_with(prefix))
        profiles[field.path.text().substr(0, field.path.text().rfind('/'))].push_back(&field);
    for (const auto& [path, fields] : profiles) {
      std::string name, open;
      const Setting* first = nullptr;
      for (const Setting* field : fields) {
        std::string service = field->key.text().substr(prefix.size());
        if (service == "name") name = field->value.value;
        if (!never_in.contains(service) || !lets_in(*field)) continue;
        open += (open.empty() ? "" : ", ") + service;
        if (!first) first = field;
      }
      if (!first || (!used.empty() && !used.contains(name))) continue;
      for (char& c : open) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      Finding f;
      f.check = check::firewall_profile_open.id;
      f.level = Level::warning;
      f.message = fmt::format("the firewall profile{} lets {} in", name.empty() ? "" : " '" + name + "'", open);
      f.span = first->value.span;
      f.identity = name + '\n' + open;
      findings.push_back(std::move(f));
    }
  }
}

}  // namespace

const Check check::firewall_profile_open = {"firewall-profile-open",
                                            "a firewall profile of the PBX lets management in",
                                            Level::warning,
                                            6.5,
                                            "high",
                                            {"security", "external/cwe/cwe-284"},
                                            run};

}  // namespace ipo
