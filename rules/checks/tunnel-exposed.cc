// L2TP is a row of the matrix; IKE, udp/500, is egress 11 the other way round. A firewall that ends tunnels itself has
// these ports open for itself, and a tunnel the site declares is meant. Where the PBX is not known, a tunnel is more
// likely another's.
#include <algorithm>
#include <map>

#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::string_view ike_row = "ip-office/egress/11";

bool is_for_itself(const Chain& chain) {
  return chain.name.find("INPUT") != chain.name.npos || chain.name.find("input") != chain.name.npos;
}

// A rule speaks of IPsec: by a policy match, or by letting ESP or AH in to the machine itself.
bool ends_tunnels(const Ruleset& ruleset) {
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      for (const Condition& c : rule.conditions)
        for (const Test& test : c.any_of) {
          if (auto* opaque = test_as<OpaqueTest>(test); opaque && opaque->about.cause == Cause::protection) return true;
          auto* field = std::get_if<FieldTest>(&test);
          bool esp_or_ah = !c.negated && field && field->field == Field::protocol && field->values.size() == 1 &&
                           (field->values.contains(50) || field->values.contains(51));
          if (esp_or_ah && is_for_itself(chain) && rule.action.kind == ActionKind::accept) return true;
        }
  return false;
}

bool declared(const Passage& passage, const char* key) { return passage.host && passage.host->flag(key) == true; }

// IKE as anyone can reach it by this line, as a hit of egress 11; what a line lets in without naming ports is not meant
// for it.
std::optional<RowHit> ike(const Judgement& judgement, const Opening& o) {
  const MatrixRow* row = judgement.matrix.find(ike_row);
  if (!names_ports(o)) return {};
  if (!row || o.unrestricted || !o.located() || declared(*o.passage, "tunnel.ipsec")) return {};
  if (o.passage->host && !applies(*row, *o.passage->host)) return {};
  RowHit hit;
  hit.row = row;
  hit.ports = IntervalSet::of(500);
  hit.transports = {proto_udp};
  hit.any = true;
  Space& s = o.passage->chains->space();
  PacketSet wanted = judgement.exposure.row_packets(*o.passage, hit);
  PacketSet sure = s.intersect(o.proven, wanted), maybe = s.intersect(o.possible, wanted);
  Family family = o.passage->ruleset->family;
  bool proven = is_anyone(s.project(sure, Dimension::source), family);
  hit.certainty = proven ? Certainty::proven : Certainty::possible;
  hit.sources = s.project(s.unite(sure, maybe), Dimension::source);
  return is_anyone(hit.sources, family) ? std::optional(hit) : std::nullopt;
}

void run(const Judgement& judgement, Findings& findings) {
  std::map<std::pair<SourceSpan, std::string>, std::vector<Exposed>> groups;
  auto add = [&](const Exposed& e) { groups[{line_to_change(*e.opening).span(), e.opening->zone()}].push_back(e); };
  for (const auto& group : exposed_rows(judgement, check::tunnel_exposed))
    for (const Exposed& e : group)
      if (e.opening->located() && !declared(*e.opening->passage, "tunnel.l2tp") && !ends_tunnels(*e.opening->passage->ruleset))
        add(e);
  for (const Opening& o : judgement.exposure.openings())
    if (auto hit = ike(judgement, o); hit && !ends_tunnels(*o.passage->ruleset)) add({&o, *hit});
  for (const auto& [key, group] : groups) {
    Finding f = exposed_finding(judgement, check::tunnel_exposed, Level::warning, group, "tunnel");
    f.message += ", and no tunnel of the PBX is declared";
    // Egress 11 is what the PBX opens, not what is reachable.
    std::erase(f.rows, ike_row);
    findings.push_back(std::move(f));
  }
}

}  // namespace

const Check check::tunnel_exposed = {"tunnel-exposed",
                                     "the PBX's own tunnel ports are reachable from the internet and no tunnel is declared",
                                     Level::warning,
                                     5.3,
                                     "medium",
                                     {"security", "external/cwe/cwe-284"},
                                     run,
                                     false,
                                     {"ip-office/ingress/11"}};

}  // namespace ipo
