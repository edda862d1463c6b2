// Walks one log; each rule is a refusal or a silent loss somebody met when uploading to code scanning.
#include "tests/sarif_rules.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace {

using nlohmann::json;

// A member that may be missing: null then, so that look-ups can be chained.
const json& at(const json& value, const char* key) {
  static const json none;
  return value.is_object() && value.contains(key) ? value.at(key) : none;
}

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

std::size_t code_points(const std::string& text) {
  std::size_t n = 0;
  for (char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

struct Judge {
  std::vector<std::string> defects;
  std::vector<std::string> rule_ids;

  void require(bool holds, const std::string& where, std::string_view what) {
    if (!holds) defects.push_back(fmt::format("{}: {}", where, what));
  }

  void judge_rule(const json& rule, const std::string& where) {
    std::string id = text_of(at(rule, "id"));
    require(!id.empty(), where, "no id");
    rule_ids.push_back(id);
    for (const char* key : {"shortDescription", "fullDescription"}) {
      std::string text = text_of(at(at(rule, key), "text"));
      require(!text.empty() && text.back() == '.', where, fmt::format("{} does not end with a full stop", key));
      require(code_points(text) <= 1024, where, fmt::format("{} is longer than 1024", key));
    }
    require(!text_of(at(at(rule, "help"), "text")).empty(), where, "no help text");
    require(code_points(text_of(at(rule, "name"))) <= 255, where, "name is longer than 255");
    const json& properties = at(rule, "properties");
    require(at(properties, "tags").is_null() || at(properties, "tags").size() <= 20, where, "more than 20 tags");
    static const std::set<std::string> precisions = {"very-high", "high", "medium", "low"};
    require(precisions.count(text_of(at(properties, "precision"))) == 1, where, "unknown precision");
    const json& severity = at(properties, "security-severity");
    if (severity.is_null()) return;
    std::string text = text_of(severity);
    double number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    require(error == std::errc() && end == text.data() + text.size() && number >= 0.1 && number <= 10.0, where,
            "security-severity is no string of 0.1 .. 10.0");
  }

  void judge_location(const json& location, const std::string& where) {
    const json& physical = at(location, "physicalLocation");
    std::string uri = text_of(at(at(physical, "artifactLocation"), "uri"));
    require(!uri.empty(), where, "no uri");
    bool whole = uri.starts_with("file:///") && at(at(physical, "artifactLocation"), "uriBaseId").is_null();
    if (whole) uri.erase(0, 8);
    bool relative = !uri.starts_with('/') && !uri.starts_with("./") && !uri.starts_with("../") && uri.find("/../") == uri.npos &&
                    uri.find_first_of(":\\ #?") == uri.npos;
    require(relative, where, "uri is neither a clean relative one nor a whole one");
    const json& region = at(physical, "region");
    std::map<std::string, long> n;
    for (const char* key : {"startLine", "startColumn", "endLine", "endColumn"}) {
      const json& value = at(region, key);
      n[key] = value.is_number_integer() ? value.get<long>() : 0;
      require(n[key] >= 1, where, fmt::format("no {}", key));
    }
    require(n["startLine"] == n["endLine"], where, "region is not on one line");
    require(n["startColumn"] <= n["endColumn"], where, "region ends before it starts");
  }

  void judge_result(const json& result, const std::string& where, std::set<std::string>& fingerprints) {
    std::string message = text_of(at(at(result, "message"), "text"));
    require(!message.empty() && message.back() == '.', where, "message is empty or without a full stop");
    std::string id = text_of(at(result, "ruleId"));
    const json& index = at(result, "ruleIndex");
    bool right =
        index.is_number_unsigned() && index.get<std::size_t>() < rule_ids.size() && rule_ids[index.get<std::size_t>()] == id;
    require(right, where, "ruleId and ruleIndex name no rule");
    static const std::set<std::string> levels = {"error", "warning", "note"};
    require(levels.count(text_of(at(result, "level"))) == 1, where, "unknown level");
    require(at(result, "suppressions").is_null(), where, "suppressed results become open alerts");
    require(text_of(at(result, "baselineState")) != "absent", where, "absent results become open alerts");
    std::string kind = text_of(at(result, "kind"));
    require(kind.empty() || kind == "fail", where, "only kind fail is an alert");

    const json& prints = at(result, "partialFingerprints");
    for (const char* key : {"ipoLint/v1", "primaryLocationLineHash"})
      require(!text_of(at(prints, key)).empty(), where, fmt::format("no fingerprint {}", key));
    require(fingerprints.insert(text_of(at(prints, "ipoLint/v1"))).second, where, "fingerprint is not unique");

    require(at(result, "locations").size() == 1, where, "not exactly one location");
    for (const json& location : at(result, "locations")) judge_location(location, where + ".locations[0]");
    require(at(result, "relatedLocations").size() <= 100, where, "more than 100 related locations");
    for (const json& location : at(result, "relatedLocations")) {
      const json& link = at(location, "id");
      judge_location(location, where + ".relatedLocations");
      require(link.is_number() && message.find("](" + link.dump() + ")") != message.npos, where,
              "a related location is not linked from the message");
    }
    for (const json& flow : at(result, "codeFlows"))
      for (const json& thread : at(flow, "threadFlows")) {
        require(at(thread, "locations").size() <= 1000, where, "more than 1000 steps");
        for (const json& step : at(thread, "locations")) {
          judge_location(at(step, "location"), where + ".codeFlows");
          require(!text_of(at(at(at(step, "location"), "message"), "text")).empty(), where, "a step without a message");
        }
      }
  }

  void judge_run(const json& run) {
    const json& driver = at(at(run, "tool"), "driver");
    require(!text_of(at(driver, "name")).empty(), "tool", "no name");
    std::size_t i = 0;
    for (const json& rule : at(driver, "rules")) judge_rule(rule, fmt::format("rules[{}]", i++));
    std::string category = text_of(at(at(run, "automationDetails"), "id"));
    require(at(run, "automationDetails").is_null() || (category.size() > 1 && category.back() == '/'), "automationDetails",
            "id is no category ending with a slash");
    require(text_of(at(run, "columnKind")) == "utf16CodeUnits", "run", "columns are not UTF-16 code units");
    const json& invocation = at(run, "invocations");
    require(invocation.size() == 1 && at(invocation[0], "executionSuccessful").is_boolean(), "run",
            "does not say whether it was successful");
    require(at(run, "results").is_array(), "run", "no results, which is not the same as an empty list");
    require(at(run, "results").size() <= 5000, "run", "more than 5000 results");
    std::set<std::string> fingerprints;
    i = 0;
    for (const json& result : at(run, "results")) judge_result(result, fmt::format("results[{}]", i++), fingerprints);
  }
};

}  // namespace

std::vector<std::string> sarif_defects(const std::string& sarif_json) {
  Judge judge;
  json log = json::parse(sarif_json, nullptr, false);
  if (log.is_discarded()) return {"log: no JSON"};
  judge.require(text_of(at(log, "$schema")) == "https://json.schemastore.org/sarif-2.1.0.json", "log", "unexpected $schema");
  judge.require(text_of(at(log, "version")) == "2.1.0", "log", "version is not 2.1.0");
  judge.require(at(log, "runs").size() == 1, "log", "not exactly one run");
  for (const json& run : at(log, "runs")) judge.judge_run(run);
  return judge.defects;
}
