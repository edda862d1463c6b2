// Whether the PBX's settings say that the service behind a row of the matrix runs.
//
// The settings are those of parsers/ipoffice/ipoffice_fields.toml. What they do not say is not known: the matrix's default state
// is no evidence of what a site has switched on.
#pragma once

#include <optional>
#include <string_view>

#include "parsers/model/model.h"
#include "rules/matrix/port_matrix.h"

namespace ipo {

struct ServiceState {
  bool on = true;
  const Setting* said_by = nullptr;
};

// Nothing where the host is not known (null) or no setting of it decides. A service of both LANs is on if it is on in
// one, and off if it is off in every LAN the host has.
std::optional<ServiceState> service_state(const MatrixRow& row, const Host* host);
bool is_on(const MatrixRow& row, const Host* host);   // surely
bool is_off(const MatrixRow& row, const Host* host);  // surely
// The service has a switch, or its ports, for each LAN.
bool is_of_lan(const MatrixRow& row);

// Whether a setting that is a flag or names what is on ("No Output", "SMDR Only") says that nothing is.
bool says_off(const Setting& setting);

// Whether a service security level opens the service's unencrypted port: "Unsecure Only" and "Unsecure + Secure" do, "Disabled"
// and the secure ones do not. Nothing for what is no level.
std::optional<bool> level_opens_clear(std::string_view level);

}  // namespace ipo
