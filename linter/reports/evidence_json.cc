#include "linter/reports/evidence_json.h"

namespace ipo {
namespace {

bool has_ports(std::uint8_t protocol) {
  return protocol == proto_tcp || protocol == proto_udp || protocol == 33 || protocol == 132 || protocol == 136;
}

void write_packet(JsonWriter& json, const Packet& p) {
  json.begin_object().member("hook", name_of(p.hook));
  if (!p.in.empty()) json.member("in", p.in);
  if (!p.out.empty()) json.member("out", p.out);
  json.member("src", format_address({p.family, p.source})).member("dst", format_address({p.family, p.destination}));
  json.member("proto", protocol_name(p.protocol));
  if (p.protocol == proto_icmp || p.protocol == proto_icmpv6)
    json.member("icmp_type", p.destination_port >> 8).member("icmp_code", p.destination_port & 255);
  else if (has_ports(p.protocol))
    json.member("sport", p.source_port).member("dport", p.destination_port);
  json.member("state", name_of(p.state)).end_object();
}

}  // namespace

void write_witness(JsonWriter& json, const std::optional<Packet>& packet) {
  json.key("witness");
  if (packet)
    write_packet(json, *packet);
  else
    json.value(nullptr);
}

void write_path(JsonWriter& json, const Places& places, const std::vector<PathStep>& path) {
  json.key("path").begin_array();
  for (const PathStep& step : path) {
    Place at = places.at(step.span);
    json.begin_object().member("file", at.path).member("line", at.line);
    json.member("chain", step.chain).member("action", step.action).end_object();
  }
  json.end_array();
}

void write_doubt(JsonWriter& json, const Places& places, const std::vector<Doubt>& doubts) {
  json.key("doubt").begin_array();
  for (const Doubt& doubt : doubts) {
    Place at = places.at(doubt.span);
    json.begin_object().member("file", at.path).member("line", at.line).member("why", doubt.why).end_object();
  }
  json.end_array();
}

void write_inferences(JsonWriter& json, const Places& places, const std::vector<Inference>& inferences) {
  json.key("inferences").begin_array();
  for (const Inference& inference : inferences) {
    json.begin_object().member("message", inference.message);
    if (has_place(inference.span)) {
      Place at = places.at(inference.span);
      json.member("file", at.path).member("line", at.line);
    } else {
      json.member("file", nullptr).member("line", nullptr);
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace ipo
