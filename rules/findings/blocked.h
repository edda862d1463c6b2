// Whether packets a site needs are kept from where they go: what the checks of calls' needs share.
//
// Only what not even the generous reading of the rules lets through is blocked; where a single packet of what is asked may
// pass, or none of it comes to the firewall, nothing is claimed. Firewalls beside one another are ways beside one another: one that
// leads the packets is enough. A private address that is only reached "if routed" is not reached (product.md, "The PBX").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parsers/model/finding.h"
#include "rules/findings/judgement.h"

namespace ipo {

// Whether packets between the host and the passage's zone meet this firewall: not where the zone is the host's own network.
bool crosses(const Passage& passage);

// Passages that are one another's alternatives: of one host and zone, family and direction, at firewalls beside one another. What
// stands behind another firewall, or is a host's own filter, is a way of its own.
using Ways = std::vector<const Passage*>;
// Between hosts that are known and the zones from which packets cross a firewall to get to them; also between a host's own filter
// and the zones, where no host is known.
std::vector<Ways> ways(const Judgement& judgement, bool inbound);
// Between a host and certain addresses, by whatever interface leads to them; made where packets between the two cross a firewall.
// `routed`: over a tunnel or a line of their own, so the host's private address is reached without a forward.
struct WaysTo {
  const Host* host = nullptr;
  bool inbound = true;
  const Standing* series = nullptr;  // the firewall, where it is not one of several perimeters
  std::vector<Passage> passages;
  Ways ways() const;
};
std::vector<WaysTo> ways_to(const Judgement& judgement, const Host& host, bool inbound, const std::vector<MaskedAddress>& addresses,
                            bool routed = false);

// All packets for ports of a transport, by the side the host is on: destination ports, whichever way they go.
PacketSet packets_to(const Passage& passage, std::uint8_t protocol, const IntervalSet& ports);
// Those of them that somebody sends who begins: from a port that systems give to clients, or over UDP from the port itself, as SIP and
// NTP have it, or from the host's SIP port. A line that lets out what comes from the media range lets out calls and nothing else.
PacketSet requests_to(const Passage& passage, std::uint8_t protocol, const IntervalSet& ports);
// The requests of a row: its ports on the passage's host where they come in, its own where they go out.
PacketSet requests_of(const Judgement& judgement, const Passage& passage, const MatrixRow& row);

// Packets that cannot pass at one firewall, and why.
struct Blocked {
  const Passage* passage = nullptr;
  PacketSet lost;           // as seen after translation
  Exposure::Block by;       // the rule or policy that stops them, or the one that would accept them if they came
  bool no_forward = false;  // no port forward leads them to the host
  bool accepted = false;    // `by` accepts them
  // A port forward leads them, or most of them, to another address, where no host of the site is: it is `by`.
  std::optional<Flow> elsewhere;
  // The flow of what `by` does.
  const Flow* flow() const { return elsewhere ? &*elsewhere : by.flow; }
  // "this forward leads udp/69 to 192.168.42.9, not to 192.168.42.1".
  std::string led_elsewhere(const std::string& what) const;
  // The same, "udp/69 is blocked from the internet", "no port forward leads udp/69 to 192.168.42.1 (line 21 would accept it)".
  std::string message(const Judgement& judgement, const std::string& what, bool plural) const;
};

// Of the packets led to where they go those that others send: a rule for what the host sends, with no interface in it, lets in only
// what claims to be from the host itself.
PacketSet led_by_others(const Passage& passage);
// Some of `wanted` (as seen after translation) comes to the firewall, and none is led to where it goes.
bool is_blocked(const Passage& passage, PacketSet wanted);
Blocked why_blocked(const Judgement& judgement, const Passage& passage, PacketSet wanted);
// Of alternatives, asked for the packets `wanted` makes for each: nothing where one leads them, or none sees them; else the way
// to speak of: one that other forwards lead by, else the first.
template <class Wanted>
std::optional<Blocked> blocked(const Judgement& judgement, const Ways& ways, Wanted wanted);
// The way to speak of. `ways` must not be empty.
const Passage& telling(const Ways& ways);

// What one need came to for a host, a zone and a family.
struct Asked {
  const Passage* way = nullptr;
  bool met = false;  // it was asked, and nothing is lost
  bool own = false;  // it is this host's own, whatever others have
  Findings findings;
};
// Of each zone the findings that count: a need of the site that one host meets the others need not, and what comes by one family of
// addresses need not by the other.
void take_unmet(std::vector<Asked> all, Findings& findings);

// A finding at the line that blocks it, with packet and path; message and rows are the
// caller's. What comes in has the level that holds there (level_of_loss), what goes out does not depend on which side is the internet.
Finding blocked_finding(const Judgement& judgement, std::string_view check, Level level, const Blocked& blocked);

// "udp/5060-5061", "tcp+udp/514".
std::string format_row_ports(const MatrixRow& row, const IntervalSet& ports);

// Whether anything of `wanted` comes to the firewall at all.
bool comes(const Passage& passage, PacketSet wanted);

template <class Wanted>
std::optional<Blocked> blocked(const Judgement& judgement, const Ways& ways, Wanted wanted) {
  Ways stopping;
  for (const Passage* passage : ways) {
    PacketSet set = wanted(*passage);
    if (set.empty() || !comes(*passage, set)) continue;
    if (!is_blocked(*passage, set)) return {};
    stopping.push_back(passage);
  }
  if (stopping.empty()) return {};
  const Passage& passage = telling(stopping);
  return why_blocked(judgement, passage, wanted(passage));
}

}  // namespace ipo
