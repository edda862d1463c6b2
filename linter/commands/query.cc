// The site is read once and each family's ruleset made ready; then one packet after another is read, followed and answered.
// A stream of packets is never held: one line in, one line out.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <sstream>

#include "linter/commands/commands.h"
#include "linter/commands/one_site.h"
#include "linter/inputs/input_files.h"
#include "linter/output/packet_line.h"
#include "linter/output/snippet.h"
#include "linter/reports/verdict_json.h"
#include "linter/reports/verdict_text.h"
#include "rules/exposure/path_verdict.h"
#include "rules/matrix/port_matrix.h"

namespace ipo {
namespace {

constexpr std::size_t longest_line = std::size_t{64} << 10;

// Answers on their way out, held until there are many or the reader may wait for them.
struct Output {
  std::ostream& out;
  std::string text = {};

  void write_many() {
    if (text.size() >= longest_line) write();
  }
  void write() {
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    text.clear();
  }
  void send() {
    write();
    out.flush();
  }
};

// Lines of a stream, each at most longest_line bytes. Before it waits for more the answers so far are sent, so that a program
// can ask and read in turn.
class Lines {
 public:
  Lines(std::istream& in, Output& out) : in_(in), out_(out), buffer_(longest_line, '\0') {}

  // False at the end. A line that is too long is empty and `too_long`.
  bool next(std::string_view& line, bool& too_long) {
    line_.clear();
    too_long = false;
    for (bool any = false;; any = true) {
      if (at_ == end_ && !fill()) {
        line = line_;
        return any;
      }
      std::string_view rest(buffer_.data() + at_, end_ - at_);
      std::size_t stop = rest.find('\n');
      std::string_view piece = rest.substr(0, stop);
      at_ += piece.size() + (stop == rest.npos ? 0 : 1);
      too_long = too_long || line_.size() + piece.size() > longest_line;
      if (too_long)
        line_.clear();
      else if (stop == rest.npos || !line_.empty())
        line_ += piece;
      if (stop == rest.npos) continue;
      line = too_long || !line_.empty() ? std::string_view(line_) : piece;
      return true;
    }
  }

 private:
  bool fill() {
    if (in_.rdbuf()->in_avail() <= 0) out_.send();
    at_ = end_ = 0;
    if (in_.peek() == std::istream::traits_type::eof()) return false;
    end_ = static_cast<std::size_t>(in_.readsome(buffer_.data(), static_cast<std::streamsize>(buffer_.size())));
    return end_ > 0;
  }

  std::istream& in_;
  Output& out_;
  std::string buffer_, line_;
  std::size_t at_ = 0, end_ = 0;
};

// The firewall each packet meets first, with those behind it, ready to answer.
class Firewalls {
 public:
  // Gives why it cannot be said which firewall is meant, or nothing. The assessment must outlive it.
  std::string choose(const Assessment& a, const std::string& named) {
    std::string all;
    bool several = false;
    for (std::size_t i = 0; i < a.standings.size(); ++i) {
      const Firewall& firewall = *a.standings[i].firewall;
      all += (all.empty() ? "" : ", ") + printable(firewall.name);
      auto is_named = [&](const Ruleset& ruleset) { return a.reading.sources[ruleset.span.source].path() == named; };
      if (named.empty() ? !a.standings[i].outermost
                        : firewall.name != named && std::none_of(firewall.rulesets.begin(), firewall.rulesets.end(), is_named))
        continue;
      for (const Ruleset& ruleset : firewall.rulesets) {
        std::unique_ptr<PathVerdicts>& verdicts = of(ruleset.family);
        if (verdicts && named.empty()) {
          several = true;
          continue;
        }
        if (verdicts)
          return fmt::format("{} holds several firewalls of one family; give each in a file of its own", printable(named));
        verdicts = std::make_unique<PathVerdicts>(a.reading.site, a.standings, i, ruleset.family);
      }
    }
    if (all.empty()) return "query needs the rules of a firewall, as iptables-save prints them; none were given";
    if (several)
      return fmt::format("several firewalls were given: name one with --firewall, or declare their roles in ipo-lint.toml ({})",
                         all);
    if (!verdicts_[0] && !verdicts_[1]) return fmt::format("no firewall is named {}: name one of {}", printable(named), all);
    return {};
  }

  // The way in of the packet, or null where no rules of its family were given.
  PathVerdicts* met_by(const PartialPacket& packet) { return of(packet.family).get(); }

 private:
  std::unique_ptr<PathVerdicts>& of(Family family) { return verdicts_[family == Family::ipv6 ? 1 : 0]; }

  std::array<std::unique_ptr<PathVerdicts>, 2> verdicts_;
};

std::string no_rules_for(const PartialPacket& packet) {
  return fmt::format("no {0} rules were given; add the firewall's {1}", packet.family == Family::ipv6 ? "IPv6" : "IPv4",
                     packet.family == Family::ipv6 ? "ip6tables-save" : "iptables-save");
}

// Answers one packet; gives why it cannot be answered, or nothing.
class Answers {
 public:
  Answers(const Reading& reading, Firewalls& firewalls, const QueryCommand& command, std::ostream& out)
      : reading_(reading),
        firewalls_(firewalls),
        command_(command),
        jsonl_(command.format == "jsonl"),
        output_{out},
        json_(reading.sources) {}

  std::string answer(const PacketLine& line) {
    std::string fault = answer(line, output_.text);
    output_.write();
    return fault;
  }

  // Answers every line; false where one was bad.
  bool answer_all(std::istream& packets) {
    Lines lines(packets, output_);
    bool good = true, too_long = false;
    std::string_view line;
    PacketLine read;
    std::string fault;
    for (std::size_t number = 1; output_.out && lines.next(line, too_long); ++number) {
      if (too_long) {
        fault = fmt::format("longer than {} KiB; give one packet a line", longest_line >> 10);
      } else {
        packet_from_json(line, read);
        fault = answer(read, output_.text);
      }
      if (!fault.empty()) {
        good = false;
        if (jsonl_)
          output_.text += VerdictJson::error_line(fault);
        else
          output_.text += fmt::format("line {}: {}\n", number, printable(fault));
      }
      if (!jsonl_) output_.text += '\n';
      output_.write_many();
    }
    output_.write();
    return good;
  }

 private:
  std::string answer(const PacketLine& line, std::string& to) {
    if (!line.error.empty()) return line.error;
    PathVerdicts* way = firewalls_.met_by(line.packet);
    if (!way) return no_rules_for(line.packet);
    const std::vector<const Verdict*>& verdicts = way->of(line.packet);
    if (jsonl_) {
      json_.add_line(to, verdicts, line.packet);
    } else {
      std::ostringstream text;
      for (const Verdict* verdict : verdicts) write_verdict(text, reading_, line.packet, *verdict, command_.style);
      to += std::move(text).str();
    }
    return {};
  }

  const Reading& reading_;
  Firewalls& firewalls_;
  const QueryCommand& command_;
  bool jsonl_;
  Output output_;
  VerdictJson json_;
};

}  // namespace

int run_query(const QueryCommand& command, std::istream& in, std::ostream& out, std::ostream& err) {
  auto complain = [&](std::string_view path, std::string_view why) {
    err << "ipo-lint: " << (path == "-" ? "<stdin>" : printable(path)) << ": " << printable(why) << '\n';
  };
  int status = exit_clean;
  std::unique_ptr<Assessment> a = assess_one_site(command.site, in, err, status, false);
  if (!a) return status;
  Firewalls firewalls;
  if (std::string why = firewalls.choose(*a, command.firewall); !why.empty()) {
    err << "ipo-lint: " << why << '\n';
    return std::max(status, exit_usage);
  }
  Answers answers(a->reading, firewalls, command, out);
  if (command.packet) {
    std::string why = answers.answer(packet_from_words(*command.packet));
    if (why.empty()) return status;
    err << "ipo-lint: --packet: " << printable(why) << '\n';
    return std::max(status, exit_usage);
  }
  if (command.packets == "-") return answers.answer_all(in) ? status : exit_incomplete;
  std::vector<char> block(longest_line);  // what is read at once
  std::ifstream packets;
  packets.rdbuf()->pubsetbuf(block.data(), static_cast<std::streamsize>(block.size()));
  if (std::string why = open_lines(command.packets, packets); !why.empty()) {
    complain(command.packets, why);
    return exit_incomplete;
  }
  bool good = answers.answer_all(packets);
  if (packets.bad()) complain(command.packets, "cannot be read to its end");
  return good && !packets.bad() ? status : exit_incomplete;
}

}  // namespace ipo
