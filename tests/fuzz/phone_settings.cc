// Any bytes as 46xxsettings.txt.
#include "tests/fuzz/read_as.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_as("46xxsettings", data, size);
  return 0;
}
