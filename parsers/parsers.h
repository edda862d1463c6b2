// The dialects: which inputs are recognised, and what each says about the site.
#pragma once

#include <span>
#include <string_view>

#include "parsers/model/model.h"

namespace ipo {

// Bytes; larger inputs of most dialects are refused, because what is read of them takes many times their size.
constexpr std::size_t largest_tree = std::size_t{256} << 20;
// Of IP Office XML, which is read record by record and needs less than three times its size: 80 000 users with all their
// fields are 1 GB, and offsets in it have 32 bits.
constexpr std::size_t largest_export = std::size_t{2} << 30;

struct Dialect {
  std::string_view name;   // for --as: "iptables", "ipoffice"
  std::string_view title;  // for people: "iptables-save"
  // How sure the content is of this dialect: 0 not at all .. 100. Looks at content only, never at the path.
  int (*recognises)(const Source& source);
  // Adds what the source says to `site`; what was not understood becomes a Statement, never silence.
  // Total: any text in, no exception out.
  void (*interpret)(const Sources& sources, std::uint32_t source, Site& site);
  std::size_t largest = largest_tree;  // bytes
};

std::span<const Dialect> dialects();
// The dialect of highest sureness, or null where none recognises the source.
const Dialect* recognise(const Source& source);
const Dialect* find_dialect(std::string_view name);

}  // namespace ipo
