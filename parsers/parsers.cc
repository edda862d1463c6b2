// The list of dialects, and the choice among them by content.
#include "parsers/parsers.h"

#include <array>

#include "parsers/ipoffice/ipoffice.h"
#include "parsers/ipoffice/ipoffice_json.h"
#include "parsers/ipoffice/phone_settings.h"
#include "parsers/ipoffice/tftp_lists.h"
#include "parsers/iptables/ipset.h"
#include "parsers/iptables/iptables.h"

namespace ipo {

std::span<const Dialect> dialects() {
  static constexpr std::array list = {
      Dialect{"ipoffice", "IP Office export", recognises_ipoffice, interpret_ipoffice, largest_export},
      Dialect{"ipoffice-json", "IP Office export (JSON)", recognises_ipoffice_json, interpret_ipoffice_json},
      Dialect{"iptables", "iptables-save", recognises_iptables, interpret_iptables},
      Dialect{"ipset", "ipset save", recognises_ipset, interpret_ipset},
      Dialect{"46xxsettings", "46xxsettings", recognises_phone_settings, interpret_phone_settings},
      Dialect{"nasystem", "IP Office TFTP list", recognises_tftp_list, interpret_tftp_list},
  };
  return list;
}

constexpr int surest = 95;  // of any dialect but the first

const Dialect* recognise(const Source& source) {
  const Dialect* best = nullptr;
  int sureness = 0;
  for (const Dialect& d : dialects()) {
    if (sureness >= surest) break;  // none below it in the list is surer; some would look at every line of a large export
    if (int s = d.recognises(source); s > sureness) best = &d, sureness = s;
  }
  return best;
}

const Dialect* find_dialect(std::string_view name) {
  for (const Dialect& d : dialects())
    if (d.name == name) return &d;
  return nullptr;
}

}  // namespace ipo
