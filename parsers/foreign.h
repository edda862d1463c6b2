// What a file looks like that no dialect reads. A firewall nobody judged is worse than one that is refused by name.
#pragma once

#include <string>
#include <string_view>

namespace ipo {

struct Look {
  enum class Kind : unsigned char {
    firewall,  // the configuration of a firewall
    pbx,       // that of an IP Office
    may_hold,  // may hold or make rules, as a script or an archive does
    other,     // a picture, a program, documentation
  };
  std::string_view name;  // with its article: "a FortiGate configuration"
  Kind kind = Kind::other;
  std::string_view way_out = {};  // what to give instead; empty = nothing helps yet
};

// Bytes; what comes after them is not looked at, so that the cost is bounded.
constexpr std::size_t looked_at = std::size_t{64} << 10;

// By content only. Null where it looks like nothing in particular. Never throws on any input.
const Look* foreign_look(std::string_view bytes);
// Its halves: what the bytes at the start say, which costs next to nothing, and what the text says once it is decoded.
const Look* binary_look(std::string_view bytes);
const Look* text_look(std::string_view text);

// "looks like a FortiGate configuration, which ipo-lint cannot read yet; nothing about this firewall was checked"
std::string refusal(const Look& look);

}  // namespace ipo
