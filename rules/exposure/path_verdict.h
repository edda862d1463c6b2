// What becomes of one packet on its way in through several firewalls.
#pragma once

#include <memory>
#include <vector>

#include "rules/engine/verdict.h"
#include "rules/site/site.h"

namespace ipo {

// One after another, not for several threads at once.
class PathVerdicts {
 public:
  // The way in from standings[first]; it alone where nothing is declared behind it. The site and the standings must outlive
  // it.
  PathVerdicts(const Site& site, const std::vector<Standing>& standings, std::size_t first, Family family);

  // The verdicts of the firewalls it meets, in order, up to the one that stops it; at least one. It goes on to the next
  // where it was accepted, not for the firewall itself, and leads to a host of the site. The next one's interfaces are not
  // known but for a single one that faces the internet; nor is a source that the one before may have translated. A packet
  // whose destination is not known ends where that matters, with a doubt. Valid until the next call.
  const std::vector<const Verdict*>& of(const PartialPacket& packet);

 private:
  struct AtFirewall {
    const Standing* at;
    std::unique_ptr<Verdicts> verdicts;
    SourceSpan place;
    bool translates_source;
    Verdict doubted;  // its verdict, where there is a doubt about the way on
  };
  const Host* host_at(Address address) const;

  const Site& site_;
  Family family_;
  std::vector<AtFirewall> firewalls_;
  std::vector<const Verdict*> met_;
};

}  // namespace ipo
