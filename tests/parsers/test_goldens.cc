// What each stage makes of an input, kept beside it: `.document`, the tree with the text of its places, and `.model`, what the dialect
// says of the site. IPO_LINT_UPDATE=1 rewrites them; read the difference before you keep it. iptables and ipset have theirs in
// tests/parsers/iptables.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "parsers/document/document.h"
#include "parsers/model/model.h"
#include "parsers/parsers.h"
#include "tests/cases.h"
#include "tests/program.h"

using namespace ipo;
using namespace ipo::testing;
namespace fs = std::filesystem;

namespace {

// One line: line ends and controls as escapes, a long text by its ends.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  auto add = [&](std::string_view part) {
    for (char c : part)
      if (c == '\n')
        out += "\\n";
      else if (c == '\r')
        out += "\\r";
      else if (c == '"' || c == '\\')
        (out += '\\') += c;
      else
        out += c;
  };
  if (text.size() <= 120) {
    add(text);
  } else {
    add(text.substr(0, 80));
    out += "\"..\"";
    add(text.substr(text.size() - 20));
  }
  return out + '"';
}

class Places {
 public:
  explicit Places(const Sources& sources) : sources_(sources) {}
  // "12:5-13:1", line and column of the first byte and of the one behind the last.
  std::string operator()(SourceSpan span) const {
    Position first = sources_[span.source].position(span.begin), last = sources_[span.source].position(span.end);
    return std::to_string(first.line) + ':' + std::to_string(first.column) + '-' + std::to_string(last.line) + ':' +
           std::to_string(last.column);
  }

 private:
  const Sources& sources_;
};

std::string_view name_of(Node::Kind kind) {
  constexpr std::string_view names[] = {"element", "table", "array", "string", "integer", "real", "boolean", "date", "null"};
  return names[static_cast<std::size_t>(kind)];
}

void write(std::ostream& out, const Node& node, const Places& at, int depth) {
  out << std::string(static_cast<std::size_t>(depth) * 2, ' ') << name_of(node.kind);
  if (!node.name.empty()) out << ' ' << node.name;
  if (!node.text.empty()) out << " = " << in_quotes(node.text) << " at " << at(node.text_span);
  out << "  [" << at(node.span) << "]\n";
  for (const Attribute& a : node.attributes)
    out << std::string(static_cast<std::size_t>(depth) * 2 + 2, ' ') << '@' << a.name << " = " << in_quotes(a.value) << " at "
        << at(a.value_span) << '\n';
  for (const Node& child : node.children) write(out, child, at, depth + 1);
}

std::string dump(const Document& document, const Sources& sources) {
  std::ostringstream out;
  Places at(sources);
  write(out, document.root, at, 0);
  for (const Note& damage : document.damages) out << "damage at " << at(damage.span) << ": " << damage.message << '\n';
  return out.str();
}

void write(std::ostream& out, const Setting& s, const Places& at) {
  out << "    " << s.path.text();
  if (!s.key.empty()) out << "  " << s.key.text() << " (" << ipo::name_of(s.evidence) << ')';
  out << " = " << in_quotes(s.value.value) << " at " << at(s.value.span);
  if (s.secret) out << " secret";
  if (s.conditional) out << " conditional";
  if (s.bare_number) out << " bare number";
  out << '\n';
}

std::string dump(const Site& site, const Sources& sources) {
  std::ostringstream out;
  Places at(sources);
  for (const Host& host : site.hosts) {
    out << "host " << in_quotes(host.name) << " id " << in_quotes(host.id) << " platform " << in_quotes(host.platform) << " ["
        << at(host.span) << "]\n";
    for (const std::string& product : host.products) out << "  product " << product << '\n';
    for (const Located<Address>& a : host.addresses) out << "  address " << format_address(a.value) << " at " << at(a.span) << '\n';
    if (host.release) out << "  release " << host.release->value.text() << " at " << at(host.release->span) << '\n';
    for (const Setting& s : host.settings) write(out, s, at);
    for (const Contradiction& c : host.contradictions)
      out << "  contradiction " << c.holds.key.text() << " at " << at(c.holds.value.span) << " and " << at(c.other.value.span)
          << '\n';
  }
  for (const Record& record : site.records) {
    out << "record " << record.type << " id " << in_quotes(record.id) << " [" << at(record.span) << "]\n";
    for (const Setting& s : record.fields) write(out, s, at);
  }
  for (const ExportList& list : site.lists)
    out << "list of " << list.type << ": " << list.present << " of " << list.announced.value_or(0) << " [" << at(list.span)
        << "]\n";
  for (const ExportError& error : site.export_errors) out << "error " << error.text() << " [" << at(error.span) << "]\n";
  for (const Inference& i : site.inferences) out << "inference at " << at(i.span) << ": " << i.message << '\n';
  for (const SourceSpan& secret : site.secrets) out << "secret at " << at(secret) << '\n';
  // What was understood or left out is above, or in nobody's way: of each reason the first, and how many.
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, SourceSpan>> reasons;
  for (const Statement& s : site.statements) {
    auto [known, fresh] = reasons.try_emplace({std::string(ipo::name_of(s.understanding)), s.reason}, 0, s.span);
    ++known->second.first;
  }
  for (const auto& [why, first] : reasons)
    out << first.first << ' ' << why.first << (why.second.empty() ? "" : ": ") << why.second << ", first at " << at(first.second)
        << '\n';
  return out.str();
}

void compare(const std::string& stage, fs::path golden) {
  INFO(golden);
  if (update_goldens())
    std::ofstream(golden, std::ios::binary) << stage;
  else
    CHECK(stage == slurp(golden));
}

bool is_golden(const fs::path& path) { return path.extension() == ".document" || path.extension() == ".model"; }

std::vector<fs::path> inputs(const char* folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(source_dir() / folder))
    if (!is_golden(entry.path())) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  CHECK_FALSE(out.empty());
  return out;
}

}  // namespace

TEST_CASE("golden models and documents: one of each stage beside every input of a dialect") {
  for (const char* folder : {"fixtures/formats/ipoffice", "fixtures/formats/ipoffice-json", "fixtures/formats/46xxsettings",
                             "fixtures/formats/nasystem"})
    for (const fs::path& path : inputs(folder)) {
      INFO(path);
      Sources sources{decode_source(path.filename().string(), slurp(path))};
      const Dialect* dialect = recognise(sources[0]);
      REQUIRE(dialect);
      CHECK(dialect->name == fs::path(folder).filename().string());
      if (dialect->name == "ipoffice") compare(dump(read_xml(sources, 0), sources), path.string() + ".document");
      if (dialect->name == "ipoffice-json") compare(dump(read_json(sources, 0), sources), path.string() + ".document");
      Site site;
      dialect->interpret(sources, 0, site);
      compare(dump(site, sources), path.string() + ".model");
    }
  for (const fs::path& path : inputs("fixtures/site-file")) {
    if (path.extension() != ".toml") continue;
    Sources sources{decode_source(path.filename().string(), slurp(path))};
    compare(dump(read_toml(sources, 0), sources), path.string() + ".document");
  }
}

TEST_CASE("every dialect has its fixtures") {
  for (const Dialect& dialect : dialects()) {
    CAPTURE(dialect.name);
    CHECK(fs::is_directory(source_dir() / "fixtures/formats" / std::string(dialect.name)));
  }
}
