// The list of checks, alphabetical.
#include "rules/checks.h"

#include "parsers/embedded.h"
#include "rules/checks/list.h"

namespace ipo {

std::span<const Check> checks() {
  static const std::vector<Check> list = {
      check::any_any_accept,
      check::appliance_management_exposed,
      check::auto_create_enabled,
      check::backup_exposed,
      check::base_port_collision,
      check::contact_recorder_exposed,
      check::contact_recorder_shutdown_exposed,
      check::container_bypass,
      check::contradicting_rule,
      check::contradictory_setting,
      check::cti_exposed,
      check::debug_port_enabled,
      check::debug_port_exposed,
      check::default_accept_policy,
      check::default_password,
      check::devlink_or_tapi_enabled,
      check::dhcp_bootp_exposed,
      check::discovery_exposed,
      check::duplicate_extension,
      check::duplicate_record,
      check::egress_unrestricted,
      check::expired_ignore,
      check::exposed_through_port_forward,
      check::factory_address,
      check::file_writer_open,
      check::firewall_profile_open,
      check::h323_exposed,
      check::hairpin_missing,
      check::http_clients_unrestricted,
      check::http_exposed,
      check::https_exposed,
      check::intra_device_port_exposed,
      check::invalid_setting,
      check::ipv6_bypass,
      check::lan_overlap,
      check::license_server_exposed,
      check::log_after_drop,
      check::media_exposed,
      check::media_security_off,
      check::missing_conntrack,
      check::monitor_exposed,
      check::moved_port_mismatch,
      check::nat_binding_refresh_off,
      check::not_understood,
      check::ntp_exposed,
      check::off_switch_forwarding,
      check::one_x_cleartext_exposed,
      check::one_x_client_exposed,
      check::one_x_internals_exposed,
      check::orphan_extension,
      check::orphan_user,
      check::pbx_address_unmentioned,
      check::phone_provisioning_exposed,
      check::phone_settings_insecure,
      check::public_address_unset,
      check::public_lan_address,
      check::rate_limit_after_accept,
      check::redundant_rule,
      check::registrar_on_unused_lan,
      check::release_without_matrix,
      check::remote_extension_enabled_unused,
      check::remote_worker_path_blocked,
      check::removed_product_port_open,
      check::required_egress_blocked,
      check::required_service_blocked,
      check::routing_protocol_exposed,
      check::rtp_overlaps_services,
      check::rtp_range_blocked,
      check::rtp_range_invalid,
      check::rtp_range_stale,
      check::rtp_range_too_wide,
      check::rule_without_effect,
      check::sbc_bypassed,
      check::scn_exposed,
      check::scn_link_blocked,
      check::secured_management_exposed,
      check::service_off_port_open,
      check::shadowed_rule,
      check::shared_login_code,
      check::short_login_code,
      check::sip_alg_enabled,
      check::sip_cleartext_exposed,
      check::sip_open_to_any_source,
      check::sip_port_out_of_range,
      check::snmp_default_community,
      check::snmp_exposed,
      check::snmp_port_out_of_range,
      check::ssh_exposed,
      check::stateless_return_missing,
      check::target_missing,
      check::tftp_enabled,
      check::tftp_exposed,
      check::tunnel_exposed,
      check::tunnel_incomplete,
      check::undeclared_source,
      check::undocumented_port_exposed,
      check::unexpected_zone,
      check::unlimited_related,
      check::unreachable_chain,
      check::unresolved_set,
      check::unrestricted_mobile_twinning,
      check::unsecured_management_exposed,
      check::unsecured_service_level,
      check::unused_ignore,
      check::unused_port_exposed,
      check::vnc_exposed,
      check::voicemail_exposed,
      check::voicemail_mail_exposed,
      check::voicemail_media_exposed,
      check::vulnerable_release,
      check::web_management_exposed,
      check::wrong_transport_allowed,
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
