#include "parsers/text/interned.h"

#include <functional>
#include <mutex>
#include <unordered_set>

namespace ipo {
namespace {

struct Hash : std::hash<std::string_view> {
  using is_transparent = void;
};

const std::string* intern(std::string_view text) {
  static std::mutex mutex;
  static auto& all = *new std::unordered_set<std::string, Hash, std::equal_to<>>;  // outlives every static that holds one
  std::lock_guard lock(mutex);
  if (auto known = all.find(text); known != all.end()) return &*known;
  return &*all.emplace(text).first;
}

}  // namespace

Interned::Interned() {
  static const std::string* const empty = intern("");
  text_ = empty;
}

Interned::Interned(std::string_view text) : text_(intern(text)) {}

}  // namespace ipo
