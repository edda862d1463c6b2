// Every check's constant, defined in its own file. checks.cc lists them.
#pragma once

#include "rules/findings/check.h"

namespace ipo::check {

extern const Check any_any_accept, appliance_management_exposed, auto_create_enabled, backup_exposed, base_port_collision,
    contact_recorder_exposed, contact_recorder_shutdown_exposed, container_bypass, contradicting_rule, contradictory_setting,
    cti_exposed, debug_port_enabled, debug_port_exposed, default_accept_policy, default_password, devlink_or_tapi_enabled,
    dhcp_bootp_exposed, dhcp_served_outside, discovery_exposed, duplicate_extension, duplicate_record, egress_unrestricted,
    expired_ignore, exposed_through_port_forward, factory_address, file_writer_open, firewall_profile_none, firewall_profile_open,
    h323_exposed, hairpin_missing, http_clients_unrestricted, http_exposed, https_exposed, hunt_group_dials_out,
    incoming_route_external, incoming_route_to_voicemail, incomplete_export, intra_device_port_exposed, invalid_setting,
    ipv6_bypass, lan_overlap, license_server_exposed, log_after_drop, media_exposed, media_security_off, missing_conntrack,
    monitor_exposed, moved_port_mismatch, nat_binding_refresh_off, not_understood, ntp_exposed, off_switch_forwarding,
    one_x_cleartext_exposed, one_x_client_exposed, one_x_internals_exposed, orphan_extension, orphan_user, pbx_address_unmentioned,
    phone_provisioning_exposed, phone_settings_insecure, phone_settings_mismatch, public_address_mismatch, public_address_unset,
    public_lan_address, rate_limit_after_accept, redundant_rule, registrar_on_unused_lan, release_without_matrix,
    remote_extension_enabled_unused, remote_extension_without_path, remote_worker_path_blocked, removed_product_port_open,
    required_egress_blocked, required_service_blocked, routing_protocol_exposed, rtp_overlaps_services, rtp_range_blocked,
    rtp_range_invalid, rtp_range_stale, rtp_range_too_wide, rule_without_effect, sbc_bypassed, scn_exposed, scn_link_blocked,
    secured_management_exposed, service_off_port_open, shadowed_rule, shared_login_code, short_code_dials_out, short_login_code,
    sip_alg_enabled, sip_cleartext_exposed, sip_open_to_any_source, sip_port_out_of_range, snmp_default_community, snmp_exposed,
    snmp_port_out_of_range, ssh_exposed, stateless_return_missing, target_missing, tftp_enabled, tftp_exposed, tunnel_exposed,
    tunnel_incomplete, undeclared_source, undocumented_port_exposed, unexpected_zone, unlimited_related, unreachable_chain,
    unresolved_set, unrestricted_mobile_twinning, unsecured_management_exposed, unsecured_service_level, unused_ignore,
    unused_port_exposed, vnc_exposed, voicemail_exposed, voicemail_mail_exposed, voicemail_media_exposed, vulnerable_release,
    web_management_exposed, wrong_transport_allowed;

}  // namespace ipo::check
