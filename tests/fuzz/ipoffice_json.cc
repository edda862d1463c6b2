// Any bytes as the JSON of an IP Office export.
#include "tests/fuzz/read_as.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_as("ipoffice-json", data, size);
  return 0;
}
