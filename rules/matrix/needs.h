// What a site needs to get through its firewalls, by rows of the matrix: needs.toml, which says what the fields mean.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace ipo {

struct EgressNeed {
  std::vector<std::string> rows;  // ids; one that is open is enough
  std::string service;            // of what no row knows, with its transports
  std::vector<std::string> transports;
  std::string on;                   // key of a flag; empty = none
  std::vector<std::string> unless;  // keys of flags and addresses
  std::string off;                  // key of a setting
  std::vector<std::string> peer_settings;
  std::string port_setting;
  std::string peer_product;
  std::string peer_zone;  // kind
  bool peer_lines = false;
  std::vector<std::string> peer_rows, either_way;
  std::string checked_by;  // id of a check
  std::string unknown;     // why nothing can be demanded
};

struct WorkerNeed {
  std::string kind;  // "sip-tls"
  std::vector<std::string> rows;
  std::string ports;  // "tls", "clear"; empty = the row's
  std::string zone;   // kind; empty = the internet
};

struct ServiceNeed {
  std::string who;
  std::vector<std::string> rows, kinds;
  std::string extension;  // type of extension records; empty = the service's own setting decides
};

// In the order of the file. Abort only if the embedded data is damaged, which a test excludes.
std::span<const EgressNeed> egress_needs();
std::span<const WorkerNeed> worker_needs();
std::span<const ServiceNeed> service_needs();

}  // namespace ipo
