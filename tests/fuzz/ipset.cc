// libFuzzer entry: any bytes as the output of `ipset save`, looked up in rules that name its sets.
#include "parsers/iptables/iptables.h"
#include "rules/site/resolve_sets.h"
#include "tests/fuzz/read_as.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto [sources, site] = read_as("ipset", data, size);
  std::string rules = "*filter\n";
  for (std::size_t i = 0; i < site.sets.size() && i < 20; ++i)
    if (const std::string& name = site.sets[i].name; name.find_first_of(" \t\"\\") == name.npos)
      rules += "-A INPUT -m set --match-set " + name + " src,dst,src -j ACCEPT\n-A INPUT -m set ! --match-set " + name +
               " dst,src,dst --return-nomatch -j DROP\n";
  sources.push_back(ipo::decode_source("rules", rules + "COMMIT\n"));
  ipo::interpret_iptables(sources, 1, site);
  ipo::resolve_sets(site, sources, {}, "");
  return 0;
}
