// The fields of product.md in its order, nothing conditional except the parts of a packet it does not have.
#include "linter/fingerprint.h"
#include "linter/json_writer.h"
#include "linter/place.h"
#include "linter/report.h"
#include "linter/totals.h"

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

void write_finding(JsonWriter& json, const Places& places, const Finding& f, std::string_view print) {
  Place place = places.at(f.span);
  json.begin_object().member("check", f.check).member("level", name_of(f.level));
  json.member("certainty", name_of(f.certainty)).member("message", f.message);
  json.member("file", place.path).member("line", place.line).member("column", place.column);
  json.member("endLine", place.line).member("endColumn", place.end_column);
  json.member("zone", f.zone).member("hook", f.hook).texts("rows", f.rows);
  json.key("witness");
  if (f.witness)
    write_packet(json, *f.witness);
  else
    json.value(nullptr);
  json.key("path").begin_array();
  for (const PathStep& step : f.path) {
    Place at = places.at(step.span);
    json.begin_object().member("file", at.path).member("line", at.line);
    json.member("chain", step.chain).member("action", step.action).end_object();
  }
  json.end_array().key("doubt").begin_array();
  for (const Doubt& doubt : f.doubt) {
    Place at = places.at(doubt.span);
    json.begin_object().member("file", at.path).member("line", at.line).member("why", doubt.why).end_object();
  }
  json.end_array().key("related").begin_array();
  for (const Note& note : f.related) {
    Place at = places.at(note.span);
    json.begin_object().member("message", note.message);
    json.member("file", at.path).member("line", at.line).member("column", at.column).end_object();
  }
  json.end_array().member("fingerprint", print).end_object();
}

}  // namespace

void write_json(std::ostream& out, const Report& report) {
  Places places(report.sources);
  JsonWriter json;
  json.begin_object().member("version", 1).member("complete", report.complete()).member("release", report.release);
  json.key("inferences").begin_array();
  for (const Inference& inference : report.inferences) {
    json.begin_object().member("message", inference.message);
    if (has_place(inference.span)) {
      Place at = places.at(inference.span);
      json.member("file", at.path).member("line", at.line);
    } else {
      json.member("file", nullptr).member("line", nullptr);
    }
    json.end_object();
  }
  json.end_array().key("problems").begin_array();
  for (const Problem& p : report.problems)
    json.begin_object().member("file", p.path).member("message", p.message).end_object();
  json.end_array().key("findings").begin_array();
  std::vector<std::string> prints = numbered_fingerprints(report.findings);
  for (std::size_t i = 0; i < prints.size(); ++i) write_finding(json, places, report.findings[i], prints[i]);
  Totals t = totals_of(report.findings);
  json.end_array().key("summary").begin_object();
  json.member("errors", t.errors).member("warnings", t.warnings).member("notes", t.notes);
  json.member("possible", t.possible).member("files", report.inputs).member("ignored", report.ignored).end_object();
  if (!report.sites.empty()) {
    json.key("sites").begin_array();
    for (const SiteSummary& site : report.sites) {
      json.begin_object().member("name", site.name).member("errors", site.errors).member("warnings", site.warnings);
      json.member("notes", site.notes).member("complete", site.complete && site.configured).end_object();
    }
    json.end_array();
  }
  json.end_object();
  out << json.finish();
}

}  // namespace ipo
