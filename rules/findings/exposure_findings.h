// What the exposure checks share: one finding per line and zone, its level, its words, its witness.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "rules/findings/check.h"
#include "rules/findings/judgement.h"
#include "rules/findings/row_check.h"

namespace ipo {

// A hit together with the opening it belongs to.
struct Exposed {
  const Opening* opening = nullptr;
  RowHit hit;  // its ports without those of a graver row beside it, which another check speaks of
};

// The line to change: the translating rule, unless other traffic shares it, else the accepting rule, a jump to it, or the policy.
RuleRef line_to_change(const Opening& opening);
// `level` lowered as product.md says: a warning at most where the PBX's address or the internet's interface is not
// known or the accepting rule was not understood;
// one level down where only the host's own filter is known.
Level level_at(Level level, const Opening& opening);
Level level_at(Level level, const Passage& passage);
// The same for what is blocked or never answered: a loss is one at a host's own filter too, whatever stands before it.
Level level_of_loss(Level level, const Passage& passage);
// "the internet", "the network", "zone guests".
std::string from_zone(const Opening& opening);
// ", if 192.168.42.1 is routed from there" where no translation leads to a private address; else empty.
std::string if_routed(const Opening& opening);
// " as port 8080" where the opening's forward leads packets of another port to these.
std::string as_port(const Opening& opening, PacketSet packets, const IntervalSet& ports);
// The line that accepts, or the one that translates, requires ports.
bool names_ports(const Opening& opening);
// A sender takes its ports from many; fewer are a service's that answers.
inline constexpr u128 few_ports = 1024;
// Ports packets of the opening may come from.
IntervalSet source_ports(const Opening& opening);
// ", if it is sent from port 53" where only packets from few ports get through: whoever sends them chooses the port.
std::string if_sent_from(const Opening& opening);
// The rule's own text without counters, for identities.
std::string rule_text(const Judgement& judgement, RuleRef at);
// By the name of their transports: "tcp", "udp", "tcp+udp".
using PortsByTransport = std::map<std::string, IntervalSet>;
// "udp/69", "tcp/50804, tcp/50808", "tcp+udp/5060-5061"; eight pieces at most, the others counted.
std::string format_ports(const PortsByTransport& ports);
std::string format_hits(const std::vector<Exposed>& exposed);
// Whether such a text names several ports.
bool is_plural(std::string_view ports);
// The opening's packets that are the hit, as seen after its translation; and what those of an opening were before it.
PacketSet packets_of(const Judgement& judgement, const Exposed& exposed);
PacketSet as_they_arrive(const Opening& opening, PacketSet seen);

// A finding at the opening's line with zone, hook, witness, path, doubt and related places filled in; `wanted` are the
// packets it is about (as seen after translation). Message, level and rows are the caller's.
Finding finding_at(const Judgement& judgement, std::string_view check, const Opening& opening, PacketSet wanted,
                   Certainty certainty);

// The hit that speaks for a group: its first proven one, else its first.
const Exposed& surest(const std::vector<Exposed>& group);
// finding_at for one hit, with the level that holds there.
Finding finding_for(const Judgement& judgement, std::string_view check, Level level, const Exposed& exposed);

// Hits that the check speaks of, by lines that are about ports (any-any lines have their own checks), reachable by anyone, in
// groups of one line and zone, and of one row where findings are not grouped.
//
// Every hit has one check that speaks of it: `service-off-port-open` where the settings say that the service is off,
// `sbc-bypassed` where calls go past a declared session border controller, else the one that owns its row; where several rows
// share ports (of two products, say) the gravest row's for all of them.
std::vector<std::vector<Exposed>> exposed_rows(const Judgement& judgement, const Check& check);
// The same of given openings; of those of zones whoever stands there counts.
std::vector<std::vector<Exposed>> exposed_rows(const Judgement& judgement, const Check& check,
                                               const std::vector<Opening>& openings);

// Whether a check speaks of the hit, so that another one would tell the same again; media that calls need is told by none.
bool is_told(const Judgement& judgement, const Opening& opening, const RowHit& hit);
// Whether `service-off-port-open` speaks of it, from the internet or a zone.
bool is_told_as_off(const Judgement& judgement, const Opening& opening, const RowHit& hit);

// What anyone on the internet reaches: it is told there, and not again of each zone.
class OpenToAnyone {
 public:
  explicit OpenToAnyone(const Exposure& exposure);
  bool covers(const Opening& opening, const RowHit& hit) const;

 private:
  std::map<std::tuple<const Host*, const Standing*, const MatrixRow*, std::uint8_t>, IntervalSet> ports_;
};

// One finding for a group, as report_exposed (row_check.h) words it, for checks that choose level or words by group; the
// caller may change what is returned.
Finding exposed_finding(const Judgement& judgement, const Check& check, Level level, const std::vector<Exposed>& group,
                        std::string_view what);

}  // namespace ipo
