// The rules of a chain in their order, while commands insert, replace and delete by number or by what a rule says.
//
// A file may hold as many such commands as lines, so each costs the logarithm of the chain's length. Chains that only grow at
// their end, which is nearly all, are a plain list.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ipo::iptables {

class RuleOrder {
 public:
  using Text = std::function<std::string(std::uint32_t rule)>;  // what it says, to whoever looks for it

  RuleOrder();
  RuleOrder(RuleOrder&&) noexcept;
  ~RuleOrder();

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  void push_back(std::uint32_t rule) { insert(size(), rule); }
  void insert(std::size_t at, std::uint32_t rule);   // at <= size()
  void replace(std::size_t at, std::uint32_t rule);  // at < size()
  void erase(std::size_t at);                        // at < size()
  // The first rule that says this goes; false where there is none. `text` must outlive the order.
  bool erase(const std::string& says, const Text& text);
  void clear();
  // All, in order. Takes as long as there are rules.
  const std::vector<std::uint32_t>& rules() const;

 private:
  class Tree;
  Tree& tree();

  mutable std::vector<std::uint32_t> list_;  // where there is no tree
  mutable std::unique_ptr<Tree> tree_;
};

}  // namespace ipo::iptables
