// Any bytes as a TFTP list.
#include "tests/fuzz/read_as.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_as("nasystem", data, size);
  return 0;
}
