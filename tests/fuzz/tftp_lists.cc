// Any bytes as a TFTP list. Spans must stay inside the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "parsers/tftp_lists.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ipo::Sources sources{ipo::decode_source("fuzz", {reinterpret_cast<const char*>(data), size})};
  ipo::recognises_tftp_list(sources[0]);
  ipo::Site site;
  ipo::interpret_tftp_list(sources, 0, site);
  auto check = [&](ipo::SourceSpan span) {
    if (span.begin > span.end || span.end > sources[0].text().size()) std::abort();
  };
  for (const ipo::Statement& statement : site.statements) check(statement.span);
  for (const ipo::SourceSpan& secret : site.secrets) check(secret);
  for (const ipo::Record& record : site.records)
    for (const ipo::Setting& field : record.fields) check(field.value.span);
  return 0;
}
