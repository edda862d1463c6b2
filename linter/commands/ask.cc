// The question becomes a set of packets at every passage it concerns; the worst answer stands first.
#include "linter/commands/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "linter/commands/commands.h"
#include "linter/output/place.h"
#include "linter/output/redact.h"
#include "linter/output/snippet.h"
#include "linter/reports/answer_json.h"
#include "parsers/text/nearest.h"
#include "rules/findings/blocked.h"
#include "rules/findings/setting_findings.h"
#include "rules/matrix/row_terms.h"
#include "rules/site/sides.h"

namespace ipo {
namespace {

// What is asked for, once its words are known to mean something.
struct Question {
  std::vector<std::string> zones;  // empty = any zone
  std::optional<MaskedAddress> source;
  std::vector<std::string> perhaps;  // zones that the source may be behind, unless it is known where it is
  const Host* host = nullptr;        // null = every host
  std::optional<PortTerm> ports;     // else rows
  std::vector<const MatrixRow*> rows;
};

struct Answered {
  Reached reached;
  Answer answer;
};

template <class List, class Name>
std::vector<std::string> names_of(const List& list, Name name) {
  std::vector<std::string> out;
  for (const auto& item : list)
    if (std::string n = name(item); std::find(out.begin(), out.end(), n) == out.end()) out.push_back(n);
  return out;
}

// Each gives what is wrong, or nothing.
std::string read_from(const std::string& from, const Assessment& a, Question& q) {
  q.source = parse_masked_address(from);
  if (q.source) {
    q.zones = holders(a.reading.site, *q.source);
    // In no declared zone: a public address comes from the internet, another one by its own interface or, where no rule says which
    // that is, by any that a zone has.
    bool is_public = all_public(q.source->family).covers(addresses_of(*q.source));
    bool undeclared = q.zones.empty() ? is_public : q.zones.front() == format_addresses(addresses_of(*q.source), q.source->family);
    for (const Standing& standing : a.standings)
      for (const ZoneAt& zone : standing.zones) {
        bool by_interface =
            std::any_of(zone.tables.begin(), zone.tables.end(), [](const Zone* table) { return table->sources.empty(); });
        if (undeclared && is_public && zone.is_internet()) q.zones.push_back(zone.name);
        if (undeclared && !is_public && by_interface && !zone.is_internet()) q.perhaps.push_back(zone.name);
      }
    return {};
  }
  std::vector<std::string> zones = zone_names(a.standings);
  if (std::find(zones.begin(), zones.end(), from) != zones.end()) {
    q.zones = {from};
    return {};
  }
  return fmt::format("--from: no zone '{}'{}; the zones are {}, or give an address or net", printable(from),
                     did_you_mean(from, zones), fmt::join(zones, ", "));
}

std::string read_to(const std::string& to, const Assessment& a, Question& q) {
  if (to.empty()) return {};
  std::optional<Address> address = parse_address(to);
  for (const Host& host : a.reading.site.hosts) {
    if (host.name == to) q.host = &host;
    for (const Located<Address>& own : host.addresses)
      if (address && own.value == *address) q.host = &host;
  }
  if (q.host) return {};
  std::vector<std::string> hosts = names_of(a.reading.site.hosts, [](const Host& h) { return h.name; });
  if (address) return fmt::format("--to: no host is known to have the address {}; say it with --pbx {}", to, to);
  if (hosts.empty()) return "--to: no host is known; leave it out, or give the PBX's export or --pbx ADDRESS";
  return fmt::format("--to: no host '{}'{}; the hosts are {}", printable(to), did_you_mean(to, hosts),
                     printable(fmt::format("{}", fmt::join(hosts, ", "))));
}

std::string read_service(const std::string& service, const Assessment& a, Question& q) {
  q.ports = port_term(service);
  if (q.ports) {
    if (q.ports->lo <= q.ports->hi && q.ports->hi <= 65535) return {};
    return fmt::format("--service: {} is no port or range of ports from 0 to 65535", printable(service));
  }
  using Test = bool (*)(const MatrixRow&, std::string_view);
  for (Test test : {Test(is_id_of), Test(application_has_word), Test(matches_term)}) {
    for (const MatrixRow& row : a.matrix->rows)
      if (row.direction != "egress" && test(row, service)) q.rows.push_back(&row);
    if (!q.rows.empty()) return {};
  }
  return fmt::format(
      "--service: no row of the port matrix is '{}'; give a port (69/udp), a row (T1.4) or a word; "
      "`ipo-lint matrix` lists the rows",
      printable(service));
}

PacketSet packets_of(const Question& q, const Assessment& a, const Passage& passage) {
  Space& s = passage.chains->space();
  PacketSet out = s.nothing();
  if (q.ports) {
    IntervalSet protocols;
    if (q.ports->transport != "udp") protocols.add(proto_tcp, proto_tcp);
    if (q.ports->transport != "tcp") protocols.add(proto_udp, proto_udp);
    out = a.exposure->before_path(passage,
                                  s.intersect(s.test(Dimension::protocol, protocols),
                                              s.test(Dimension::destination_port, IntervalSet::range(q.ports->lo, q.ports->hi))));
  }
  for (const MatrixRow* row : q.rows)
    if (applies(*row, passage.host)) out = s.unite(out, a.exposure->row_packets(passage, *row));
  if (q.source) out = s.intersect(out, s.test(Dimension::source, addresses_of(*q.source)));
  return out;
}

std::vector<Answered> answers_to(const Question& q, const Assessment& a) {
  std::vector<Answered> out;
  auto names = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  auto ask = [&](const Passage& passage) {
    if (!passage.inbound || (q.host && passage.host && passage.host != q.host)) return;
    Space& s = passage.chains->space();
    if (q.source && (q.source->family != passage.ruleset->family ||
                     s.disjoint(passage.arriving, s.test(Dimension::source, addresses_of(*q.source)))))
      return;
    PacketSet wanted = packets_of(q, a, passage);
    if (wanted.empty()) return;
    for (Reached& r : told_apart(*a.exposure, passage, wanted)) {
      Answer answer = explain(*a.exposure, r);
      out.push_back({std::move(r), std::move(answer)});
    }
  };
  for (const auto& passage : a.exposure->passages())
    if (q.zones.empty() || names(q.zones, passage->zone->name)) ask(*passage);
  bool located = std::any_of(out.begin(), out.end(), [](const Answered& answered) { return !crosses(*answered.reached.passage); });
  for (const auto& passage : a.exposure->passages())
    if (names(q.perhaps, passage->zone->name) && !located && !passage->sides->behind(addresses_of(*q.source)).certain)
      ask(*passage);
  std::stable_sort(out.begin(), out.end(),
                   [](const Answered& x, const Answered& y) { return x.reached.status < y.reached.status; });
  return out;
}

class AnswerText {
 public:
  AnswerText(std::ostream& out, const Assessment& a, const TextStyle& style)
      : out_(out),
        style_(style),
        sources_(a.reading.sources),
        places_(sources_),
        secrets_(secrets_of(a.reading.site)),
        redaction_(sources_, secrets_) {}

  void write(const Answered& answered, const std::string& service) {
    const Passage& p = *answered.reached.passage;
    const Answer& answer = answered.answer;
    Family family = p.ruleset->family;
    file_ = p.ruleset->span.source;
    std::string host = p.host ? subject_of(*p.host) : p.at->protects_itself ? "the host itself" : "any host";
    std::string judged =
        fmt::format("{}, {}, {}", sources_[file_].path(), name_of(p.hook), family == Family::ipv4 ? "IPv4" : "IPv6");
    bool no_way = answered.reached.status == Status::closed && answer.lines.empty();  // closed, and no line closes it
    std::string asked =
        no_way ? fmt::format(" to {}: {} (from {}, {})", host, why_no_way(answered.reached, service), p.zone->name, judged)
               : fmt::format(": {} from {} to {} ({})", service, p.zone->name, host, judged);
    std::string_view status = name_of(answered.reached.status);
    std::string headline = std::string(status) + printable(asked);
    if (style_.wraps) headline = fmt::format("{}", fmt::join(broken(headline, room() + indent, 4), "\n"));
    out_ << painted(answered.reached.status, status) << headline.substr(status.size()) << '\n';
    if (answered.reached.status == Status::closed) {
      if (!no_way) fact("ports", format_ports(answer.asked));
    } else {
      fact("ports", format_ports(answer.by_transport));
      std::string sources = format_addresses(answer.sources, family);
      if (sources.size() > 200) sources = sources.substr(0, sources.rfind(',', 190)) + " and more";
      fact("sources", answer.any ? "anyone" : sources);
      if (answer.if_routed)
        fact("only",
             fmt::format("if {} is routed from there: no port forward leads to it",
                         format_addresses(p.chains->space().project(answered.reached.packets, Dimension::destination), family)));
    }
    if (!crosses(p)) fact("but", fmt::format("{} is on the same side of it: packets between the two need not come by here", host));
    if (answer.witness) fact("packet", printable(format_packet(*answer.witness)));
    for (std::size_t i = 0; i < answer.path.size(); ++i)
      fact(i == 0 ? "path" : "", fmt::format("{}  {}  {}", where(answer.path[i].span), printable(answer.path[i].chain),
                                             printable(answer.path[i].action)));
    for (const Doubt& doubt : answer.doubt)
      fact("doubt", fmt::format("{} ({})", printable(redaction_.about(doubt.why, doubt.span)), where(doubt.span)));
    const char* what = answered.reached.status == Status::closed ? "blocked by" : "to close";
    for (const SourceSpan& line : answer.lines) {
      Place at = places_.at(line);
      fact(what, line_to_close(where(line), sources_, redaction_, at, style_.wraps ? room() : 200));
      what = "";
    }
    out_ << '\n';
  }

 private:
  std::string painted(Status status, std::string_view text) const {
    if (!style_.color) return std::string(text);
    return fmt::format("\x1b[1;{}m{}\x1b[0m", status == Status::open ? 31 : status == Status::possible ? 33 : 32, text);
  }

  std::string where(SourceSpan span) const {
    Place at = places_.at(span);
    if (span.source == file_) return fmt::format("line {}", at.line);
    return fmt::format("{}:{}", at.path == "-" ? "<stdin>" : printable(at.path), at.line);
  }

  // Nothing of what was asked is sent to the host, whatever a filter would say to it.
  static std::string why_no_way(const Reached& reached, const std::string& service) {
    const Passage& p = *reached.passage;
    // Of two LANs those that were asked about.
    IntervalSet asked = p.chains->space().project(reached.wanted, Dimension::destination).intersected(p.addresses);
    if (p.hook == Hook::forward && !p.addresses.empty())
      return fmt::format("no forward for {} leads to {}", service,
                         format_addresses(asked.empty() ? p.addresses : asked, p.ruleset->family));
    return fmt::format("no {} from {} is sent there", service, p.zone->name);
  }

  static constexpr std::size_t indent = 14;  // where the text of a fact begins

  std::size_t room() const { return static_cast<std::size_t>(std::max(style_.width, 40)) - indent; }

  void fact(std::string_view name, const std::string& text) {
    for (const std::string& line : style_.wraps ? broken(text, room(), 2) : std::vector<std::string>{text}) {
      out_ << fmt::format("  {:<10}  {}\n", name, line);
      name = "";
    }
  }

  std::ostream& out_;
  const TextStyle& style_;
  const Sources& sources_;
  std::uint32_t file_ = 0;  // the one the headline names
  Places places_;
  std::vector<SourceSpan> secrets_;
  Redaction redaction_;
};

}  // namespace

int run_ask(const AskCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  int status = exit_clean;
  SiteQuestion site = command.site;
  site.options.from = parse_masked_address(command.from);
  std::unique_ptr<Assessment> a = assess_one_site(site, in, err, status);
  if (!a) return status;
  Question question;
  for (const std::string& why :
       {read_from(command.from, *a, question), read_to(command.to, *a, question), read_service(command.service, *a, question)})
    if (!why.empty()) {
      err << "ipo-lint: " << why << '\n';
      return exit_usage;
    }
  std::vector<Answered> answers;
  try {
    answers = answers_to(question, *a);
  } catch (const SpaceExhausted& e) {
    err << "ipo-lint: these rules could not be judged: " << e.what() << '\n';
    return exit_incomplete;
  }
  if (command.format == "json") {
    Places places(a->reading.sources);
    std::vector<SourceSpan> secrets = secrets_of(a->reading.site);
    Redaction redaction(a->reading.sources, secrets);
    JsonWriter json;
    json.begin_object().member("from", command.from).member("to", command.to).member("service", command.service);
    json.key("answers").begin_array();
    for (const Answered& answered : answers) {
      json.begin_object();
      write_answer(json, places, redaction, answered.reached, answered.answer);
      json.end_object();
    }
    out << json.end_array().end_object().finish();
    return status;
  }
  AnswerText text(out, *a, command.style);
  for (const Answered& answered : answers) text.write(answered, command.service);
  if (answers.empty()) err << "ipo-lint: no rules that were given stand between these two, or the host has no such service\n";
  return status;
}

}  // namespace ipo
