// The list of checks, alphabetical.
#include "rules/checks.h"

#include "parsers/embedded.h"
#include "rules/checks/list.h"

namespace ipo {

std::span<const Check> checks() {
  static const std::vector<Check> list = {
      check::any_any_accept,
      check::debug_port_enabled,
      check::debug_port_exposed,
      check::default_accept_policy,
      check::expired_ignore,
      check::exposed_through_port_forward,
      check::http_exposed,
      check::monitor_exposed,
      check::not_understood,
      check::release_without_matrix,
      check::rtp_range_blocked,
      check::shadowed_rule,
      check::sip_open_to_any_source,
      check::snmp_default_community,
      check::snmp_exposed,
      check::tftp_exposed,
      check::undeclared_source,
      check::undocumented_port_exposed,
      check::unresolved_set,
      check::unsecured_management_exposed,
      check::unused_ignore,
      check::web_management_exposed,
  };
  return list;
}

const Check* find_check(std::string_view id) {
  for (const Check& check : checks())
    if (check.id == id) return &check;
  return nullptr;
}

std::string_view page_of(const Check& check) {
  for (const EmbeddedText& page : check_pages())
    if (page.name.size() == check.id.size() + 3 && page.name.starts_with(check.id)) return page.text;
  return {};
}

}  // namespace ipo
