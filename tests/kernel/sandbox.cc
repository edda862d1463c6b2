// A packet that comes in is routed by a mark it only has while it is routed (observers.cc sets it), so that any packet can be
// made to go anywhere, whatever its destination. The kernel's loopback device is renamed: "lo" is then a device like any other,
// by which packets can come in without having gone out first. Devices go with the network: one by one that takes long.
#include "tests/kernel/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace ipo::kernel {
namespace {

constexpr const char* loopback_name = "ipo-loop";
constexpr std::uint32_t first_route_mark = 0x4d5a0000;
constexpr int our_priority = 5;  // of sockets; the observers tell our packets from the kernel's own replies by it

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

// Values that a kernel does not have are left alone.
void set_sysctl(const std::string& path, std::string_view value) {
  std::ofstream out("/proc/sys/net/" + path);
  out << value;
}

bool write_file(const char* path, const std::string& text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool good = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return good;
}

}  // namespace

CommandResult run(const std::vector<std::string>& words, std::string_view input) {
  // A file in memory takes any amount of input and of errors, so nobody waits for anybody.
  int in = memfd_create("in", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
  if (in < 0 || err < 0) fail("memfd_create");
  for (std::string_view left = input; !left.empty();) {
    ssize_t n = write(in, left.data(), left.size());
    if (n <= 0) fail("write");
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  lseek(in, 0, SEEK_SET);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // Not fork: the process may be large.
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, 0);
  posix_spawn_file_actions_adddup2(&files, err, 1);
  posix_spawn_file_actions_adddup2(&files, err, 2);
  pid_t child = -1;
  int error = posix_spawnp(&child, argv[0], &files, nullptr, argv.data(), environ);
  for (const char* folder : {"/usr/sbin/", "/sbin/"})
    if (error == ENOENT) error = posix_spawn(&child, (folder + words[0]).c_str(), &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    close(in);
    close(err);
    return {127, words[0] + ": " + std::strerror(error)};
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  CommandResult result;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.errors.resize(static_cast<std::size_t>(std::min<off_t>(lseek(err, 0, SEEK_END), 4096)));
  ssize_t got = pread(err, result.errors.data(), result.errors.size(), 0);
  result.errors.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  close(in);
  close(err);
  return result;
}

std::string enter_own_network() {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  if (uid != 0) {
    if (unshare(CLONE_NEWUSER) != 0) return std::string("no user namespace: ") + std::strerror(errno);
    write_file("/proc/self/setgroups", "deny");
    if (!write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
        !write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1"))
      return "no user namespace: its users cannot be mapped";
  }
  if (unshare(CLONE_NEWNET) != 0) return std::string("no network namespace: ") + std::strerror(errno);
  int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (fd < 0) return std::string("/dev/net/tun: ") + std::strerror(errno);
  ifreq request{};
  std::strcpy(request.ifr_name, "probe");
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  bool made = ioctl(fd, TUNSETIFF, &request) == 0;
  std::string why = made ? "" : std::string("no tap device: ") + std::strerror(errno);
  close(fd);
  return why;
}

bool is_device_name(std::string_view name) {
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         name.find_first_of("/: \t\r\n%\"\\") == name.npos;
}

struct Sandbox::Device {
  std::string name;
  int tap = -1, raw = -1;
  unsigned index = 0;
  Mac mac{};
};

Sandbox::Sandbox(Family family, const std::vector<std::string>& devices) : family_(family) {
  bool v6 = family == Family::ipv6;
  for (const char* kind : {"all", "default"}) {
    std::string v4_conf = std::string("ipv4/conf/") + kind + '/', v6_conf = std::string("ipv6/conf/") + kind + '/';
    for (const char* off : {"rp_filter", "send_redirects"}) set_sysctl(v4_conf + off, "0");
    for (const char* on : {"accept_local", "route_localnet", "forwarding"}) set_sysctl(v4_conf + on, "1");
    set_sysctl(v6_conf + "disable_ipv6", v6 ? "0" : "1");
    for (const char* off : {"accept_ra", "accept_dad", "autoconf", "router_solicitations"}) set_sysctl(v6_conf + off, "0");
    for (const char* on : {"forwarding", "addr_gen_mode"}) set_sysctl(v6_conf + on, "1");  // the latter: no addresses
  }
  set_sysctl("ipv4/icmp_echo_ignore_all", "1");
  set_sysctl("ipv6/icmp/echo_ignore_all", "1");

  int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq rename{};
  std::strcpy(rename.ifr_name, "lo");
  std::strcpy(rename.ifr_newname, loopback_name);
  if (ioctl(any, SIOCSIFNAME, &rename) != 0) fail("the loopback device cannot be renamed");
  close(any);
  std::string setup = std::string("link set ") + loopback_name + " up\n";
  auto table_of = [](std::size_t n) { return std::to_string(1000 + n); };
  auto add_route = [&](std::size_t n, const std::string& route) {
    setup += "route add " + route + " table " + table_of(n) + '\n';
    setup += "rule add fwmark " + std::to_string(first_route_mark + n) + " lookup " + table_of(n) + '\n';
  };
  add_route(0, std::string("local default dev ") + loopback_name);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    Device d;
    d.name = devices[i];
    d.mac = {2, 0, 0, 0, 1, static_cast<std::uint8_t>(i)};
    d.tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (d.tap < 0) fail("/dev/net/tun");
    ifreq request{};
    std::strncpy(request.ifr_name, d.name.c_str(), IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(d.tap, TUNSETIFF, &request) != 0) fail("device " + d.name);
    ioctl(d.tap, TUNSETPERSIST, 1);
    char mac[24];
    std::snprintf(mac, sizeof mac, "02:00:00:00:01:%02x", static_cast<unsigned>(i));
    setup += "link set dev " + d.name + " address " + mac + " arp off\n";
    setup += (v6 ? "addr add fd53:7f1e::" + std::to_string(i + 1) + "/128 dev " + d.name + " nodad\n"
                 : "addr add 198.18.7." + std::to_string(i + 1) + "/32 dev " + d.name + '\n');
    setup += "link set dev " + d.name + " up\n";
    add_route(i + 1, "default dev " + d.name);
    setup += "route add default dev " + d.name + " metric " + table_of(i + 1) + '\n';
    by_name_.emplace(d.name, devices_.size());
    devices_.push_back(d);
  }
  if (CommandResult r = run({"ip", v6 ? "-6" : "-4", "-batch", "-"}, setup); r.status != 0)
    throw std::runtime_error("ip: " + r.errors);

  for (Device& d : devices_) {
    d.index = if_nametoindex(d.name.c_str());
    d.raw = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    int on = 1;
    if (d.raw < 0) fail("raw socket");
    if (setsockopt(d.raw, SOL_SOCKET, SO_BINDTODEVICE, d.name.c_str(), static_cast<socklen_t>(d.name.size() + 1)) != 0)
      fail("bind to device " + d.name);
    setsockopt(d.raw, SOL_SOCKET, SO_PRIORITY, &our_priority, sizeof our_priority);
    setsockopt(d.raw, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    if (v6) setsockopt(d.raw, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof on);
  }
}

Sandbox::~Sandbox() {
  for (Device& d : devices_) {
    if (d.tap >= 0) close(d.tap);
    if (d.raw >= 0) close(d.raw);
  }
}

const Sandbox::Device& Sandbox::device(const std::string& name) const { return devices_[by_name_.at(name)]; }

std::uint32_t Sandbox::route_mark(const std::string& out) const {
  return first_route_mark + (out.empty() ? 0 : static_cast<std::uint32_t>(by_name_.at(out)) + 1);
}

void Sandbox::send(const Packet& p, std::uint32_t id, const Mac& from) {
  if (p.hook != Hook::output) {
    const Device& d = device(p.in);
    std::vector<std::uint8_t> frame = ethernet_frame(p, id, from, d.mac);
    // What is forwarded before any rule is loaded waits in the tap: it is thrown away when the queue is full.
    if (write(d.tap, frame.data(), frame.size()) < 0 && errno != EINVAL) fail("write to " + d.name);
    return;
  }
  const Device& d = device(p.out);
  std::vector<std::uint8_t> packet = ip_packet(p, id);
  // The last observer drops, which the socket reports as an error; what was not even tried shows as unrouted.
  if (p.family == Family::ipv4) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(static_cast<std::uint32_t>(p.destination));
    (void)!sendto(d.raw, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_scope_id = d.index;
    for (unsigned i = 0; i < 16; ++i) to.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>(p.destination >> (120 - 8 * i));
    (void)!sendto(d.raw, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
}

}  // namespace ipo::kernel
