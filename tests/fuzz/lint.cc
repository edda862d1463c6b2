// Any bytes through the whole pipeline, twice: no crash, no hang, and the same findings both times.
#include "linter/lint.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  ipo::Report first = ipo::lint({"", {{"input", bytes}}, {}}, {});
  ipo::Report second = ipo::lint({"", {{"input", bytes}}, {}}, {});
  if (first.findings.size() != second.findings.size()) std::abort();
  for (std::size_t i = 0; i < first.findings.size(); ++i)
    if (first.findings[i].message != second.findings[i].message || first.findings[i].span != second.findings[i].span) std::abort();
  return 0;
}
