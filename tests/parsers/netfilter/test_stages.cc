// What netfilter's tables, hooks and priorities are as stages.
#include <catch2/catch.hpp>

#include "parsers/netfilter/stages.h"
#include "parsers/parsers.h"

using namespace ipo;

TEST_CASE("netfilter's stages: a dump of every table runs in the kernel's order") {
  std::string text;
  for (const char* table : {"security", "filter", "nat", "mangle", "raw"})
    text += std::string("*") + table + "\n" +
            (std::string(table) == "nat" ? ":PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n" : "") +
            "COMMIT\n";
  Sources sources = {decode_source("fw.rules", text)};
  Site site;
  find_dialect("iptables")->interpret(sources, 0, site);
  REQUIRE(site.firewalls.size() == 1);
  const Ruleset& ruleset = site.firewalls[0].rulesets.at(0);
  auto line = [&](const Stage& stage) {
    constexpr const char* kinds[] = {"filter", "destination", "source"};
    const Chain& chain = ruleset.chains[stage.chain];
    return chain.table + '/' + chain.name + ' ' + std::string(name_of(stage.where)) + ' ' + kinds[static_cast<int>(stage.kind)] +
           (stage.tracked ? "" : ", before tracking") + (stage.last_word ? ", last word" : "");
  };
  std::vector<std::string> stages;
  for (const Stage& stage : ruleset.pipeline.stages) stages.push_back(line(stage));
  CHECK(stages == std::vector<std::string>{
                      "raw/PREROUTING prerouting filter, before tracking", "mangle/PREROUTING prerouting filter",
                      "nat/PREROUTING prerouting destination", "mangle/INPUT input filter", "filter/INPUT input filter, last word",
                      "security/INPUT input filter", "nat/INPUT input source", "mangle/FORWARD forward filter",
                      "filter/FORWARD forward filter, last word", "security/FORWARD forward filter",
                      "raw/OUTPUT output filter, before tracking", "mangle/OUTPUT output filter", "nat/OUTPUT output destination",
                      "filter/OUTPUT output filter, last word", "security/OUTPUT output filter",
                      "mangle/POSTROUTING postrouting filter", "nat/POSTROUTING postrouting source"});
  auto way = [&](Hook hook) {
    std::string out;
    for (const Stage& stage : ruleset.pipeline.stages)
      if (stage.is_on(hook)) out += ruleset.chains[stage.chain].table + '/' + ruleset.chains[stage.chain].name + ' ';
    return out;
  };
  CHECK(way(Hook::input) == "raw/PREROUTING mangle/PREROUTING nat/PREROUTING mangle/INPUT filter/INPUT security/INPUT ");
  CHECK(way(Hook::forward) == "raw/PREROUTING mangle/PREROUTING nat/PREROUTING mangle/FORWARD filter/FORWARD security/FORWARD ");
  CHECK(way(Hook::output) == "raw/OUTPUT mangle/OUTPUT nat/OUTPUT filter/OUTPUT security/OUTPUT ");
}

TEST_CASE("netfilter's stages: the state of a packet is known once it is tracked") {
  Stage raw = netfilter::stage("raw", Hook::prerouting, -300, false, 0),
        mangle = netfilter::stage("mangle", Hook::input, -150, false, 0);
  CHECK(raw.shown(State::new_) == State::invalid);
  CHECK(raw.shown(State::untracked) == State::untracked);
  CHECK(mangle.shown(State::established) == State::established);
  Stage nat = netfilter::stage("nat", Hook::prerouting, -100, true, 0);
  CHECK(nat.meets(State::new_));
  CHECK_FALSE(nat.meets(State::established));
  CHECK(raw.meets(State::established));
}
