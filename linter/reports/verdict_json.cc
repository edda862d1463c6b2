// Of verdicts that are alike the line is written once, and for each of them only what is its own is put into it.
#include "linter/reports/verdict_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "linter/output/json_writer.h"

namespace ipo {
namespace {

constexpr std::size_t kept_bytes = std::size_t{8} << 20;  // of the frames of lines

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
      .member("action", redaction_.about(text_of(step, verdict, family), step.at.span()))
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
  json.begin_object()
      .member("file", place.path)
      .member("line", place.line)
      .member("why", redaction_.about(doubt.why, doubt.span))
      .end_object();
  text = json.finish();
  text.pop_back();
  return text;
}

VerdictJson::Frame VerdictJson::frame_of(const std::vector<const Verdict*>& verdicts, Family family) {
  bool proven = std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict* v) { return v->certainty == Certainty::proven; });
  JsonWriter path(0), doubts(0);
  path.begin_array();
  doubts.begin_array();
  for (const Verdict* verdict : verdicts) {
    for (const Step& s : verdict->path) path.json(step(s, *verdict, family));
    for (const Doubt& d : verdict->doubts) doubts.json(doubt(d));
  }
  auto finished = [](JsonWriter& json) {
    std::string text = json.end_array().finish();
    text.pop_back();
    return text;
  };
  return {fmt::format(R"({{"verdict":"{}","certainty":"{}","dst":)", name_of_outcome(verdicts.back()->outcome),
                      name_of(proven ? Certainty::proven : Certainty::possible)),
          fmt::format(R"(,"path":{},"doubt":{}}})", finished(path), finished(doubts)) + '\n'};
}

const VerdictJson::Frame& VerdictJson::frame(const std::vector<const Verdict*>& verdicts, Family family) {
  std::uint64_t alike = verdicts.size() == 1 ? verdicts.front()->alike : 0;
  if (alike == 0) return other_ = frame_of(verdicts, family);
  auto& frames = frames_[family == Family::ipv6 ? 1 : 0];
  auto found = frames.find(alike);
  if (found != frames.end()) return found->second;
  Frame made = frame_of(verdicts, family);
  std::size_t bytes = made.before.size() + made.after.size() + sizeof made;
  if (frame_bytes_ + bytes > kept_bytes) {
    for (auto& of_family : frames_) of_family.clear();
    frame_bytes_ = 0;
  }
  frame_bytes_ += bytes;
  return frames.emplace(alike, std::move(made)).first->second;
}

void VerdictJson::add_line(std::string& out, const std::vector<const Verdict*>& verdicts, const PartialPacket& packet) {
  const Verdict& last = *verdicts.back();
  bool icmp = packet.protocol == proto_icmp || packet.protocol == proto_icmpv6;
  const Frame& around = frame(verdicts, packet.family);
  out += around.before;
  if (last.destination) {
    out += '"';
    out += format_address({packet.family, *last.destination});
    out += '"';
  } else {
    out += "null";
  }
  out += ",\"dport\":";
  if (last.destination_port && !icmp) {
    fmt::format_int number(*last.destination_port);
    out.append(number.data(), number.size());
  } else {
    out += "null";
  }
  out += around.after;
}

std::string VerdictJson::error_line(std::string_view message) {
  JsonWriter json(0);
  json.begin_object().member("error", message).end_object();
  return json.finish();
}

}  // namespace ipo
