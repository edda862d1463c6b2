// The checks that only ask whether a service is reachable: a row each, with all that the check is. Those that look at more have a file
// of their own beside this one.
#include "rules/findings/check_list.h"
#include "rules/findings/common_service.h"
#include "rules/findings/row_check.h"

namespace ipo::check {

const Check appliance_management_exposed = {.id = "appliance-management-exposed",
                                            .summary = "the management of the virtual appliance is reachable from the internet",
                                            .severity = Level::warning,
                                            .security_severity = 6.5,
                                            .precision = "high",
                                            .tags = {"security", "external/cwe/cwe-284"},
                                            .rows = {"ip-office/ingress/18", "ip-office/ingress/19"},
                                            .service = "appliance management"};

const Check backup_exposed = {.id = "backup-exposed",
                              .summary = "the server that keeps backups of the solution is reachable from the internet",
                              .severity = Level::warning,
                              .security_severity = 6.5,
                              .precision = "high",
                              .tags = {"security", "external/cwe/cwe-200"},
                              .rows = {"ip-office/ingress/17"},
                              .service = "backup store"};

const Check contact_recorder_exposed = {.id = "contact-recorder-exposed",
                                        .summary = "the web pages of Contact Recorder are reachable from the internet",
                                        .severity = Level::warning,
                                        .security_severity = 6.5,
                                        .precision = "high",
                                        .tags = {"security", "external/cwe/cwe-284", "external/cwe/cwe-319"},
                                        .rows = {"contact-recorder/ingress/2", "contact-recorder/ingress/3"},
                                        .service = "Contact Recorder"};

const Check contact_recorder_shutdown_exposed = {
    .id = "contact-recorder-shutdown-exposed",
    .summary = "the shutdown listener of Contact Recorder is reachable from the internet",
    .severity = Level::error,
    .security_severity = 7.5,
    .precision = "high",
    .tags = {"security", "external/cwe/cwe-306"},
    .rows = {"contact-recorder/ingress/1"},
    .service = "shutdown listener"};

const Check cti_exposed = {.id = "cti-exposed",
                           .summary = "a port that controls telephones is reachable from the internet",
                           .severity = Level::error,
                           .security_severity = 8.2,
                           .precision = "high",
                           .tags = {"security", "external/cwe/cwe-306", "external/cwe/cwe-319"},
                           .rows = {"ip-office/ingress/30", "ip-office/ingress/33", "ip-office/ingress/34", "ip-office/ingress/35",
                                    "ip-office/ingress/43"},
                           .service = "CTI"};

const Check debug_port_exposed = {.id = "debug-port-exposed",
                                  .summary = "a debug port of the PBX is reachable from the internet",
                                  .severity = Level::error,
                                  .security_severity = 9.1,
                                  .precision = "high",
                                  .tags = {"security", "external/cwe/cwe-489"},
                                  .rows = {"ip-office/ingress/15", "ip-office/ingress/44"},
                                  .service = "debug"};

const Check dhcp_bootp_exposed = {.id = "dhcp-bootp-exposed",
                                  .summary = "the DHCP or BOOTP service of the PBX is reachable from the internet",
                                  .severity = Level::warning,
                                  .security_severity = 5.3,
                                  .precision = "high",
                                  .tags = {"security", "external/cwe/cwe-284"},
                                  .rows = {"ip-office/ingress/2", "ip-office/ingress/3"},
                                  .service = "DHCP and BOOTP",
                                  .grade = grade_common_service};

const Check discovery_exposed = {.id = "discovery-exposed",
                                 .summary = "the discovery service of the PBX is reachable from the internet",
                                 .severity = Level::warning,
                                 .security_severity = 5.3,
                                 .precision = "high",
                                 .tags = {"security", "external/cwe/cwe-200"},
                                 .rows = {"ip-office/ingress/36"},
                                 .service = "discovery"};

const Check http_exposed = {.id = "http-exposed",
                            .summary = "the HTTP service of the PBX is reachable from the internet",
                            .severity = Level::error,
                            .security_severity = 7.5,
                            .precision = "high",
                            .tags = {"security", "external/cwe/cwe-306", "external/cwe/cwe-319"},
                            .rows = {"ip-office/ingress/5"},
                            .service = "HTTP"};

const Check https_exposed = {.id = "https-exposed",
                             .summary = "the HTTPS service of the PBX is reachable from the internet",
                             .severity = Level::note,
                             .security_severity = 3.7,
                             .precision = "high",
                             .tags = {"security", "external/cwe/cwe-284"},
                             .rows = {"ip-office/ingress/9"},
                             .service = "HTTPS"};

const Check intra_device_port_exposed = {
    .id = "intra-device-port-exposed",
    .summary = "a port the vendor means for the inside of the machine is reachable from the internet",
    .severity = Level::error,
    .security_severity = 8.2,
    .precision = "high",
    .tags = {"security", "external/cwe/cwe-749", "external/cwe/cwe-923"},
    .rows = {"ip-office/intra/1", "ip-office/intra/2", "ip-office/intra/3", "ip-office/intra/4", "ip-office/intra/5",
             "ip-office/intra/6", "ip-office/intra/7", "ip-office/intra/8", "one-x-portal/intra/1", "one-x-portal/intra/2"},
    .service = "internal"};

const Check license_server_exposed = {.id = "license-server-exposed",
                                      .summary = "the WebLM license server is reachable from the internet",
                                      .severity = Level::warning,
                                      .security_severity = 5.3,
                                      .precision = "high",
                                      .tags = {"security", "external/cwe/cwe-284"},
                                      .rows = {"ip-office/ingress/45"},
                                      .service = "license server"};

const Check monitor_exposed = {.id = "monitor-exposed",
                               .summary = "the System Monitor port is reachable from the internet",
                               .severity = Level::error,
                               .security_severity = 7.5,
                               .precision = "high",
                               .tags = {"security", "external/cwe/cwe-200"},
                               .rows = {"ip-office/ingress/31"},
                               .service = "System Monitor"};

const Check ntp_exposed = {.id = "ntp-exposed",
                           .summary = "the time service of the PBX is reachable from the internet",
                           .severity = Level::warning,
                           .security_severity = 5.3,
                           .precision = "high",
                           .tags = {"security", "external/cwe/cwe-940"},
                           .rows = {"ip-office/ingress/6"},
                           .service = "NTP",
                           .grade = grade_common_service};

const Check one_x_cleartext_exposed = {
    .id = "one-x-cleartext-exposed",
    .summary = "a one-X Portal service without encryption is reachable from the internet",
    .severity = Level::warning,
    .security_severity = 5.9,
    .precision = "high",
    .tags = {"security", "external/cwe/cwe-319"},
    .rows = {"one-x-portal/ingress/2", "one-x-portal/ingress/3", "one-x-portal/ingress/8", "one-x-portal/ingress/9"},
    .service = "one-X Portal, unencrypted"};

const Check one_x_internals_exposed = {.id = "one-x-internals-exposed",
                                       .summary = "the innards of one-X Portal are reachable from the internet",
                                       .severity = Level::error,
                                       .security_severity = 9.1,
                                       .precision = "high",
                                       .tags = {"security", "external/cwe/cwe-306", "external/cwe/cwe-502", "external/cwe/cwe-749"},
                                       .rows = {"one-x-portal/ingress/1", "one-x-portal/ingress/6", "one-x-portal/ingress/12",
                                                "one-x-portal/ingress/13", "one-x-portal/ingress/14", "one-x-portal/ingress/15"},
                                       .service = "one-X Portal internals"};

const Check routing_protocol_exposed = {.id = "routing-protocol-exposed",
                                        .summary = "the routing protocol of the PBX is reachable from the internet",
                                        .severity = Level::warning,
                                        .security_severity = 6.5,
                                        .precision = "high",
                                        .tags = {"security", "external/cwe/cwe-306", "external/cwe/cwe-940"},
                                        .rows = {"ip-office/ingress/10"},
                                        .service = "RIP",
                                        .grade = grade_common_service};

const Check secured_management_exposed = {.id = "secured-management-exposed",
                                          .summary = "an encrypted management service is reachable from the internet",
                                          .severity = Level::warning,
                                          .security_severity = 5.9,
                                          .precision = "high",
                                          .tags = {"security", "external/cwe/cwe-284", "external/cwe/cwe-307"},
                                          .rows = {"ip-office/ingress/38", "ip-office/ingress/40", "ip-office/ingress/42"},
                                          .service = "encrypted management"};

const Check snmp_exposed = {.id = "snmp-exposed",
                            .summary = "the SNMP agent of the PBX is reachable from the internet",
                            .severity = Level::error,
                            .security_severity = 7.5,
                            .precision = "high",
                            .tags = {"security", "external/cwe/cwe-306"},
                            .rows = {"ip-office/ingress/7"},
                            .service = "SNMP"};

const Check ssh_exposed = {.id = "ssh-exposed",
                           .summary = "the maintenance shell of the PBX is reachable from the internet",
                           .severity = Level::warning,
                           .security_severity = 5.9,
                           .precision = "high",
                           .tags = {"security", "external/cwe/cwe-307"},
                           .rows = {"ip-office/ingress/1"},
                           .service = "SSH",
                           .grade = grade_common_service};

const Check tftp_exposed = {.id = "tftp-exposed",
                            .summary = "the TFTP service is reachable from the internet",
                            .severity = Level::error,
                            .security_severity = 7.5,
                            .precision = "high",
                            .tags = {"security", "external/cwe/cwe-306", "external/cwe/cwe-319"},
                            .rows = {"ip-office/ingress/4"},
                            .service = "TFTP"};

const Check unsecured_management_exposed = {.id = "unsecured-management-exposed",
                                            .summary = "an unencrypted management service is reachable from the internet",
                                            .severity = Level::error,
                                            .security_severity = 8.6,
                                            .precision = "high",
                                            .tags = {"security", "external/cwe/cwe-319"},
                                            .rows = {"ip-office/ingress/37", "ip-office/ingress/39", "ip-office/ingress/41"},
                                            .service = "unsecured management"};

const Check unused_port_exposed = {.id = "unused-port-exposed",
                                   .summary = "a port the vendor calls unused is reachable from the internet",
                                   .severity = Level::note,
                                   .security_severity = 2.3,
                                   .precision = "high",
                                   .tags = {"security", "external/cwe/cwe-923"},
                                   .rows = {"ip-office/ingress/28"},
                                   .service = "unused"};

const Check vnc_exposed = {.id = "vnc-exposed",
                           .summary = "the VNC service of the PBX is reachable from the internet",
                           .severity = Level::error,
                           .security_severity = 8.1,
                           .precision = "high",
                           .tags = {"security", "external/cwe/cwe-307", "external/cwe/cwe-319"},
                           .rows = {"ip-office/ingress/20"},
                           .service = "VNC"};

const Check voicemail_exposed = {.id = "voicemail-exposed",
                                 .summary = "a service of Voicemail Pro is reachable from the internet",
                                 .severity = Level::warning,
                                 .security_severity = 5.9,
                                 .precision = "high",
                                 .tags = {"security", "external/cwe/cwe-284"},
                                 .rows = {"voicemail-pro/ingress/2", "voicemail-pro/ingress/3", "voicemail-pro/ingress/5",
                                          "voicemail-pro/ingress/6", "voicemail-pro/ingress/7", "voicemail-pro/ingress/8"},
                                 .service = "Voicemail Pro"};

const Check voicemail_mail_exposed = {
    .id = "voicemail-mail-exposed",
    .summary = "a mail service of Voicemail Pro without encryption is reachable from the internet",
    .severity = Level::error,
    .security_severity = 7.5,
    .precision = "high",
    .tags = {"security", "external/cwe/cwe-319", "external/cwe/cwe-522"},
    .rows = {"voicemail-pro/ingress/1", "voicemail-pro/ingress/4", "voicemail-pro/intra/1"},
    .service = "voicemail by mail"};

const Check voicemail_media_exposed = {.id = "voicemail-media-exposed",
                                       .summary = "the port for voicemail audio is reachable from the internet",
                                       .severity = Level::warning,
                                       .security_severity = 5.3,
                                       .precision = "high",
                                       .tags = {"security", "external/cwe/cwe-306"},
                                       .rows = {"ip-office/ingress/29"},
                                       .service = "voicemail audio"};

}  // namespace ipo::check
