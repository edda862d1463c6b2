// Any bytes as JSON, as a packet a line, as a packet in words.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "linter/output/packet_line.h"
#include "parsers/document/document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  ipo::Sources sources;
  sources.push_back(ipo::decode_source("fuzz", text));
  ipo::read_json(sources, 0);
  ipo::PacketLine plain;
  ipo::packet_from_json(text, plain);
  if (plain.error != ipo::packet_from_json(text).error) std::abort();
  ipo::PacketLine line = ipo::packet_from_words(text);
  if (line.error.empty()) ipo::packet_from_words(ipo::words_of(line.packet));
  return 0;
}
