// Connections that packets of state ESTABLISHED belong to are opened first, before the dump is loaded, by a packet in the other
// direction. These entries are flushed before the packets that are to be NEW.
#include "tests/kernel/ask_kernel.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tests/kernel/dump_text.h"
#include "tests/kernel/sandbox.h"

namespace ipo::kernel {
namespace {

constexpr std::size_t text_size = 1024;
constexpr Mac other_mac = {2, 0, 0, 0, 0, 9};

// What the child gives back, followed by the observations.
struct Shared {
  char refused[text_size], failed[text_size];
};

void put_text(char (&to)[text_size], const std::string& text) {
  std::size_t n = std::min(text.size(), text_size - 1);
  std::memcpy(to, text.data(), n);
  to[n] = '\0';
}

std::string restore_program(Backend backend, Family family) {
  return std::string(family == Family::ipv6 ? "ip6tables-" : "iptables-") + std::string(name_of(backend)) + "-restore";
}

// Empty where the packet is for this machine.
const std::string& way_out(const Packet& p) {
  static const std::string none;
  return p.hook == Hook::forward ? p.out : none;
}

// Packets that need no more numbers than there are.
struct Batch {
  std::size_t begin = 0, end = 0;
  std::vector<Routed> routes;
};

std::vector<Batch> batches_of(const Sandbox& sandbox, const std::vector<Packet>& packets) {
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    bool known = packets[i].state == State::established;
    if (batches.empty() || i - batches.back().begin == batch_limit ||
        (i > 0 && known != (packets[i - 1].state == State::established)))
      batches.push_back({i, i, {}});
    Batch& batch = batches.back();
    auto number = static_cast<std::uint32_t>(i - batch.begin + 1);
    std::uint32_t mark = sandbox.route_mark(way_out(packets[i]));
    if (!batch.routes.empty() && batch.routes.back().mark == mark)
      batch.routes.back().last = number;
    else
      batch.routes.push_back({number, number, mark});
    batch.end = i + 1;
  }
  return batches;
}

void send(Sandbox& sandbox, const std::vector<Packet>& packets, const Batch& batch) {
  for (std::size_t i = batch.begin; i < batch.end; ++i)
    sandbox.send(packets[i], static_cast<std::uint32_t>(i - batch.begin + 1), i % 2 ? stand_in_mac : other_mac);
}

void create_sets(const std::string& dump, Family family) {
  std::string text;
  for (const std::string& set : sets_named(dump))
    text += "create " + set + " hash:net family " + (family == Family::ipv6 ? "inet6" : "inet") + '\n';
  if (!text.empty())
    if (CommandResult r = run({"ipset", "-exist", "restore"}, text); r.status != 0) throw std::runtime_error("ipset: " + r.errors);
}

void converse(const std::string& dump, Backend backend, Family family, const std::vector<std::string>& devices,
              const std::vector<Packet>& packets, Shared& shared, Observation* out) {
  if (std::string why = enter_own_network(); !why.empty()) throw std::runtime_error(why);
  Sandbox sandbox(family, devices);
  if (packets.empty()) return;
  std::vector<Packet> openers;
  for (const Packet& p : packets)
    if (p.state == State::established && openers.size() < batch_limit) openers.push_back(opener_of(p));
  if (!openers.empty()) {
    sort_for_sending(openers);
    Batch all = batches_of(sandbox, openers)[0];
    start_tracking(family, all.routes);
    send(sandbox, openers, all);
  }
  std::vector<Batch> batches = batches_of(sandbox, packets);
  start_observing(family, batches[0].routes);
  create_sets(dump, family);
  // iptables-legacy locks a file all processes share; one in memory keeps runs apart and needs no rights.
  int lock = memfd_create("xtables.lock", 0);
  setenv("XTABLES_LOCKFILE", ("/proc/self/fd/" + std::to_string(lock)).c_str(), 1);
  if (CommandResult r = run({restore_program(backend, family)}, dump); r.status != 0) {
    put_text(shared.refused, r.errors.empty() ? "status " + std::to_string(r.status) : r.errors);
    return;
  }
  for (const Batch& batch : batches) {
    if (batch.begin > 0) next_batch(family, batch.routes);
    // sort_for_sending() puts those of known connections first.
    if (batch.begin > 0 && packets[batch.begin - 1].state == State::established && packets[batch.begin].state != State::established)
      if (CommandResult r = run({"conntrack", "-F"}, ""); r.status != 0) throw std::runtime_error("conntrack: " + r.errors);
    send(sandbox, packets, batch);
    std::vector<Packet> sent(packets.begin() + static_cast<std::ptrdiff_t>(batch.begin),
                             packets.begin() + static_cast<std::ptrdiff_t>(batch.end));
    std::vector<Observation> seen = observations(family, sent);
    std::copy(seen.begin(), seen.end(), out + batch.begin);
  }
}

// Runs `work` in a child; false where it did not end by itself.
template <class Work>
bool in_child(Work work) {
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    work();
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::string_view name_of(Backend backend) { return backend == Backend::legacy ? "legacy" : "nft"; }

std::string why_not() {
  Packet p;
  p.in = "probe0";
  p.source = 0x0a000001, p.destination = 0x0a000002, p.source_port = 1, p.destination_port = 2;
  for (Backend backend : backends) {
    Asked asked = ask_kernel("*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n", backend,
                             Family::ipv4, {"probe0"}, {p});
    if (!asked.failed.empty()) return asked.failed;
    if (!asked.refused.empty()) return asked.refused;
    if (asked.observations[0].fate != Fate::accepted) return "a packet that a rule accepts does not arrive";
  }
  return {};
}

void sort_for_sending(std::vector<Packet>& packets) {
  auto key = [&](const Packet& p) { return std::pair(p.state != State::established, std::string_view(way_out(p))); };
  std::stable_sort(packets.begin(), packets.end(), [&](const Packet& a, const Packet& b) { return key(a) < key(b); });
}

Asked ask_kernel(const std::string& dump, Backend backend, Family family, const std::vector<std::string>& devices,
                 const std::vector<Packet>& packets) {
  Asked asked;
  std::size_t size = sizeof(Shared) + packets.size() * sizeof(Observation) + alignof(Observation);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    asked.failed = "no memory for the observations";
    return asked;
  }
  auto* shared = new (memory) Shared{};
  void* place = shared + 1;
  std::size_t left = size - sizeof(Shared);
  auto* seen = static_cast<Observation*>(std::align(alignof(Observation), packets.size() * sizeof(Observation), place, left));
  for (std::size_t i = 0; i < packets.size(); ++i) new (seen + i) Observation{};
  bool ended = in_child([&] {
    try {
      converse(dump, backend, family, devices, packets, *shared, seen);
    } catch (const std::exception& e) {
      put_text(shared->failed, e.what());
    }
  });
  asked.observations.assign(seen, seen + packets.size());
  asked.refused = shared->refused;
  asked.failed = ended ? shared->failed : "the process that asks the kernel crashed";
  munmap(memory, size);
  return asked;
}

}  // namespace ipo::kernel
