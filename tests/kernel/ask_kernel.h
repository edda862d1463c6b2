// Loads a dump into a network of its own and sends packets through it.
#pragma once

#include <string>
#include <vector>

#include "tests/kernel/observers.h"

namespace ipo::kernel {

enum class Backend : std::uint8_t { legacy, nft };
constexpr Backend backends[] = {Backend::legacy, Backend::nft};
std::string_view name_of(Backend backend);

// Why no network of one's own can be had here, or a program is missing; empty where all is well.
std::string why_not();

// The order to send packets in: those of known connections first, then those that go the same way are neighbours.
void sort_for_sending(std::vector<Packet>& packets);

struct Asked {
  std::vector<Observation> observations;  // one a packet
  std::string refused;                    // not empty: the kernel's reason not to load the dump, and nothing was sent
  std::string failed;                     // not empty: something of ours went wrong
};
// Runs in a process of its own, which takes the network with it when it ends.
Asked ask_kernel(const std::string& dump, Backend backend, Family family, const std::vector<std::string>& devices,
                 const std::vector<Packet>& packets);

}  // namespace ipo::kernel
