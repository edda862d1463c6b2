// One run: every check as a rule, every finding as a result whose message says all and links its related places, the
// witness packet's path as a code flow. Only what GitHub code scanning accepts and keeps is written.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>

#include "linter/inputs/repository.h"
#include "linter/output/json_writer.h"
#include "linter/output/page.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "linter/reports/fingerprint.h"
#include "linter/reports/formats.h"
#include "linter/reports/sarif_text.h"

namespace ipo {
namespace {

constexpr std::string_view home = "https://github.com/ipo-lint/ipo-lint";
constexpr std::string_view cwe_tag = "external/cwe/cwe-";
constexpr std::size_t most_results = 5000;    // GitHub keeps no more
constexpr std::size_t most_tags = 20;         // GitHub's limit
constexpr std::size_t most_locations = 100;   // GitHub's, for related places
constexpr std::size_t most_steps = 1000;      // GitHub's, for one code flow
constexpr std::size_t most_sites_told = 100;  // without a firewall
constexpr std::size_t description_limit = 1024;
constexpr std::uint32_t snippet_limit = 1000;  // bytes; longer spans are not quoted
constexpr std::uint32_t context_margin = 120;  // bytes quoted on either side where lines are long

class SarifReport {
 public:
  SarifReport(const Report& report, std::string_view category)
      : report_(report), category_(category), places_(report.sources), redaction_(report) {
    Repositories repositories;
    std::filesystem::path root = repositories.common_root(report.sources);
    for (const Source& source : report.sources) {
      std::filesystem::path whole = repositories.absolute(source.path());
      std::string inside = path_inside(root, whole);
      files_.push_back({inside.empty() ? outside_uri(whole.generic_string()) : sarif_uri(inside), !inside.empty()});
    }
  }

  std::string write() {
    choose_results();
    json_.begin_object().member("$schema", "https://json.schemastore.org/sarif-2.1.0.json").member("version", "2.1.0");
    json_.key("runs").begin_array().begin_object();
    write_tool();
    if (!category_.empty())
      json_.key("automationDetails").begin_object().member("id", fmt::format("ipo-lint/{}/", category_)).end_object();
    write_invocation();
    json_.key("originalUriBaseIds").begin_object().key("SRCROOT").begin_object();
    write_message("description", "The root of the repository the files are in.");
    json_.end_object().end_object();
    write_artifacts();
    json_.member("columnKind", "utf16CodeUnits");
    json_.key("results").begin_array();
    std::vector<std::string> fingerprints = numbered_fingerprints(report_);
    for (std::size_t i : chosen_) write_result(report_.findings[i], fingerprints[i]);
    json_.end_array();
    write_taxonomies();
    json_.end_object().end_array().end_object();
    return json_.finish();
  }

 private:
  struct File {
    std::string uri;
    bool inside = false;  // of the repository; else the URI is a whole one
  };

  void write_message(std::string_view key, std::string_view text) {
    json_.key(key).begin_object().member("text", text).end_object();
  }

  void choose_results() {
    chosen_.resize(report_.findings.size());
    std::iota(chosen_.begin(), chosen_.end(), std::size_t{0});
    if (chosen_.size() <= most_results) return;
    std::stable_sort(chosen_.begin(), chosen_.end(),
                     [&](std::size_t a, std::size_t b) { return report_.findings[a].level > report_.findings[b].level; });
    chosen_.resize(most_results);
    std::sort(chosen_.begin(), chosen_.end());
  }

  // ---- the tool --------------------------------------------------------------------------------------------------

  void write_tool() {
    json_.key("tool").begin_object().key("driver").begin_object();
    json_.member("name", "ipo-lint").member("semanticVersion", IPO_LINT_VERSION).member("version", IPO_LINT_VERSION);
    json_.member("informationUri", home);
    json_.key("supportedTaxonomies").begin_array().begin_object();
    json_.member("name", "CWE").member("index", 0).end_object().end_array();
    json_.key("rules").begin_array();
    std::size_t index = 0;
    for (const Check& check : checks()) {
      rule_index_[check.id] = index++;
      write_rule(check);
    }
    json_.end_array().end_object().end_object();
  }

  void write_rule(const Check& check) {
    std::string_view page = page_of(check);
    std::string full = first_paragraph(page, description_limit);
    std::string summary = as_sentence(std::string(check.summary));
    json_.begin_object().member("id", check.id).member("name", pascal_case(check.id));
    write_message("shortDescription", summary);
    write_message("fullDescription", full.empty() ? summary : full);
    std::string prose = plain_text(prose_of(page));
    json_.key("help").begin_object().verbatim("text", prose.size() > 1 ? std::string_view(prose) : summary);
    json_.verbatim("markdown", page.empty() ? summary : prose_of(page)).end_object();
    json_.member("helpUri", fmt::format("{}/blob/main/rules/checks/{}.md", home, check.id));
    json_.key("defaultConfiguration").begin_object().member("level", name_of(check.severity));
    if (check.when_asked) json_.member("enabled", false);
    json_.end_object();

    std::vector<std::string_view> cwes;
    for (std::string_view tag : check.tags)
      if (tag.starts_with(cwe_tag)) cwes.push_back(tag.substr(cwe_tag.size()));
    if (!cwes.empty()) {
      json_.key("relationships").begin_array();
      for (std::string_view number : cwes) {
        json_.begin_object().key("target").begin_object().member("id", number).member("index", taxon(number));
        json_.key("toolComponent").begin_object().member("name", "CWE").member("index", 0).end_object().end_object();
        json_.key("kinds").begin_array().value("relevant").end_array().end_object();
      }
      json_.end_array();
    }
    json_.key("properties").begin_object();
    std::vector<std::string_view> tags = check.tags;
    if (tags.size() > most_tags) tags.resize(most_tags);
    json_.texts("tags", tags).member("precision", check.precision);
    json_.member("problem.severity", check.severity == Level::note ? "recommendation" : name_of(check.severity));
    if (check.security_severity > 0) json_.member("security-severity", fmt::format("{:.1f}", check.security_severity));
    json_.end_object().end_object();
  }

  // Index of a CWE among the taxa; adds it when it is new.
  std::size_t taxon(std::string_view number) {
    auto found = std::find(taxa_.begin(), taxa_.end(), number);
    if (found == taxa_.end()) found = taxa_.insert(taxa_.end(), number);
    return static_cast<std::size_t>(found - taxa_.begin());
  }

  void write_taxonomies() {
    json_.key("taxonomies").begin_array().begin_object().member("name", "CWE").member("organization", "MITRE");
    json_.member("informationUri", "https://cwe.mitre.org/");
    write_message("shortDescription", "The MITRE Common Weakness Enumeration.");
    json_.member("isComprehensive", false).key("taxa").begin_array();
    for (std::string_view number : taxa_) {
      json_.begin_object().member("id", number);
      if (!cwe_name(number).empty()) write_message("shortDescription", as_sentence(std::string(cwe_name(number))));
      json_.member("helpUri", fmt::format("https://cwe.mitre.org/data/definitions/{}.html", number)).end_object();
    }
    json_.end_array().end_object().end_array();
  }

  // ---- the run ---------------------------------------------------------------------------------------------------

  void write_invocation() {
    json_.key("invocations").begin_array().begin_object().member("executionSuccessful", report_.complete());
    json_.key("toolExecutionNotifications").begin_array();
    for (const Problem& p : report_.problems) {
      json_.begin_object().member("level", "error");
      std::string_view name = p.path == "-" ? std::string_view("standard input") : p.path;
      write_message("message", as_sentence(fmt::format("'{}' was not analysed: {}", sarif_text(name), sarif_text(p.message))));
      json_.end_object();
    }
    for (const std::string& error : report_.errors) {
      json_.begin_object().member("level", "error");
      std::string_view first = std::string_view(error).substr(0, error.find('\n'));
      write_message("message", as_sentence(fmt::format("A site was not judged: {}", sarif_text(first))));
      json_.end_object();
    }
    auto no_firewall = [&](const std::string& message) {
      json_.begin_object().member("level", "note");
      write_message("message", message);
      json_.end_object();
    };
    if (report_.sites.empty() && report_.firewalls == 0) no_firewall("No firewall was judged.");
    std::size_t told = 0;
    for (const SiteSummary& site : report_.sites)
      if (site.firewalls == 0 && site.configured && ++told <= most_sites_told)
        no_firewall(fmt::format("No firewall of '{}' was judged.", sarif_text(site.name)));
    if (told > most_sites_told) no_firewall(fmt::format("No firewall of {} more sites was judged.", told - most_sites_told));
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (files_[i].inside) continue;
      json_.begin_object().member("level", "warning");
      std::string_view path = report_.sources[i].path();
      write_message(
          "message",
          path == "-" ? "Standard input is no file of the repository: code scanning cannot show its results."
                      : fmt::format("'{}' is outside of the repository: code scanning cannot show its results.", sarif_text(path)));
      json_.end_object();
    }
    if (chosen_.size() < report_.findings.size()) {
      json_.begin_object().member("level", "warning");
      write_message("message", fmt::format("{} of {} results were left out, the least severe first: code scanning keeps {}.",
                                           report_.findings.size() - chosen_.size(), report_.findings.size(), most_results));
      json_.end_object();
    }
    json_.end_array().end_object().end_array();
  }

  void write_artifacts() {
    json_.key("artifacts").begin_array();
    for (std::size_t i = 0; i < report_.sources.size(); ++i) {
      const Source& source = report_.sources[i];
      json_.begin_object().key("location").begin_object();
      write_uri(i);
      json_.end_object();
      json_.key("roles").begin_array().value("analysisTarget").end_array();
      json_.member("encoding", source.encoding()).end_object();
    }
    json_.end_array();
  }

  // ---- results ---------------------------------------------------------------------------------------------------

  void write_uri(std::size_t source) {
    json_.verbatim("uri", files_[source].uri);
    if (files_[source].inside) json_.member("uriBaseId", "SRCROOT");
  }

  void write_region(const Place& place, bool quote) {
    json_.key("region").begin_object().member("startLine", place.line).member("startColumn", place.utf16);
    json_.member("endLine", place.line).member("endColumn", place.end_utf16);
    if (quote && place.span.end - place.span.begin <= snippet_limit) write_message("snippet", visible(redaction_.text(place.span)));
    json_.end_object();
  }

  // Line before to line after; on long lines, a stretch of the line itself.
  void write_context(const Place& place) {
    std::uint32_t number = place.span.source;
    if (number >= report_.sources.size() || place.span.end - place.span.begin > snippet_limit) return;
    const Source& source = report_.sources[number];
    std::uint32_t first = std::max(place.line, 2u) - 1, last = std::min(place.line + 1, source.line_count());
    if (source.line(last).empty()) last = place.line;
    auto end_of = [&](std::uint32_t line) {
      return source.line_start(line) + static_cast<std::uint32_t>(source.line(line).size());
    };
    SourceSpan span{number, source.line_start(first), end_of(last)};
    if (span.end - span.begin > snippet_limit) {
      auto in_character = [&](std::uint32_t at) {
        return at < source.text().size() && (static_cast<unsigned char>(source.text()[at]) & 0xc0) == 0x80;
      };
      first = last = place.line;
      std::uint32_t start = source.line_start(place.line);
      span.begin = place.span.begin - std::min(place.span.begin - start, context_margin);
      span.end = place.span.end + std::min(place.line_end - place.span.end, context_margin);
      while (in_character(span.begin)) --span.begin;
      while (in_character(span.end)) ++span.end;
    }
    if (span == place.span) return;  // a context must hold more than the region
    json_.key("contextRegion").begin_object();
    json_.member("startLine", first).member("startColumn", places_.utf16_column(number, first, span.begin));
    json_.member("endLine", last).member("endColumn", places_.utf16_column(number, last, span.end));
    write_message("snippet", visible(redaction_.text(span)));
    json_.end_object();
  }

  enum class Quote { no, region, context };

  void write_physical_location(const Place& place, Quote quote) {
    json_.key("physicalLocation").begin_object().key("artifactLocation").begin_object();
    if (place.path.empty()) {
      json_.verbatim("uri", outside_uri({}));
    } else {
      write_uri(place.span.source);
      json_.member("index", place.span.source);
    }
    json_.end_object();
    write_region(place, quote != Quote::no);
    if (quote == Quote::context) write_context(place);
    json_.end_object();
  }

  struct RelatedPlace {
    std::string message;  // of the location itself
    SourceSpan span;
  };

  std::string result_message(const Finding& finding, std::vector<RelatedPlace>& related) {
    auto linked = [&](std::string_view text, SourceSpan span) {
      if (related.size() == most_locations) return sarif_text(text);
      related.push_back({std::string(text), span});
      return fmt::format("[{}]({})", sarif_text(text), related.size());
    };
    std::string text = as_sentence(sarif_text(finding.message));
    if (finding.certainty == Certainty::possible) {
      text += " This is possible, not proven";
      for (std::size_t i = 0; i < finding.doubt.size(); ++i)
        text += (i == 0 ? "" : " and ") + std::string(because(finding.doubt[i], i == 0)) +
                linked(finding.doubt[i].why, finding.doubt[i].span);
      text += '.';
    }
    if (finding.witness) text += fmt::format(" Witness: '{}'.", sarif_text(format_packet(*finding.witness)));
    for (std::size_t i = 0; i < finding.related.size(); ++i)
      text += (i == 0 ? " See: " : "; ") + linked(finding.related[i].message, finding.related[i].span);
    if (!finding.related.empty()) text += '.';
    return text;
  }

  void write_result(const Finding& finding, std::string_view fingerprint) {
    std::vector<RelatedPlace> related;
    std::string message = result_message(finding, related);
    json_.begin_object().member("ruleId", finding.check);
    if (auto rule = rule_index_.find(finding.check); rule != rule_index_.end()) json_.member("ruleIndex", rule->second);
    json_.member("level", name_of(finding.level));
    write_message("message", message);
    json_.key("locations").begin_array().begin_object();
    write_physical_location(places_.at(finding.span), Quote::context);
    json_.end_object().end_array();
    if (!related.empty()) {
      json_.key("relatedLocations").begin_array();
      for (std::size_t i = 0; i < related.size(); ++i) {
        json_.begin_object().member("id", i + 1);
        write_physical_location(places_.at(related[i].span), Quote::region);
        write_message("message", as_sentence(sarif_text(related[i].message)));
        json_.end_object();
      }
      json_.end_array();
    }
    write_code_flow(finding);
    json_.key("partialFingerprints").begin_object();
    json_.member("ipoLint/v1", fingerprint).member("primaryLocationLineHash", fingerprint).end_object();
    json_.key("properties").begin_object().member("certainty", name_of(finding.certainty));
    if (!finding.zone.empty()) json_.member("zone", finding.zone);
    if (!finding.hook.empty()) json_.member("hook", finding.hook);
    if (!finding.rows.empty()) json_.texts("rows", finding.rows);
    json_.end_object().end_object();
  }

  void write_code_flow(const Finding& finding) {
    if (finding.path.empty()) return;
    json_.key("codeFlows").begin_array().begin_object().key("threadFlows").begin_array().begin_object();
    json_.key("locations").begin_array();
    std::size_t steps = std::min(finding.path.size(), most_steps);
    for (std::size_t i = 0; i < steps; ++i) {
      const PathStep& step = finding.path[i];
      std::string packet;
      if (i == 0 && finding.witness) packet = fmt::format("packet '{}' enters; ", sarif_text(format_packet(*finding.witness)));
      json_.begin_object().key("location").begin_object();
      write_physical_location(places_.at(step.span), Quote::no);
      write_message("message", fmt::format("{}rule of '{}': {}.", packet, sarif_text(step.chain), sarif_text(step.action)));
      json_.end_object().member("executionOrder", i + 1);
      json_.member("importance", i + 1 == steps ? "essential" : "important").end_object();
    }
    json_.end_array().end_object().end_array().end_object().end_array();
  }

  const Report& report_;
  std::string_view category_;
  Places places_;
  Redaction redaction_;
  JsonWriter json_;
  std::vector<File> files_;          // by source
  std::vector<std::size_t> chosen_;  // indices of the findings that are written, ascending
  std::map<std::string_view, std::size_t> rule_index_;
  std::vector<std::string_view> taxa_;  // CWE numbers, in the order the rules name them
};

}  // namespace

void write_sarif(std::ostream& out, const Report& report, std::string_view category) {
  out << SarifReport(report, category).write();
}

}  // namespace ipo
