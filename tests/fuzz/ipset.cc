// libFuzzer entry: any bytes as the output of `ipset save`, looked up in rules that name its sets.
#include "parsers/ipset.h"

#include <cstddef>
#include <cstdint>

#include "parsers/iptables.h"
#include "rules/resolve_sets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ipo::Sources sources;
  sources.push_back(ipo::decode_source("fuzz", std::string_view(reinterpret_cast<const char*>(data), size)));
  ipo::recognises_ipset(sources[0]);
  ipo::Site site;
  ipo::interpret_ipset(sources, 0, site);
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
