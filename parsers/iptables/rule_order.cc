// A treap by place: each node knows how many it has below it, and parents, so that a node knows its place. What chance gives the
// nodes decides how deep it is and nothing else; it differs from run to run, so no file can be written that makes it deep.
#include "parsers/iptables/rule_order.h"

#include <random>
#include <utility>

namespace ipo::iptables {
namespace {

constexpr std::uint32_t none = ~std::uint32_t{0};

}  // namespace

class RuleOrder::Tree {
 public:
  explicit Tree(const std::vector<std::uint32_t>& rules) : chance_(std::random_device{}()) {
    nodes_.reserve(rules.size());
    for (std::uint32_t rule : rules) insert(size(), rule);
  }

  std::size_t size() const { return size(root_); }

  void insert(std::size_t at, std::uint32_t rule) {
    auto node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({rule, none, none, none, 1, static_cast<std::uint32_t>(chance_())});
    auto [before, after] = split(root_, at);
    set_root(join(join(before, node), after));
    if (text_) by_text().at((*text_)(rule)).insert(node);
  }

  void replace(std::size_t at, std::uint32_t rule) {
    std::uint32_t node = at_place(at);
    forget(node);
    nodes_[node].rule = rule;
    if (text_) by_text().at((*text_)(rule)).insert(node);
  }

  void erase(std::size_t at) { remove(at_place(at)); }

  bool erase(const std::string& says, const Text& text) {
    if (!text_) {
      text_ = &text;
      each([&](std::uint32_t node) { by_text().at(text(nodes_[node].rule)).insert(node); });
    }
    auto found = by_text().list.find(says);
    if (found == by_text().list.end()) return false;
    remove(*found->second.begin());
    return true;
  }

  template <class Visit>
  void each(Visit visit) const {
    std::vector<std::uint32_t> above;
    for (std::uint32_t node = root_; node != none || !above.empty(); node = nodes_[node].right) {
      for (; node != none; node = nodes_[node].left) above.push_back(node);
      node = above.back();
      above.pop_back();
      visit(node);
    }
  }

  std::uint32_t rule(std::uint32_t node) const { return nodes_[node].rule; }

 private:
  struct Node {
    std::uint32_t rule, left, right, parent, size, priority;
  };
  struct Earlier {
    const Tree* tree;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a != b && tree->place(a) < tree->place(b); }
  };
  // Nodes that say the same, in their order.
  struct ByText {
    const Tree* tree;
    std::map<std::string, std::set<std::uint32_t, Earlier>> list;
    std::set<std::uint32_t, Earlier>& at(std::string text) {
      return list.try_emplace(std::move(text), Earlier{tree}).first->second;
    }
  };

  ByText& by_text() {
    if (!by_text_) by_text_ = std::make_unique<ByText>(ByText{this, {}});
    return *by_text_;
  }

  std::uint32_t size(std::uint32_t node) const { return node == none ? 0 : nodes_[node].size; }

  void set_root(std::uint32_t node) {
    root_ = node;
    if (node != none) nodes_[node].parent = none;
  }

  void update(std::uint32_t node) {
    Node& n = nodes_[node];
    n.size = 1 + size(n.left) + size(n.right);
    if (n.left != none) nodes_[n.left].parent = node;
    if (n.right != none) nodes_[n.right].parent = node;
  }

  // The first `count` nodes of a tree, and the others.
  std::pair<std::uint32_t, std::uint32_t> split(std::uint32_t node, std::size_t count) {
    if (node == none) return {none, none};
    std::size_t left = size(nodes_[node].left);
    if (count <= left) {
      auto [first, second] = split(nodes_[node].left, count);
      nodes_[node].left = second;
      update(node);
      return {first, node};
    }
    auto [first, second] = split(nodes_[node].right, count - left - 1);
    nodes_[node].right = first;
    update(node);
    return {node, second};
  }

  std::uint32_t join(std::uint32_t before, std::uint32_t after) {
    if (before == none || after == none) return before == none ? after : before;
    if (nodes_[before].priority < nodes_[after].priority) {
      nodes_[before].right = join(nodes_[before].right, after);
      return update(before), before;
    }
    nodes_[after].left = join(before, nodes_[after].left);
    return update(after), after;
  }

  std::uint32_t at_place(std::size_t at) const {
    std::uint32_t node = root_;
    for (;;) {
      std::size_t left = size(nodes_[node].left);
      if (at == left) return node;
      node = at < left ? nodes_[node].left : nodes_[node].right;
      if (at > left) at -= left + 1;
    }
  }

  std::size_t place(std::uint32_t node) const {
    std::size_t before = size(nodes_[node].left);
    for (std::uint32_t up; (up = nodes_[node].parent) != none; node = up)
      if (nodes_[up].right == node) before += 1 + size(nodes_[up].left);
    return before;
  }

  void forget(std::uint32_t node) {
    if (!text_) return;
    auto found = by_text().list.find((*text_)(nodes_[node].rule));
    found->second.erase(node);
    if (found->second.empty()) by_text().list.erase(found);
  }

  void remove(std::uint32_t node) {
    forget(node);
    std::size_t at = place(node);
    auto [before, rest] = split(root_, at);
    set_root(join(before, split(rest, 1).second));
  }

  std::vector<Node> nodes_;
  std::uint32_t root_ = none;
  std::mt19937 chance_;
  const Text* text_ = nullptr;  // once somebody asked for a rule by what it says
  std::unique_ptr<ByText> by_text_;
};

RuleOrder::RuleOrder() = default;
RuleOrder::RuleOrder(RuleOrder&&) noexcept = default;
RuleOrder::~RuleOrder() = default;

RuleOrder::Tree& RuleOrder::tree() {
  if (!tree_) {
    tree_ = std::make_unique<Tree>(list_);
    list_ = {};
  }
  return *tree_;
}

std::size_t RuleOrder::size() const { return tree_ ? tree_->size() : list_.size(); }

void RuleOrder::insert(std::size_t at, std::uint32_t rule) {
  if (!tree_ && at == list_.size())
    list_.push_back(rule);
  else
    tree().insert(at, rule);
}

void RuleOrder::replace(std::size_t at, std::uint32_t rule) {
  if (tree_)
    tree_->replace(at, rule);
  else
    list_[at] = rule;
}

void RuleOrder::erase(std::size_t at) { tree().erase(at); }

bool RuleOrder::erase(const std::string& says, const Text& text) { return tree().erase(says, text); }

void RuleOrder::clear() {
  tree_.reset();
  list_.clear();
}

const std::vector<std::uint32_t>& RuleOrder::rules() const {
  if (tree_) {
    list_.reserve(tree_->size());
    tree_->each([&](std::uint32_t node) { list_.push_back(tree_->rule(node)); });
    tree_.reset();
  }
  return list_;
}

}  // namespace ipo::iptables
