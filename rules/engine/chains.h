// Chains as functions of packets: what each rule matches, what each chain decides, which rule decided.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rules/engine/effects.h"
#include "rules/engine/packet_set.h"

namespace ipo {

// A match that cannot be decided, numbered as the space numbers it.
struct Predicate {
  std::string text;    // as the dialect writes it
  std::string reason;  // "depends on packets seen before"
  SourceSpan span;     // where it is first tested
  Subject about = {};
};

// The space of the packets that one firewall, or several behind one another, meet: their interfaces and predicates.
class PacketSpace {
 public:
  // `named` are interfaces mentioned elsewhere (--internet, zones).
  PacketSpace(const Firewall& firewall, const std::vector<InterfaceTest>& named, std::size_t edge_budget = std::size_t{1} << 24);
  PacketSpace(const std::vector<const Firewall*>& firewalls, const std::vector<InterfaceTest>& named,
              std::size_t edge_budget = std::size_t{1} << 24);
  // Two revisions of one machine's rules, read into one list of sources: a stateful predicate of the second is that of the
  // first where both are the n-th of their text in the chain of one name.
  PacketSpace(const Ruleset& before, const Ruleset& after);

  Space space;
  const Interfaces interfaces;

  // Stateless predicates of one text are one predicate on one firewall; stateful ones are one only at the same place.
  PacketSet predicate(const OpaqueTest& test, SourceSpan place);
  const std::vector<Predicate>& predicates() const { return predicates_; }
  // The predicate's number, if it was ever asked for.
  std::optional<std::uint32_t> number_of(const OpaqueTest& test, SourceSpan place) const;
  PacketSet condition(const Condition& condition);
  // {p of the family : every condition holds}.
  PacketSet all_of(const std::vector<Condition>& conditions, Family family);

 private:
  using Key = std::pair<std::string, SourceSpan>;  // text and place
  Key key_of(const OpaqueTest& test, SourceSpan place) const;
  PacketSet of_test(const Test& test, SourceSpan place);

  std::map<std::uint32_t, std::uint32_t> machines_;  // number of the firewall a source belongs to
  std::map<Key, SourceSpan> same_places_;            // of stateful predicates in the second revision
  std::vector<Predicate> predicates_;
  std::map<Key, std::uint32_t> numbers_;
};

// What a chain does with a packet. Values from first_translation on name a rule of ChainSets::translations(). A decision
// is an outcome and, from effect_shift on, the number of the effect its rules had by then.
enum Outcome : std::uint32_t {
  outcome_proceed = 0,
  outcome_accept = 1,
  outcome_drop = 2,
  outcome_return = 3,
  outcome_reject = 4,
  first_translation = 5
};
constexpr unsigned effect_shift = 20;
constexpr std::uint32_t outcome_of(std::uint32_t decision) { return decision & ((1u << effect_shift) - 1); }
constexpr std::uint32_t effect_of(std::uint32_t decision) { return decision >> effect_shift; }

// The predicates that stand for what is not known: a rule of unknown action accepts, drops, or (neither) proceeds; a stage
// chain whose policy is not in the file accepts or drops.
OpaqueTest unknown_verdict(const Rule& rule, bool accepts);
OpaqueTest unknown_policy(const Chain& chain);
// The policy stands in the line of its chain; unknown all the same where that may not be loaded.
bool is_written(const Chain& chain);

// A rule in its chain. `rule` is null for the chain's policy.
struct RuleRef {
  const Chain* chain = nullptr;
  const Rule* rule = nullptr;
  // Index in the ruleset it is of, and in its chain; the latter of rules only.
  std::size_t chain_index(const Ruleset& ruleset) const { return static_cast<std::size_t>(chain - ruleset.chains.data()); }
  std::size_t rule_index() const { return static_cast<std::size_t>(rule - chain->rules.data()); }
  SourceSpan span() const { return rule ? rule->span : chain->policy ? chain->policy->span : chain->span; }
  friend auto operator<=>(const RuleRef&, const RuleRef&) = default;
};

class ChainSets {
 public:
  ChainSets(PacketSpace& packets, const Ruleset& ruleset);

  const Ruleset& ruleset() const { return ruleset_; }
  PacketSpace& packets() const { return packets_; }
  Space& space() const { return packets_.space; }
  PacketSet universe() const { return universe_; }
  // Packets that pass without coming to any stage: replies, where the pipeline lets them.
  PacketSet unasked();

  // The decision of a base chain with its policy: accept, drop (rejects are drops here), or a translation; an unknown policy
  // is a predicate. Folded once.
  PacketSet decision(const Stage& stage);
  // The same told apart by value, once; plain acceptance, 0 and accept without an effect, is left out.
  const std::vector<Space::Part>& decisions(const Stage& stage);
  Effects& effects() { return effects_; }
  const std::vector<RuleRef>& translations() const { return translations_; }
  // A dimension of where packets were sent to when they arrived (`then`), the one that holds where they are sent to (`now`), and
  // the parts of its range that rules tell apart. Of dimensions that some rule asks for.
  struct Original {
    Dimension then, now;
    std::vector<IntervalSet> pieces;
  };
  const std::vector<Original>& originals();

  // Sends `entering` through a base chain and reports every rule that packets reach and match, and the policy (rule null)
  // with what is left for it. The packets, as they entered, are those of two sets: what the rule gets of all packets, were
  // they to come to its chain, and what does come. Calls for one chain follow each other in the order of its
  // rules; a chain is met once for each effect packets come with, with the packets of all its callers. Returns for each
  // chain the packets that enter it, as it sees them.
  using Meet = std::function<void(RuleRef at, PacketSet matched, PacketSet came)>;
  std::vector<PacketSet> send(const Stage& stage, PacketSet entering, const Meet& meet);

  // The rules that end the way of `entering` in a base chain, with the packets each takes and whether it lets them
  // pass; sorted by place.
  struct Decided {
    RuleRef by;
    bool accepted;
    PacketSet packets;
  };
  std::vector<Decided> decide(const Stage& stage, PacketSet entering);
  // Those of them that let packets pass, without a look at runs of rules that only drop or return.
  std::vector<Decided> acceptors(const Stage& stage, PacketSet entering);

  // The packets a rule matches, as they enter its chain: what the rules before it change is done to them, whether or not one
  // of those ends their way.
  PacketSet match(std::size_t chain, std::size_t rule);
  // Those of them whose way no rule before it ends.
  PacketSet reaching(std::size_t chain, std::size_t rule);
  // A run of rules of one chain, as packets enter the chain: what it decides, 0 where it decides nothing, and a function
  // that is 0 exactly where none of its rules matches. Runs form a binary tree over the chain, numbered as a heap from 1.
  struct Segment {
    PacketSet decision, matched;
    bool known = false;
  };
  const Segment& segment(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end);
  // The rules from `first` up to `last` (exclusive) of a chain, in order, as the fewest runs of that tree, by their decisions; ends
  // where `visit` gives false, and says whether it came to the end.
  bool each_run(std::size_t chain, std::size_t first, std::size_t last, const std::function<bool(PacketSet)>& visit);
  // What becomes of packets that come to the end of a base chain: accept or drop.
  PacketSet policy_decision(const Chain& chain);
  // The chain a jump or goto leads to.
  std::size_t target(std::size_t chain, std::size_t rule) const { return targets_[chain][rule]; }
  // Some rule of the chain, or of one it calls, changes marks or leaves packets untracked.
  bool changes(std::size_t chain) const { return changes_[chain]; }
  // The rules from `first` up to `last` (exclusive) of a chain that keep packets of `wanted` from the rules after them, in
  // order, `limit` at most, each with what it keeps of them.
  struct Taker {
    RuleRef rule;
    PacketSet takes;
  };
  std::vector<Taker> takers(std::size_t chain, std::size_t first, std::size_t last, PacketSet wanted, std::size_t limit);
  // jump and go_to that would loop or nest deeper than the kernel allows are unknown here.
  ActionKind kind(std::size_t chain, std::size_t rule) const { return kinds_[chain][rule]; }
  // For an unknown action: the packets (of all) that it accepts and that it drops.
  PacketSet unknown_accepts(const Rule& rule);
  PacketSet unknown_drops(const Rule& rule);

 private:
  // Packets on their way, as they entered the base chain, by the effect they have met.
  using Travellers = std::map<std::uint32_t, PacketSet>;
  struct Way {
    std::vector<Travellers> entry;  // per chain
    const Meet& meet;
    bool accepting;  // whether only who accepts matters
  };
  std::vector<PacketSet> send(const Stage& stage, PacketSet entering, const Meet& meet, bool accepting);
  std::vector<Decided> decide(const Stage& stage, PacketSet entering, bool accepting);
  void meet_segment(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end, PacketSet came, std::uint32_t effect,
                    Way& way);
  void find_takers(std::size_t chain, std::size_t node, std::size_t begin, std::size_t end,
                   std::pair<std::size_t, std::size_t> rules, PacketSet wanted, std::size_t limit, std::vector<Taker>& out);
  PacketSet plain_match(std::size_t chain, std::size_t rule);
  // The function from packets that enter the chain to the effect the rules before `rule` have on them.
  PacketSet effect_before(std::size_t chain, std::size_t rule);
  PacketSet summary(std::size_t chain);
  PacketSet rule_decision(std::size_t chain, std::size_t rule);
  int nesting(std::size_t chain, std::vector<int>& height, int depth);

  PacketSpace& packets_;
  const Ruleset& ruleset_;
  PacketSet universe_;
  std::vector<std::vector<ActionKind>> kinds_;
  std::vector<std::vector<std::size_t>> targets_;  // chain index of jump and go_to
  std::vector<std::vector<std::optional<PacketSet>>> matches_, reaching_;
  std::vector<std::vector<Segment>> segments_;
  std::vector<std::optional<PacketSet>> summaries_;
  // Of base chains.
  std::map<std::size_t, PacketSet> decision_;
  std::map<std::size_t, std::vector<Space::Part>> decisions_;
  Effects effects_;
  std::vector<bool> changes_;                           // the chain, or one it calls, has a rule with an effect
  std::vector<std::vector<PacketSet>> effects_before_;  // of such chains once asked: one per rule and one for the end
  std::vector<std::size_t> callers_first_;              // every chain after all chains that call it
  std::vector<std::vector<std::uint32_t>> accepting_;   // per chain and rule: how many before it may let packets pass
  std::vector<RuleRef> translations_;
  std::optional<std::vector<Original>> originals_;
};

}  // namespace ipo
