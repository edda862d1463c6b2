// One table while its lines are read: chains by name, rules in the order the commands give them.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parsers/iptables/rule_order.h"
#include "parsers/model/model.h"
#include "parsers/text/lines.h"

namespace ipo::iptables {

struct Command;

// A chain the kernel itself calls.
struct BuiltIn {
  std::string_view table, chain;
  Hook hook;
  int priority;  // enum nf_ip_hook_priorities, linux/netfilter_ipv4.h
};
bool is_table(std::string_view name);

class TableReader {
 public:
  // `header`: the table's first line, for what is not written anywhere. Statements are added to `statements`.
  // `lines` is how many will be read.
  TableReader(Family family, std::string_view table, SourceSpan header, std::size_t lines, std::vector<Statement>& statements);

  void read_header(const Line& line);   // ":INPUT DROP [0:0]"
  void read_command(const Line& line);  // "-A INPUT -j DROP"
  // Adds the table to the ruleset. `inferences` is told where ufw's missing pieces were put in.
  void finish(Ruleset& ruleset, std::vector<Inference>& inferences);
  // The first line at which iptables-restore would stop; empty where there is none. Complete after finish().
  SourceSpan refused() const { return refused_; }
  // Match modules whose answers targets of the table change, see changed_matches().
  const std::vector<std::string_view>& changed() const { return changed_; }

 private:
  struct Growing {
    Chain chain;
    const BuiltIn* built_in = nullptr;
    bool declared = false;
    RuleOrder order;  // of rules_
  };
  struct Entry {
    Rule rule;
    std::size_t statement = 0;
    const Line* line = nullptr;
    unsigned hooks = 31;  // in which the kernel takes it, and what it would say elsewhere
    std::string hooks_reason;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };

  Growing* find(std::string_view name);
  Growing& chain(std::string_view name, SourceSpan span);
  void declare(Growing& growing);
  void empty_all(bool forget);  // -F; -X where it forgets the user chains too
  void set_policy(Growing& growing, std::string_view policy, SourceSpan word, Statement& statement);
  Entry make_rule(const Command& command, const Line& line);
  void place(const Command& command, const Line& line);
  void edit(const Command& command, const Line& line);
  void erase(const Command& command, const Line& line, Statement& statement);
  void resolve_jumps();
  // The hooks from which each chain is reached, as bits.
  std::vector<unsigned> hooks_reaching() const;
  void settle_netmaps(const std::vector<unsigned>& reached);
  void refuse_misplaced(const std::vector<unsigned>& reached);
  bool is_ufw_fragment() const;
  void hook_ufw(std::vector<Inference>& inferences);

  Family family_;
  std::string table_;
  SourceSpan header_;
  std::vector<Statement>& statements_;
  std::deque<Growing> chains_;  // references stay good
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_name_;
  std::vector<Entry> rules_;
  std::vector<std::string_view> changed_;
  std::function<bool(std::string_view)> is_user_chain_;
  void stop_at(SourceSpan line) {
    if (refused_ == SourceSpan{} || line.begin < refused_.begin) refused_ = line;
  }
  SourceSpan refused_;
  // Chains that were declared, or got their first rule, since the last -X or -F of all: these are all it has to look at.
  std::vector<Growing*> declared_, filled_;
  RuleOrder::Text says_;
};

}  // namespace ipo::iptables
