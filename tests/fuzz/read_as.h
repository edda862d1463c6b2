// What the fuzzers of dialects share: any bytes, recognised and interpreted. Spans must stay inside the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parsers/parsers.h"

struct Interpreted {
  ipo::Sources sources;
  ipo::Site site;
};

// `dialect` as --as names it.
inline Interpreted read_as(std::string_view dialect, const std::uint8_t* data, std::size_t size) {
  Interpreted out{{ipo::decode_source("fuzz", {reinterpret_cast<const char*>(data), size})}, {}};
  const ipo::Dialect* as = ipo::find_dialect(dialect);
  if (!as) std::abort();
  as->recognises(out.sources[0]);
  as->interpret(out.sources, 0, out.site);
  auto check = [&](ipo::SourceSpan span) {
    if (span.begin > span.end || span.end > out.sources[0].text().size()) std::abort();
  };
  for (const ipo::Statement& statement : out.site.statements) check(statement.span);
  for (const ipo::SourceSpan& secret : out.site.secrets) check(secret);
  for (const ipo::Record& record : out.site.records)
    for (const ipo::Setting& field : record.fields) check(field.value.span);
  return out;
}
