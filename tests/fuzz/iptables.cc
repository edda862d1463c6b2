// libFuzzer entry: any bytes as an iptables dump.
#include "parsers/iptables.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ipo::Sources sources;
  sources.push_back(ipo::decode_source("fuzz", std::string_view(reinterpret_cast<const char*>(data), size)));
  ipo::recognises_iptables(sources[0]);
  ipo::Site site;
  ipo::interpret_iptables(sources, 0, site);
  return 0;
}
