// Which packets that open something get from the internet to a PBX host, by which line, and which matrix rows they hit.
//
// Everything a check says about reachability is a question to this structure (product.md, "Exposure").
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/engine/reach.h"
#include "rules/engine/trace.h"
#include "rules/exposure/line_to_change.h"
#include "rules/matrix/port_matrix.h"
#include "rules/pbx/host_lans.h"
#include "rules/pbx/rows.h"
#include "rules/site/site.h"
#include "rules/site/zones.h"

namespace ipo {

// Some of the flows have another destination than they arrived with.
bool translates(const std::vector<Flow>& flows);

// A firewall that packets meet after another one, on their way in.
struct NextFirewall {
  const Standing* at = nullptr;
  const Ruleset* ruleset = nullptr;  // null: its rules for this family were not given
  ChainSets* chains = nullptr;
  Hook hook = Hook::forward;
  PacketSet arriving;   // what may come to it, by any interface of the outside
  IntervalSet in, out;  // the interfaces it may come and leave by
  std::vector<Flow> flows;

  bool translates() const { return ipo::translates(flows); }
};

// The packets between a zone and a host at one hook of one ruleset, and what becomes of them.
struct Passage {
  const Standing* at = nullptr;
  const Sides* sides = nullptr;
  const ZoneAt* zone = nullptr;
  const Ruleset* ruleset = nullptr;
  ChainSets* chains = nullptr;
  Hook hook = Hook::input;
  const Host* host = nullptr;  // null: the PBX's address is not known, every destination is judged
  bool inbound = true;         // from the zone to the host; else from the host to the zone
  bool of_zone = true;         // false: between the host and certain addresses, whichever zone they are of
  IntervalSet addresses;       // of the host in this family; empty = any
  PacketSet arriving;          // state new, tcp with SYN only
  std::vector<Flow> flows;
  PacketSet possible;  // may be let through, as seen after translation; what surely is: Flow::proven
  // Packets of the outside for a private address, as they arrive: they count only "if routed", for no router on the internet
  // sends them. Those that a translation or nothing but an address of their own brings here are in `led`, a part of `possible`.
  PacketSet unrouted, led;
  std::string unlocated;     // why these packets may not lead to the PBX at all; empty where they do
  bool path_certain = true;  // false: which interface leads to the host is not known; proven is what all of `ways` agree on
  IntervalSet ways;          // interfaces that lead to the host, as far as is known
  // The same of each of its addresses, where that is not known of all of them; else of all together.
  struct Lead {
    IntervalSet addresses, ways;
    bool certain = true;
  };
  std::vector<Lead> leads;
  std::vector<NextFirewall> then;  // firewalls of the path passed next, outermost first; inbound only
  PacketSet to_host;               // packets as seen after this firewall's translation that are meant for the host
  // Those of them that reach the host: to its addresses, and let through by the
  // firewalls passed next. A function of the predicates.
  PacketSet target;

  // What comes in is proven only where it gets through by every one of the ways that may lead to its address.
  bool needs_every_way() const { return inbound && hook == Hook::forward && !path_certain; }
  // Of the packets that the flow accepts those that get through by every such way.
  PacketSet by_every_way(const Flow& flow) const;
  // What leads to a destination, as seen after translation.
  const Lead& lead_to(u128 destination) const;
  // The target of a flow: what REDIRECT takes goes to this machine, by whichever of its addresses.
  PacketSet target_of(const Flow& flow) const;
  bool translates() const { return ipo::translates(flows); }
  // Fills in `unrouted` and `led`. Of the internet private sources count as well, for they can be spoofed.
  void find_led(bool of_internet);
  // What is known of matches that are not decided for packets as such: of the internet's none was protected by IPsec, those that are
  // do not count; and by which port of a bridge they come.
  std::optional<bool> known(const Subject& about) const;
  PacketSet settled(PacketSet set) const;
  void settle(std::vector<ChainSets::Decided>& decided) const;
};

// A matrix row hit by an opening.
struct RowHit {
  const MatrixRow* row = nullptr;
  Certainty certainty = Certainty::proven;
  IntervalSet ports;  // of the row that are open, as the host sees them
  std::vector<std::uint8_t> transports;
  IntervalSet sources;
  bool beside_forward = false;   // "if routed", while a forward lets only some sources, or another zone, to the same row
  bool any = false;              // extent: more than 2^24 public IPv4 (2^96 IPv6) addresses get through, by this line or in sum
  const Host* host = nullptr;    // as it is at the addresses that are hit: of one LAN, or the passage's
  IntervalSet at;                // these addresses; empty: any of the host's
  const Setting* off = nullptr;  // the service, or this transport of it, is switched off there
};

// Packets of a passage that one line lets in.
struct Opening {
  const Passage* passage = nullptr;
  const Flow* flow = nullptr;
  RuleRef by;                  // who accepts; `flow->translation` who translates
  RuleRef line;                // of its way the one to change: who translates, or of the way to `by`
  PacketSet proven, possible;  // as seen after translation; disjoint
  bool unrestricted = false;   // the line names no port and half of all ports or more are open
  bool routed = true;          // false: nothing of it is in Passage::led, so it counts "if routed"
  std::vector<RowHit> hits;    // gravest service first
  // Open ports, as the host sees them, that no row of the matrix knows for this host: none at all, or only rows of other products
  // or platforms.
  IntervalSet undocumented_tcp, undocumented_udp;
  IntervalSet undocumented_sources;

  const std::string& zone() const { return passage->zone->name; }
  // The host is known: by its address, or because the firewall is its own.
  bool located() const { return passage->unlocated.empty(); }
};

// More than 2^24 public IPv4 addresses, or 2^96 IPv6.
bool is_anyone(const IntervalSet& sources, Family family);
IntervalSet public_part(const IntervalSet& addresses, Family family);

class Exposure {
 public:
  Exposure(const Site& site, const std::vector<Standing>& standings, const PortMatrix& matrix);

  const std::vector<std::unique_ptr<Passage>>& passages() const { return passages_; }
  // What the internet reaches, by place; and what other zones reach.
  const std::vector<Opening>& openings() const { return openings_; }
  const std::vector<Opening>& openings_of_zones() const { return openings_of_zones_; }
  // Of the two the one that has the passage's.
  const std::vector<Opening>& openings(const Passage& passage) const {
    return passage.zone->is_internet() ? openings_ : openings_of_zones_;
  }
  // Firewalls too complex to judge: why, and where.
  const std::vector<Note>& failures() const { return failures_; }
  // Every ruleset of every standing, for checks about rules rather than packets.
  const std::vector<std::unique_ptr<ChainSets>>& chains() const { return chains_; }

  // The passage's host by LAN, as far as the packets go to it.
  std::vector<HostAt> parts_of(const Passage& passage) const;
  // Packets to one of them, as seen after this firewall's translation.
  PacketSet to_part(const Passage& passage, const HostAt& part) const;
  // Those that packets of the opening go to.
  std::vector<HostAt> parts_met(const Opening& opening) const;
  // Packets of a row on the passage's host, as seen after this firewall's translation; those of a hit.
  PacketSet row_packets(const Passage& passage, const MatrixRow& row) const;
  PacketSet row_packets(const Passage& passage, const RowHit& hit) const;
  // Packets that `wanted` (as a host sees them at the end of the path) are to this passage's firewall, whether or not the
  // next ones let them through.
  PacketSet before_path(const Passage& passage, PacketSet wanted) const;
  // The other way round: packets this firewall lets through, as the host sees them if the next ones let them through.
  PacketSet at_host(const Passage& passage, PacketSet packets) const;
  // A packet of `wanted` (a part of what the flow shows) as it arrives, its way through every firewall of the path, and the
  // matches it depends on.
  struct Witness {
    Packet packet;
    std::vector<PathStep> path;
    std::vector<SourceSpan> decided_by;  // by each firewall of the path in turn
    std::vector<SourceSpan> returned;    // see Trace; by the first firewall
    std::vector<Doubt> doubt;            // what a packet that may get in depends on
  };
  // `by`: the rule that lets it in, where there is one, so that of several ways it takes that one.
  Witness witness(const Passage& passage, const Flow& flow, PacketSet wanted, RuleRef by = {}) const;
  // Who keeps packets of `wanted` (as seen after the passage's translation) from the host: of several the rule that keeps off
  // most, a policy only where no rule does.
  struct Block {
    RuleRef by;                  // chain null: nobody on record
    const Flow* flow = nullptr;  // of the passage
    PacketSet packets;           // as seen by the passage's firewall
    const Standing* at = nullptr;
  };
  // `translated_only`: only packets that a port forward takes to the host count.
  Block blocked_by(const Passage& passage, PacketSet wanted, bool translated_only) const;
  // The rule that lets most of them in.
  Block accepted_by(const Passage& passage, PacketSet wanted) const;

 private:
  struct Machine {
    const Standing* standing;
    PacketSpace* packets;
    std::vector<ChainSets*> chains;  // one per ruleset
  };
  void judge(std::size_t machine, std::size_t ruleset);
  void pass(Passage passage, PacketSet zone);
  void open(const Passage& passage, std::vector<Opening>& openings);
  void line_up(Passage& passage, std::size_t machine);
  PacketSet through(const Passage& passage, PacketSet target) const;
  PacketSet leaving(ChainSets& chains, Hook hook, PacketSet target) const;
  void sum_up();

  const Site& site_;
  const PortMatrix& matrix_;
  LansOfHosts lans_;
  std::vector<std::unique_ptr<PacketSpace>> spaces_;
  std::vector<std::unique_ptr<ChainSets>> chains_;
  std::vector<std::unique_ptr<ZoneSets>> zones_;
  std::map<const Ruleset*, LinesToChange> lines_to_change_;  // of those that were judged
  mutable std::map<const Ruleset*, Tracer> tracers_;         // for witnesses
  std::vector<Machine> machines_;
  std::vector<std::unique_ptr<Passage>> passages_;
  std::vector<Opening> openings_, openings_of_zones_;
  std::vector<Note> failures_;
};

}  // namespace ipo
