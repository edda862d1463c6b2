// The fields of product.md in its order, nothing conditional except the parts of a packet it does not have.
#include "linter/output/json_writer.h"
#include "linter/output/place.h"
#include "linter/output/totals.h"
#include "linter/reports/evidence_json.h"
#include "linter/reports/fingerprint.h"
#include "linter/reports/formats.h"

namespace ipo {
namespace {

void write_finding(JsonWriter& json, const Places& places, const Finding& f, std::string_view print) {
  Place place = places.at(f.span);
  json.begin_object().member("check", f.check).member("level", name_of(f.level));
  json.member("certainty", name_of(f.certainty)).member("message", f.message);
  json.member("file", place.path).member("line", place.line).member("column", place.column);
  json.member("endLine", place.line).member("endColumn", place.end_column);
  json.member("zone", f.zone).member("hook", f.hook).texts("rows", f.rows);
  write_witness(json, f.witness);
  write_path(json, places, f.path);
  write_doubt(json, places, f.doubt);
  json.key("related").begin_array();
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
  write_inferences(json, places, report.inferences);
  if (!report.errors.empty()) json.texts("errors", report.errors);
  json.key("problems").begin_array();
  for (const Problem& p : report.problems) json.begin_object().member("file", p.path).member("message", p.message).end_object();
  json.end_array().key("findings").begin_array();
  std::vector<std::string> prints = numbered_fingerprints(report);
  for (std::size_t i = 0; i < prints.size(); ++i) write_finding(json, places, report.findings[i], prints[i]);
  Totals t = totals_of(report.findings);
  json.end_array().key("summary").begin_object();
  json.member("errors", t.errors).member("warnings", t.warnings).member("notes", t.notes);
  json.member("possible", t.possible).member("files", report.inputs).member("ignored", report.ignored);
  json.member("firewalls", report.firewalls).end_object();
  if (!report.sites.empty()) {
    json.key("sites").begin_array();
    for (const SiteSummary& site : report.sites) {
      json.begin_object().member("name", site.name).member("errors", site.errors).member("warnings", site.warnings);
      json.member("notes", site.notes).member("complete", site.complete && site.configured);
      json.member("firewalls", site.firewalls).end_object();
    }
    json.end_array();
  }
  json.end_object();
  out << json.finish();
}

}  // namespace ipo
