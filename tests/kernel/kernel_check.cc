// Holds ipo-lint's answers about dumps against what the live kernel does to the packets.
//   usage: ipo-lint-kernel [--seconds N] [--seed N] [--random N] [--packets N] [--jobs N] [--verbose] [FILE|DIR]...
//          ipo-lint-kernel --self-test      whether a difference would be found: the kernel is given another dump
// Each dump is loaded with iptables-legacy and iptables-nft into a network of its own; --random adds that many made-up ones,
// --packets is how many random packets are sent beside the witnesses of each hook and state. With --seconds nothing new is
// begun after that time, and the order is shuffled by the seed. Exit status: 0 everything agrees, or it cannot be done here
// and says so; 1 a disagreement; 2 wrong usage.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "linter/output/packet_line.h"
#include "parsers/iptables/iptables.h"
#include "tests/kernel/answers.h"
#include "tests/kernel/ask_kernel.h"
#include "tests/kernel/dump_text.h"
#include "tests/kernel/random_dump.h"
#include "tests/kernel/witnesses.h"

using namespace ipo;
using namespace ipo::kernel;

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Options {
  unsigned seconds = 0, seed = 1, random = 0, packets = 2000, jobs = 2;
  bool verbose = false, self_test = false;
  std::vector<std::string> paths;
};

struct Item {
  std::string path;  // empty: made up
  unsigned seed = 0;
  std::string text = {}, kernel_text = {};  // of a self-test: what ipo-lint is given, and the kernel
};

// Plain numbers, so that a child can hand them over in shared memory.
struct Figures {
  std::uint64_t sent = 0, compared = 0, unrouted = 0, other_state = 0, proven = 0, undecidable = 0, unproven = 0, bounded = 0,
                disagreements = 0, unsteady = 0;
  void add(const Figures& f) {
    sent += f.sent, compared += f.compared, unrouted += f.unrouted, other_state += f.other_state, proven += f.proven;
    undecidable += f.undecidable, unproven += f.unproven, bounded += f.bounded;
    disagreements += f.disagreements, unsteady += f.unsteady;
  }
  double share_proven() const { return compared == 0 ? 100 : 100.0 * static_cast<double>(proven) / static_cast<double>(compared); }
  // Leaving out what hangs on a match nobody can decide.
  double share_decidable() const {
    std::uint64_t rest = proven + unproven;
    return rest == 0 ? 100 : 100.0 * static_cast<double>(proven) / static_cast<double>(rest);
  }
};

struct Outcome {
  Figures figures[2];
  bool refused[2] = {}, done = false, failed = false, no_dump = false, too_complex = false;
  double seconds = 0;
};

std::string percent(double value) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", value);
  return text;
}

std::string first_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.substr(0, 160);
}

std::string text_of(const Item& item) {
  if (!item.text.empty()) return item.text;
  if (item.path.empty()) return random_dump(item.seed);
  std::ifstream in(item.path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string name_of(const Item& item) { return item.path.empty() ? "random rule set " + std::to_string(item.seed) : item.path; }

class Check {
 public:
  Check(const Item& item, const Options& options, std::string& out, Outcome& outcome)
      : item_(item), options_(options), out_(out), outcome_(outcome) {}

  void run() {
    auto start = Clock::now();
    std::string text = prepared(text_of(item_));
    Sources sources = {decode_source(name_of(item_), text)};
    Site site;
    interpret_iptables(sources, 0, site);
    std::vector<std::pair<const Firewall*, const Ruleset*>> rulesets;
    for (const Firewall& firewall : site.firewalls)
      for (const Ruleset& ruleset : firewall.rulesets) rulesets.emplace_back(&firewall, &ruleset);
    if (rulesets.size() != 1) {
      outcome_.no_dump = true;
      say(rulesets.empty() ? "holds no dump" : "holds several dumps, which the kernel would load over one another");
    } else {
      compare(*rulesets[0].first, *rulesets[0].second, sources[0],
              item_.kernel_text.empty() ? with_ufw_around(text) : item_.kernel_text);
    }
    outcome_.seconds = seconds_since(start);
    outcome_.done = true;
  }

 private:
  void say(const std::string& text) { out_ += name_of(item_) + ": " + text + '\n'; }

  void compare(const Firewall& firewall, const Ruleset& ruleset, const Source& source, const std::string& dump) {
    std::vector<std::string> devices = devices_for(ruleset, 48);
    std::vector<InterfaceTest> named;
    for (const std::string& device : devices) named.push_back({true, device, false});
    PacketSpace packets(firewall, named);
    ChainSets chains(packets, ruleset);
    Answers answers(chains);
    std::vector<Packet> sent;
    Counts counts;
    Witnesses witnesses(chains, devices, options_.seed + item_.seed);
    std::mt19937 random(options_.seed);
    for (State state : {State::new_, State::established, State::invalid})
      for (Hook hook : {Hook::input, Hook::forward, Hook::output}) {
        std::vector<Packet> some;
        std::size_t share = state == State::new_ ? options_.packets : options_.packets / 8;
        try {
          PacketSet can = sendable(packets, ruleset, devices, hook, state);
          witnesses.random(hook, state, can, share, some);
          if (state == State::new_) answers.bound(hook, can);
          Counts here = witnesses.find(hook, state, can, some);
          counts.regions += here.regions, counts.rules += here.rules;
        } catch (const SpaceExhausted&) {
          outcome_.too_complex = true;
        }
        std::size_t most = state == State::new_ ? 25000 : 4000;
        if (options_.seconds > 0) most = std::min<std::size_t>(most, 3 * share + 200);
        if (some.size() > most) {
          std::shuffle(some.begin(), some.end(), random);
          some.resize(most);
        }
        sent.insert(sent.end(), some.begin(), some.end());
      }
    sort_for_sending(sent);
    std::vector<Answer> given;
    given.reserve(sent.size());
    auto start = Clock::now();
    for (const Packet& p : sent) given.push_back(answers.of(p));
    double answering = seconds_since(start);
    for (Backend backend : backends) {
      start = Clock::now();
      Asked asked = ask_kernel(dump, backend, ruleset.family, devices, sent);
      if (!asked.failed.empty()) {
        outcome_.failed = true;
        say("(" + std::string(kernel::name_of(backend)) + ") could not be asked: " + first_line(asked.failed));
        continue;
      }
      if (!asked.refused.empty()) {
        outcome_.refused[static_cast<int>(backend)] = true;
        say("(" + std::string(kernel::name_of(backend)) + ") the kernel refuses it: " + first_line(asked.refused));
        continue;
      }
      Figures& f = outcome_.figures[static_cast<int>(backend)];
      judge(answers, dump, backend, ruleset, devices, source, sent, given, asked, f);
      if (!options_.verbose) continue;
      char line[400];
      std::snprintf(line, sizeof line,
                    "(%s) %zu regions, %zu rules; %llu packets, %llu verdicts, %llu unrouted, %llu of another state; %s proven, %s "
                    "of what can be decided; %llu disagreements; answers %.2f s, kernel %.2f s%s",
                    std::string(kernel::name_of(backend)).c_str(), counts.regions, counts.rules,
                    static_cast<unsigned long long>(f.sent), static_cast<unsigned long long>(f.compared),
                    static_cast<unsigned long long>(f.unrouted), static_cast<unsigned long long>(f.other_state),
                    percent(f.share_proven()).c_str(), percent(f.share_decidable()).c_str(),
                    static_cast<unsigned long long>(f.disagreements), answering, seconds_since(start),
                    outcome_.too_complex ? "; too complex for packet sets" : "");
      say(line);
    }
  }

  void judge(Answers& answers, const std::string& dump, Backend backend, const Ruleset& ruleset,
             const std::vector<std::string>& devices, const Source& source, const std::vector<Packet>& sent,
             const std::vector<Answer>& given, const Asked& asked, Figures& f) {
    std::vector<std::size_t> suspects;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      ++f.sent;
      Fate fate = asked.observations[i].fate;
      if (fate == Fate::unrouted) ++f.unrouted;
      if (fate == Fate::other_state) ++f.other_state;
      if (fate != Fate::accepted && fate != Fate::dropped) continue;
      ++f.compared;
      if (given[i].bounded) ++f.bounded;
      ++(given[i].unproven == Unproven::no ? f.proven : given[i].unproven == Unproven::undecidable ? f.undecidable : f.unproven);
      if (!answers.contradiction(sent[i], given[i], asked.observations[i]).empty()) suspects.push_back(i);
    }
    if (suspects.empty()) return;
    // Asked once more, by themselves: what does not come again was not the rules' doing.
    std::vector<Packet> again;
    for (std::size_t i : suspects) again.push_back(sent[i]);
    Asked second = ask_kernel(dump, backend, ruleset.family, devices, again);
    std::size_t shown = 0;
    for (std::size_t n = 0; n < suspects.size(); ++n) {
      std::size_t i = suspects[n];
      std::string why = answers.contradiction(sent[i], given[i], second.observations[n]);
      if (why.empty()) {
        ++f.unsteady;
        continue;
      }
      ++f.disagreements;
      if (++shown > 3) continue;
      const Observation& kernel = second.observations[n];
      const Answer& answer = given[i];
      say("(" + std::string(kernel::name_of(backend)) + ") DISAGREEMENT: " + why);
      out_ += "    packet: " +
              words_of(PartialPacket{sent[i].family, sent[i].hook, sent[i].in, sent[i].out, sent[i].state, sent[i].protocol,
                                     sent[i].source, sent[i].destination, sent[i].source_port,
                                     Interval{sent[i].destination_port, sent[i].destination_port}, sent[i].tcp_flags}) +
              '\n';
      out_ += std::string("    kernel: ") + (kernel.fate == Fate::accepted ? "accept" : "drop");
      if (kernel.seen_translated)
        out_ +=
            " dst=" + format_address({ruleset.family, kernel.destination}) + " dport=" + std::to_string(kernel.destination_port);
      out_ += std::string("\n    ipo-lint: ") + (answer.outcome == ActionKind::accept ? "accept" : "drop") +
              (answer.unproven == Unproven::no ? " proven" : " possible");
      if (answer.destination) out_ += " dst=" + format_address({ruleset.family, *answer.destination});
      if (answer.destination_port) out_ += " dport=" + std::to_string(*answer.destination_port);
      if (answer.bounded)
        out_ += std::string("; sets: ") + (answer.may_accept ? "may accept" : "never accepts") +
                (answer.may_drop ? ", may drop" : ", never drops");
      out_ += '\n' + answers.reasoning(sent[i], source);
    }
    if (shown > 3) say("and " + std::to_string(shown - 3) + " more");
  }

  const Item& item_;
  const Options& options_;
  std::string& out_;
  Outcome& outcome_;
};

std::vector<Item> items_of(const Options& options) {
  std::vector<Item> items;
  for (const std::string& path : options.paths) {
    if (!std::filesystem::is_directory(path)) {
      items.push_back({path, 0});
      continue;
    }
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.is_regular_file() && entry.path().filename() != "SOURCES.tsv") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (std::string& file : files) items.push_back({std::move(file), 0});
  }
  for (unsigned n = 0; n < options.random; ++n) items.push_back({"", options.seed * 100000 + n});
  if (options.seconds > 0) std::shuffle(items.begin(), items.end(), std::mt19937(options.seed));
  return items;
}

// One process an item, so that a crash is that item's alone. Gives what it says.
struct Running {
  pid_t pid = -1;
  std::size_t item = 0;
  FILE* says = nullptr;
};

int check_all(const Options& options) {
  std::vector<Item> items = items_of(options);
  auto start = Clock::now();
  void* memory = mmap(nullptr, (items.size() + 1) * sizeof(Outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::cerr << "kernel-check: no memory\n", 1;
  auto* outcomes = static_cast<Outcome*>(memory);
  for (std::size_t i = 0; i < items.size(); ++i) new (outcomes + i) Outcome{};
  std::vector<std::string> said(items.size());
  std::vector<Running> running;
  std::size_t next = 0, printed = 0;
  std::vector<bool> over(items.size());
  auto time_left = [&] { return options.seconds == 0 || seconds_since(start) < options.seconds; };
  while (!running.empty() || (next < items.size() && time_left())) {
    while (running.size() < options.jobs && next < items.size() && time_left()) {
      FILE* says = std::tmpfile();
      std::cout.flush();
      pid_t pid = fork();
      if (pid == 0) {
        std::string out;
        try {
          Check(items[next], options, out, outcomes[next]).run();
        } catch (const std::exception& e) {
          out += name_of(items[next]) + ": " + e.what() + '\n';
        }
        std::fwrite(out.data(), 1, out.size(), says);
        std::fflush(says);
        _exit(0);
      }
      running.push_back({pid, next++, says});
    }
    int status = 0;
    pid_t ended = wait(&status);
    auto it = std::find_if(running.begin(), running.end(), [&](const Running& r) { return r.pid == ended; });
    if (it == running.end()) continue;
    std::rewind(it->says);
    char buffer[4096];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, it->says)) > 0;) said[it->item].append(buffer, n);
    std::fclose(it->says);
    if (!outcomes[it->item].done) said[it->item] += name_of(items[it->item]) + ": the check of it did not come to its end\n";
    over[it->item] = true;
    running.erase(it);
    while (printed < items.size() && over[printed]) std::cout << said[printed++] << std::flush;
  }

  Figures both[2], random[2];
  std::size_t dumps = 0, made_up = 0, refused[2] = {}, failed = 0, not_one = 0, complex = 0, below = 0, refused_random = 0;
  for (std::size_t i = 0; i < next; ++i) {
    const Outcome& o = outcomes[i];
    bool real = !items[i].path.empty();
    ++(real ? dumps : made_up);
    not_one += o.no_dump, complex += o.too_complex;
    failed += o.failed || !o.done;
    for (int b = 0; b < 2; ++b) {
      both[b].add(o.figures[b]);
      if (!real) random[b].add(o.figures[b]);
      refused[b] += o.refused[b] && real;
      refused_random += o.refused[b] && !real;
    }
    // Random rule sets hold more of what is not known than any real one, so theirs is only added up.
    if (real && o.figures[0].compared > 0 && o.figures[0].share_decidable() < 95) {
      ++below;
      std::cout << name_of(items[i]) << ": only " << percent(o.figures[0].share_decidable()) << " proven of what can be decided\n";
    }
  }
  Figures all = both[0];
  all.add(both[1]);
  double took = seconds_since(start);
  std::cout << "kernel-check: " << dumps << " dumps and " << made_up << " random rule sets";
  if (next < items.size()) std::cout << " of " << items.size() << " (the time is up)";
  std::cout << ", seed " << options.seed << '\n';
  for (int b = 0; b < 2; ++b)
    std::cout << "kernel-check: iptables-" << kernel::name_of(backends[b]) << ": " << both[b].compared << " verdicts ("
              << random[b].compared << " of random rule sets), " << both[b].unrouted << " unrouted, " << both[b].other_state
              << " of another state, " << refused[b] << " files refused; " << percent(both[b].share_proven()) << " proven, "
              << percent(both[b].share_decidable()) << " of what can be decided; " << both[b].disagreements << " disagreements\n";
  std::cout << "kernel-check: " << all.compared << " verdicts in " << static_cast<unsigned>(took) << " s ("
            << static_cast<unsigned long long>(static_cast<double>(all.compared) / std::max(took, 0.001)) << "/s), " << all.bounded
            << " also held against the packet sets, " << all.disagreements << " disagreements, " << all.unsteady
            << " seen once and not again, " << not_one << " files with no or several dumps, " << complex
            << " too complex for packet sets, " << failed << " that failed\n";
  if (refused_random > 0)
    std::cout << "kernel-check: " << refused_random << " random rule sets were refused, which is a fault of random_dump.cc\n";
  munmap(memory, (items.size() + 1) * sizeof(Outcome));
  return all.disagreements > 0 || failed > 0 || refused_random > 0 || below > 0 ? 1 : 0;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

int self_test(const Options& options) {
  for (bool v6 : {false, true}) {
    std::string host = v6 ? "2001:db8::5" : "192.0.2.5", other = v6 ? "2001:db8::6" : "192.0.2.6",
                to = v6 ? '[' + host + ']' : host;
    std::string text =
        "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        "-A PREROUTING -i eth1 -p tcp -m tcp --dport 23 -j DROP\nCOMMIT\n"
        "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -i eth0 -p udp -m udp --dport 69 -j DNAT "
        "--to-destination " +
        to + ":1069\n-A OUTPUT -p tcp -m tcp --dport 80 -j DNAT --to-destination " + host +
        "\nCOMMIT\n"
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:calls - [0:0]\n"
        "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A FORWARD -d " +
        host +
        " -p udp -j calls\n"
        "-A FORWARD -m limit --limit 1/hour --limit-burst 1 -p tcp -j ACCEPT\n-A calls -p udp -m udp --dport 1069 -j "
        "ACCEPT\nCOMMIT\n";
    if (v6) text = "# Generated by ip6tables-save v1.8.9\n" + text;
    const std::pair<std::string, std::string> changes[] = {
        {"", ""},                                      // the same: they must agree
        {"--dport 23 -j DROP", "--dport 24 -j DROP"},  // before routing
        {":1069\n-A OUTPUT", ":1070\n-A OUTPUT"},      // where a translation leads to
        {"-j DNAT --to-destination " + host + "\n", "-j DNAT --to-destination " + other + "\n"},
        {"ESTABLISHED -j ACCEPT", "ESTABLISHED -j DROP"},
        {"calls -p udp -m udp --dport 1069 -j ACCEPT", "calls -p udp -m udp --dport 1069 -j REJECT"},
        {"--limit 1/hour --limit-burst 1 -p tcp", "--limit 1/hour --limit-burst 1 -p udp"}};  // outside the bound
    for (const auto& [from, to_this] : changes) {
      Item item{"", 1, text, from.empty() ? text : replaced(text, from, to_this)};
      std::string out;
      Outcome outcome;
      Options few = options;
      few.packets = 100;
      Check(item, few, out, outcome).run();
      for (Backend backend : backends) {
        const Figures& f = outcome.figures[static_cast<int>(backend)];
        bool good = !outcome.failed && f.compared > 100 && (f.disagreements > 0) == !from.empty();
        if (good) continue;
        std::cout << "kernel-check: self-test failed (" << kernel::name_of(backend)
                  << "): " << (from.empty() ? "a dump disagrees with itself" : "not noticed: " + from) << '\n'
                  << out;
        return 1;
      }
    }
  }
  std::cout << "kernel-check: a rule changed behind ipo-lint's back is noticed\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.jobs = static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    unsigned* number = word == "--seconds"   ? &options.seconds
                       : word == "--seed"    ? &options.seed
                       : word == "--random"  ? &options.random
                       : word == "--packets" ? &options.packets
                       : word == "--jobs"    ? &options.jobs
                                             : nullptr;
    if (word == "--verbose" || word == "--self-test") {
      (word == "--verbose" ? options.verbose : options.self_test) = true;
    } else if (number) {
      std::string value = i + 1 < argc ? argv[++i] : "";
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *number);
      if (value.empty() || error != std::errc() || end != value.data() + value.size())
        return std::cerr << "kernel-check: " << word << " takes a number\n", 2;
    } else if (word.starts_with("--") || !std::filesystem::exists(word)) {
      return std::cerr << "kernel-check: " << word << " is no option and no file\n", 2;
    } else {
      options.paths.push_back(word);
    }
  }
  if (options.jobs == 0) options.jobs = 1;
  if (std::string why = why_not(); !why.empty()) {
    std::cout << "kernel-check: skipped, the kernel cannot be asked here: " << first_line(why) << '\n';
    return 0;
  }
  return options.self_test ? self_test(options) : check_all(options);
}
