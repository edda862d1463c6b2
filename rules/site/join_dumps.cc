// A firewall's path is that of its first ruleset's source. For pairs by name every mark of a family is taken out of the
// file's name; what is equal then belongs together.
#include "rules/site/join_dumps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "parsers/iptables/iptables.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

std::string normal(std::string_view path) { return std::filesystem::path(path).lexically_normal().generic_string(); }

std::string path_of(const Firewall& firewall, const Sources& sources) {
  return firewall.rulesets.empty() ? firewall.name : sources[firewall.rulesets.front().span.source].path();
}

bool is_only(const Firewall& firewall, Family family) {
  return !firewall.rulesets.empty() &&
         std::all_of(firewall.rulesets.begin(), firewall.rulesets.end(), [&](const Ruleset& r) { return r.family == family; });
}

}  // namespace

bool is_added_call(const Rule& rule) { return rule.by == Author::front_end; }

bool is_supposed(const Rule& rule) {
  return rule.action.kind == ActionKind::translate_destination && rule.span == rule.action.span;
}

namespace {

// Loads `more` after `into`: a table whose policies it states starts anew, rules for other chains are appended.
void load(Ruleset& into, Ruleset more) {
  // What a program adds is there once, and not at all where a dump shows what it is.
  for (const Stage& stage : more.pipeline.stages)
    if (Chain& chain = more.chains[stage.chain]; auto known = into.find(chain.table, chain.name))
      if (!into.chains[*known].rules.empty()) std::erase_if(chain.rules, is_added_call);
  std::set<std::string> anew;
  for (const Chain& chain : more.chains)
    if (chain.policy && chain.policy->value != ActionKind::unknown) anew.insert(chain.table);
  Ruleset out;
  out.family = into.family, out.span = into.span;
  auto add_stage = [&](Stage stage, const Chain& chain) {
    stage.chain = *out.find(chain.table, chain.name);
    for (const Stage& known : out.pipeline.stages)
      if (known.chain == stage.chain && known.where == stage.where) return;
    out.pipeline.add(stage);
  };
  for (Chain& chain : into.chains)
    if (!anew.contains(chain.table)) out.chains.push_back(chain);
  for (Chain& chain : more.chains) {
    auto known = out.find(chain.table, chain.name);
    if (known)
      out.chains[*known].rules.insert(out.chains[*known].rules.end(), chain.rules.begin(), chain.rules.end());
    else
      out.chains.push_back(chain);
  }
  for (const Ruleset* part : {&into, &more})
    for (const Stage& stage : part->pipeline.stages)
      if (const Chain& chain = part->chains[stage.chain]; part == &more || !anew.contains(chain.table)) add_stage(stage, chain);
  into = std::move(out);
}

// Calls of chains that another file brought.
void resolve_calls(Ruleset& ruleset, std::vector<Statement>& statements) {
  for (Chain& chain : ruleset.chains)
    for (Rule& rule : chain.rules) {
      Action& action = rule.action;
      if (action.kind != ActionKind::unknown || action.name.empty() || !ruleset.find(chain.table, action.name)) continue;
      action.kind = ActionKind::jump, action.chain = action.name;
      if (is_added_call(rule)) rule.conditions.clear();
      // The reason was that the chain is not there, whatever else is wrong with the rule.
      if (rule.reasons.size() <= 1) rule.understanding = Understanding::understood, rule.reasons.clear();
      for (Statement& statement : statements)
        if (statement.span == rule.span) statement.understanding = rule.understanding, statement.reason = rule.reason();
    }
}

// The path with every mark of an address family taken out of the file's name.
std::string without_family(const std::string& path) {
  std::string out = normal(path);
  std::size_t name = out.rfind('/') == out.npos ? 0 : out.rfind('/') + 1;
  for (const char* mark : {"ipv4", "ipv6", "v4", "v6", "ip6tables", "iptables", "ip6", "ip4"})
    for (std::size_t at; (at = out.find(mark, name)) != out.npos;) out.erase(at, std::char_traits<char>::length(mark));
  // "before6.rules" beside "before.rules"
  std::size_t dot = std::min(out.find('.', name), out.size());
  if (dot > name && out[dot - 1] == '6') out.erase(dot - 1, 1);
  return out;
}

// ---- the family of a dump in which nothing tells it ---------------------------------------------------------------

// Nothing in the ruleset is of one family only: policies, interfaces, states, ports. A program's chains are named for one.
bool tells_no_family(const Ruleset& ruleset, const Sources& sources) {
  if (ruleset.span.source >= sources.size() || tells_family(sources[ruleset.span.source], ruleset.span)) return false;
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules) {
      if (is_added_call(rule) || is_supposed(rule)) return false;
      for (const Condition& condition : rule.conditions)
        for (const Test& test : condition.any_of)
          if (auto* opaque = test_as<OpaqueTest>(test); opaque && !opaque->set.empty()) return false;
    }
  return true;
}

// "host.v6", "ip6tables.rules", "ipv6/filter", "rules-ip6": the file's name, or its folder's, says IPv6 and not IPv4.
bool is_named_ipv6(const std::string& path) {
  std::filesystem::path p = normal(path);
  for (std::string name : {p.filename().generic_string(), p.parent_path().filename().generic_string()}) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    auto says = [&](std::string_view mark) {
      for (std::size_t at = 0; (at = name.find(mark, at)) != name.npos; ++at) {
        std::size_t end = at + mark.size();
        auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
        // "ip6tables" goes on, "dev6" and "v60" do not end or begin a word.
        bool begins = at == 0 || !letter(name[at - 1]), ends = end == name.size() || !letter(name[end]);
        if (begins && (ends || mark == "ip6tables")) return true;
      }
      return false;
    };
    bool four = says("v4") || says("ipv4") || says("ip4") || says("inet4") || says("iptables4") || says("4");
    bool six = says("v6") || says("ipv6") || says("ip6") || says("inet6") || says("ip6tables") || says("iptables6") || says("6");
    if (four != six) return six;
  }
  return false;
}

// Dumps whose content fits either family are read as IPv4; their names, or what stands beside them, may know better.
void settle_families(Site& site, const Sources& sources) {
  std::vector<std::size_t> open;
  std::map<std::string, std::string> plain;  // by the name without the family's marks: a dump that plainly is IPv4
  for (std::size_t f = 0; f < site.firewalls.size(); ++f) {
    const Firewall& firewall = site.firewalls[f];
    if (firewall.rulesets.size() != 1 || firewall.rulesets.front().family != Family::ipv4) continue;
    std::string path = path_of(firewall, sources);
    if (tells_no_family(firewall.rulesets.front(), sources))
      open.push_back(f);
    else
      plain.emplace(without_family(path), path);
  }
  for (std::size_t f : open) {
    Firewall& firewall = site.firewalls[f];
    std::string path = path_of(firewall, sources), why;
    std::size_t name = normal(path).rfind('/') == std::string::npos ? 0 : normal(path).rfind('/') + 1;
    if (is_named_ipv6(path))
      why = "by its name";
    else if (auto beside = plain.find(without_family(path));
             beside != plain.end() && normal(path).find('6', name) != std::string::npos && normal(beside->second) != normal(path))
      why = "beside " + beside->second;
    if (why.empty()) continue;
    firewall.rulesets.front().family = Family::ipv6;
    site.inferences.push_back(
        {fmt::format("{} is taken for IPv6, {}: nothing in it tells the family", path, why), firewall.rulesets.front().span});
  }
}

void join(Site& site, std::size_t into, std::size_t from) {
  for (Ruleset& ruleset : site.firewalls[from].rulesets) site.firewalls[into].rulesets.push_back(std::move(ruleset));
  site.firewalls.erase(site.firewalls.begin() + static_cast<std::ptrdiff_t>(from));
}

void join_parts(Site& site, const Sources& sources) {
  std::map<std::pair<std::string, bool>, std::map<std::size_t, std::size_t>> folders;  // by part: the firewall
  for (std::size_t f = 0; f < site.firewalls.size(); ++f) {
    const Firewall& firewall = site.firewalls[f];
    if (firewall.role || firewall.rulesets.size() != 1) continue;
    std::filesystem::path path = normal(path_of(firewall, sources));
    std::string name = path.filename().generic_string();
    bool six = firewall.rulesets.front().family == Family::ipv6;
    if (auto part = place_among_parts(name, firewall.rulesets.front().family))
      folders[{path.parent_path().generic_string(), six}].emplace(*part, f);
  }
  std::set<std::size_t> joined;
  for (const auto& [folder, files] : folders) {
    auto has_added_calls = [&](const auto& file) {
      bool found = false;
      each_rule(site.firewalls[file.second],
                [&](const Ruleset&, const Chain&, const Rule& rule) { found = found || is_added_call(rule); });
      return found;
    };
    if (files.size() < 2 || !std::all_of(files.begin(), files.end(), has_added_calls)) continue;
    Firewall& into = site.firewalls[files.begin()->second];
    std::string names;
    for (const auto& [part, f] : files) {
      names += (names.empty() ? "" : ", ") + path_of(site.firewalls[f], sources);
      if (&site.firewalls[f] == &into) continue;
      load(into.rulesets.front(), std::move(site.firewalls[f].rulesets.front()));
      joined.insert(f);
    }
    resolve_calls(into.rulesets.front(), site.statements);
    site.inferences.push_back({names + std::string(parts_are_joined), into.rulesets.front().span});
  }
  for (auto f = joined.rbegin(); f != joined.rend(); ++f)
    site.firewalls.erase(site.firewalls.begin() + static_cast<std::ptrdiff_t>(*f));
}

void join_families(Site& site, const Sources& sources) {
  auto& all = site.firewalls;
  if (all.size() == 2) {
    std::size_t six = is_only(all[0], Family::ipv6) ? 0 : 1, four = 1 - six;
    if (!all[0].role && !all[1].role && is_only(all[four], Family::ipv4) && is_only(all[six], Family::ipv6)) join(site, four, six);
    return;
  }
  for (std::size_t four = 0; four < all.size(); ++four) {
    if (all[four].role || !is_only(all[four], Family::ipv4)) continue;
    std::string name = without_family(path_of(all[four], sources));
    for (std::size_t six = 0; six < all.size(); ++six) {
      if (all[six].role || !is_only(all[six], Family::ipv6) || without_family(path_of(all[six], sources)) != name) continue;
      site.inferences.push_back({fmt::format("{} and {} are taken for the dumps of one firewall, by their names",
                                             path_of(all[four], sources), path_of(all[six], sources)),
                                 all[six].rulesets.front().span});
      join(site, four, six);
      four -= six < four;
      break;
    }
  }
}

}  // namespace

void join_declared(Site& site, const Sources& sources, const std::vector<DeclaredFirewall>& declared,
                   const std::string& working_folder) {
  settle_families(site, sources);
  std::vector<Firewall> out;
  std::vector<bool> taken(site.firewalls.size());
  std::vector<std::pair<std::size_t, Firewall>> placed;  // by the place of the first dump
  for (const DeclaredFirewall& d : declared) {
    Firewall joined;
    joined.name = d.name;
    if (d.role) joined.role = d.role->value;
    for (const Located<std::string>& host : d.hosts) joined.hosts.push_back(host.value);
    std::size_t first = site.firewalls.size();
    for (const Located<std::string>& file : d.files) {
      bool found = false;
      DeclaredFirewall part = d;
      part.files = {file};
      for (std::size_t f = 0; f < site.firewalls.size(); ++f) {
        if (taken[f] || !applies_to(part, path_of(site.firewalls[f], sources), working_folder)) continue;
        taken[f] = found = true;
        first = std::min(first, f);
        for (Ruleset& ruleset : site.firewalls[f].rulesets) {
          auto same = std::find_if(joined.rulesets.begin(), joined.rulesets.end(),
                                   [&](const Ruleset& r) { return r.family == ruleset.family; });
          if (same == joined.rulesets.end())
            joined.rulesets.push_back(std::move(ruleset));
          else
            load(*same, std::move(ruleset));
        }
      }
      // A file of ipsets only is looked at where sets are resolved.
      for (const IpSet& set : site.sets) found = found || applies_to(part, sources[set.span.source].path(), working_folder);
      if (!found)
        site.inferences.push_back(
            {fmt::format("{} is declared for the firewall {} but was not given: judged without it", file.value, d.name),
             file.span});
    }
    for (Ruleset& ruleset : joined.rulesets) resolve_calls(ruleset, site.statements);
    if (!joined.rulesets.empty()) placed.push_back({first, std::move(joined)});
  }
  for (std::size_t f = 0; f < site.firewalls.size(); ++f)
    if (!taken[f]) placed.push_back({f, std::move(site.firewalls[f])});
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  site.firewalls.clear();
  for (auto& [place, firewall] : placed) site.firewalls.push_back(std::move(firewall));
}

void join_by_name(Site& site, const Sources& sources) {
  join_parts(site, sources);
  join_families(site, sources);
}

}  // namespace ipo
