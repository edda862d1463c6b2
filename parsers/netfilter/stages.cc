#include "parsers/netfilter/stages.h"

#include <utility>

namespace ipo::netfilter {
namespace {

constexpr int conntrack_priority = -200;  // NF_IP_PRI_CONNTRACK
constexpr std::string_view filter = "filter";

}  // namespace

Stage stage(std::string_view table, Hook hook, int priority, bool nat, std::size_t chain) {
  Stage out;
  if (nat) out.kind = priority > 0 ? Stage::Kind::translate_source : Stage::Kind::translate_destination;
  out.where = hook, out.order = priority, out.chain = chain;
  out.last_word = table == filter;
  out.tracked = priority >= conntrack_priority;
  return out;
}

void suppose_filter(Ruleset& ruleset) {
  SourceSpan first{ruleset.span.source, ruleset.span.begin, ruleset.span.begin};
  for (auto [hook, name] : {std::pair(Hook::input, "INPUT"), {Hook::forward, "FORWARD"}, {Hook::output, "OUTPUT"}}) {
    Chain chain;
    chain.table = filter, chain.name = name, chain.span = first;
    chain.policy = Located<ActionKind>{ActionKind::unknown, first};
    ruleset.pipeline.add(stage(filter, hook, 0, false, ruleset.chains.size()));
    ruleset.chains.push_back(std::move(chain));
  }
}

}  // namespace ipo::netfilter
