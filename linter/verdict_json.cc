#include "linter/verdict_json.h"

#include <algorithm>

#include "linter/json_writer.h"

namespace ipo {
namespace {

std::string_view name_of_outcome(ActionKind outcome) {
  return outcome == ActionKind::accept ? "accept" : outcome == ActionKind::drop ? "drop" : "reject";
}

}  // namespace

const std::string& VerdictJson::step(const Step& step, const Verdict& verdict, Family family) {
  bool translates = step.did == ActionKind::translate_destination;  // its text depends on the packet
  std::string& text = translates ? translation_ : steps_[{step.at.chain, step.at.rule, step.did}];
  if (!translates && !text.empty()) return text;
  Place place = places_.at(step.at.span());
  JsonWriter json(0);
  json.begin_object()
      .member("file", place.path)
      .member("line", place.line)
      .member("chain", step.at.chain->table + "/" + step.at.chain->name)
      .member("action", text_of(step, verdict, family))
      .end_object();
  text = json.finish();
  text.pop_back();
  return text;
}

const std::string& VerdictJson::doubt(const Doubt& doubt) {
  std::string& text = doubts_[{doubt.span, doubt.why}];
  if (!text.empty()) return text;
  Place place = places_.at(doubt.span);
  JsonWriter json(0);
  json.begin_object().member("file", place.path).member("line", place.line).member("why", doubt.why).end_object();
  text = json.finish();
  text.pop_back();
  return text;
}

std::string VerdictJson::line(const std::vector<Verdict>& verdicts, const PartialPacket& packet) {
  const Verdict& last = verdicts.back();
  bool proven = std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return v.certainty == Certainty::proven; });
  bool icmp = packet.protocol == proto_icmp || packet.protocol == proto_icmpv6;
  JsonWriter json(0);
  json.begin_object();
  json.member("verdict", name_of_outcome(last.outcome));
  json.member("certainty", name_of(proven ? Certainty::proven : Certainty::possible));
  json.key("dst");
  last.destination ? json.value(format_address({packet.family, *last.destination})) : json.value(nullptr);
  json.key("dport");
  last.destination_port && !icmp ? json.value(*last.destination_port) : json.value(nullptr);
  json.key("path").begin_array();
  for (const Verdict& verdict : verdicts)
    for (const Step& s : verdict.path) json.json(step(s, verdict, packet.family));
  json.end_array();
  json.key("doubt").begin_array();
  for (const Verdict& verdict : verdicts)
    for (const Doubt& d : verdict.doubts) json.json(doubt(d));
  json.end_array().end_object();
  return json.finish();
}

std::string VerdictJson::error_line(std::string_view message) {
  JsonWriter json(0);
  json.begin_object().member("error", message).end_object();
  return json.finish();
}

}  // namespace ipo
