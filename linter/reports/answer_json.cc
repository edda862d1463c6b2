#include "linter/reports/answer_json.h"

#include "linter/reports/evidence_json.h"
#include "rules/findings/blocked.h"

namespace ipo {

void write_answer(JsonWriter& json, const Places& places, const Redaction& redaction, const Reached& reached, Answer answer) {
  redaction.hide_in(answer.path, answer.doubt);
  const Passage& p = *reached.passage;
  Family family = p.ruleset->family;
  json.key("host");
  if (p.host)
    json.value(p.host->name);
  else
    json.value(nullptr);
  json.member("zone", p.zone->name).member("hook", name_of(p.hook)).member("firewall", p.at->firewall->name);
  json.member("family", family == Family::ipv4 ? "ipv4" : "ipv6").member("status", name_of(reached.status)).key("extent");
  if (reached.status == Status::closed)
    json.value(nullptr);
  else
    json.value(answer.any ? "any" : "limited");
  json.key("sources").begin_array();
  for (const Interval& i : answer.sources)
    json.begin_array().value(format_address({family, i.lo})).value(format_address({family, i.hi})).end_array();
  json.end_array().key("ports").begin_array();
  for (const Interval& i : answer.ports)
    json.begin_array().value(static_cast<std::uint32_t>(i.lo)).value(static_cast<std::uint32_t>(i.hi)).end_array();
  json.end_array().key("transports").begin_array();
  for (std::uint8_t protocol : answer.transports) json.value(protocol_name(protocol));
  json.end_array().key("by_transport").begin_object();
  for (const auto& [protocol, ports] : answer.by_transport) {
    json.key(protocol_name(protocol)).begin_array();
    for (const Interval& i : ports)
      json.begin_array().value(static_cast<std::uint32_t>(i.lo)).value(static_cast<std::uint32_t>(i.hi)).end_array();
    json.end_array();
  }
  json.end_object().member("if_routed", answer.if_routed).member("beside", !crosses(p));
  write_witness(json, answer.witness);
  write_path(json, places, answer.path);
  write_doubt(json, places, answer.doubt);
  json.key("lines").begin_array();
  for (const SourceSpan& line : answer.lines) {
    Place at = places.at(line);
    json.begin_object().member("file", at.path).member("line", at.line).end_object();
  }
  json.end_array();
}

}  // namespace ipo
