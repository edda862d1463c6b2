// A network of this process alone, made of tap devices, with no link out of it: what the kernel does to a packet there is
// the rules' doing. It has no name, so it is gone, rules and devices with it, when the process ends.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/kernel/frame.h"

namespace ipo::kernel {

struct CommandResult {
  int status = 0;  // of exit; 128 + signal, 127 where the program is missing
  std::string errors;
};
// Runs a program with `input` as its standard input. Looked for in PATH, then in /usr/sbin and /sbin.
CommandResult run(const std::vector<std::string>& words, std::string_view input);

// Moves the process into a network of its own, as root of a user namespace of its own where it is not root. Gives why that
// is not possible, or nothing.
std::string enter_own_network();

// A name a device can have: 1 to 15 bytes without blanks, '/' and ':'.
bool is_device_name(std::string_view name);

class Sandbox {
 public:
  // Devices of these names, "lo" among them if given; throws std::runtime_error where the kernel refuses.
  Sandbox(Family family, const std::vector<std::string>& devices);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;

  // The mark by which a packet that comes in is routed out by a device, or to this machine where the name is empty.
  std::uint32_t route_mark(const std::string& out) const;

  // Lets a packet come in by its device, or leave by it: by packet.hook. `from` is the sender's MAC address.
  void send(const Packet& packet, std::uint32_t id, const Mac& from);

 private:
  struct Device;
  const Device& device(const std::string& name) const;

  Family family_;
  std::vector<Device> devices_;
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace ipo::kernel
