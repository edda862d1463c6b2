// The ports are those of Table 7's removed rows that no row of the matrix uses. Forwarded openings of them by lines that name
// ports are looked at by destination: a declared Customer Call Reporter, or an address no host claims where 8135, which only that
// product had, is open too; a database of the site's own listens on 1433 as well.
#include <fmt/format.h>

#include <algorithm>

#include "rules/engine/doubt.h"
#include "rules/findings/check_list.h"
#include "rules/findings/exposure_findings.h"
#include "rules/site/required.h"

namespace ipo {
namespace {

constexpr std::string_view telltale = "ccr/ingress/5";

IntervalSet removed_ports(const PortMatrix& matrix, std::string_view only) {
  static const MatrixChanges changes = changes_between("9.0.3", "9.1");
  IntervalSet removed, used;
  for (const MatrixRow& row : changes.removed)
    if (row.direction == "ingress" && (only.empty() || row.id == only)) removed.add(row.port_set());
  for (const MatrixRow& row : matrix.rows)
    if (row.direction != "egress")
      for (auto [lo, hi] : row.ports) used.add(lo, hi);
  return removed.minus(used);
}

IntervalSet addresses_of_hosts(const Site& site, Family family, bool ccr) {
  IntervalSet out;
  for (const Host& host : site.hosts) {
    bool has = std::find(host.products.begin(), host.products.end(), "ccr") != host.products.end();
    for (const Located<Address>& a : host.addresses)
      if (has == ccr && a.value.family == family) out.add(a.value.value, a.value.value);
  }
  return out;
}

// A range that happens to hold the ports was not written for them.
bool names_few_ports(const Rule& rule) {
  std::optional<IntervalSet> ports = required(rule, Field::destination_port, 65535);
  return ports && ports->size() <= 32;
}

void judge(const Judgement& judgement, ChainSets& chains, const IntervalSet& ports, Findings& findings) {
  Space& s = chains.space();
  const Ruleset& ruleset = chains.ruleset();
  PacketSet entering = s.intersect(hook_packets(chains, Hook::forward), s.test(Dimension::state, IntervalSet::of(0)));
  entering = s.intersect(entering, s.test(Dimension::protocol, IntervalSet::of(proto_tcp)));
  entering = s.intersect(entering, s.test(Dimension::destination_port, ports));
  std::vector<ChainSets::Decided> open = Reach(chains).acceptors(Hook::forward, entering);
  std::erase_if(open, [](const ChainSets::Decided& d) { return !d.by.rule || !names_few_ports(*d.by.rule); });
  if (open.empty()) return;
  PacketSet wallboards = s.nothing(), at_telltale = s.test(Dimension::destination_port, removed_ports(judgement.matrix, telltale));
  for (const ChainSets::Decided& d : open) wallboards = s.unite(wallboards, s.intersect(d.packets, at_telltale));
  IntervalSet suspects =
      s.project(wallboards, Dimension::destination).minus(addresses_of_hosts(judgement.site, ruleset.family, false));
  suspects.add(addresses_of_hosts(judgement.site, ruleset.family, true));
  for (const ChainSets::Decided& d : open) {
    PacketSet mine = s.intersect(d.packets, s.test(Dimension::destination, suspects)), sure = s.without_predicates(mine);
    if (mine.empty()) continue;
    const Passage* from = nullptr;
    for (const auto& p : judgement.exposure.passages())
      if (p->inbound && p->zone->is_internet() && p->hook == Hook::forward && p->chains == &chains &&
          is_anyone(s.project(s.intersect(mine, s.exists(p->arriving, Dimension::out)), Dimension::source), ruleset.family))
        from = p.get();
    Finding f;
    f.check = check::removed_product_port_open.id;
    f.level = from ? level_at(Level::error, *from) : Level::warning;
    f.certainty = sure.empty() ? Certainty::possible : Certainty::proven;
    for (std::uint32_t n : sure.empty() ? s.predicates_of(mine) : std::vector<std::uint32_t>()) {
      const Predicate& p = chains.packets().predicates()[n];
      f.doubt.push_back({doubt_about(p, true), p.span});
    }
    f.span = d.by.span();
    f.hook = name_of(Hook::forward);
    if (from) f.zone = from->zone->name;
    IntervalSet at = s.project(mine, Dimension::destination_port);
    f.message = fmt::format("tcp/{} of Customer Call Reporter {} open{}, and the product ended with release 9.0", format_ports(at),
                            at.size() > 1 ? "are" : "is", from ? " from the " + from->zone->name : "");
    f.identity = f.zone + '\n' + rule_text(judgement, d.by);
    findings.push_back(std::move(f));
  }
}

void run(const Judgement& judgement, Findings& findings) {
  if (parse_release(judgement.matrix.release).parts < parse_release("9.1").parts) return;
  IntervalSet ports = removed_ports(judgement.matrix, {});
  for (const auto& chains : judgement.exposure.chains()) judge(judgement, *chains, ports, findings);
}

}  // namespace

const Check check::removed_product_port_open = {"removed-product-port-open",
                                                "a port of a product that no longer exists is open",
                                                Level::error,
                                                7.0,
                                                "medium",
                                                {"security", "external/cwe/cwe-284"},
                                                run};

}  // namespace ipo
